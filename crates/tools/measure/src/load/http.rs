//! Clients of the HTTP servers: each asks for one item.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::{PATIENCE, closed_loop};
use crate::statistics::Latencies;

const REQUEST: &[u8] =
    b"GET /items/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n";
const BODY: &[u8] = b"{\"name\":\"Laptop\",\"price\":1200}";

pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

pub fn exchange(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(REQUEST)?;
    let mut buffer = [0; 2048];
    let mut received = 0;
    while !is_answered(&buffer[..received])? {
        match stream.read(&mut buffer[received..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => received += count,
        }
    }
    Ok(())
}

/// Whether the answer is all here. It is known beforehand: anything else is a
/// wrong one.
fn is_answered(bytes: &[u8]) -> io::Result<bool> {
    let wrong = || Err(io::Error::other("a resposta HTTP não é a esperada"));
    let start = b"HTTP/1.1 200 ";
    if bytes.len() >= start.len() && !bytes.starts_with(start) {
        return wrong();
    }
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(head) = head else {
        return Ok(false);
    };
    let body = &bytes[head + 4..];
    if !BODY.starts_with(body) {
        return wrong();
    }
    Ok(body.len() == BODY.len())
}

/// One connection, one request at a time.
pub fn round_trips(
    address: SocketAddr,
    time: Duration,
) -> io::Result<Latencies> {
    let mut stream = connect(address)?;
    closed_loop(time, || exchange(&mut stream))
}

/// A new connection for each request: connecting, asking and the answer. So
/// many and no more: each one leaves its port taken for a minute.
pub fn first_answers(
    address: SocketAddr,
    count: usize,
) -> io::Result<Latencies> {
    super::first_answers(count, || {
        let mut stream = connect(address)?;
        exchange(&mut stream).map(|()| stream)
    })
}

/// What many clients at once get, each in a closed loop.
pub struct Crowd {
    /// Answers in a second, to all of them.
    pub rate: f64,
    /// All the answers, those of the warm-up too.
    pub answers: u64,
}

/// So many connections at once that stay open, each in a closed loop.
pub fn crowd(
    runtime: &Runtime,
    address: SocketAddr,
    clients: usize,
    time: Duration,
) -> io::Result<Crowd> {
    let streams: Vec<TcpStream> = (0..clients)
        .map(|_| connect(address))
        .collect::<io::Result<_>>()?;
    let answers = Rc::new(RefCell::new((0_u64, 0_u64)));
    runtime.block_on(LocalSet::new().run_until(async {
        let begin = Instant::now() + time / 5; // the first ones warm up
        let end = begin + time;
        let mut tasks = Vec::new();
        for stream in streams {
            stream.set_nonblocking(true)?;
            let mut stream = tokio::net::TcpStream::from_std(stream)?;
            let answers = Rc::clone(&answers);
            tasks.push(tokio::task::spawn_local(async move {
                let mut buffer = [0; 2048];
                while Instant::now() < end {
                    stream.write_all(REQUEST).await?;
                    let mut received = 0;
                    while !is_answered(&buffer[..received])? {
                        match stream.read(&mut buffer[received..]).await? {
                            0 => {
                                return Err(io::ErrorKind::UnexpectedEof.into());
                            }
                            count => received += count,
                        }
                    }
                    let now = Instant::now();
                    let (all, timed) = &mut *answers.borrow_mut();
                    *all += 1;
                    *timed += u64::from(begin <= now && now < end);
                }
                Ok::<(), io::Error>(())
            }));
        }
        let limit = tokio::time::Instant::from_std(end + PATIENCE);
        for task in tasks {
            tokio::time::timeout_at(limit, task)
                .await?
                .map_err(io::Error::other)??;
        }
        Ok::<(), io::Error>(())
    }))?;
    let (answers, timed) = answers.take();
    let rate = timed as f64 / time.as_secs_f64();
    Ok(Crowd { rate, answers })
}

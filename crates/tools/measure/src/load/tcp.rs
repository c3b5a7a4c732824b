//! Clients of the TCP echo servers.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::{MESSAGE, PATIENCE, closed_loop, wrong_echo};
use crate::statistics::Latencies;

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn exchange(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    stream.write_all(message)?;
    let mut echo = [0; MESSAGE.len()];
    let echo = &mut echo[..message.len()];
    stream.read_exact(echo)?;
    if echo == message {
        Ok(())
    } else {
        Err(wrong_echo())
    }
}

/// One connection, one message at a time.
pub fn round_trips(
    address: SocketAddr,
    time: Duration,
) -> io::Result<Latencies> {
    let mut stream = connect(address)?;
    closed_loop(time, || exchange(&mut stream, &MESSAGE))
}

/// A new connection for each message: connecting, and one round trip. So many
/// and no more: each one leaves its port taken for a minute.
pub fn first_answers(
    address: SocketAddr,
    count: usize,
) -> io::Result<Latencies> {
    super::first_answers(count, || {
        let mut stream = connect(address)?;
        exchange(&mut stream, &MESSAGE).map(|()| stream)
    })
}

/// How long the second client waits for its echo while the first one has its
/// connection open, says nothing, and leaves after `stay`.
pub fn second_client(
    address: SocketAddr,
    stay: Duration,
) -> io::Result<Duration> {
    let mut first = connect(address)?;
    exchange(&mut first, &MESSAGE)?; // the server has it in hand
    let start = Instant::now();
    let leaves = std::thread::spawn(move || {
        std::thread::sleep(stay);
        drop(first);
    });
    let mut second = connect(address)?;
    exchange(&mut second, &MESSAGE)?;
    let waited = start.elapsed();
    let _ = leaves.join();
    Ok(waited)
}

/// What many clients at once get, each in a closed loop.
pub struct Crowd {
    /// Answers in a second, to all of them.
    pub rate: f64,
    /// All the answers, those before the measurement began too.
    pub answers: u64,
    /// How many of them got an answer at all.
    pub served: usize,
    pub p99: f64,
}

/// So many clients at once, each in a closed loop, and at the end, while all
/// are still connected, `look`. The measurement begins when all have had an
/// answer, or some still wait for it after `patience`.
pub fn crowd<T>(
    runtime: &Runtime,
    address: SocketAddr,
    clients: usize,
    time: Duration,
    patience: Duration,
    look: impl FnOnce() -> T,
) -> io::Result<(Crowd, T)> {
    // One after the other, so that no connection finds the queue full.
    let streams: Vec<TcpStream> = (0..clients)
        .map(|_| TcpStream::connect(address))
        .collect::<io::Result<_>>()?;
    let start = Instant::now();
    let tally = Rc::new(RefCell::new(Tally {
        clients,
        limit: start + patience,
        time,
        begin: None,
        latencies: Latencies::new(),
        answers: 0,
        served: 0,
    }));
    runtime.block_on(LocalSet::new().run_until(async {
        let mut tasks = Vec::new();
        for stream in streams {
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let stream = tokio::net::TcpStream::from_std(stream)?;
            let tally = Rc::clone(&tally);
            tasks.push(tokio::task::spawn_local(client(stream, tally)));
        }
        let mut streams = Vec::new();
        let limit = start + patience + time + patience;
        let limit = tokio::time::Instant::from_std(limit);
        for task in tasks {
            match tokio::time::timeout_at(limit, task).await {
                Ok(Ok(stream)) => streams.push(stream?),
                Ok(Err(error)) => return Err(io::Error::other(error)),
                Err(_) => {} // this one never got its answer
            }
        }
        let seen = look();
        drop(streams);
        let tally = tally.borrow();
        let crowd = Crowd {
            rate: tally.latencies.count() as f64 / time.as_secs_f64(),
            answers: tally.answers,
            served: tally.served,
            p99: tally.latencies.p99(),
        };
        Ok((crowd, seen))
    }))
}

/// What the clients of a crowd count together.
struct Tally {
    clients: usize,
    /// Until when those without an answer are waited for.
    limit: Instant,
    time: Duration,
    begin: Option<Instant>,
    latencies: Latencies,
    answers: u64,
    served: usize,
}

impl Tally {
    fn count(&mut self, sent: Instant, now: Instant, first: bool) {
        self.answers += 1;
        self.served += usize::from(first);
        match self.begin {
            Some(begin) if sent >= begin && now < begin + self.time => {
                self.latencies.record(now - sent);
            }
            None if self.served == self.clients || now >= self.limit => {
                self.begin = Some(now);
            }
            _ => {}
        }
    }

    fn is_over(&self) -> bool {
        self.begin.is_some_and(|begin| begin.elapsed() >= self.time)
    }
}

async fn client(
    mut stream: tokio::net::TcpStream,
    tally: Rc<RefCell<Tally>>,
) -> io::Result<tokio::net::TcpStream> {
    // Longer than any echo: a read that does not fill it tells tokio that
    // there is nothing more, and saves asking the system once again.
    let mut buffer = [0; 2 * MESSAGE.len()];
    let mut first = true;
    while first || !tally.borrow().is_over() {
        let sent = Instant::now();
        stream.write_all(&MESSAGE).await?;
        let mut received = 0;
        while received < MESSAGE.len() {
            match stream.read(&mut buffer[received..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => received += count,
            }
        }
        if buffer[..received] != MESSAGE {
            return Err(wrong_echo());
        }
        tally.borrow_mut().count(sent, Instant::now(), first);
        first = false;
    }
    Ok(stream)
}

/// A constant rate of messages, over all of these clients in turn, whether or
/// not the answers keep up. Each latency counts from the moment at which its
/// message was meant to be sent.
pub fn constant_rate(
    runtime: &Runtime,
    address: SocketAddr,
    clients: usize,
    rate: u32,
    time: Duration,
) -> io::Result<Latencies> {
    let streams: Vec<TcpStream> = (0..clients)
        .map(|_| connect(address))
        .collect::<io::Result<_>>()?;
    let interval = Duration::from_secs(1) / rate;
    let count = (time.as_secs_f64() * f64::from(rate)) as usize;
    let begin = Instant::now() + Duration::from_millis(20);
    let meant = move |message: usize| begin + interval * message as u32;

    let mut writers = streams
        .iter()
        .map(TcpStream::try_clone)
        .collect::<io::Result<Vec<_>>>()?;
    let sender = std::thread::spawn(move || -> io::Result<()> {
        for message in 0..count {
            wait_until(meant(message));
            let turn = message % clients;
            let mut left = &MESSAGE[..];
            // The readers have made the sockets non-blocking.
            while !left.is_empty() {
                match writers[turn].write(left) {
                    Ok(written) => left = &left[written..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        std::thread::yield_now();
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    });
    let latencies = Rc::new(RefCell::new(Latencies::new()));
    let read = runtime.block_on(LocalSet::new().run_until(async {
        let mut tasks = Vec::new();
        for (turn, stream) in streams.into_iter().enumerate() {
            stream.set_nonblocking(true)?;
            let mut stream = tokio::net::TcpStream::from_std(stream)?;
            let latencies = Rc::clone(&latencies);
            tasks.push(tokio::task::spawn_local(async move {
                let mut echo = [0; MESSAGE.len()];
                for message in (turn..count).step_by(clients) {
                    stream.read_exact(&mut echo).await?;
                    let late = meant(message).elapsed();
                    latencies.borrow_mut().record(late);
                }
                Ok::<(), io::Error>(())
            }));
        }
        let limit = tokio::time::Instant::from_std(begin + time + PATIENCE);
        for task in tasks {
            tokio::time::timeout_at(limit, task)
                .await?
                .map_err(io::Error::other)??;
        }
        Ok::<(), io::Error>(())
    }));
    sender
        .join()
        .map_err(|_| io::Error::other("sem quem envie"))??;
    read?;
    Ok(latencies.take())
}

/// Sleeps as long as the system can be trusted to wake in time, and then
/// watches the clock.
fn wait_until(moment: Instant) {
    const MARGIN: Duration = Duration::from_micros(150);
    if let Some(left) = moment.checked_duration_since(Instant::now())
        && left > MARGIN
    {
        std::thread::sleep(left - MARGIN);
    }
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
}

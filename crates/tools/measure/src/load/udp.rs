//! Clients of the UDP echo servers, and a road on which datagrams get lost.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{MESSAGE, PATIENCE, closed_loop, wrong_echo};
use crate::statistics::Latencies;

fn connect(address: SocketAddr, patience: Duration) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(address)?; // only says whose datagrams are welcome
    socket.set_read_timeout(Some(patience))?;
    Ok(socket)
}

fn exchange(socket: &UdpSocket) -> io::Result<()> {
    socket.send(&MESSAGE)?;
    let mut echo = [0; 2 * MESSAGE.len()];
    let count = socket.recv(&mut echo)?;
    if echo[..count] == MESSAGE {
        Ok(())
    } else {
        Err(wrong_echo())
    }
}

/// One socket, one datagram at a time.
pub fn round_trips(
    address: SocketAddr,
    time: Duration,
) -> io::Result<Latencies> {
    let socket = connect(address, PATIENCE)?;
    closed_loop(time, || exchange(&socket))
}

/// A new socket for each datagram: making it, and one round trip.
pub fn first_answers(
    address: SocketAddr,
    count: usize,
) -> io::Result<Latencies> {
    super::first_answers(count, || {
        let socket = connect(address, PATIENCE)?;
        exchange(&socket).map(|()| socket)
    })
}

/// What becomes of datagrams on a road that loses some.
pub struct Losses {
    /// The share of them that had an answer to their first sending.
    pub answered: f64,
    /// How long each took until its answer, sent again where it took too long.
    pub latencies: Latencies,
}

/// So many exchanges. A client that hears nothing for `patience` sends again.
pub fn with_losses(
    address: SocketAddr,
    count: u32,
    patience: Duration,
) -> io::Result<Losses> {
    let socket = connect(address, patience)?;
    let mut latencies = Latencies::new();
    let mut first = 0;
    let mut echo = [0; 4];
    for number in 0..count {
        let start = Instant::now();
        let mut attempts = 0;
        'answered: loop {
            attempts += 1;
            if attempts > 50 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // Each exchange has its number: a late answer is not the next
            // one's.
            socket.send(&number.to_be_bytes())?;
            loop {
                match socket.recv(&mut echo) {
                    Ok(4) if echo == number.to_be_bytes() => break 'answered,
                    Ok(_) => {}
                    // The two names that systems give to a time that is up.
                    Err(error)
                        if matches!(
                            error.kind(),
                            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                        ) =>
                    {
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        latencies.record(start.elapsed());
        first += u32::from(attempts == 1);
    }
    Ok(Losses {
        answered: f64::from(first) / f64::from(count),
        latencies,
    })
}

/// Stands between one client and a server, and loses a share of what passes in
/// either direction; which, the seed decides.
pub struct LossyRoad {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LossyRoad {
    pub fn to(
        server: SocketAddr,
        loss: f64,
        seed: u64,
    ) -> io::Result<LossyRoad> {
        let front = UdpSocket::bind("127.0.0.1:0")?;
        let back = UdpSocket::bind("127.0.0.1:0")?;
        back.connect(server)?;
        let address = front.local_addr()?;
        let closed = Arc::new(AtomicBool::new(false));
        let is_closed = Arc::clone(&closed);
        for socket in [&front, &back] {
            socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        }
        let mut random = StdRng::seed_from_u64(seed);
        let mut lost = move || random.random_bool(loss);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 2048];
            while !is_closed.load(Ordering::Relaxed) {
                // One exchange at a time: what is lost on the way there has no
                // way back.
                let Ok((count, client)) = front.recv_from(&mut buffer) else {
                    continue;
                };
                if lost() || back.send(&buffer[..count]).is_err() {
                    continue;
                }
                let Ok(count) = back.recv(&mut buffer) else {
                    continue;
                };
                if !lost() {
                    let _ = front.send_to(&buffer[..count], client);
                }
            }
        });
        Ok(LossyRoad {
            address,
            closed,
            thread: Some(thread),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for LossyRoad {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

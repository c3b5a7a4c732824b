//! Ports for programs that cannot choose one themselves.

use std::env;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the range that the system gives away by itself, on every system.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// A port of the loopback interface on which nobody listens, TCP or UDP, and
/// which no other program of this project is given while this value lives, in
/// whatever process. (The system takes it back when the process is gone.)
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Locked.
    _reservation: File,
}

impl Port {
    /// Finds one.
    ///
    /// # Errors
    /// [`io::ErrorKind::AddrInUse`] where none is left, and others where the
    /// folder of the reservations cannot be written.
    pub fn free() -> io::Result<Port> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let folder = reservations();
        fs::create_dir_all(&folder)?;
        // Each process begins to look at another place.
        let first = std::process::id().wrapping_mul(37) % COUNT;
        for _ in 0..COUNT {
            let step = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
            let number = (FIRST + (first + step) % COUNT) as u16;
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(folder.join(number.to_string()))?;
            match file.try_lock() {
                Ok(()) if is_free(number) => {
                    return Ok(Port {
                        number,
                        _reservation: file,
                    });
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Where a program listens that is given it.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }

    /// The port's number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// The folder in which each port has a file, of this user: others' cannot be
/// written.
fn reservations() -> PathBuf {
    #[cfg(unix)]
    let user = rustix::process::getuid().as_raw().to_string();
    #[cfg(not(unix))]
    let user = "user"; // whose folder it is already
    env::temp_dir().join(format!("programs-ports-{user}"))
}

fn is_free(port: u16) -> bool {
    is_free_for_tcp(port) && UdpSocket::bind(("127.0.0.1", port)).is_ok()
}

/// Also for who does not set SO_REUSEADDR, as Rust does: connections that
/// ended lately can still be in the way.
#[cfg(unix)]
fn is_free_for_tcp(port: u16) -> bool {
    use std::net::SocketAddrV4;

    use rustix::net::{AddressFamily, SocketType, bind, socket};
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    socket(AddressFamily::INET, SocketType::STREAM, None)
        .and_then(|socket| bind(socket, &address))
        .is_ok()
}

#[cfg(not(unix))]
fn is_free_for_tcp(port: u16) -> bool {
    std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
}

//! A RabbitMQ of the tool's own, as `just rabbitmq` starts one for the
//! lessons, on private ports and with a folder of its own.

use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::fallible::Fallible;
use crate::lessons::workspace;
use crate::servers::Server;

/// A running broker. It ends with this value.
pub struct RabbitMq {
    server: Server,
    /// Goes after the server has stored what it had to.
    _data: Data,
}

/// What the broker keeps on disk. It goes with this value.
struct Data;

impl RabbitMq {
    /// Starts the broker, which takes some seconds. Where it is not installed,
    /// the error says which command installs it.
    pub fn start() -> Fallible<RabbitMq> {
        if !is_installed() {
            return Err("o RabbitMQ não está instalado. Em Debian e Ubuntu: \
                        apt-get install rabbitmq-server; em macOS: brew \
                        install rabbitmq."
                .into());
        }
        let data = Data;
        let mut command = Command::new("bash");
        command
            .arg(workspace()?.join("crates/5_rabbitmq/rabbitmq.sh"))
            .env("PORT", free_port()?.to_string())
            .env("DATA", folder());
        let server = Server::start_when("rabbitmq.sh", command, |line| {
            let address = line.strip_prefix("RabbitMQ pronto em amqp://")?;
            address.split(". ").next().map(str::to_string)
        })?;
        Ok(RabbitMq {
            server,
            _data: data,
        })
    }

    /// Where it speaks AMQP.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The same, as the lessons take it.
    pub fn url(&self) -> String {
        url(self.address())
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        remove_folder();
    }
}

/// Where the broker keeps what it keeps: on a disk, because that has its
/// price.
fn folder() -> PathBuf {
    let name = format!("target/measure-rabbitmq-{}", process::id());
    workspace().unwrap_or_default().join(name)
}

/// For the day that the tool itself is stopped.
pub fn remove_folder() {
    let _ = fs::remove_dir_all(folder()); // there may be none
}

/// A broker's address as the lessons take it.
pub fn url(address: SocketAddr) -> String {
    format!("amqp://guest:guest@{address}/%2f")
}

/// Debian puts the server itself where no path looks.
fn is_installed() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server").exists()
        || env::split_paths(&path)
            .any(|folder| folder.join("rabbitmq-server").exists())
}

/// A port that is free now with the others that `rabbitmq.sh` derives from it.
/// They come from below the range that the system gives away by itself.
fn free_port() -> Fallible<u16> {
    let start = (process::id() % 4000) as u16;
    (0..4000)
        .map(|step| 15_000 + (start + step) % 4000)
        .find(|port| {
            [0, 1000, 2000, 10_000].iter().all(|more| {
                TcpListener::bind(("127.0.0.1", port + more)).is_ok()
            })
        })
        .ok_or_else(|| "não há portas livres para o RabbitMQ".into())
}

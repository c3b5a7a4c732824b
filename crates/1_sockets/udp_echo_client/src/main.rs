//! # Cliente UDP de eco
//!
//! O diapositivo «Cliente UDP Python» em Rust: envia um datagrama e mostra o
//! eco.
//!
//! ```console
//! $ cargo run -p udp_echo_server
//! Servidor UDP a escutar em 127.0.0.1:65432
//! Recebido Ola, UDP! de 127.0.0.1:[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p udp_echo_client
//! Eco recebido: Ola, UDP! de 127.0.0.1:65432
//! ```
//!
//! **O que muda.** O cliente do diapositivo espera para sempre por um eco que
//! se perdeu, e aceita-o de qualquer remetente. Este tem um limite de tempo e
//! só ouve o servidor a quem perguntou.
//!
//! **Experimente.** Corra o cliente sem o servidor. Depois mude o limite de
//! tempo e faça o programa enviar outra vez quando o eco não chega.

use std::env;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

const ADDRESS: &str = "127.0.0.1:65432";
const MESSAGE: &str = "Ola, UDP!";
const TIME_LIMIT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    match run(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(address: &str) -> Result<(), Box<dyn Error>> {
    let server: SocketAddr = address.parse().map_err(|_| {
        format!(
            "«{address}» não é um endereço IP e uma porta. Um exemplo: \
             cargo run -p udp_echo_client -- {ADDRESS}"
        )
    })?;

    let echo = exchange(server, MESSAGE.as_bytes()).map_err(|error| {
        let reason = match error.kind() {
            // O Linux e o macOS dizem o primeiro, o Windows o segundo.
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                format!("passaram {} s", TIME_LIMIT.as_secs())
            }
            _ => error.to_string(),
        };
        format!(
            "Sem eco de {server} ({reason}). O datagrama perdeu-se, ou não há \
             servidor; noutro terminal: cargo run -p udp_echo_server"
        )
    })?;
    println!(
        "Eco recebido: {} de {server}",
        String::from_utf8_lossy(&echo)
    );
    Ok(())
}

fn exchange(server: SocketAddr, message: &[u8]) -> io::Result<Vec<u8>> {
    // Porta 0: o sistema escolhe uma livre. É o endereço da resposta.
    let local = if server.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(local)?;

    // Em UDP, `connect` não envia nada: fixa o destino, e o sistema passa a
    // deitar fora os datagramas de qualquer outro remetente.
    socket.connect(server)?;

    // Perder um datagrama é normal: sem limite, a espera não teria fim.
    socket.set_read_timeout(Some(TIME_LIMIT))?;
    socket.send(message)?;

    let mut buffer = [0; 65_507]; // o maior datagrama possível
    let count = socket.recv(&mut buffer)?;
    Ok(buffer[..count].to_vec())
}

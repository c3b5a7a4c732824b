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

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;
use std::{env, io, process};

const ADDRESS: &str = "127.0.0.1:65432";
const MESSAGE: &[u8] = b"Ola, UDP!";
const TIME_LIMIT: Duration = Duration::from_secs(2);

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());

    // Porta 0: o sistema escolhe uma livre. É o endereço da resposta.
    let socket = UdpSocket::bind("0.0.0.0:0")?;

    // Em UDP, `connect` não envia nada: fixa o destino, e o sistema passa a
    // deitar fora os datagramas de qualquer outro remetente.
    socket.connect(&address).unwrap_or_else(|error| {
        eprintln!("{address} não serve ({error}). Um exemplo: {ADDRESS}");
        process::exit(1)
    });

    // Perder um datagrama é normal: sem limite, a espera não teria fim.
    socket.set_read_timeout(Some(TIME_LIMIT))?;

    let (echo, peer) = exchange(&socket).unwrap_or_else(|error| {
        eprintln!(
            "Sem eco de {address} em {TIME_LIMIT:?} ({error}). O datagrama \
             perdeu-se, ou não há servidor: cargo run -p udp_echo_server"
        );
        process::exit(1)
    });
    println!("Eco recebido: {} de {peer}", String::from_utf8_lossy(&echo));
    Ok(())
}

fn exchange(socket: &UdpSocket) -> io::Result<(Vec<u8>, SocketAddr)> {
    socket.send(MESSAGE)?;

    let mut buffer = [0; 65_507]; // o maior datagrama possível
    let (count, peer) = socket.recv_from(&mut buffer)?;
    Ok((buffer[..count].to_vec(), peer))
}

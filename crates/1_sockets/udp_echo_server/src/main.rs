//! # Servidor UDP de eco
//!
//! O diapositivo «Servidor UDP Python (Eco)» em Rust: cada datagrama volta,
//! inteiro, a quem o enviou.
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
//! **O que muda.** O servidor do diapositivo corta os datagramas a 1024 bytes,
//! termina com um datagrama vazio e morre com um que não seja texto. Este
//! devolve qualquer datagrama.
//!
//! **Experimente.** Não há ligação, nem uma fila de clientes: envie de dois
//! terminais, com `nc -u 127.0.0.1 65432`, e ambos têm resposta logo.

use std::net::UdpSocket;
use std::{env, io, process};

const ADDRESS: &str = "127.0.0.1:65432";

/// O maior datagrama UDP sobre IPv4: os 65 535 bytes de um pacote IP menos os
/// cabeçalhos, 20 bytes do IP e 8 do UDP (RFC 791 e RFC 768).
const MAX_DATAGRAM: usize = 65_507;

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());

    // Sem `listen` nem `accept`: um único socket fala com todos os clientes.
    let socket = UdpSocket::bind(&address).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p udp_echo_server -- 127.0.0.1:65433"
        );
        process::exit(1)
    });
    println!("Servidor UDP a escutar em {}", socket.local_addr()?);

    // O que não couber no buffer perde-se: este tem lugar para o maior.
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        // Um erro diz respeito a um datagrama; os seguintes são outros. (O
        // Windows avisa aqui quando um cliente já não está à escuta.)
        if let Err(error) = echo(&socket, &mut buffer) {
            eprintln!("Datagrama perdido: {error}");
        }
    }
}

fn echo(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<()> {
    // Uma leitura é um datagrama inteiro, nunca metade nem dois, e traz o
    // endereço do remetente. Zero bytes é um datagrama vazio, não um fim.
    let (count, peer) = socket.recv_from(buffer)?;
    let received = &buffer[..count];
    println!("Recebido {} de {peer}", String::from_utf8_lossy(received));

    socket.send_to(received, peer)?;
    Ok(())
}

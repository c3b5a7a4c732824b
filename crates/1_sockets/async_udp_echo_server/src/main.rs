//! # Servidor UDP de eco assíncrono
//!
//! O diapositivo «Servidor UDP `asyncio` Python» em Rust, com tokio.
//!
//! ```console
//! $ cargo run -p async_udp_echo_server
//! A iniciar servidor UDP em 127.0.0.1:65432
//! Servidor UDP (asyncio) iniciado
//! Recebido Ola, UDP! de 127.0.0.1:[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p udp_echo_client
//! Eco recebido: Ola, UDP! de 127.0.0.1:65432
//! ```
//!
//! **O que muda.** O servidor do diapositivo termina ao fim de uma hora; este,
//! com Ctrl-C. Em vez de um «Protocolo» com callbacks há um ciclo que espera
//! com `await`. A segunda linha que escreve é a do diapositivo, tal e qual.
//!
//! **Experimente.** Passe o ciclo para uma função `serve(socket)`, abra outro
//! socket noutra porta e sirva os dois com `tokio::join!`: basta uma thread.

use std::{env, io, process};

use tokio::net::UdpSocket;

const ADDRESS: &str = "127.0.0.1:65432";

/// O maior datagrama UDP sobre IPv4: os 65 535 bytes de um pacote IP menos os
/// cabeçalhos, 20 bytes do IP e 8 do UDP (RFC 791 e RFC 768).
const MAX_DATAGRAM: usize = 65_507;

// `current_thread`: o ciclo de eventos corre nesta thread e em mais nenhuma.
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let socket = UdpSocket::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p async_udp_echo_server -- 127.0.0.1:65433"
        );
        process::exit(1)
    });
    println!("A iniciar servidor UDP em {}", socket.local_addr()?);
    println!("Servidor UDP (asyncio) iniciado");

    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        // Um erro diz respeito a um datagrama; os seguintes são outros.
        if let Err(error) = echo(&socket, &mut buffer).await {
            eprintln!("Datagrama perdido: {error}");
        }
    }
}

async fn echo(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<()> {
    // Enquanto não chega nenhum datagrama, a thread pode tratar de outra coisa.
    let (count, peer) = socket.recv_from(buffer).await?;
    let received = &buffer[..count];
    println!("Recebido {} de {peer}", String::from_utf8_lossy(received));

    socket.send_to(received, peer).await?;
    Ok(())
}

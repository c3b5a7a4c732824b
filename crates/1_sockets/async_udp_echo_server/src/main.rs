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
//! **Experimente.** Dentro do mesmo `select!`, acrescente um segundo socket
//! noutra porta: a mesma thread serve os dois.

use std::env;
use std::error::Error;
use std::io;
use std::process::ExitCode;

use tokio::net::UdpSocket;
use tokio::signal;

const ADDRESS: &str = "127.0.0.1:65432";

/// O maior datagrama UDP sobre IPv4: os 65 535 bytes de um pacote IP menos os
/// cabeçalhos, 20 bytes do IP e 8 do UDP (RFC 791 e RFC 768).
const MAX_DATAGRAM: usize = 65_507;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    match serve(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let socket = UdpSocket::bind(address).await.map_err(|error| {
        format!(
            "Não foi possível escutar em {address}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p async_udp_echo_server -- 127.0.0.1:65433"
        )
    })?;
    println!("A iniciar servidor UDP em {}", socket.local_addr()?);

    // Um socket só: não há clientes para cancelar, basta deixar de receber.
    // `biased` começa por armar o Ctrl-C, antes de dizer que está pronto.
    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        () = echo_datagrams(&socket) => {}
    }
    Ok(())
}

async fn echo_datagrams(socket: &UdpSocket) {
    println!("Servidor UDP (asyncio) iniciado");
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        // Um erro diz respeito a um datagrama; os seguintes são outros.
        if let Err(error) = echo(socket, &mut buffer).await {
            eprintln!("Datagrama perdido: {error}");
        }
    }
}

async fn echo(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<()> {
    let (count, peer) = socket.recv_from(buffer).await?;
    let received = &buffer[..count];
    println!("Recebido {} de {peer}", String::from_utf8_lossy(received));

    socket.send_to(received, peer).await?;
    Ok(())
}

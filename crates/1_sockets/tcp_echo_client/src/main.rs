//! # Cliente TCP de eco
//!
//! O diapositivo «Cliente TCP Python» em Rust: envia uma mensagem e mostra o
//! eco.
//!
//! ```console
//! $ cargo run -p tcp_echo_server
//! Servidor TCP a escutar em 127.0.0.1:65432
//! Ligado por 127.0.0.1:[..]
//! Recebido: Ola, mundo
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p tcp_echo_client
//! Eco recebido: Ola, mundo
//! ```
//!
//! **O que muda.** O cliente do diapositivo lê uma só vez, e mostra metade do
//! eco quando este chega em dois pedaços. Este lê até ter o eco inteiro.
//!
//! **Experimente.** Troque `MESSAGE` por um texto com acentos. Quantos bytes
//! tem «Olá»? E o que acontece se o servidor não estiver a correr?

use std::env;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

const ADDRESS: &str = "127.0.0.1:65432";
const MESSAGE: &str = "Ola, mundo";

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
    // O handshake de 3 vias acontece aqui dentro.
    let stream = TcpStream::connect(address).map_err(|error| {
        format!(
            "Não foi possível ligar a {address} ({error}). Inicie primeiro o \
             servidor, noutro terminal: cargo run -p tcp_echo_server"
        )
    })?;

    let echo = exchange(stream, MESSAGE.as_bytes()).map_err(|error| {
        format!(
            "A ligação a {address} terminou antes de chegar o eco completo \
             ({error}). Veja no terminal do servidor o que aconteceu."
        )
    })?;
    println!("Eco recebido: {}", String::from_utf8_lossy(&echo));
    Ok(())
}

fn exchange(mut stream: TcpStream, message: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(message)?;

    // O TCP entrega um fluxo de bytes sem fronteiras: o que foi enviado de uma
    // vez pode chegar aos pedaços. Só o comprimento diz quando está tudo.
    let mut echo = vec![0; message.len()];
    stream.read_exact(&mut echo)?;
    Ok(echo)
}

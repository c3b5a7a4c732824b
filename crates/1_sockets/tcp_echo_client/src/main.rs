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

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::{env, process};

const ADDRESS: &str = "127.0.0.1:65432";
const MESSAGE: &str = "Ola, mundo";

fn main() {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());

    // O handshake de 3 vias acontece aqui dentro.
    let stream = TcpStream::connect(&address).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível ligar a {address} ({error}). Inicie primeiro o \
             servidor, noutro terminal: cargo run -p tcp_echo_server"
        );
        process::exit(1)
    });
    let echo = exchange(stream).unwrap_or_else(|error| {
        eprintln!("A ligação acabou antes de chegar o eco todo ({error}).");
        process::exit(1)
    });
    println!("Eco recebido: {}", String::from_utf8_lossy(&echo));
}

fn exchange(mut stream: TcpStream) -> io::Result<Vec<u8>> {
    stream.write_all(MESSAGE.as_bytes())?;

    // O TCP entrega um fluxo de bytes sem fronteiras: o que foi enviado de uma
    // vez pode chegar aos pedaços. Só o comprimento diz quando está tudo.
    let mut echo = vec![0; MESSAGE.len()];
    stream.read_exact(&mut echo)?;
    Ok(echo)
}

//! # Exercício 1: valores de sensores por TCP
//!
//! O enunciado está em `docs/labs/lab_sensor_tcp.md`. O que falta fazer está
//! marcado com TODO, pela ordem em que convém fazê-lo.
//!
//! ```console
//! $ cargo run -p lab_sensor_tcp
//! Servidor de sensores a escutar em 127.0.0.1:65432
//!
//! # noutro terminal
//! $ cargo run -p lab -- check lab_sensor_tcp
//! ```

use std::net::{TcpListener, TcpStream};
use std::{env, io, process};

const ADDRESS: &str = "127.0.0.1:65432";

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p lab_sensor_tcp -- 127.0.0.1:65433"
        );
        process::exit(1)
    });
    println!(
        "Servidor de sensores a escutar em {}",
        listener.local_addr()?
    );

    // TODO 4: muitos clientes. Enquanto trata de um, este ciclo não aceita
    // mais nenhum. Dê uma thread a cada cliente, e a todos os mesmos valores.
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = handle_client(&stream) {
            eprintln!("Ligação interrompida: {error}");
        }
    }
}

fn handle_client(stream: &TcpStream) -> io::Result<()> {
    // TODO 1: leia uma linha, até «\n», e responda-lhe; depois a seguinte,
    // até o cliente sair. Uma leitura do socket pode trazer metade de uma
    // linha, ou três: `BufReader` e `read_until` juntam e separam por si.
    // TODO 3: uma linha de mais de 1024 bytes tem ERR, e fecha-se a ligação.
    let _ = stream;
    let _ = answer(b"");
    Ok(())
}

/// A resposta a uma linha, sem os fins de linha: aqui não há sockets.
fn answer(line: &[u8]) -> String {
    // TODO 2: separe as palavras e responda a SET e a GET. Falta um sítio
    // onde guardar os valores. A tudo o resto, até ao que não é texto, ERR.
    format!("ERR por fazer: {}", String::from_utf8_lossy(line))
}

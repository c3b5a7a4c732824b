//! # Servidor TCP de eco com uma thread por cliente
//!
//! A «solução tradicional» do diapositivo «O Problema: I/O Blocante»: o mesmo
//! servidor, em que cada cliente tem uma thread só para ele.
//!
//! ```console
//! $ cargo run -p threaded_tcp_echo_server
//! Servidor TCP a escutar em 127.0.0.1:65432
//! Ligado por 127.0.0.1:[..]
//! Recebido de 127.0.0.1:[..]: Ola, mundo
//! A fechar conexão com 127.0.0.1:[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p tcp_echo_client
//! Eco recebido: Ola, mundo
//! ```
//!
//! **O que muda.** O diapositivo não traz código. E em Rust não há GIL: as
//! threads correm mesmo em paralelo, uma por núcleo. Fica o resto do preço:
//! memória e mudanças de contexto para cada cliente, mesmo parado.
//!
//! **Experimente.** Abra dois terminais com `nc 127.0.0.1 65432`: agora ambos
//! têm resposta. Em Linux, `ls /proc/$(pidof threaded_tcp_echo_server)/task`
//! mostra uma thread por cliente, mais a do `accept`.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use std::{env, process, thread};

const ADDRESS: &str = "127.0.0.1:65432";

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p threaded_tcp_echo_server -- 127.0.0.1:65433"
        );
        process::exit(1)
    });
    println!("Servidor TCP a escutar em {}", listener.local_addr()?);

    loop {
        if let Err(error) = accept_client(&listener) {
            // O sistema está sem descritores ou sem threads. O servidor fica,
            // e dá tempo a que algum cliente saia.
            eprintln!("Ligação não aceite: {error}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn accept_client(listener: &TcpListener) -> io::Result<()> {
    let (stream, peer) = listener.accept()?;

    // `move` entrega o socket à thread: passa a ser só dela. Se duas threads
    // mexessem nos mesmos dados sem um lock, o programa não compilaria.
    // (`thread::spawn` faz o mesmo, mas entra em pânico se não houver threads.)
    thread::Builder::new().spawn(move || {
        println!("Ligado por {peer}");
        if let Err(error) = echo(stream, peer) {
            eprintln!("Ligação com {peer} interrompida: {error}");
        }
        println!("A fechar conexão com {peer}");
    })?;
    Ok(())
}

fn echo(mut stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        // Bloqueia, mas só esta thread.
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let received = &buffer[..count];
        println!("Recebido de {peer}: {}", String::from_utf8_lossy(received));
        stream.write_all(received)?;
    }
}

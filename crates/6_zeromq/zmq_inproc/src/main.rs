//! # O mesmo par de sockets em três transportes
//!
//! A vantagem «Extremamente Rápido» do diapositivo «Padrão: Sem Broker (ZeroMQ
//! / ØMQ)», medida: as mesmas perguntas e respostas dentro do processo, por IPC
//! e por TCP.
//!
//! ```console
//! $ cargo run -p zmq_inproc
//! inproc://eco: [..] idas e voltas por segundo
//! tcp://127.0.0.1:[..]: [..] idas e voltas por segundo
//! ipc:///[..]/zmq_inproc-[..]: [..] idas e voltas por segundo
//! ```
//!
//! **O que muda.** O diapositivo não traz código, nem números. (Em Windows não
//! há `ipc`.)
//!
//! **Experimente.** `cargo run --release -p zmq_inproc`. Depois, com
//! `-- tcp://127.0.0.1:5555`, só esse transporte: compare com o eco da parte 1,
//! que não tem uma thread de rede entre o programa e o socket.

use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

const MESSAGE: [u8; 64] = [b'x'; 64];
const SECOND: Duration = Duration::from_secs(1);

fn main() -> zmq::Result<()> {
    let file = env::temp_dir().join(format!("zmq_inproc-{}", process::id()));
    let ipc = format!("ipc://{}", file.display());
    let mut endpoints: Vec<String> = env::args().skip(1).collect();
    if endpoints.is_empty() {
        endpoints =
            vec!["inproc://eco".into(), "tcp://127.0.0.1:*".into(), ipc];
    }
    for endpoint in endpoints {
        measure(&endpoint)?;
    }
    let _ = fs::remove_file(file); // o libzmq deixa-o ficar
    Ok(())
}

fn measure(endpoint: &str) -> zmq::Result<()> {
    // Um contexto para os dois lados: `inproc` é uma fila em memória dentro de
    // um contexto, e noutro contexto o mesmo nome é outra fila.
    let context = zmq::Context::new();
    let server = context.socket(zmq::REP)?;
    server.bind(endpoint).unwrap_or_else(|error| {
        eprintln!("«{endpoint}» não serve ({error}). Tente tcp://127.0.0.1:*");
        process::exit(1)
    });
    let address = server.get_last_endpoint()?.unwrap_or(endpoint.to_string());
    let client = context.socket(zmq::REQ)?;
    client.connect(&address)?;

    // Um socket é de uma só thread de cada vez: `move` entrega-lhe este.
    thread::spawn(move || echo(&server));
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < SECOND {
        client.send(&MESSAGE[..], 0)?;
        client.recv_msg(0)?;
        count += 1;
    }
    println!("{address}: {count} idas e voltas por segundo");
    Ok(())
}

fn echo(server: &zmq::Socket) -> zmq::Result<()> {
    loop {
        server.send(server.recv_msg(0)?, 0)?;
    }
}

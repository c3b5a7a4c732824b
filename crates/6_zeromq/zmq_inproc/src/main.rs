//! # O mesmo par de sockets em três transportes
//!
//! A vantagem «Extremamente Rápido» do diapositivo «Padrão: Sem Broker (ZeroMQ
//! / ØMQ)», medida: as mesmas perguntas e respostas dentro do processo, por IPC
//! e por TCP.
//!
//! ```console
//! $ cargo run -p zmq_inproc
//! inproc://eco: [..] idas e voltas por segundo
//! ipc:///[..]/zmq_inproc-[..]: [..] idas e voltas por segundo
//! tcp://127.0.0.1:[..]: [..] idas e voltas por segundo
//! ```
//!
//! **O que muda.** O diapositivo não traz código, nem números.
//!
//! **Experimente.** `cargo run --release -p zmq_inproc`. Depois, com
//! `-- tcp://127.0.0.1:5555`, só esse transporte: compare com o eco da parte 1,
//! que não tem uma thread de rede entre o programa e o socket.

use std::env;
use std::error::Error;
use std::fs;
#[cfg(unix)]
use std::io::ErrorKind;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const MESSAGE: [u8; 64] = [b'x'; 64];
const DURATION: Duration = Duration::from_secs(1);

/// Fica verdadeiro com Ctrl-C.
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let mut endpoints: Vec<String> = env::args().skip(1).collect();
    if endpoints.is_empty() {
        let file = format!("zmq_inproc-{}", process::id());
        let file = env::temp_dir().join(file);
        endpoints.push("inproc://eco".to_string());
        endpoints.push(format!("ipc://{}", file.display()));
        endpoints.push("tcp://127.0.0.1:*".to_string()); // uma porta livre
    }
    match measure_all(&endpoints) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all(endpoints: &[String]) -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::Relaxed))?;

    for endpoint in endpoints {
        if cfg!(windows) && endpoint.starts_with("ipc://") {
            println!("{endpoint}: não existe em Windows");
            continue;
        }
        let result = measure(endpoint);
        if STOPPING.load(Ordering::Relaxed) {
            break;
        }
        let (address, rate) = result.map_err(|error| {
            format!(
                "Não foi possível medir {endpoint}: está ocupado ou não serve \
                 ({error}). Um exemplo: cargo run -p zmq_inproc -- \
                 tcp://127.0.0.1:5555"
            )
        })?;
        println!("{address}: {rate:.0} idas e voltas por segundo");
    }
    Ok(())
}

/// O endereço que o servidor obteve, e as idas e voltas por segundo.
fn measure(endpoint: &str) -> Result<(String, f64), Box<dyn Error>> {
    // Um contexto para os dois lados: `inproc` é uma fila em memória dentro de
    // um contexto, e noutro contexto o mesmo nome é outra fila.
    let context = zmq::Context::new();
    let server = context.socket(zmq::REP)?;
    server.set_linger(500)?; // o tempo de sair a última resposta
    bind(&server, endpoint)?;
    let address = server.get_last_endpoint()?.unwrap_or(endpoint.to_string());

    let client = context.socket(zmq::REQ)?;
    client.set_rcvtimeo(1000)?;
    client.set_sndtimeo(1000)?;
    client.set_linger(500)?;
    client.connect(&address)?;

    // Um socket é de uma só thread de cada vez: `move` entrega-lhe este.
    thread::spawn(move || echo_until_empty(&server));
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < DURATION && !STOPPING.load(Ordering::Relaxed) {
        client.send(&MESSAGE[..], 0)?;
        match client.recv_msg(0) {
            // O Ctrl-C interrompe a espera; o eco vem na mesma a caminho.
            Err(zmq::Error::EINTR) => client.recv_msg(0)?,
            echo => echo?,
        };
        count += 1;
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64();

    client.send("", 0)?;
    client.recv_msg(0)?; // o servidor também terminou
    if let Some(path) = endpoint.strip_prefix("ipc://") {
        fs::remove_file(path)?; // o libzmq deixa-o ficar
    }
    Ok((address, rate))
}

fn echo_until_empty(server: &zmq::Socket) -> zmq::Result<()> {
    loop {
        let message = server.recv_msg(0)?;
        let is_last = message.is_empty();
        server.send(message, 0)?;
        if is_last {
            return Ok(());
        }
    }
}

fn bind(socket: &zmq::Socket, endpoint: &str) -> Result<(), Box<dyn Error>> {
    // O libzmq guarda a porta em 16 bits e corta o resto: 99999 seria 34463.
    let port = endpoint.rsplit(':').next().map(str::parse::<u32>);
    if port.is_some_and(|port| port.is_ok_and(|port| port > 65_535)) {
        return Err(zmq::Error::EINVAL.into());
    }

    // Em ipc, `bind` apaga o ficheiro que lá estiver, mesmo o de um servidor
    // vivo, e nenhum dos dois dá por isso. Só está livre se ninguém atende.
    #[cfg(unix)]
    if let Some(path) = endpoint.strip_prefix("ipc://") {
        match UnixStream::connect(path).map_err(|error| (error.kind(), error)) {
            Ok(_) => return Err(zmq::Error::EADDRINUSE.into()),
            Err((ErrorKind::NotFound | ErrorKind::ConnectionRefused, _)) => {}
            Err((_, error)) => return Err(error.into()),
        }
    }
    Ok(socket.bind(endpoint)?)
}

//! # Servidor REP: o eco, em mensagens
//!
//! O padrão `REQ/REP` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»: o eco
//! da parte 1, com mensagens em vez de bytes.
//!
//! ```console
//! $ cargo run -p zmq_rep_server
//! Servidor REP a escutar em tcp://127.0.0.1:5555
//! Recebido: Ola, mundo
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p zmq_req_client
//! Eco recebido: Ola, mundo
//! ```
//!
//! **O que muda.** O diapositivo não traz código. Em relação à parte 1, não há
//! `accept`, nem um ciclo de leituras, nem mensagens partidas ao meio: um
//! socket REP serve todos os clientes, e cada mensagem chega inteira ou não
//! chega.
//!
//! **Experimente.** Outro transporte, o mesmo programa: termine o servidor e
//! use, nos dois terminais, `-- ipc:///tmp/eco`. (Em Windows não há `ipc`.)

use std::env;
use std::error::Error;
#[cfg(unix)]
use std::io::ErrorKind;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";

/// O ZeroMQ só entrega uma mensagem completa: guarda-a toda em memória até lá.
/// Quem anunciar mais bytes do que estes por parte é desligado.
const MAX_SIZE: i64 = 64 << 20;

/// Fica verdadeiro com Ctrl-C.
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let endpoint = env::args().nth(1).unwrap_or(ENDPOINT.to_string());
    match serve(&endpoint) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(endpoint: &str) -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::Relaxed))?;

    // O contexto tem a thread que trata da rede; os sockets são filas de
    // mensagens entre ela e este programa.
    let context = zmq::Context::new();
    let socket = context.socket(zmq::REP)?;
    socket.set_maxmsgsize(MAX_SIZE)?;

    // Nenhuma espera é eterna: a cada 200 ms vê-se se houve Ctrl-C, e no fim
    // dá-se meio segundo ao que ainda não foi enviado. (Sem este `linger`, um
    // programa fica preso, ao terminar, por um cliente que não responde.)
    socket.set_rcvtimeo(200)?;
    socket.set_linger(500)?;

    bind(&socket, endpoint).map_err(|error| {
        format!(
            "Não foi possível escutar em {endpoint}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p zmq_rep_server -- tcp://127.0.0.1:5565"
        )
    })?;
    let address = socket.get_last_endpoint()?.unwrap_or(endpoint.to_string());
    println!("Servidor REP a escutar em {address}");

    while !STOPPING.load(Ordering::Relaxed) {
        match echo(&socket) {
            // Nada chegou em 200 ms, ou o Ctrl-C interrompeu a espera.
            Ok(()) | Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
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

fn echo(socket: &zmq::Socket) -> zmq::Result<()> {
    // Uma mensagem são uma ou mais partes (frames), de quaisquer bytes.
    let message = socket.recv_multipart(0)?;

    // No ecrã basta o início (`.200`) de uma mensagem grande.
    let parts: Vec<_> = message
        .iter()
        .map(|part| String::from_utf8_lossy(part))
        .collect();
    println!("Recebido: {:.200}", parts.join(" | "));

    // REP alterna sempre: receber, responder. A resposta vai para quem
    // perguntou; se esse já saiu, perde-se sem incomodar ninguém.
    socket.send_multipart(message, 0)
}

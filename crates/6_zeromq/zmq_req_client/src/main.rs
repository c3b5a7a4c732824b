//! # Cliente REQ: pergunta, espera, insiste
//!
//! O padrão `REQ/REP` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»: envia
//! uma mensagem e mostra o eco.
//!
//! ```console
//! $ cargo run -p zmq_rep_server
//! Servidor REP a escutar em tcp://127.0.0.1:5555
//! Recebido: Ola, mundo
//! Recebido: uma mensagem | de duas partes
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p zmq_req_client
//! Eco recebido: Ola, mundo
//!
//! $ cargo run -p zmq_req_client -- "uma mensagem" "de duas partes"
//! Eco recebido: uma mensagem | de duas partes
//! ```
//!
//! **O que muda.** O diapositivo não traz código. Ao contrário do cliente da
//! parte 1, este pode começar antes do servidor: `connect` não falha, e a
//! mensagem espera por ele.
//!
//! **Experimente.** Comece pelo cliente e inicie o servidor a seguir. Depois
//! prima Ctrl-Z no servidor e corra o cliente: cinco tentativas, e desiste.
//! Com `fg`, quantas mensagens recebe o servidor?

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const MESSAGE: &str = "Ola, mundo";
const ATTEMPTS: u32 = 5;

/// Fica verdadeiro com Ctrl-C.
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    // Um endereço tem «://»; o resto são as partes da mensagem.
    let mut words = env::args().skip(1).peekable();
    let endpoint = words.next_if(|word| word.contains("://"));
    let endpoint = endpoint.unwrap_or(ENDPOINT.to_string());
    let mut message: Vec<String> = words.collect();
    if message.is_empty() {
        message.push(MESSAGE.to_string());
    }

    match run(&endpoint, &message) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(endpoint: &str, message: &[String]) -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::Relaxed))?;
    let context = zmq::Context::new();

    for attempt in 1..=ATTEMPTS {
        // Um REQ que perguntou só pode receber: depois de uma pergunta sem
        // resposta não envia outra (erro EFSM). Cada tentativa tem o seu.
        let socket = context.socket(zmq::REQ)?;
        socket.connect(endpoint).map_err(|error| {
            format!(
                "«{endpoint}» não é um endereço que sirva ({error}). Um \
                 exemplo: cargo run -p zmq_req_client -- {ENDPOINT}"
            )
        })?;

        match exchange(&socket, message) {
            Ok(echo) => {
                println!("Eco recebido: {echo}");
                return Ok(());
            }
            // O Ctrl-C interrompe a espera; em Windows vê-se no fim dela.
            Err(zmq::Error::EINTR) => return Ok(()),
            Err(_) if STOPPING.load(Ordering::Relaxed) => return Ok(()),
            Err(zmq::Error::EAGAIN) => {
                eprintln!("Sem resposta ({attempt} de {ATTEMPTS})");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(format!(
        "Sem eco de {endpoint}. Não há servidor, ou está parado; noutro \
         terminal: cargo run -p zmq_rep_server"
    )
    .into())
}

fn exchange(socket: &zmq::Socket, message: &[String]) -> zmq::Result<String> {
    // Sem limite, a espera por uma resposta que se perdeu não teria fim. E o
    // que ficar por enviar quando o socket fechar é para esquecer.
    socket.set_rcvtimeo(1000)?;
    socket.set_linger(0)?;

    socket.send_multipart(message, 0)?;
    let echo = socket.recv_multipart(0)?;

    let parts: Vec<_> = echo
        .iter()
        .map(|part| String::from_utf8_lossy(part))
        .collect();
    Ok(parts.join(" | "))
}

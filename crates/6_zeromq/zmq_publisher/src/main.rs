//! # Publisher: publicar sem broker
//!
//! O padrão `PUB/SUB` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»: a
//! temperatura da parte 4, com os subscribers ligados ao próprio publisher.
//!
//! ```console
//! $ cargo run -p zmq_publisher
//! Publisher a escutar em tcp://127.0.0.1:5555
//!
//! Nova subscrição: 'myhome/livingroom/temperature'
//! A publicar: 2[..].[..]
//! ^C
//! Publicação parada
//!
//! # noutro terminal
//! $ cargo run -p zmq_subscriber
//! Subscrito a 'myhome/livingroom/temperature'
//! Tópico: myhome/livingroom/temperature | Mensagem: 2[..].[..]
//! ^C
//! ```
//!
//! **O que muda.** O diapositivo não traz código. Um PUB envia a quem já
//! subscreveu e deita fora o resto: quem acaba de se ligar perde as primeiras
//! mensagens (é o «slow joiner»). Um XPUB é um PUB que também recebe as
//! subscrições, e por isso este espera pela primeira antes de publicar.
//!
//! **Experimente.** Inicie o subscriber primeiro, e depois o publisher com
//! `-- 0`: não espera por nenhuma subscrição. Quantas se perdem? A seguir com
//! `-- 1 0`, sem pausa entre mensagens: prima Ctrl-Z no subscriber, espere uns
//! segundos e escreva `fg`. O publisher não parou, nem cresceu.

use std::env;
use std::error::Error;
#[cfg(unix)]
use std::io::ErrorKind;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const TOPIC: &str = "myhome/livingroom/temperature";

/// Fica verdadeiro com Ctrl-C.
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    // Um endereço tem «://». Seguem-se as subscrições por que se espera e a
    // pausa entre mensagens, em milissegundos.
    let mut words = env::args().skip(1).peekable();
    let endpoint = words.next_if(|word| word.contains("://"));
    let endpoint = endpoint.unwrap_or(ENDPOINT.to_string());
    let numbers: Result<Vec<u32>, _> = words.map(|word| word.parse()).collect();

    let result = match numbers.as_deref() {
        Ok([]) => publish(&endpoint, 1, 1000),
        Ok([subscriptions]) => publish(&endpoint, *subscriptions, 1000),
        Ok([subscriptions, pause]) => {
            publish(&endpoint, *subscriptions, *pause)
        }
        _ => Err("Por quantas subscrições esperar, e quantos milissegundos \
                  entre mensagens? Um exemplo: cargo run -p zmq_publisher -- \
                  1 500"
            .into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn publish(
    endpoint: &str,
    mut missing: u32,
    pause: u32,
) -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::Relaxed))?;

    let context = zmq::Context::new();
    let socket = context.socket(zmq::XPUB)?;
    socket.set_xpub_verbose(true)?; // todas as subscrições, até as repetidas
    socket.set_linger(500)?;

    // Um subscriber lento tem uma fila de, no máximo, mil mensagens; as que já
    // não cabem são deitadas fora, só para ele. Os outros não esperam.
    socket.set_sndhwm(1000)?;

    bind(&socket, endpoint).map_err(|error| {
        format!(
            "Não foi possível escutar em {endpoint}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p zmq_publisher -- tcp://127.0.0.1:5565"
        )
    })?;
    let address = socket.get_last_endpoint()?.unwrap_or(endpoint.to_string());
    println!("Publisher a escutar em {address}");

    let mut next = Instant::now();
    let mut number = 0;
    while !STOPPING.load(Ordering::Relaxed) {
        if missing == 0 && Instant::now() >= next {
            publish_temperature(&socket, number)?;
            number += 1;
            next = Instant::now() + Duration::from_millis(pause.into());
        }
        match new_subscription(&socket, next - Instant::now()) {
            Ok(true) => missing = missing.saturating_sub(1),
            // Ninguém novo, ou o Ctrl-C interrompeu a espera.
            Ok(false) | Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    println!("Publicação parada");
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

fn publish_temperature(socket: &zmq::Socket, number: u64) -> zmq::Result<()> {
    let temperature = format!("{:.2}", rand::random_range(20.0..=25.0));
    println!("A publicar: {temperature}");

    // Uma mensagem de três partes. A primeira é o tópico, que o próprio
    // publisher compara com as subscrições: o que ninguém quer não é enviado.
    // Com o número, um subscriber vê se lhe faltam mensagens.
    let number = number.to_string();
    socket.send_multipart([TOPIC, &temperature, &number], 0)
}

/// Espera por uma subscrição nova até à hora da próxima mensagem.
fn new_subscription(
    socket: &zmq::Socket,
    limit: Duration,
) -> zmq::Result<bool> {
    // Nunca mais de 200 ms, para ver se houve Ctrl-C.
    let limit = limit.as_millis().clamp(0, 200) as i64;
    if socket.poll(zmq::POLLIN, limit)? == 0 {
        return Ok(false);
    }
    // Um byte que diz se a subscrição começa (1) ou acaba (0), e o tópico.
    let event = socket.recv_bytes(0)?;
    let Some((1, topic)) = event.split_first() else {
        return Ok(false);
    };
    println!("Nova subscrição: '{}'", String::from_utf8_lossy(topic));
    Ok(true)
}

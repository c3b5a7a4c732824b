//! # Subscriber: subscrever sem broker
//!
//! O padrão `PUB/SUB` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»:
//! mostra as temperaturas que o publisher envia.
//!
//! ```console
//! $ cargo run -p zmq_publisher
//! Publisher a escutar em tcp://127.0.0.1:5555
//!
//! Nova subscrição: 'myhome/'
//! A publicar: 2[..].[..]
//! ^C
//! Publicação parada
//!
//! # noutro terminal
//! $ cargo run -p zmq_subscriber -- myhome/
//! Subscrito a 'myhome/'
//! Tópico: myhome/livingroom/temperature | Mensagem: 2[..].[..]
//! ^C
//! ```
//!
//! **O que muda.** O diapositivo não traz código. Em relação à parte 4,
//! subscreve tudo o que *começa* pelo texto dado: não há `+` nem `#`. E nada
//! avisa que se perderam mensagens, a não ser os números que elas trazem.
//!
//! **Experimente.** Inicie o publisher com `-- 0` e, passado um pouco, o
//! subscriber: quantas perdeu? Depois termine o publisher e inicie-o outra vez:
//! o subscriber volta a ligar-se e a subscrever sozinho.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const TOPIC: &str = "myhome/livingroom/temperature";

/// Fica verdadeiro com Ctrl-C.
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    // Um endereço tem «://»; o resto são os inícios de tópico que interessam.
    let mut words = env::args().skip(1).peekable();
    let endpoint = words.next_if(|word| word.contains("://"));
    let endpoint = endpoint.unwrap_or(ENDPOINT.to_string());
    let mut prefixes: Vec<String> = words.collect();
    if prefixes.is_empty() {
        prefixes.push(TOPIC.to_string());
    }

    match subscribe(&endpoint, &prefixes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn subscribe(
    endpoint: &str,
    prefixes: &[String],
) -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::Relaxed))?;

    let context = zmq::Context::new();
    let socket = context.socket(zmq::SUB)?;
    socket.set_rcvtimeo(200)?; // para ver se houve Ctrl-C
    socket.set_linger(0)?;

    // Não falha se ainda não há publisher: liga-se quando houver, e volta a
    // ligar-se e a subscrever sempre que ele regressa.
    socket.connect(endpoint).map_err(|error| {
        format!(
            "«{endpoint}» não é um endereço que sirva ({error}). Um exemplo: \
             cargo run -p zmq_subscriber -- {ENDPOINT}"
        )
    })?;

    // Um SUB sem subscrições não recebe nada; com `""`, recebe tudo.
    for prefix in prefixes {
        socket.set_subscribe(prefix.as_bytes())?;
        println!("Subscrito a '{prefix}'");
    }

    let mut expected = 0;
    while !STOPPING.load(Ordering::Relaxed) {
        match socket.recv_multipart(0) {
            Ok(message) => expected = show(&message, expected),
            // Nada chegou em 200 ms, ou o Ctrl-C interrompeu a espera.
            Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Mostra uma mensagem e dá o número da que deve vir a seguir.
fn show(message: &[Vec<u8>], expected: u64) -> u64 {
    // Quem publica pode ser outro programa: qualquer parte pode faltar ou não
    // ser texto.
    let part = |index: usize| {
        String::from_utf8_lossy(message.get(index).map_or(&[], Vec::as_slice))
    };

    let number = part(2).parse().unwrap_or(expected);
    if number > expected {
        println!("Perdidas: {}", number - expected);
    }
    println!("Tópico: {} | Mensagem: {}", part(0), part(1));
    number.saturating_add(1)
}

//! # Publisher: publicar sem broker
//!
//! O padrão `PUB/SUB` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»: a
//! temperatura da parte 4, com os subscribers ligados ao próprio publisher.
//!
//! ```console
//! $ cargo run -p zmq_publisher
//! Publisher a escutar em tcp://127.0.0.1:5555
//! A publicar: 2[..].[..]
//! ...
//!
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p zmq_subscriber
//! Subscrito a 'myhome/livingroom/temperature'
//! Tópico: myhome/livingroom/temperature | Mensagem: 2[..].[..] | [..]
//! ...
//! ^C
//! ```
//!
//! **O que muda.** O diapositivo não traz código. Um PUB envia a quem já
//! subscreveu e deita fora o resto: não espera por ninguém, nem o diz.
//!
//! **Experimente.** Inicie o subscriber primeiro, e só depois o publisher. Que
//! número tem a primeira mensagem que chega, e porquê? Depois ponha `PAUSE` a
//! zero, prima Ctrl-Z no subscriber, espere uns segundos e escreva `fg`.

use std::time::Duration;
use std::{env, process, thread};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const TOPIC: &str = "myhome/livingroom/temperature";
const PAUSE: Duration = Duration::from_secs(1);

fn main() -> zmq::Result<()> {
    let endpoint = env::args().nth(1).unwrap_or(ENDPOINT.to_string());

    // Um subscriber lento tem uma fila de, no máximo, mil mensagens; as que já
    // não cabem são deitadas fora, só para ele. Os outros não esperam.
    let context = zmq::Context::new();
    let socket = context.socket(zmq::PUB)?;
    socket.bind(&endpoint).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {endpoint} ({error}). Escolha outro: \
             cargo run -p zmq_publisher -- tcp://127.0.0.1:5565"
        );
        process::exit(1)
    });
    let address = socket.get_last_endpoint()?.unwrap_or(endpoint);
    println!("Publisher a escutar em {address}");

    for number in 0_u64.. {
        let temperature = format!("{:.2}", rand::random_range(20.0..=25.0));
        println!("A publicar: {temperature}");

        // Uma mensagem de três partes. A primeira é o tópico, que o próprio
        // publisher compara com as subscrições: o que ninguém quer não é
        // enviado. Com o número, um subscriber vê se lhe faltam mensagens.
        let number = number.to_string();
        socket.send_multipart([TOPIC, &temperature, &number], 0)?;
        thread::sleep(PAUSE);
    }
    Ok(())
}

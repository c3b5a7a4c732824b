//! # Subscriber: subscrever sem broker
//!
//! O padrão `PUB/SUB` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»:
//! mostra as temperaturas que o publisher envia.
//!
//! ```console
//! $ cargo run -p zmq_publisher
//! Publisher a escutar em tcp://127.0.0.1:5555
//! ...
//!
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p zmq_subscriber -- myhome/
//! Subscrito a 'myhome/'
//! Tópico: myhome/livingroom/temperature | Mensagem: 2[..].[..] | [..]
//! Tópico: myhome/livingroom/temperature | Mensagem: 2[..].[..] | [..]
//! ...
//! ^C
//! ```
//!
//! **O que muda.** O diapositivo não traz código. Em relação à parte 4,
//! subscreve tudo o que *começa* pelo texto dado: não há `+` nem `#`. E nada
//! avisa que se perderam mensagens, a não ser os números que elas trazem.
//!
//! **Experimente.** Termine o publisher e inicie-o outra vez: o subscriber
//! volta a ligar-se e a subscrever sozinho. Quantas mensagens perdeu?

use std::{env, process};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const TOPIC: &str = "myhome/livingroom/temperature";

fn main() -> zmq::Result<()> {
    // Um endereço tem «://»; o resto são os inícios de tópico que interessam.
    let mut arguments = env::args().skip(1).peekable();
    let endpoint = arguments.next_if(|argument| argument.contains("://"));
    let endpoint = endpoint.unwrap_or(ENDPOINT.to_string());
    let default = arguments.peek().is_none().then_some(TOPIC.to_string());

    // Não falha se ainda não há publisher: liga-se quando houver, e volta a
    // ligar-se e a subscrever sempre que ele regressa.
    let context = zmq::Context::new();
    let socket = context.socket(zmq::SUB)?;
    socket.connect(&endpoint).unwrap_or_else(|error| {
        eprintln!("«{endpoint}» não serve ({error}). Um exemplo: {ENDPOINT}");
        process::exit(1)
    });

    // Um SUB sem subscrições não recebe nada; com `""`, recebe tudo.
    for prefix in arguments.chain(default) {
        socket.set_subscribe(prefix.as_bytes())?;
        println!("Subscrito a '{prefix}'");
    }

    loop {
        // Quem publica pode ser outro programa: as partes podem ser outras, e
        // de quaisquer bytes.
        let mut message = socket.recv_multipart(0)?;
        let topic = message.remove(0);
        println!(
            "Tópico: {} | Mensagem: {}",
            String::from_utf8_lossy(&topic),
            String::from_utf8_lossy(&message.join(&b" | "[..]))
        );
    }
}

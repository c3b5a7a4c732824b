//! # Consumidor com roteamento
//!
//! O diapositivo «Padrão: Message Broker (RabbitMQ)», no ponto «Roteamento
//! Complexo»: uma fila só deste programa, ligada a uma troca (*exchange*) pelas
//! chaves que lhe interessam. O produtor explica os três tipos de troca.
//!
//! ```console
//! # o broker, noutro terminal: just rabbitmq
//! $ cargo run -p rabbitmq_routing_consumer -- fanout
//! À espera de mensagens da troca «aula.fanout»
//! aviso: já começou
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p rabbitmq_routing_producer -- fanout aviso "já começou"
//! Enviada para «aula.fanout» com aviso: já começou
//! ```
//!
//! Esta fila dura o que durar o programa: como na rádio, quem liga mais tarde
//! não ouve o que já passou. A fila de tarefas, essa, guarda tudo.
//!
//! **Experimente.** Abra dois consumidores `direct`, um com `erro` e outro com
//! `erro aviso`, e envie um erro e um aviso. Cada fila recebe a sua cópia: em
//! que é isto diferente de dois `rabbitmq_consumer`?

use std::error::Error;
use std::time::Duration;
use std::{env, process};

use futures_util::StreamExt;
use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::ShortString;
use lapin::{Connection, ConnectionProperties, ExchangeKind};
use tokio::time;

const URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";
const TIME_LIMIT: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = env::args().skip(1).peekable();
    let urls = arguments.next_if(|argument| argument.starts_with("amqp://"));
    let urls = urls.unwrap_or(URL.to_string());
    let Some(kind) = arguments.next() else {
        eprintln!("Diga o tipo e as chaves. Um exemplo: -- topic \"luz.#\"");
        process::exit(1)
    };
    // Sem chaves, tudo: a troca `fanout` não olha a elas, e a `topic` percebe.
    let default = arguments.peek().is_none().then_some("#".to_string());
    let keys: Vec<String> = arguments.chain(default).collect();

    for url in urls.split(',').cycle() {
        if let Err(error) = consume(url, &kind, &keys).await {
            eprintln!(
                "Não foi possível receber de {url} ({error}). A tentar de \
                 novo. Se falta o broker, noutro terminal: just rabbitmq"
            );
        }
        time::sleep(Duration::from_secs(1)).await;
    }
}

/// Recebe mensagens até se perder a ligação.
async fn consume(
    url: &str,
    kind: &str,
    keys: &[String],
) -> Result<(), Box<dyn Error>> {
    let connecting = Connection::connect(url, ConnectionProperties::default());
    let connection = time::timeout(TIME_LIMIT, connecting).await??;
    let channel = connection.create_channel().await?;

    // O tipo vai como veio: se não existe, é o broker que o recusa.
    let exchange = ShortString::try_new(format!("aula.{kind}"))?;
    let kind = ExchangeKind::Custom(kind.to_string());
    let options = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .exchange_declare(exchange.clone(), kind, options, Default::default())
        .await?;

    // Uma fila exclusiva: só esta ligação a usa, e desaparece com ela. O broker
    // escolhe-lhe o nome.
    let exclusive = QueueDeclareOptions::exclusive();
    let queue = channel
        .queue_declare("".into(), exclusive, Default::default())
        .await?;
    for key in keys {
        let (key, options) = (ShortString::try_new(key)?, Default::default());
        let (queue, exchange) = (queue.name().clone(), exchange.clone());
        channel
            .queue_bind(queue, exchange, key, options, Default::default())
            .await?;
    }

    // O que não couber nestas 100 espera no broker, e não na memória daqui.
    channel.basic_qos(100, Default::default()).await?;
    let (options, arguments) = Default::default();
    let mut messages = channel
        .basic_consume(queue.name().clone(), "".into(), options, arguments)
        .await?;
    println!("À espera de mensagens da troca «{exchange}»");

    while let Some(message) = messages.next().await {
        let message = message?;
        let text = String::from_utf8_lossy(&message.data);
        println!("{}: {text}", message.routing_key);
        // Pode ficar sem resposta, se a ligação se perde neste instante.
        let confirming = message.ack(Default::default());
        time::timeout(TIME_LIMIT, confirming).await??;
    }
    Err("a fila foi apagada".into())
}

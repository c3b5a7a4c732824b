//! # Consumidor do RabbitMQ
//!
//! O diapositivo «Padrão: Message Broker (RabbitMQ)», do lado do *Consumer*:
//! retira mensagens de uma fila e trata-as, uma de cada vez. Cada ponto no
//! texto de uma mensagem é um segundo de trabalho.
//!
//! ```console
//! # o broker, noutro terminal: just rabbitmq
//! $ cargo run -p rabbitmq_consumer
//! À espera de mensagens da fila «tarefas»
//! Recebida: regar a horta.
//! Feita: regar a horta.
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p rabbitmq_producer -- "regar a horta."
//! Enviada: regar a horta.
//! ```
//!
//! **Experimente.** Com dois consumidores, envie dez mensagens, umas com muitos
//! pontos: recebe a seguinte quem acabar primeiro. Mate um a meio de uma longa:
//! outro recebe-a «outra vez». E com o `ack` antes do trabalho? Depois, com
//! `just rabbitmq-cluster` e os endereços dos três nós, separados por vírgulas,
//! mate um nó.

use std::env;
use std::error::Error;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Connection, ConnectionProperties};
use tokio::time;

const URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";
const QUEUE: &str = "tarefas";
const SECOND: Duration = Duration::from_secs(1);
const TIME_LIMIT: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let urls = env::args().nth(1).unwrap_or(URL.to_string());

    // Esperar que haja um broker, voltar a ligar-se ao que parou e passar ao
    // nó seguinte de um cluster são a mesma coisa: tentar outra vez.
    for url in urls.split(',').cycle() {
        if let Err(error) = consume(url).await {
            eprintln!(
                "Não foi possível receber de {url} ({error}). A tentar de \
                 novo. Se falta o broker, noutro terminal: just rabbitmq"
            );
        }
        time::sleep(SECOND).await;
    }
}

/// Recebe mensagens até se perder a ligação.
async fn consume(url: &str) -> Result<(), Box<dyn Error>> {
    let connecting = Connection::connect(url, ConnectionProperties::default());
    let connection = time::timeout(TIME_LIMIT, connecting).await??;
    let channel = connection.create_channel().await?;

    // O produtor e o consumidor declaram a mesma fila, e não importa quem
    // chega primeiro. O tipo «quorum» guarda-a em disco e, num cluster, em
    // vários nós.
    let mut arguments = FieldTable::default();
    let quorum = AMQPValue::LongString("quorum".into());
    arguments.insert("x-queue-type".into(), quorum);
    let durable = QueueDeclareOptions::durable();
    channel
        .queue_declare(QUEUE.into(), durable, arguments)
        .await?;

    // Uma mensagem por confirmar de cada vez. Sem isto, o broker reparte as
    // mensagens por igual, mesmo que um consumidor seja muito mais lento.
    channel.basic_qos(1, Default::default()).await?;
    let (options, arguments) = Default::default();
    let mut messages = channel
        .basic_consume(QUEUE.into(), "".into(), options, arguments)
        .await?;
    println!("À espera de mensagens da fila «{QUEUE}»");

    while let Some(message) = messages.next().await {
        let message = message?;
        let text = String::from_utf8_lossy(&message.data);
        // Já foi entregue uma vez, e quem a recebeu não a confirmou.
        let again = if message.redelivered {
            " outra vez"
        } else {
            ""
        };
        println!("Recebida{again}: {text}");

        for _ in text.matches('.') {
            time::sleep(SECOND).await;
        }

        // Só depois do trabalho: até aqui, se este programa terminar, o broker
        // entrega a mensagem a outro. É `false` se a ligação já se perdeu, e
        // pode ficar sem resposta se ela se perde neste instante.
        let confirming = message.ack(Default::default());
        if time::timeout(TIME_LIMIT, confirming).await?? {
            println!("Feita: {text}");
        }
    }
    Err("a fila foi apagada".into())
}

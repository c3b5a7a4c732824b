//! # Produtor do RabbitMQ
//!
//! O diapositivo «Padrão: Message Broker (RabbitMQ)», do lado do *Producer*:
//! envia mensagens para uma fila, que as guarda em disco. Só diz «Enviada»
//! depois de o broker o ter confirmado.
//!
//! ```console
//! # o broker, noutro terminal: just rabbitmq
//! $ cargo run -p rabbitmq_producer -- "regar a horta" "apanhar a roupa..."
//! Enviada: regar a horta
//! Enviada: apanhar a roupa...
//! ```
//!
//! **Pelo menos uma vez.** Se a ligação cair antes da confirmação, não se sabe
//! se a mensagem chegou: é enviada outra vez, e pode ficar repetida na fila.
//! Perder-se é que não.
//!
//! **Experimente.** Envie uma mensagem sem broker, e inicie-o a seguir. Depois
//! pare-o e inicie-o outra vez: o consumidor ainda recebe o que lá estava?

use std::collections::VecDeque;
use std::env;
use std::error::Error;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};
use tokio::time;

const URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";
const QUEUE: &str = "tarefas";
const MESSAGE: &str = "regar a horta.";
const TIME_LIMIT: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = env::args().skip(1).peekable();
    let urls = arguments.next_if(|argument| argument.starts_with("amqp://"));
    let urls = urls.unwrap_or(URL.to_string());
    let default = arguments.peek().is_none().then_some(MESSAGE.to_string());
    let mut messages: VecDeque<String> = arguments.chain(default).collect();

    // O endereço pode ser uma lista, com os nós de um cluster. O que ainda não
    // foi confirmado segue pelo próximo que responda.
    for url in urls.split(',').cycle() {
        let Err(error) = produce(url, &mut messages).await else {
            return;
        };
        eprintln!(
            "Não foi possível enviar por {url} ({error}). A tentar de novo. Se \
             falta o broker, noutro terminal: just rabbitmq"
        );
        time::sleep(Duration::from_secs(1)).await;
    }
}

/// Envia as mensagens, e tira da lista as que o broker confirmou.
async fn produce(
    url: &str,
    messages: &mut VecDeque<String>,
) -> Result<(), Box<dyn Error>> {
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

    // A partir daqui o broker confirma cada mensagem que guardou.
    channel.confirm_select(Default::default()).await?;
    while let Some(message) = messages.front() {
        // Vai para a troca sem nome, que entrega na fila com o nome da chave.
        // `mandatory`: se não houver tal fila, é devolvida. Modo de entrega 2:
        // «persistente», guardada em disco.
        let options = BasicPublishOptions {
            mandatory: true,
            ..Default::default()
        };
        let properties = BasicProperties::default().with_delivery_mode(2);
        let data = message.as_bytes();
        let confirmation = channel
            .basic_publish("".into(), QUEUE.into(), options, data, properties)
            .await?
            .await?;
        let Confirmation::Ack(None) = confirmation else {
            return Err(format!("recusada ou devolvida: {message}").into());
        };
        println!("Enviada: {message}");
        messages.pop_front();
    }
    Ok(())
}

//! # Produtor com roteamento
//!
//! O diapositivo «Padrão: Message Broker (RabbitMQ)», no ponto «Roteamento
//! Complexo»: a mensagem vai para uma troca (*exchange*) com uma chave
//! (*routing key*), e o tipo da troca decide a que filas chega.
//!
//! - `direct`: às que pediram exatamente essa chave;
//! - `topic`: às que pediram um padrão que lhe serve, em que `*` é uma palavra
//!   e `#` são nenhuma, uma ou mais;
//! - `fanout`: a todas, seja qual for a chave.
//!
//! ```console
//! # o broker, noutro terminal: just rabbitmq
//! $ cargo run -p rabbitmq_routing_consumer -- topic "alarme.*.fogo" "luz.#"
//! À espera de mensagens da troca «aula.topic»
//! alarme.cozinha.fogo: fumo
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p rabbitmq_routing_producer -- topic alarme.cozinha.fogo fumo
//! Enviada para «aula.topic» com alarme.cozinha.fogo: fumo
//! ```
//!
//! **Experimente.** Abra três consumidores `topic`, com `"alarme.#"`,
//! `"*.cozinha.*"` e `"alarme.fogo"`. Que chave chega aos três? E a nenhum: que
//! diz este programa?

use std::error::Error;
use std::time::Duration;
use std::{env, process};

use lapin::options::{BasicPublishOptions, ExchangeDeclareOptions};
use lapin::types::ShortString;
use lapin::{Confirmation, Connection, ConnectionProperties, ExchangeKind};
use tokio::time;

const URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";
const TIME_LIMIT: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = env::args().skip(1).peekable();
    let url = arguments.next_if(|argument| argument.starts_with("amqp://"));
    let url = url.unwrap_or(URL.to_string());
    let arguments: Vec<String> = arguments.collect();
    let [kind, key, message] = &arguments[..] else {
        eprintln!(
            "Diga o tipo da troca, a chave e a mensagem. Um exemplo: cargo run \
             -p rabbitmq_routing_producer -- topic alarme.cozinha.fogo fumo"
        );
        process::exit(1)
    };

    match produce(&url, kind, key, message).await {
        // Entregue em pelo menos uma fila.
        Ok(Confirmation::Ack(None)) => {
            return println!("Enviada para «aula.{kind}» com {key}: {message}");
        }
        Ok(_) => eprintln!(
            "Devolvida: nenhuma fila recebe de «aula.{kind}» a chave {key}. \
             Inicie quem a receba: cargo run -p rabbitmq_routing_consumer"
        ),
        Err(error) => eprintln!(
            "Não foi possível enviar por {url} ({error}). Se falta o broker, \
             noutro terminal: just rabbitmq"
        ),
    }
    process::exit(1)
}

/// O produtor não sabe que filas existem: só conhece a troca e a chave.
async fn produce(
    url: &str,
    kind: &str,
    key: &str,
    message: &str,
) -> Result<Confirmation, Box<dyn Error>> {
    let key = ShortString::try_new(key)?;
    let exchange = ShortString::try_new(format!("aula.{kind}"))?;
    let connecting = Connection::connect(url, ConnectionProperties::default());
    let connection = time::timeout(TIME_LIMIT, connecting).await??;
    let channel = connection.create_channel().await?;
    channel.confirm_select(Default::default()).await?;

    // O tipo vai como veio: se não existe, é o broker que o recusa.
    let kind = ExchangeKind::Custom(kind.to_string());
    let options = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .exchange_declare(exchange.clone(), kind, options, Default::default())
        .await?;

    // `mandatory`: se nenhuma fila quer esta chave, a mensagem volta.
    let options = BasicPublishOptions {
        mandatory: true,
        ..Default::default()
    };
    let (data, properties) = (message.as_bytes(), Default::default());
    let confirmation = channel
        .basic_publish(exchange, key, options, data, properties)
        .await?
        .await?;
    Ok(confirmation)
}

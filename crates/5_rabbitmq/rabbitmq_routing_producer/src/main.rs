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

use std::env;
use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    ExchangeKind,
};
use tokio::time;

const URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";
const TIME_LIMIT: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let has_url = arguments.first().is_some_and(|a| a.starts_with("amqp://"));
    let urls = if has_url {
        arguments.remove(0)
    } else {
        URL.to_string()
    };

    match run(&urls, &arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(urls: &str, arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let usage = "Diga o tipo (direct, topic ou fanout), a chave e a mensagem. \
                 Um exemplo: cargo run -p rabbitmq_routing_producer -- topic \
                 alarme.cozinha.fogo fumo";
    let [kind, key, text] = arguments else {
        return Err(usage.into());
    };
    let exchange = format!("aula.{kind}");
    let kind = exchange_kind(kind).ok_or(usage)?;
    let routing_key = ShortString::try_new(key)
        .map_err(|_| "Uma chave não pode ter mais de 255 bytes.")?;

    let connection = connect(urls).await?;
    let declaring = declare(&connection, &exchange, kind);
    let channel = declaring.await.map_err(|error| {
        format!(
            "Não foi possível preparar a troca «{exchange}» ({error}). Se já \
             existe com outras opções, apague-a: \
             http://127.0.0.1:15672/#/exchanges"
        )
    })?;
    let confirmation = publish(&channel, &exchange, routing_key, text)
        .await
        .map_err(|error| {
            format!("Não se sabe se chegou a «{exchange}» ({error}).")
        })?;
    match confirmation {
        // Entregue em pelo menos uma fila.
        Confirmation::Ack(None) => {
            println!("Enviada para «{exchange}» com {key}: {text}");
            Ok(())
        }
        // Não há fila para ela, e `mandatory` pede que nesse caso volte.
        Confirmation::Ack(Some(_)) => Err(format!(
            "Devolvida: nenhuma fila recebe de «{exchange}» a chave {key}. \
             Inicie quem a receba: cargo run -p rabbitmq_routing_consumer"
        )
        .into()),
        _ => Err(format!("O broker recusou a mensagem ({exchange}).").into()),
    }
}

fn exchange_kind(word: &str) -> Option<ExchangeKind> {
    match word {
        "direct" => Some(ExchangeKind::Direct),
        "topic" => Some(ExchangeKind::Topic),
        "fanout" => Some(ExchangeKind::Fanout),
        _ => None,
    }
}

async fn declare(
    connection: &Connection,
    exchange: &str,
    kind: ExchangeKind,
) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    let arguments = FieldTable::default();
    channel
        .exchange_declare(exchange.into(), kind, options, arguments)
        .await?;
    Ok(channel)
}

/// O produtor não sabe que filas existem: só conhece a troca e a chave.
async fn publish(
    channel: &Channel,
    exchange: &str,
    key: ShortString,
    text: &str,
) -> lapin::Result<Confirmation> {
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let properties = BasicProperties::default();
    channel
        .basic_publish(
            exchange.into(),
            key,
            options,
            text.as_bytes(),
            properties,
        )
        .await?
        .await
}

/// Liga-se ao primeiro dos endereços que responder.
async fn connect(urls: &str) -> Result<Connection, String> {
    let mut failure = String::new();
    for url in urls.split(',') {
        let options = ConnectionProperties::default();
        let connecting = Connection::connect(url, options);
        let error = match time::timeout(TIME_LIMIT, connecting).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => error,
            Err(_) => io::Error::from(io::ErrorKind::TimedOut).into(),
        };
        let advice = if error.is_amqp_error() {
            "Confirme no endereço o utilizador, a palavra-passe e o vhost."
        } else {
            "Inicie primeiro o broker, noutro terminal: just rabbitmq"
        };
        failure = format!("Não foi possível ligar a {url} ({error}). {advice}");
    }
    Err(failure)
}

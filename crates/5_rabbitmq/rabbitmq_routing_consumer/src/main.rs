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

use std::env;
use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{
    Channel, Connection, ConnectionProperties, Consumer, ExchangeKind,
};
use tokio::{signal, time};

const URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";
const TIME_LIMIT: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let has_url = arguments.first().is_some_and(|a| a.starts_with("amqp://"));
    let urls = if has_url {
        arguments.remove(0)
    } else {
        URL.to_string()
    };

    let result = tokio::select! {
        biased; // arma o Ctrl-C antes de dizer que está pronto
        interrupted = signal::ctrl_c() => interrupted.map_err(Box::from),
        result = run(&urls, &arguments) => result,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(urls: &str, arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let binding = Binding::parse(arguments)?;
    let (mut _channel, mut messages) = subscribe(urls, &binding).await?;
    loop {
        println!("À espera de mensagens da troca «{}»", binding.exchange);
        let reason = match receive(messages).await {
            Ok(()) => "a fila foi apagada".to_string(),
            Err(error) => error.to_string(),
        };
        eprintln!("Ligação perdida ({reason}). A tentar de novo.");
        (_channel, messages) = insist(urls, &binding).await;
    }
}

async fn receive(mut messages: Consumer) -> lapin::Result<()> {
    while let Some(message) = messages.next().await {
        let message = message?;
        let text = String::from_utf8_lossy(&message.data);
        println!("{}: {text}", message.routing_key);
        message.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

/// A troca, e as chaves que ligam a ela a fila deste programa.
struct Binding {
    exchange: String,
    kind: ExchangeKind,
    keys: Vec<ShortString>,
}

impl Binding {
    fn parse(arguments: &[String]) -> Result<Binding, Box<dyn Error>> {
        let usage = "Diga o tipo: direct ou topic, com as chaves que quer \
                     receber, ou fanout, sem elas. Um exemplo: \
                     cargo run -p rabbitmq_routing_consumer -- topic \
                     \"alarme.*.fogo\" \"luz.#\"";
        let [word, keys @ ..] = arguments else {
            return Err(usage.into());
        };
        let kind = exchange_kind(word).ok_or(usage)?;
        if keys.is_empty() != (kind == ExchangeKind::Fanout) {
            return Err(usage.into());
        }
        let keys = keys.iter().map(ShortString::try_new);
        let mut keys: Vec<ShortString> = keys
            .collect::<Result<_, _>>()
            .map_err(|_| "Uma chave não pode ter mais de 255 bytes.")?;
        if kind == ExchangeKind::Fanout {
            keys.push("".into()); // tem de haver uma, que não conta para nada
        }
        let exchange = format!("aula.{word}");
        Ok(Binding {
            exchange,
            kind,
            keys,
        })
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

async fn subscribe(
    urls: &str,
    binding: &Binding,
) -> Result<(Channel, Consumer), Box<dyn Error>> {
    let connection = connect(urls).await?;
    let subscribed = consume(&connection, binding).await.map_err(|error| {
        format!(
            "Não foi possível preparar a troca «{}» ({error}). Se já existe \
             com outras opções, apague-a: http://127.0.0.1:15672/#/exchanges",
            binding.exchange
        )
    })?;
    Ok(subscribed)
}

async fn insist(urls: &str, binding: &Binding) -> (Channel, Consumer) {
    loop {
        time::sleep(RETRY_AFTER).await;
        match subscribe(urls, binding).await {
            Ok(subscribed) => return subscribed,
            Err(error) => eprintln!("{error}"),
        }
    }
}

async fn consume(
    connection: &Connection,
    binding: &Binding,
) -> lapin::Result<(Channel, Consumer)> {
    let channel = connection.create_channel().await?;
    let exchange: ShortString = binding.exchange.as_str().into();
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(
            exchange.clone(),
            binding.kind.clone(),
            options,
            FieldTable::default(),
        )
        .await?;

    // Uma fila exclusiva: só esta ligação a usa, e desaparece com ela. O broker
    // escolhe-lhe o nome.
    let options = QueueDeclareOptions::exclusive();
    let queue = channel
        .queue_declare("".into(), options, FieldTable::default())
        .await?;
    for key in &binding.keys {
        channel
            .queue_bind(
                queue.name().clone(),
                exchange.clone(),
                key.clone(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await?;
    }

    // O que não couber nestas 100 espera no broker, e não na memória daqui.
    channel.basic_qos(100, BasicQosOptions::default()).await?;
    let messages = channel
        .basic_consume(
            queue.name().clone(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    Ok((channel, messages))
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

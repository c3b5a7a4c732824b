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
//! Sem argumentos, cada linha da entrada é uma mensagem:
//!
//! ```console
//! $ cargo run -p rabbitmq_producer
//! Uma mensagem por linha (Ctrl-D termina):
//! > pôr a mesa.
//! Enviada: pôr a mesa.
//! ^D
//! ```
//!
//! **Pelo menos uma vez.** Se a ligação cair antes da confirmação, não se sabe
//! se a mensagem chegou: é enviada outra vez, talvez fora da sua ordem, e pode
//! ficar repetida na fila. Perder-se é que não.
//!
//! **Experimente.** Pare o broker, escreva linhas, e inicie-o outra vez. Depois
//! reduza `WINDOW` a 1 e envie um ficheiro grande: quanto custa esperar por
//! cada confirmação?

use std::env;
use std::error::Error;
use std::io::{self, BufRead};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use futures_util::future;
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
};
use tokio::sync::mpsc;
use tokio::{signal, time};

const URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";
const QUEUE: &str = "tarefas";
const TIME_LIMIT: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Quantas mensagens podem estar à espera de confirmação.
const WINDOW: usize = 1000;

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
        result = run(&urls, arguments) => result,
        interrupted = signal::ctrl_c() => interrupted.map_err(Box::from),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(urls: &str, arguments: Vec<String>) -> Result<(), Box<dyn Error>> {
    let mut channel = open(urls).await?;
    let mut messages = read(arguments);

    // Leva de cada vez tudo o que houver, até encher a janela.
    let mut unconfirmed = Vec::new();
    while messages.recv_many(&mut unconfirmed, WINDOW).await > 0 {
        while !unconfirmed.is_empty() {
            if let Err(error) = send(&channel, &mut unconfirmed).await {
                eprintln!(
                    "Por confirmar: {} ({error}). A tentar de novo.",
                    unconfirmed.len()
                );
                channel = insist(urls).await;
            }
        }
    }
    Ok(())
}

/// As mensagens vêm dos argumentos ou, se não os houver, da entrada. Ler do
/// teclado bloqueia: faz-se noutra thread, e um canal traz as linhas.
fn read(arguments: Vec<String>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, messages) = mpsc::channel(WINDOW);
    thread::spawn(move || {
        let texts: Box<dyn Iterator<Item = Vec<u8>>> = if arguments.is_empty() {
            println!("Uma mensagem por linha (Ctrl-D termina):");
            let lines = io::stdin().lock().split(b'\n');
            Box::new(lines.map_while(Result::ok))
        } else {
            Box::new(arguments.into_iter().map(String::into_bytes))
        };
        for text in texts {
            let text = text.strip_suffix(b"\r").unwrap_or(&text).to_vec();
            if sender.blocking_send(text).is_err() {
                return; // o programa está a terminar
            }
        }
    });
    messages
}

/// Envia as mensagens e tira da lista as que o broker confirmou.
async fn send(
    channel: &Channel,
    unconfirmed: &mut Vec<Vec<u8>>,
) -> Result<(), Box<dyn Error>> {
    // Todas seguem antes de chegar a primeira confirmação.
    let publishing = unconfirmed.iter().map(|text| publish(channel, text));
    let confirmations = future::join_all(publishing).await;

    // Nenhuma fila para uma delas: foi apagada, com o que já lá estivesse.
    let returned = |confirmation: &lapin::Result<Confirmation>| {
        matches!(confirmation, Ok(Confirmation::Ack(Some(_))))
    };
    if confirmations.iter().any(returned) {
        return Err(format!("devolvidas: não há fila «{QUEUE}»").into());
    }

    let mut result = Ok(());
    let mut confirmations = confirmations.into_iter();
    unconfirmed.retain(|text| {
        match confirmations.next() {
            Some(Ok(Confirmation::Ack(_))) => {
                println!("Enviada: {}", String::from_utf8_lossy(text));
                return false;
            }
            Some(Err(error)) => result = Err(error.into()),
            _ => result = Err("o broker recusou-as".into()),
        }
        true
    });
    result
}

async fn publish(
    channel: &Channel,
    text: &[u8],
) -> lapin::Result<Confirmation> {
    // Vai para a troca sem nome, que entrega na fila com o nome da chave.
    // `mandatory`: se não houver tal fila, a mensagem é devolvida.
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    // Modo de entrega 2: «persistente», guardada em disco.
    let properties = BasicProperties::default().with_delivery_mode(2);
    channel
        .basic_publish("".into(), QUEUE.into(), options, text, properties)
        .await?
        .await
}

async fn open(urls: &str) -> Result<Channel, Box<dyn Error>> {
    let connection = connect(urls).await?;
    let channel = declare(&connection).await.map_err(|error| {
        format!(
            "Não foi possível preparar a fila «{QUEUE}» ({error}). Se já \
             existe com outras opções, apague-a: \
             http://127.0.0.1:15672/#/queues"
        )
    })?;
    Ok(channel)
}

async fn insist(urls: &str) -> Channel {
    loop {
        time::sleep(RETRY_AFTER).await;
        match open(urls).await {
            Ok(channel) => return channel,
            Err(error) => eprintln!("{error}"),
        }
    }
}

async fn declare(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;

    // O produtor e o consumidor declaram a mesma fila, e não importa quem
    // chega primeiro. O tipo «quorum» guarda-a em disco e, num cluster, em
    // vários nós.
    let mut arguments = FieldTable::default();
    let kind = AMQPValue::LongString("quorum".into());
    arguments.insert("x-queue-type".into(), kind);
    let options = QueueDeclareOptions::durable();
    channel
        .queue_declare(QUEUE.into(), options, arguments)
        .await?;

    // A partir daqui o broker confirma cada mensagem que guardou.
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    Ok(channel)
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

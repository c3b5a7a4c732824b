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
//! **Balanceamento de carga.** Abra dois consumidores e envie dez mensagens,
//! umas com muitos pontos: recebe a seguinte quem acabar primeiro.
//!
//! **Quando uma máquina não chega.** `just rabbitmq-cluster` inicia três nós, e
//! cada mensagem fica guardada em pelo menos dois. Dê ao programa o endereço de
//! todos, separados por vírgulas, e pare um deles: usa o seguinte que responda.
//!
//! ```text
//! cargo run -p rabbitmq_consumer -- \
//!     amqp://127.0.0.1:5672,amqp://127.0.0.1:5673,amqp://127.0.0.1:5674
//! ```
//!
//! **Experimente.** Mate um consumidor (`kill -9`) a meio de uma mensagem
//! longa: outro recebe-a «outra vez». Depois mude o `ack` para antes do
//! trabalho e repita. Onde foi parar a mensagem?

use std::env;
use std::error::Error;
use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, Consumer};
use tokio::{signal, time};

const URL: &str = "amqp://guest:guest@127.0.0.1:5672/%2f";
const QUEUE: &str = "tarefas";
const SUBSCRIPTION: &str = "consumidor";
const WORK_PER_DOT: Duration = Duration::from_secs(1);
const TIME_LIMIT: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let urls = env::args().nth(1).unwrap_or(URL.to_string());
    match run(&urls).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(urls: &str) -> Result<(), Box<dyn Error>> {
    let mut interrupted = pin!(signal::ctrl_c());
    let (mut channel, mut messages) = subscribe(urls).await?;
    loop {
        let mut working = pin!(work(messages));
        let ended = tokio::select! {
            biased; // arma o Ctrl-C antes de dizer que está pronto
            _ = &mut interrupted => {
                return finish(&channel, working).await.map_err(|error| {
                    format!(
                        "A ligação perdeu-se antes da última confirmação \
                         ({error}): a mensagem será entregue outra vez."
                    )
                    .into()
                });
            }
            ended = &mut working => ended,
        };

        // O broker parou, ou alguém apagou a fila: insiste até voltar.
        let reason = match ended {
            Ok(()) => "a fila foi apagada".to_string(),
            Err(error) => error.to_string(),
        };
        eprintln!("Ligação perdida ({reason}). A tentar de novo.");
        tokio::select! {
            _ = &mut interrupted => return Ok(()),
            subscribed = insist(urls) => (channel, messages) = subscribed,
        }
    }
}

async fn work(mut messages: Consumer) -> lapin::Result<()> {
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
            time::sleep(WORK_PER_DOT).await;
        }

        // Só depois do trabalho: até aqui, se este programa morrer, o broker
        // entrega a mensagem a outro. É `false` se a ligação já se perdeu.
        if message.ack(BasicAckOptions::default()).await? {
            println!("Feita: {text}");
        }
    }
    Ok(())
}

/// Acaba a mensagem que tem em mãos, e não recebe mais nenhuma.
async fn finish(
    channel: &Channel,
    working: impl Future<Output = lapin::Result<()>>,
) -> lapin::Result<()> {
    let options = BasicCancelOptions::default();
    channel.basic_cancel(SUBSCRIPTION.into(), options).await?;
    working.await?;
    // Só regressa depois de o broker ter lido a última confirmação.
    channel.close(200, "".into()).await
}

async fn subscribe(urls: &str) -> Result<(Channel, Consumer), Box<dyn Error>> {
    let connection = connect(urls).await?;
    let subscribed = consume(&connection).await.map_err(|error| {
        format!(
            "Não foi possível preparar a fila «{QUEUE}» ({error}). Se já \
             existe com outras opções, apague-a: \
             http://127.0.0.1:15672/#/queues"
        )
    })?;
    Ok(subscribed)
}

async fn insist(urls: &str) -> (Channel, Consumer) {
    loop {
        time::sleep(RETRY_AFTER).await;
        match subscribe(urls).await {
            Ok(subscribed) => return subscribed,
            Err(error) => eprintln!("{error}"),
        }
    }
}

async fn consume(
    connection: &Connection,
) -> lapin::Result<(Channel, Consumer)> {
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

    // Uma mensagem por confirmar de cada vez. Sem isto, o broker reparte as
    // mensagens por igual, mesmo que um consumidor seja muito mais lento.
    channel.basic_qos(1, BasicQosOptions::default()).await?;
    let messages = channel
        .basic_consume(
            QUEUE.into(),
            SUBSCRIPTION.into(),
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

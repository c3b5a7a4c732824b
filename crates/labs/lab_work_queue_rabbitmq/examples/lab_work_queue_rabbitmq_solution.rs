//~ //! # Exercício 7: peças por fazer, numa fila
//~ //!
//~ //! O enunciado está em `docs/labs/lab_work_queue_rabbitmq.md`. O que falta
//~ //! fazer está marcado com TODO, pela ordem em que convém fazê-lo.
//~ //!
//~ //! ```console
//~ //! # o broker, noutro terminal: just rabbitmq
//~ //! $ cargo run -p lab_work_queue_rabbitmq
//~ //! Máquina ligada ao broker
//~ //!
//~ //! # noutro terminal
//~ //! $ cargo run -p lab -- check lab_work_queue_rabbitmq
//~ //! ```
//{
//! # Exercício 7, resolvido: peças por fazer, numa fila
//!
//! `cargo run -p lab_work_queue_rabbitmq --example
//! lab_work_queue_rabbitmq_solution`
//!
//! O ponto de partida, `src/main.rs`, faz-se deste ficheiro: as linhas com
//! `//~` ficam no lugar do que está entre `//{` e `//}`.
//}

use std::error::Error;
//{
use std::pin::pin;
use std::time::Duration;
//}
use std::{env, process};

//~ use lapin::{Channel, Connection, ConnectionProperties};
//~ use tokio::signal;
//{
use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions,
    BasicPublishOptions, BasicQosOptions, BasicRejectOptions,
    ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    Consumer,
};
use tokio::{signal, time};
//}

const URL: &str = "amqp://127.0.0.1:5672";
//{

const PARTS: &str = "pecas";
const DONE: &str = "pecas.feitas";
const DEAD: &str = "pecas.mortas";

const SUBSCRIPTION: &str = "maquina";
const WORK_PER_DOT: Duration = Duration::from_millis(100);
const RETRY_AFTER: Duration = Duration::from_millis(500);
//}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = env::args().nth(1).unwrap_or(URL.to_string());
    if let Err(error) = run(&url).await {
        eprintln!("{error}");
        process::exit(1);
    }
}

//~ async fn run(url: &str) -> Result<(), Box<dyn Error>> {
//~     let _channel = connect(url).await?;
//~     // TODO 5: quando a ligação se perde, ligue-se outra vez, até conseguir.
//~     // TODO 6: depois do Ctrl-C, acabe a peça que tem em mãos.
//~     signal::ctrl_c().await?;
//~     Ok(())
//~ }
//~
//{
async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let mut interrupted = pin!(signal::ctrl_c());
    loop {
        let (channel, messages) = tokio::select! {
            biased; // arma o Ctrl-C antes de dizer que está pronto
            _ = &mut interrupted => return Ok(()),
            subscribed = insist(url) => subscribed,
        };
        println!("Máquina ligada ao broker");
        let mut working = pin!(work(&channel, messages));
        let ended = tokio::select! {
            _ = &mut interrupted => return finish(&channel, working).await,
            ended = &mut working => ended,
        };
        match ended {
            Ok(()) => eprintln!("A fila «{PARTS}» foi apagada."),
            Err(error) => eprintln!("Ligação perdida ({error})."),
        }
    }
}

/// Acaba a peça que tem em mãos, e não recebe mais nenhuma.
async fn finish(
    channel: &Channel,
    working: impl Future<Output = Result<(), Box<dyn Error>>>,
) -> Result<(), Box<dyn Error>> {
    let options = BasicCancelOptions::default();
    channel.basic_cancel(SUBSCRIPTION.into(), options).await?;
    working.await?;
    // Só regressa depois de o broker ter lido a última confirmação.
    channel.close(200, "".into()).await?;
    Ok(())
}

/// Tenta até conseguir.
async fn insist(url: &str) -> (Channel, Consumer) {
    loop {
        match subscribe(url).await {
            Ok(subscribed) => return subscribed,
            Err(error) => eprintln!("{error}"),
        }
        time::sleep(RETRY_AFTER).await;
    }
}

async fn subscribe(url: &str) -> Result<(Channel, Consumer), Box<dyn Error>> {
    let channel = connect(url).await?;
    let messages = consume(&channel).await.map_err(|error| {
        format!(
            "Não foi possível preparar as filas ({error}). Se já existem com \
             outras opções, apague-as: http://127.0.0.1:15672/#/queues"
        )
    })?;
    Ok((channel, messages))
}

//}
async fn connect(url: &str) -> Result<Channel, Box<dyn Error>> {
    let options = ConnectionProperties::default();
    let connection =
        Connection::connect(url, options).await.map_err(|error| {
            format!(
                "Não foi possível ligar a {url} ({error}). Inicie primeiro o \
                 broker, noutro terminal: just rabbitmq"
            )
        })?;
    //~ println!("Máquina ligada ao broker");
    Ok(connection.create_channel().await?)
}
//~
//~ // TODO 1: prepare as três filas, como o enunciado as descreve, e subscreva
//~ // «pecas», com uma só mensagem por confirmar de cada vez.
//~ // TODO 2: por cada mensagem, trabalhe o tempo que ela pede, publique o
//~ // resultado e confirme-a, por esta ordem.
//~ // TODO 3: rejeite o que não é uma peça, sem o devolver à fila.
//~ // TODO 4: se a mensagem já tinha sido entregue antes, diga-o no resultado.
//{

async fn consume(channel: &Channel) -> lapin::Result<Consumer> {
    // O que se rejeita em «pecas» passa pela troca sem nome, que entrega na
    // fila com o nome da chave: a das mortas.
    let mut dead_letters = FieldTable::default();
    for (name, value) in [
        ("x-dead-letter-exchange", ""),
        ("x-dead-letter-routing-key", DEAD),
    ] {
        let value = AMQPValue::LongString(value.into());
        dead_letters.insert(name.into(), value);
    }
    let queues = [
        (DEAD, FieldTable::default()),
        (DONE, FieldTable::default()),
        (PARTS, dead_letters),
    ];
    for (name, arguments) in queues {
        let options = QueueDeclareOptions::durable();
        channel
            .queue_declare(name.into(), options, arguments)
            .await?;
    }

    // O broker confirma os resultados que guardou.
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    // Uma mensagem por confirmar de cada vez: as outras ficam para quem estiver
    // livre.
    channel.basic_qos(1, BasicQosOptions::default()).await?;
    channel
        .basic_consume(
            PARTS.into(),
            SUBSCRIPTION.into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
}

async fn work(
    channel: &Channel,
    mut messages: Consumer,
) -> Result<(), Box<dyn Error>> {
    while let Some(message) = messages.next().await {
        let message = message?;
        let Some((name, dots)) = part(&message.data) else {
            // Devolvida à fila, voltava logo a seguir, e para sempre.
            message
                .reject(BasicRejectOptions { requeue: false })
                .await?;
            continue;
        };
        time::sleep(WORK_PER_DOT * dots).await;

        // Quem a recebeu antes não a confirmou: pode tê-la feito, ou não.
        let again = if message.redelivered { " REPETIDA" } else { "" };
        publish(channel, format!("{name}{again}")).await?;

        // Só com o resultado guardado: até aqui, se este programa morrer, o
        // broker entrega a mensagem a outro.
        // Pode ficar sem resposta, se a ligação se perde neste instante.
        let confirming = message.ack(BasicAckOptions::default());
        time::timeout(Duration::from_secs(5), confirming).await??;
    }
    Ok(())
}

/// O nome e o trabalho de uma peça; `None` se não for uma.
fn part(message: &[u8]) -> Option<(&str, u32)> {
    let (name, dots) = str::from_utf8(message).ok()?.split_once(' ')?;
    let right = !name.is_empty()
        && (1..=100).contains(&dots.len())
        && dots.bytes().all(|byte| byte == b'.');
    right.then_some((name, dots.len() as u32))
}

async fn publish(
    channel: &Channel,
    result: String,
) -> Result<(), Box<dyn Error>> {
    // Se não houver fila para ela, a mensagem volta, em vez de se perder.
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let persistent = BasicProperties::default().with_delivery_mode(2);
    let confirmation = channel
        .basic_publish(
            "".into(),
            DONE.into(),
            options,
            result.as_bytes(),
            persistent,
        )
        .await?
        .await?;
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        _ => Err(format!("não ficou em «{DONE}»: {result}").into()),
    }
}
//}

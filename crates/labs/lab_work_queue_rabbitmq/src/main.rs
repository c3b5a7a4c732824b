//! # Exercício 7: peças por fazer, numa fila
//!
//! O enunciado está em `docs/labs/lab_work_queue_rabbitmq.md`. O que falta
//! fazer está marcado com TODO, pela ordem em que convém fazê-lo.
//!
//! ```console
//! # o broker, noutro terminal: just rabbitmq
//! $ cargo run -p lab_work_queue_rabbitmq
//! Máquina ligada ao broker
//!
//! # noutro terminal
//! $ cargo run -p lab -- check lab_work_queue_rabbitmq
//! ```

use std::error::Error;
use std::{env, process};

use lapin::{Channel, Connection, ConnectionProperties};
use tokio::signal;

const URL: &str = "amqp://127.0.0.1:5672";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = env::args().nth(1).unwrap_or(URL.to_string());
    if let Err(error) = run(&url).await {
        eprintln!("{error}");
        process::exit(1);
    }
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let _channel = connect(url).await?;
    // TODO 5: quando a ligação se perde, ligue-se outra vez, até conseguir.
    // TODO 6: depois do Ctrl-C, acabe a peça que tem em mãos.
    signal::ctrl_c().await?;
    Ok(())
}

async fn connect(url: &str) -> Result<Channel, Box<dyn Error>> {
    let options = ConnectionProperties::default();
    let connection =
        Connection::connect(url, options).await.map_err(|error| {
            format!(
                "Não foi possível ligar a {url} ({error}). Inicie primeiro o \
                 broker, noutro terminal: just rabbitmq"
            )
        })?;
    println!("Máquina ligada ao broker");
    Ok(connection.create_channel().await?)
}

// TODO 1: prepare as três filas, como o enunciado as descreve, e subscreva
// «pecas», com uma só mensagem por confirmar de cada vez.
// TODO 2: por cada mensagem, trabalhe o tempo que ela pede, publique o
// resultado e confirme-a, por esta ordem.
// TODO 3: rejeite o que não é uma peça, sem o devolver à fila.
// TODO 4: se a mensagem já tinha sido entregue antes, diga-o no resultado.

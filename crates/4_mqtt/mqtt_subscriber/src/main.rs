//! # Subscritor MQTT
//!
//! O diapositivo «Exemplo de Subscriber Python» em Rust: pede um tópico ao
//! broker e mostra cada mensagem que lá chega.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//!
//! Cliente ligado: auto-[..]
//! auto-[..] subscreve myhome/livingroom/temperature
//! Cliente ligado: auto-[..]
//! Cliente desligado: auto-[..]
//! Cliente desligado: auto-[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p mqtt_subscriber
//! Ligado com o código de resultado 0
//! Subscrito a 'myhome/livingroom/temperature'
//!
//! Tópico: myhome/livingroom/temperature | Mensagem: 2[..]
//! ^C
//!
//! # e noutro
//! $ cargo run -p mqtt_publisher
//! Ligado com o código de resultado 0
//! A publicar: 2[..]
//! ^C
//! Publicação parada
//! ```
//!
//! **O que muda.** O do diapositivo termina com um erro se não houver broker,
//! ou se chegar uma mensagem que não seja texto, e diz «Subscrito» mesmo que a
//! ligação tenha sido recusada. Este diz o que se passa, e avisa quando perde
//! e quando recupera a ligação. Com o broker do diapositivo:
//! `cargo run -p mqtt_subscriber -- mqtt://test.mosquitto.org:1883`
//!
//! **Experimente.** Termine o broker com Ctrl-C e volte a iniciá-lo. O que
//! aconteceu às temperaturas publicadas entretanto? E se o subscritor tivesse
//! pedido QoS 1?

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use paho_mqtt::{
    AsyncClient, AsyncReceiver, ConnectOptionsBuilder, MQTT_VERSION_3_1_1,
    Message, QOS_0,
};
use tokio::{signal, time};

const URL: &str = "mqtt://localhost:1883";
const TOPIC: &str = "myhome/livingroom/temperature";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let url = env::args().nth(1).unwrap_or(URL.to_string());
    match run(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let mut client = AsyncClient::new(url).map_err(|error| {
        format!("«{url}» não serve ({error}). Um exemplo: {URL}")
    })?;

    // A fila por onde chegam as mensagens, aberta antes de ligar para não
    // perder nenhuma. `None`: sem limite. Com um limite, as que não coubessem
    // eram deitadas fora sem aviso, mesmo as de QoS 1 e 2.
    let messages = client.get_stream(None);

    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        ended = show_messages(&client, &messages, url) => ended?,
    }
    if client.is_connected() {
        client.disconnect(None).await?;
    }
    Ok(())
}

async fn show_messages(
    client: &AsyncClient,
    messages: &AsyncReceiver<Option<Message>>,
    url: &str,
) -> Result<(), Box<dyn Error>> {
    connect(client, url).await?;
    loop {
        match messages.recv().await? {
            Some(message) => println!(
                "Tópico: {} | Mensagem: {}",
                message.topic(),
                message.payload_str() // o que não for texto vê-se como «�»
            ),
            // Uma ligação que caiu e que, entretanto, já foi refeita.
            None if client.is_connected() => {}
            None => {
                eprintln!("Ligação perdida. A tentar outra vez...");
                while connect(client, url).await.is_err() {
                    time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

async fn connect(client: &AsyncClient, url: &str) -> Result<(), String> {
    let options = ConnectOptionsBuilder::with_mqtt_version(MQTT_VERSION_3_1_1)
        .keep_alive_interval(Duration::from_secs(60))
        .connect_timeout(Duration::from_secs(5))
        .finalize();
    client.connect(options).await.map_err(|error| match error {
        paho_mqtt::Error::ConnectReturn(code) => format!(
            "O broker em {url} recusou a ligação, com o código de \
             resultado {} ({code}).",
            code as u8
        ),
        error => format!(
            "Não foi possível ligar a {url} ({error}). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        ),
    })?;
    println!("Ligado com o código de resultado 0");

    // Em cada ligação, e não só na primeira: um broker que foi reiniciado já
    // não sabe o que lhe tinha sido pedido.
    client.subscribe(TOPIC, QOS_0).await.map_err(|error| {
        format!("O broker em {url} recusou a subscrição ({error}).")
    })?;
    println!("Subscrito a '{TOPIC}'");
    Ok(())
}

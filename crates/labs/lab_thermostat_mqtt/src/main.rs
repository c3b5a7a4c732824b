//! # Exercício 6: um termóstato por MQTT
//!
//! O enunciado está em `docs/labs/lab_thermostat_mqtt.md`. O que falta fazer
//! está marcado com TODO, pela ordem em que convém fazê-lo.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//!
//! # noutro terminal
//! $ cargo run -p lab_thermostat_mqtt
//! Termóstato ligado a mqtt://localhost:1883
//!
//! # e noutro
//! $ cargo run -p lab -- check lab_thermostat_mqtt
//! ```

use std::error::Error;
use std::time::Duration;
use std::{env, process};

use paho_mqtt::{
    AsyncClient, AsyncReceiver, ConnectOptionsBuilder, MQTT_VERSION_3_1_1,
    Message,
};
use tokio::signal;

const URL: &str = "mqtt://localhost:1883";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = env::args().nth(1).unwrap_or(URL.to_string());
    if let Err(error) = run(&url).await {
        eprintln!("{error}");
        process::exit(1);
    }
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let mut client = AsyncClient::new(url).map_err(|error| {
        format!("«{url}» não serve ({error}). Um exemplo: {URL}")
    })?;
    let messages = client.get_stream(None); // antes de ligar, e sem limite

    // `biased` começa por armar o Ctrl-C.
    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        ended = control(&client, &messages, url) => ended?,
    }
    if client.is_connected() {
        // TODO 5: quem sai a bem di-lo: `offline`, antes de se despedir.
        client.disconnect(None).await?;
    }
    Ok(())
}

async fn control(
    client: &AsyncClient,
    messages: &AsyncReceiver<Option<Message>>,
    url: &str,
) -> Result<(), Box<dyn Error>> {
    connect(client, url).await?;
    println!("Termóstato ligado a {url}");
    loop {
        match messages.recv().await? {
            Some(message) => {
                // TODO 2: a temperatura diz se há uma ordem a dar à zona. Se
                // for diferente da última, publique-a, com QoS 1 e retida.
                println!("{}: {}", message.topic(), message.payload_str());
            }
            // Uma ligação que caiu e que, entretanto, já foi refeita.
            None if client.is_connected() => {}
            None => {
                // TODO 4: tente outra vez, até conseguir, e diga ao broker
                // tudo o que ele já não sabe.
                return Err("A ligação ao broker perdeu-se.".into());
            }
        }
    }
}

async fn connect(client: &AsyncClient, url: &str) -> Result<(), String> {
    let options = ConnectOptionsBuilder::with_mqtt_version(MQTT_VERSION_3_1_1)
        .keep_alive_interval(Duration::from_secs(10))
        .connect_timeout(Duration::from_secs(5))
        .finalize();
    // TODO 3: deixe um testamento: `will_message`, antes de `finalize`.
    client.connect(options).await.map_err(|error| {
        format!(
            "Não foi possível ligar a {url} ({error}). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        )
    })?;

    // TODO 1: subscreva as temperaturas de todas as zonas, com QoS 1, e
    // depois publique `online`.
    Ok(())
}

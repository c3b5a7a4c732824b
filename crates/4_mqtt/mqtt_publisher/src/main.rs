//! # Publicador MQTT
//!
//! O diapositivo «Exemplo de Publisher Python» em Rust: publica uma temperatura
//! de 5 em 5 segundos, sem saber quem a lê.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//! Cliente ligado: auto-[..]
//! Cliente desligado: auto-[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p mqtt_publisher
//! Ligado com o código de resultado 0
//! A publicar: 2[..]
//! ^C
//! Publicação parada
//! ```
//!
//! **O que muda.** O do diapositivo não diz se perde a ligação. Este diz, e ao
//! terminar despede-se do broker. Com o do diapositivo:
//! `cargo run -p mqtt_publisher -- mqtt://test.mosquitto.org:1883`
//!
//! **Experimente.** Inicie dois publicadores e um `mqtt_subscriber`. O que teve
//! de mudar no subscritor? Depois termine o broker e volte a iniciá-lo.

use std::{env, process, time::Duration};

use paho_mqtt::{self as mqtt, Event};
use tokio::{signal, time};

const URL: &str = "mqtt://localhost:1883";
const TOPIC: &str = "myhome/livingroom/temperature";
const INTERVAL: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = env::args().nth(1).unwrap_or(URL.to_string());
    if let Err(error) = publish(&url).await {
        eprintln!(
            "Não foi possível ligar a {url} ({error:?}). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        );
        process::exit(1);
    }
}

async fn publish(url: &str) -> mqtt::Result<()> {
    // A biblioteca trata da rede noutra thread, e conta por aqui o que
    // aconteceu: o `on_connect` do diapositivo é um destes acontecimentos.
    let mut client = mqtt::AsyncClient::new(url)?;
    let events = client.get_event_stream(None);
    let options = mqtt::ConnectOptionsBuilder::new()
        .connect_timeout(Duration::from_secs(5))
        .automatic_reconnect(Duration::from_secs(1), Duration::from_secs(8))
        .finalize();
    client.connect(options).await?;

    let publishing = async {
        loop {
            // Espera pelo intervalo, ou por uma novidade da ligação.
            match time::timeout(INTERVAL, events.recv()).await {
                Ok(Ok(Event::Connected)) => {
                    println!("Ligado com o código de resultado 0");
                }
                Ok(Ok(Event::ConnectionLost)) => eprintln!("Ligação perdida."),
                _ => {}
            }
            let text = format!("{:.2}", rand::random_range(20.0..=25.0));
            println!("A publicar: {text}");
            // QoS 0: entrega-a à biblioteca e segue. Se ela se perder no
            // caminho, ninguém dá por isso.
            client.publish(mqtt::Message::new(TOPIC, text, mqtt::QOS_0));
        }
    };
    tokio::select! { biased; _ = signal::ctrl_c() => {}, () = publishing => {} }
    println!("Publicação parada");

    // Despede-se com um DISCONNECT. Um broker que já não está não responde.
    let again = time::timeout(Duration::from_secs(1), signal::ctrl_c());
    tokio::select! { _ = client.disconnect(None) => {}, _ = again => {} }
    process::exit(0) // sem esperar, até um segundo, pelas threads do cliente
}

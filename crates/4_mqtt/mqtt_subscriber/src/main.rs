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
//! Cliente desligado: auto-[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p mqtt_subscriber
//! Ligado com o código de resultado 0
//! Subscrito a 'myhome/livingroom/temperature'
//! ^C
//! ```
//!
//! **O que muda.** O do diapositivo termina com um erro se chegar uma mensagem
//! que não seja texto, e não diz se perde a ligação.
//!
//! **Experimente.** Inicie um `mqtt_publisher`; depois termine o broker e volte
//! a iniciá-lo. O que aconteceu às temperaturas publicadas entretanto?

use std::{env, process, time::Duration};

use paho_mqtt::{self as mqtt, Event};
use tokio::{signal, time};

const URL: &str = "mqtt://localhost:1883";
const TOPIC: &str = "myhome/livingroom/temperature";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = env::args().nth(1).unwrap_or(URL.to_string());
    if let Err(error) = subscribe(&url).await {
        eprintln!(
            "Não foi possível ligar a {url} ({error:?}). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        );
        process::exit(1);
    }
}

async fn subscribe(url: &str) -> mqtt::Result<()> {
    // A fila dos acontecimentos: cada um é um callback do diapositivo. `None`:
    // sem limite, porque as mensagens que não coubessem perdiam-se sem aviso.
    let mut client = mqtt::AsyncClient::new(url)?;
    let events = client.get_event_stream(None);
    let options = mqtt::ConnectOptionsBuilder::new()
        .connect_timeout(Duration::from_secs(5))
        .automatic_reconnect(Duration::from_secs(1), Duration::from_secs(8))
        .finalize();
    client.connect(options).await?;

    let hearing = async {
        while let Ok(event) = events.recv().await {
            match event {
                // Em cada ligação: um broker reiniciado já não sabe o que lhe
                // foi pedido. Sem `await`, porque se a ligação cair antes da
                // resposta ela nunca chega.
                Event::Connected => {
                    println!("Ligado com o código de resultado 0");
                    client.subscribe(TOPIC, mqtt::QOS_0);
                    println!("Subscrito a '{TOPIC}'");
                }
                Event::Message(message) => {
                    // O que não for texto vê-se como «�».
                    let topic = message.topic();
                    let text = message.payload_str();
                    println!("Tópico: {topic} | Mensagem: {text}");
                }
                Event::ConnectionLost => eprintln!("Ligação perdida."),
                _ => {}
            }
        }
    };
    tokio::select! { biased; _ = signal::ctrl_c() => {}, () = hearing => {} }

    // Despede-se com um DISCONNECT. Um broker que já não está não responde.
    let again = time::timeout(Duration::from_secs(1), signal::ctrl_c());
    tokio::select! { _ = client.disconnect(None) => {}, _ = again => {} }
    process::exit(0) // sem esperar, até um segundo, pelas threads do cliente
}

//~ //! # Exercício 6: um termóstato por MQTT
//~ //!
//~ //! O enunciado está em `docs/labs/lab_thermostat_mqtt.md`. O que falta fazer
//~ //! está marcado com TODO, pela ordem em que convém fazê-lo.
//~ //!
//~ //! ```console
//~ //! $ cargo run -p mqtt_broker
//~ //! Broker MQTT a escutar em 127.0.0.1:1883
//~ //!
//~ //! # noutro terminal
//~ //! $ cargo run -p lab_thermostat_mqtt
//~ //! Termóstato ligado a mqtt://localhost:1883
//~ //!
//~ //! # e noutro
//~ //! $ cargo run -p lab -- check lab_thermostat_mqtt
//~ //! ```
//{
//! # Exercício 6, resolvido: um termóstato por MQTT
//!
//! `cargo run -p lab_thermostat_mqtt --example lab_thermostat_mqtt_solution`
//!
//! O ponto de partida, `src/main.rs`, faz-se deste ficheiro: as linhas com
//! `//~` ficam no lugar do que está entre `//{` e `//}`.
//}

//{
use std::collections::HashMap;
//}
use std::error::Error;
use std::time::Duration;
use std::{env, process};

//~ use paho_mqtt::{
//~     AsyncClient, AsyncReceiver, ConnectOptionsBuilder, MQTT_VERSION_3_1_1,
//~     Message,
//~ };
//~ use tokio::signal;
//{
use paho_mqtt::{
    AsyncClient, AsyncReceiver, ConnectOptionsBuilder, MQTT_VERSION_3_1_1,
    Message, QOS_1,
};
use tokio::{signal, time};
//}

const URL: &str = "mqtt://localhost:1883";
//{
const TEMPERATURES: &str = "fabrica/+/temperatura";
const STATE: &str = "fabrica/termostato/estado";

/// A última ordem de cada zona.
type Orders = HashMap<String, &'static str>;
//}

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
        //~ // TODO 5: quem sai a bem di-lo: `offline`, antes de se despedir.
        //~ client.disconnect(None).await?;
        //{
        // Só depois de o broker o confirmar; mas um que não responda não
        // impede ninguém de sair.
        let offline = client.publish(kept(STATE, "offline"));
        let _ = time::timeout(Duration::from_secs(2), offline).await;
        client.disconnect(None).await?;
        //}
    }
    Ok(())
}

async fn control(
    client: &AsyncClient,
    messages: &AsyncReceiver<Option<Message>>,
    url: &str,
) -> Result<(), Box<dyn Error>> {
    //~ connect(client, url).await?;
    //{
    let mut orders = Orders::new();
    connect(client, url, &orders).await?;
    //}
    println!("Termóstato ligado a {url}");
    loop {
        match messages.recv().await? {
            Some(message) => {
                //~ // TODO 2: a temperatura diz se há uma ordem a dar à zona. Se
                //~ // for diferente da última, publique-a, com QoS 1 e retida.
                //~ println!("{}: {}", message.topic(), message.payload_str());
                //{
                let Some(zone) = message.topic().split('/').nth(1) else {
                    continue;
                };
                let Some(order) = order(&message.payload_str()) else {
                    continue;
                };
                if orders.insert(zone.to_string(), order) != Some(order) {
                    println!("{zone}: {order}");
                    // Não se espera pela confirmação: as outras zonas também
                    // têm medidas. Se a ligação cair, a ordem está no mapa.
                    client.publish(kept(&topic(zone), order));
                }
                //}
            }
            // Uma ligação que caiu e que, entretanto, já foi refeita.
            None if client.is_connected() => {}
            None => {
                //~ // TODO 4: tente outra vez, até conseguir, e diga ao broker
                //~ // tudo o que ele já não sabe.
                //~ return Err("A ligação ao broker perdeu-se.".into());
                //{
                eprintln!("Ligação perdida. A tentar outra vez...");
                while connect(client, url, &orders).await.is_err() {
                    time::sleep(Duration::from_millis(500)).await;
                }
                //}
            }
        }
    }
}

//~ async fn connect(client: &AsyncClient, url: &str) -> Result<(), String> {
//~     let options = ConnectOptionsBuilder::with_mqtt_version(MQTT_VERSION_3_1_1)
//~         .keep_alive_interval(Duration::from_secs(10))
//~         .connect_timeout(Duration::from_secs(5))
//~         .finalize();
//~     // TODO 3: deixe um testamento: `will_message`, antes de `finalize`.
//~     client.connect(options).await.map_err(|error| {
//{
/// A ordem que uma medida pede, se é uma medida e se pede alguma.
fn order(payload: &str) -> Option<&'static str> {
    let celsius: f64 = payload.parse().ok()?;
    if !celsius.is_finite() {
        None
    } else if celsius < 19.0 {
        Some("ON")
    } else if celsius > 21.0 {
        Some("OFF")
    } else {
        None
    }
}

fn topic(zone: &str) -> String {
    format!("fabrica/{zone}/aquecimento")
}

/// Uma mensagem que o broker guarda e entrega a quem chegar mais tarde.
fn kept(topic: &str, payload: &str) -> Message {
    Message::new_retained(topic, payload, QOS_1)
}

async fn connect(
    client: &AsyncClient,
    url: &str,
    orders: &Orders,
) -> Result<(), String> {
    let options = ConnectOptionsBuilder::with_mqtt_version(MQTT_VERSION_3_1_1)
        .keep_alive_interval(Duration::from_secs(10))
        .connect_timeout(Duration::from_secs(5))
        .will_message(kept(STATE, "offline"))
        .finalize();
    client.connect(options).await.map_err(|error| {
        //}
        format!(
            "Não foi possível ligar a {url} ({error}). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        )
    })?;

    //~ // TODO 1: subscreva as temperaturas de todas as zonas, com QoS 1, e
    //~ // depois publique `online`.
    //~ Ok(())
    //{
    // Em cada ligação: um broker que foi reiniciado já não sabe nada.
    let refused = |error| format!("O broker em {url} não aceitou: {error}.");
    let subscription = client.subscribe(TEMPERATURES, QOS_1);
    subscription.await.map_err(refused)?;
    client.publish(kept(STATE, "online"));
    for (zone, order) in orders {
        client.publish(kept(&topic(zone), order));
    }
    Ok(())
    //}
}

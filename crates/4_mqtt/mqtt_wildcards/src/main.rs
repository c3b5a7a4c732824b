//! # Tópicos e wildcards em MQTT
//!
//! Os tópicos do diapositivo «Detalhes do Protocolo MQTT»: publica uma
//! mensagem em cada sítio de um edifício e mostra as que passam nos filtros,
//! e em quais. Sem argumentos, os filtros são os do diapositivo.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//! ...
//!
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p mqtt_wildcards -- building/+/room102/light building/floor1/#
//! Subscrito a 'building/+/room102/light'
//! Subscrito a 'building/floor1/#'
//! building/floor1 <- building/floor1/#
//! building/floor1/room102/light <- building/+/room102/light building/floor1/#
//! building/floor1/room102/light <- building/+/room102/light building/floor1/#
//! building/floor1/room103/light <- building/floor1/#
//! building/floor2/room102/light <- building/+/room102/light
//! ^C
//! ```
//!
//! Uma linha repete-se: a mensagem passa em dois filtros, e a norma deixa o
//! broker enviar uma cópia por filtro, como este, ou uma só, como o Mosquitto.
//!
//! **Experimente.** Peça tudo, com `-- '#'`, e veja que não vem nada de `$SYS`;
//! depois acrescente `'$SYS/#'`. Inicie também o `mqtt_publisher`: que filtro,
//! além de `#`, apanha as suas temperaturas?

use std::{env, process, time::Duration};

use paho_mqtt::topic_matcher::topic_matches;
use paho_mqtt::{self as mqtt, Event, Message, QOS_0};
use tokio::{signal, time};

const URL: &str = "mqtt://localhost:1883";
const FILTERS: [&str; 2] = ["building/+/room102/light", "building/floor1/#"];
const TOPICS: [&str; 5] = [
    "building/floor1",
    "building/floor1/room102/light",
    "building/floor1/room103/light",
    "building/floor2/room102/light",
    "building/floor2/room103/light",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> mqtt::Result<()> {
    let mut arguments = env::args().skip(1).peekable();
    let url = arguments.next_if(|argument| argument.starts_with("mqtt://"));
    let url = url.unwrap_or(URL.to_string());
    let given: Vec<String> = arguments.collect();
    let slides = FILTERS.map(String::from).to_vec();
    let filters = if given.is_empty() { slides } else { given };

    // Um filtro assim, o broker só o pode recusar, sem dizer porquê.
    if let Some(filter) = filters.iter().find(|filter| !is_valid(filter)) {
        eprintln!("«{filter}»: «+» e «#» são um nível inteiro, «#» o último.");
        process::exit(1);
    }

    let mut client = mqtt::AsyncClient::new(url.as_str())?;
    let events = client.get_event_stream(None); // antes de ligar, e sem limite
    let options = mqtt::ConnectOptionsBuilder::new()
        .automatic_reconnect(Duration::from_secs(1), Duration::from_secs(8))
        .finalize();
    client.connect(options).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível ligar a {url} ({error:?}). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        );
        process::exit(1)
    });

    let showing = async {
        while let Ok(event) = events.recv().await {
            match event {
                // Em cada ligação: um broker reiniciado não sabe de nada. Sem
                // `await`, porque a resposta pode nunca chegar.
                Event::Connected => {
                    for filter in &filters {
                        client.subscribe(filter, QOS_0);
                        println!("Subscrito a '{filter}'");
                    }
                    for topic in TOPICS {
                        client.publish(Message::new(topic, "ligada", QOS_0));
                    }
                }
                // O broker não diz em que filtros a mensagem passou.
                Event::Message(message) => {
                    let mut passed = filters.clone();
                    passed.retain(|it| topic_matches(it, message.topic()));
                    println!("{} <- {}", message.topic(), passed.join(" "));
                }
                Event::ConnectionLost => eprintln!("Ligação perdida."),
                _ => {}
            }
        }
    };
    tokio::select! { biased; _ = signal::ctrl_c() => {}, () = showing => {} }

    // Despede-se com um DISCONNECT. Um broker que já não está não responde.
    let again = time::timeout(Duration::from_secs(1), signal::ctrl_c());
    tokio::select! { _ = client.disconnect(None) => {}, _ = again => {} }
    process::exit(0) // sem esperar, até um segundo, pelas threads do cliente
}

fn is_valid(filter: &str) -> bool {
    let mut levels = filter.split('/');
    let is_whole =
        |level: &str| level.len() == 1 || !level.contains(['+', '#']);
    !filter.is_empty() && !filter.contains("#/") && levels.all(is_whole)
}

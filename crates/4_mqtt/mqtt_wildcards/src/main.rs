//! # Tópicos e wildcards em MQTT
//!
//! Os tópicos do diapositivo «Detalhes do Protocolo MQTT»: publica uma
//! mensagem em cada sítio de um edifício e mostra as que passam nos filtros,
//! e em quais. Sem argumentos, os filtros são os do diapositivo.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//! Cliente ligado: auto-[..]
//! auto-[..] subscreve building/+/room102/light
//! auto-[..] subscreve building/floor1/#
//! Cliente desligado: auto-[..]
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
//! A luz da sala 103 do segundo piso não aparece: não passa em nenhum.
//!
//! **Experimente.** Peça tudo, com `-- '#'`, e veja que não vem nada de `$SYS`;
//! depois acrescente `'$SYS/#'`. Inicie também o `mqtt_publisher`: que filtro,
//! além de `#`, apanha as suas temperaturas? E porque é `a/#/b` recusado?

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
const FILTERS: [&str; 2] = ["building/+/room102/light", "building/floor1/#"];
const TOPICS: [&str; 5] = [
    "building/floor1",
    "building/floor1/room102/light",
    "building/floor1/room103/light",
    "building/floor2/room102/light",
    "building/floor2/room103/light",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).peekable();
    let url = arguments
        .next_if(|argument| argument.starts_with("mqtt://"))
        .unwrap_or(URL.to_string());
    let mut filters: Vec<String> = arguments.collect();
    if filters.is_empty() {
        filters = FILTERS.map(String::from).to_vec();
    }
    for filter in &filters {
        if let Some(flaw) = flaw(filter) {
            return Err(
                format!("O filtro «{filter}» não serve: {flaw}.").into()
            );
        }
    }

    let mut client = AsyncClient::new(url.as_str())?;
    let messages = client.get_stream(None); // antes de ligar, e sem limite
    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        ended = show_messages(&client, &messages, &url, &filters) => ended?,
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
    filters: &[String],
) -> Result<(), Box<dyn Error>> {
    connect(client, url, filters).await?;
    for topic in TOPICS {
        // Em QoS 0 não há resposta por que esperar.
        client.publish(Message::new(topic, "ligada", QOS_0));
    }
    loop {
        match messages.recv().await? {
            Some(message) => {
                let topic = message.topic();
                let matched: Vec<&str> = filters
                    .iter()
                    .map(String::as_str)
                    .filter(|filter| matches(filter, topic))
                    .collect();
                println!("{topic} <- {}", matched.join(" "));
            }
            None if client.is_connected() => {}
            None => {
                eprintln!("Ligação perdida. A tentar outra vez...");
                while connect(client, url, filters).await.is_err() {
                    time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

/// O que está mal num filtro. O broker também o recusaria, mas sem dizer
/// porquê: em MQTT 3.1.1 só pode responder «não» ou fechar a ligação.
fn flaw(filter: &str) -> Option<&'static str> {
    if filter.is_empty() {
        return Some("está vazio");
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        if level.contains(['+', '#']) && level.len() > 1 {
            return Some("um wildcard ocupa um nível inteiro, entre barras");
        }
        if level == "#" && levels.peek().is_some() {
            return Some("«#» é sempre o último nível");
        }
    }
    None
}

/// Se uma mensagem neste tópico passa neste filtro (MQTT 3.1.1, secção 4.7).
fn matches(filter: &str, topic: &str) -> bool {
    // Os tópicos começados por «$» são do broker: em `$SYS` publica os seus
    // números, sem parar. Quem pede tudo, com `#`, quer as mensagens das
    // aplicações; a estes é preciso chamá-los pelo nome.
    if topic.starts_with('$') && filter.starts_with(['#', '+']) {
        return false;
    }

    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        // Todos os níveis que faltam, mesmo que não falte nenhum.
        if wanted == "#" {
            return true;
        }
        match levels.next() {
            Some(level) if wanted == "+" || wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

async fn connect(
    client: &AsyncClient,
    url: &str,
    filters: &[String],
) -> Result<(), String> {
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

    // Em cada ligação: um broker reiniciado já não sabe o que lhe foi pedido.
    for filter in filters {
        client.subscribe(filter, QOS_0).await.map_err(|error| {
            format!("O broker em {url} recusou o filtro {filter} ({error}).")
        })?;
        println!("Subscrito a '{filter}'");
    }
    Ok(())
}

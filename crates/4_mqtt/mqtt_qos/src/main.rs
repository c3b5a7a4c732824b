//! # Qualidade de serviço em MQTT
//!
//! Os três níveis de QoS do diapositivo «Detalhes do Protocolo MQTT»: publica
//! uma mensagem, no nível que se pedir, e conta as cópias que chegam.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//! ...
//!
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p mqtt_qos -- 1
//! A publicar com QoS 1
//! Cópias recebidas: 1
//! ```
//!
//! Enquanto nada falha, chega sempre uma. A diferença vê-se quando a ligação
//! cai a meio: com `mqtt_packets`, corta-se onde se quiser.
//!
//! **Experimente.** Inicie o relay com `cargo run -p mqtt_packets -- PUBACK` e
//! publique através dele: `cargo run -p mqtt_qos -- mqtt://localhost:1884 1`.
//! Que níveis perdem a mensagem com um corte no PUBLISH? Qual a entrega uma só
//! vez, também com cortes no PUBREC, no PUBREL e no PUBCOMP?

use std::{env, process, time::Duration};

use paho_mqtt::{self as mqtt, AsyncClient, Message, QOS_0};
use tokio::time;

const URL: &str = "mqtt://localhost:1883";
const TIME_LIMIT: Duration = Duration::from_secs(20);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = env::args().skip(1).peekable();
    let url = arguments.next_if(|argument| argument.starts_with("mqtt://"));
    let url = url.unwrap_or(URL.to_string());
    let level = arguments.next().unwrap_or("0".to_string());
    let Ok(qos @ 0..=2) = level.parse() else {
        eprintln!("«{level}» não é um nível de QoS: há o 0, o 1 e o 2.");
        process::exit(1)
    };
    println!("A publicar com QoS {qos}");
    let copies = time::timeout(TIME_LIMIT, publish(&url, qos)).await;
    let copies = copies.unwrap_or(Err(mqtt::Error::Timeout));
    let copies = copies.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível ligar a {url} ({error:?}). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        );
        process::exit(1)
    });
    println!("Cópias recebidas: {copies}");
}

async fn publish(url: &str, qos: i32) -> mqtt::Result<u32> {
    // Um nome só desta execução: não se contam as mensagens de outra.
    let name = format!("qos_{}", rand::random_range(100_000..1_000_000));

    // Quem conta subscreve com QoS 0: o broker entrega-lhe cada cópia, e não
    // há confirmações suas entre as que se podem cortar.
    let mut receiver = AsyncClient::new(url)?;
    let messages = receiver.get_stream(None);
    receiver.connect(None).await?;
    receiver.subscribe(&name, QOS_0).await?;

    // Uma sessão com nome sobrevive à ligação: é ela que permite aos dois lados
    // continuar, depois de um corte, a conversa que ficou a meio.
    let options = mqtt::CreateOptionsBuilder::new().server_uri(url);
    let publisher = AsyncClient::new(options.client_id(&name).finalize())?;
    let options = mqtt::ConnectOptionsBuilder::new()
        .clean_session(false)
        .automatic_reconnect(Duration::from_secs(1), Duration::from_secs(8))
        .finalize();
    publisher.connect(options).await?;

    // Espera por tudo o que o nível pede. Com QoS 0, é só enviar.
    publisher
        .publish(Message::new(&name, "ligada", qos))
        .await?;

    // Depois desta já não vem mais nenhuma. Repete-a até chegar, porque a
    // ligação pode ainda estar cortada.
    let mut copies = 0;
    loop {
        publisher.publish(Message::new(&name, "fim", qos));
        let wait = Duration::from_secs(1);
        while let Ok(Ok(message)) = time::timeout(wait, messages.recv()).await {
            match message {
                Some(message) if message.payload() == b"fim" => {
                    let goodbye = publisher.disconnect(None);
                    let _ = time::timeout(wait, goodbye).await;
                    return Ok(copies);
                }
                Some(_) => copies += 1,
                None => return Err(mqtt::Error::Disconnected),
            }
        }
    }
}

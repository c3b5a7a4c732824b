//! # Última vontade e testamento em MQTT
//!
//! O «Last Will & Testament» do diapositivo «Detalhes do Protocolo MQTT»: ao
//! ligar-se, um dispositivo deixa ao broker a mensagem a publicar em seu nome
//! se não se puder despedir. Outro programa vigia, e fica a saber como acabou.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//! ...
//!
//! ^C
//!
//! $ cargo run -p mqtt_last_will -- vigia
//! À espera do estado dos dispositivos
//!
//! device/123/status: online
//! device/123/status: offline (despediu-se)
//! ^C
//!
//! $ cargo run -p mqtt_last_will -- dispositivo
//! device/123/status: online
//! ^C
//! ```
//!
//! **Experimente.** Feche o terminal do dispositivo, ou mate-o com `kill -9`:
//! agora quem fala é o testamento. Inicie outra vigia depois de tudo terminado:
//! porque sabe logo o último estado? E o que vê quem vigia se for o broker a
//! cair?

use std::{env, process, time::Duration};

use paho_mqtt::{self as mqtt, Event};
use tokio::{signal, time};

const URL: &str = "mqtt://localhost:1883";
const STATUS: &str = "device/123/status";

#[tokio::main(flavor = "current_thread")]
async fn main() -> mqtt::Result<()> {
    let url = env::args().find(|argument| argument.starts_with("mqtt://"));
    let url = url.unwrap_or(URL.to_string());
    let is_device = env::args().any(|argument| argument == "dispositivo");
    if !is_device && !env::args().any(|argument| argument == "vigia") {
        eprintln!("Que papel? Escolha um: vigia ou dispositivo.");
        process::exit(1);
    }

    let mut client = mqtt::AsyncClient::new(url.as_str())?;
    let events = client.get_event_stream(None); // antes de ligar, e sem limite
    let mut options = mqtt::ConnectOptionsBuilder::new();
    options.automatic_reconnect(Duration::from_secs(1), Duration::from_secs(8));
    // Uma queda do programa fecha a ligação, e o broker vê-o logo. A um cabo
    // cortado só dá pelo silêncio, 1,5 vezes mais longo do que isto.
    options.keep_alive_interval(Duration::from_secs(10));
    if is_device {
        options.will_message(status("offline"));
    }
    if let Err(error) = client.connect(options.finalize()).await {
        eprintln!(
            "Não foi possível ligar a {url} ({error:?}). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        );
        process::exit(1);
    }

    let playing = async {
        while let Ok(event) = events.recv().await {
            match event {
                // Em cada ligação: o testamento pode já ter dito «offline».
                Event::Connected if is_device => {
                    client.publish(status("online"));
                    println!("{STATUS}: online");
                }
                Event::Connected => {
                    client.subscribe("device/+/status", mqtt::QOS_1);
                    println!("À espera do estado dos dispositivos");
                }
                Event::Message(message) => println!("{message}"),
                Event::ConnectionLost => eprintln!("Ligação perdida."),
                _ => {}
            }
        }
    };
    tokio::select! { biased; _ = signal::ctrl_c() => {}, () = playing => {} }

    // Quem sai a bem di-lo pela sua própria voz. O DISCONNECT que se segue
    // manda o broker esquecer o testamento.
    let goodbye = async {
        if is_device {
            client.publish(status("offline (despediu-se)")).await?;
        }
        client.disconnect(None).await
    };
    let again = time::timeout(Duration::from_secs(2), signal::ctrl_c());
    tokio::select! { _ = goodbye => {}, _ = again => {} }
    process::exit(0) // sem esperar, até um segundo, pelas threads do cliente
}

/// Uma mensagem retida: o broker guarda a última de cada tópico e entrega-a a
/// quem o subscrever mais tarde. É um estado, e não só um acontecimento.
fn status(payload: &str) -> mqtt::Message {
    mqtt::Message::new_retained(STATUS, payload, mqtt::QOS_1)
}

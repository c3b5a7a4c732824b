//! # Última vontade e testamento em MQTT
//!
//! O «Last Will & Testament» do diapositivo «Detalhes do Protocolo MQTT»: ao
//! ligar-se, um dispositivo deixa ao broker a mensagem a publicar em seu nome
//! se não se puder despedir. Outro programa vigia, e fica a saber como acabou.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//! Cliente ligado: auto-[..]
//! auto-[..] subscreve device/+/status
//! Cliente ligado: auto-[..]
//! Cliente desligado: auto-[..]
//! Cliente desligado: auto-[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p mqtt_last_will -- vigia
//! À espera do estado dos dispositivos
//!
//! device/123/status: online
//! device/123/status: offline (despediu-se)
//! ^C
//!
//! # e noutro
//! $ cargo run -p mqtt_last_will -- dispositivo
//! device/123/status: online
//! ^C
//! ```
//!
//! Em vez de `dispositivo`, peça `falha`: passados 2 segundos o programa morre
//! a meio, sem se despedir, e quem fala é o testamento:
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//! Cliente ligado: auto-[..]
//! auto-[..] subscreve device/+/status
//! Cliente ligado: auto-[..]
//! Cliente perdido, sem despedida: auto-[..]
//! Cliente desligado: auto-[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p mqtt_last_will -- vigia
//! À espera do estado dos dispositivos
//!
//! device/123/status: online
//! device/123/status: offline
//! ^C
//!
//! # e noutro
//! $ cargo run -p mqtt_last_will -- falha
//! device/123/status: online
//! Aborted
//! ```
//!
//! **Experimente.** Inicie outra vigia depois de tudo terminado: porque sabe
//! logo o último estado? E o que vê quem vigia se for o broker a cair?

use std::env;
use std::error::Error;
use std::process::{self, ExitCode};
use std::time::Duration;

use paho_mqtt::{
    AsyncClient, AsyncReceiver, ConnectOptionsBuilder, MQTT_VERSION_3_1_1,
    Message, QOS_1,
};
use tokio::{signal, time};

const URL: &str = "mqtt://localhost:1883";
const STATUS: &str = "device/123/status";

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
    let role = arguments.next().unwrap_or_default();
    if !["vigia", "dispositivo", "falha"].contains(&role.as_str()) {
        return Err("Que papel? Escolha vigia, dispositivo ou falha: \
                    cargo run -p mqtt_last_will -- vigia"
            .into());
    }

    let mut client = AsyncClient::new(url.as_str())?;
    let messages = client.get_stream(None); // antes de ligar, e sem limite
    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        ended = play(&client, &messages, &url, &role) => ended?,
    }
    if client.is_connected() {
        if role == "dispositivo" {
            // Quem sai a bem di-lo pela sua própria voz. O DISCONNECT que se
            // segue manda o broker esquecer o testamento.
            client.publish(status("offline (despediu-se)"));
        }
        client.disconnect_after(Duration::from_secs(1)).await?;
    }
    Ok(())
}

/// Uma mensagem retida: o broker guarda a última de cada tópico e entrega-a a
/// quem o subscrever mais tarde. É um estado, e não só um acontecimento.
fn status(payload: &str) -> Message {
    Message::new_retained(STATUS, payload, QOS_1)
}

async fn play(
    client: &AsyncClient,
    messages: &AsyncReceiver<Option<Message>>,
    url: &str,
    role: &str,
) -> Result<(), Box<dyn Error>> {
    connect(client, url, role).await?;
    loop {
        match messages.recv().await? {
            Some(message) => {
                println!("{}: {}", message.topic(), message.payload_str());
            }
            // Uma ligação que caiu e que, entretanto, já foi refeita.
            None if client.is_connected() => {}
            None => {
                eprintln!("Ligação perdida. A tentar outra vez...");
                while connect(client, url, role).await.is_err() {
                    time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

async fn connect(
    client: &AsyncClient,
    url: &str,
    role: &str,
) -> Result<(), String> {
    let mut options =
        ConnectOptionsBuilder::with_mqtt_version(MQTT_VERSION_3_1_1);
    options.connect_timeout(Duration::from_secs(5));
    // Uma queda do programa fecha a ligação, e o broker vê-o logo. A um cabo
    // cortado só dá pelo silêncio, 1,5 vezes mais longo do que isto.
    options.keep_alive_interval(Duration::from_secs(10));
    if role != "vigia" {
        options.will_message(status("offline"));
    }
    client
        .connect(options.finalize())
        .await
        .map_err(|error| match error {
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

    let refused = |error| format!("O broker em {url} não aceitou: {error}.");
    if role == "vigia" {
        let subscription = client.subscribe("device/+/status", QOS_1);
        subscription.await.map_err(refused)?;
        println!("À espera do estado dos dispositivos");
        return Ok(());
    }

    // Em cada ligação, porque o testamento pode ter dito «offline» entretanto.
    client.publish(status("online")).await.map_err(refused)?;
    println!("{STATUS}: online");
    if role == "falha" {
        time::sleep(Duration::from_secs(2)).await;
        process::abort(); // sem DISCONNECT: o sistema fecha o socket
    }
    Ok(())
}

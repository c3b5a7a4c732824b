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
//! $ cargo run -p mqtt_publisher -- 0.5
//! Ligado com o código de resultado 0
//! A publicar: 2[..]
//! A publicar: 2[..]
//! ^C
//! Publicação parada
//! ```
//!
//! O argumento é outro intervalo, em segundos. Antes dele pode vir outro
//! broker, como o do diapositivo:
//! `cargo run -p mqtt_publisher -- mqtt://test.mosquitto.org:1883 0.5`
//!
//! **O que muda.** O do diapositivo termina com um erro se não houver broker,
//! e se o perder a meio não o diz: o que publica entretanto perde-se. Este
//! avisa quando perde e quando recupera a ligação, e ao terminar despede-se.
//!
//! **Experimente.** Inicie dois publicadores e um `mqtt_subscriber`. O que teve
//! de mudar no subscritor? Depois termine o broker com Ctrl-C e volte a
//! iniciá-lo, enquanto publicam.

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
const INTERVAL: Duration = Duration::from_secs(5);

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
    let interval = match arguments.next() {
        Some(seconds) => interval(&seconds)?,
        None => INTERVAL,
    };

    let mut client = AsyncClient::new(url.as_str())?;

    // A biblioteca trata da rede noutra thread. Desta fila só nos interessa o
    // aviso de que a ligação caiu: quem não subscreve não recebe mensagens.
    let connection = client.get_stream(None);

    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        ended = publish(&client, &connection, &url, interval) => ended?,
    }
    println!("Publicação parada");
    if client.is_connected() {
        client.disconnect(None).await?;
    }
    Ok(())
}

fn interval(seconds: &str) -> Result<Duration, String> {
    seconds
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| {
            format!(
                "«{seconds}» não é um intervalo em segundos. Um exemplo: \
                 cargo run -p mqtt_publisher -- {URL} 0.5"
            )
        })
}

async fn publish(
    client: &AsyncClient,
    connection: &AsyncReceiver<Option<Message>>,
    url: &str,
    interval: Duration,
) -> Result<(), Box<dyn Error>> {
    connect(client, url).await?;
    loop {
        let temperature = rand::random_range(20.0..=25.0);
        println!("A publicar: {temperature:.2}");
        let message = Message::new(TOPIC, format!("{temperature:.2}"), QOS_0);
        // QoS 0: entrega a mensagem à biblioteca e segue. Se ela se perder no
        // caminho, ninguém dá por isso; e esperar por uma que se perdeu com a
        // ligação podia não ter fim.
        if let Err(error) = client.try_publish(message) {
            eprintln!("Temperatura perdida ({error}).");
        }

        tokio::select! {
            () = time::sleep(interval) => {}
            _ = connection.recv() => {
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
        // Ao fim de 60 s sem nada para enviar, envia um PINGREQ de 2 bytes: é
        // assim que os dois lados sabem que o outro ainda existe.
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
    Ok(())
}

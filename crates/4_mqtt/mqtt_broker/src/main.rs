//! # Broker MQTT
//!
//! O «Broker» do diapositivo «Padrão de Comunicação: Publish/Subscribe»: o
//! servidor central por onde passam todas as mensagens.
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
//! **O que muda.** O diapositivo usa um broker público, `test.mosquitto.org`,
//! onde qualquer pessoa lê o que publicar. Este não pede internet nem
//! instalação: é uma biblioteca dentro deste programa. Serve as lições desta
//! máquina e mais nada, sem palavras-passe nem cifra, e esquece tudo ao
//! terminar. Em produção use o Mosquitto ou, para milhões de dispositivos, um
//! cluster de EMQX ou HiveMQ: as lições ligam-se a qualquer um pelo URL.
//!
//! **Experimente.** Termine um subscritor com Ctrl-C e outro fechando à força
//! o seu terminal. O que diz o broker de cada um?

use std::env;
use std::error::Error;
use std::future::{self, Future};
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use mqtt5::broker::config::{StorageBackend, StorageConfig};
use mqtt5::broker::{
    BrokerConfig, BrokerEventHandler, ClientConnectEvent,
    ClientDisconnectEvent, ClientSubscribeEvent, MqttBroker, SubAckReasonCode,
};
use tokio::signal;

const ADDRESS: &str = "127.0.0.1:1883";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    match serve(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let broker = open(address).await.map_err(|_| {
        format!(
            "Não foi possível escutar em {address}: a porta está ocupada ou \
             o endereço não serve. Escolha outro: \
             cargo run -p mqtt_broker -- 127.0.0.1:1884"
        )
    })?;

    // `biased` começa por armar o Ctrl-C, antes de dizer que está pronto.
    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        stopped = run(broker) => stopped?,
    }
    Ok(())
}

async fn open(address: &str) -> Result<MqttBroker, Box<dyn Error>> {
    let address: SocketAddr = address.parse()?;
    let mut config = BrokerConfig::default().with_bind_address(address);

    // Entra quem quiser: numa lição, só os programas desta máquina.
    config.auth_config.allow_anonymous = true;

    // As mensagens retidas e as sessões ficam em memória. Sem esta linha,
    // ficariam numa pasta, e a próxima aula começava com os restos desta.
    config.storage_config =
        StorageConfig::new().with_backend(StorageBackend::Memory);

    // Um cliente não ocupa a memória toda com um só pacote.
    config.max_packet_size = 1 << 20;

    config.event_handler = Some(Arc::new(Log));
    Ok(MqttBroker::with_config(config).await?)
}

async fn run(mut broker: MqttBroker) -> Result<(), Box<dyn Error>> {
    if let Some(address) = broker.local_addr() {
        println!("Broker MQTT a escutar em {address}");
    }
    Ok(broker.run().await?)
}

/// Conta o que acontece. O broker espera por cada resposta antes de seguir, e
/// por isso cada uma é um futuro; as daqui já estão prontas.
struct Log;

type Reply<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl BrokerEventHandler for Log {
    fn on_client_connect(&self, event: ClientConnectEvent) -> Reply<'_> {
        println!("Cliente ligado: {}", name(&event.client_id));
        Box::pin(future::ready(()))
    }

    fn on_client_subscribe(&self, event: ClientSubscribeEvent) -> Reply<'_> {
        let client = name(&event.client_id);
        for subscription in &event.subscriptions {
            let filter = &subscription.topic_filter;
            match subscription.result {
                SubAckReasonCode::GrantedQoS0
                | SubAckReasonCode::GrantedQoS1
                | SubAckReasonCode::GrantedQoS2 => {
                    println!("{client} subscreve {filter}");
                }
                _ => println!("{client} não pode subscrever {filter}"),
            }
        }
        Box::pin(future::ready(()))
    }

    fn on_client_disconnect(&self, event: ClientDisconnectEvent) -> Reply<'_> {
        let client = name(&event.client_id);
        if event.unexpected {
            println!("Cliente perdido, sem despedida: {client}");
        } else {
            println!("Cliente desligado: {client}");
        }
        Box::pin(future::ready(()))
    }
}

/// Um cliente pode não ter nome. O broker dá-lhe um, longo e único, de que
/// basta o início.
fn name(client_id: &str) -> String {
    client_id.chars().take(20).collect()
}

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
//! **O que muda.** O broker do diapositivo é público: lá, qualquer pessoa lê o
//! que se publica. Este é uma biblioteca, nesta máquina, sem palavras-passe nem
//! cifra, e esquece tudo ao terminar. Em produção use o Mosquitto, ou EMQX.
//!
//! **Experimente.** Termine um subscritor com Ctrl-C e outro fechando à força
//! o seu terminal. O que diz o broker de cada um?

use std::error::Error;
use std::future;
use std::net::ToSocketAddrs;
use std::pin::Pin;
use std::sync::Arc;
use std::{env, process};

use mqtt5::broker::config::{StorageBackend, StorageConfig};
use mqtt5::broker::{
    BrokerConfig, BrokerEventHandler, ClientConnectEvent,
    ClientDisconnectEvent, ClientSubscribeEvent, MqttBroker, SubAckReasonCode,
};

const ADDRESS: &str = "127.0.0.1:1883";

#[tokio::main(flavor = "current_thread")]
async fn main() -> mqtt5::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let mut broker = open(&address).await.unwrap_or_else(|_| {
        eprintln!(
            "Não foi possível escutar em {address}: a porta está ocupada, ou \
             o endereço não serve. Escolha outro: \
             cargo run -p mqtt_broker -- 127.0.0.1:1884"
        );
        process::exit(1)
    });
    if let Some(address) = broker.local_addr() {
        println!("Broker MQTT a escutar em {address}");
    }
    broker.run().await
}

async fn open(address: &str) -> Result<MqttBroker, Box<dyn Error>> {
    // Um nome, como `localhost`, pode ter vários endereços: escuta em todos.
    let addresses = address.to_socket_addrs()?.collect();

    // As mensagens retidas e as sessões ficam em memória, e não numa pasta.
    let memory = StorageConfig::new().with_backend(StorageBackend::Memory);

    let mut config = BrokerConfig::default()
        .with_bind_addresses(addresses)
        .with_storage(memory)
        // Um pacote tem 1 MiB no máximo, e por um cliente que não lê esperam
        // no máximo 1000. As de QoS 0 que não couberem são deitadas fora.
        .with_max_packet_size(1 << 20)
        .with_client_channel_capacity(1000)
        .with_event_handler(Arc::new(Log));
    config.auth_config.allow_anonymous = true; // entra quem quiser
    Ok(MqttBroker::with_config(config).await?)
}

/// Conta o que acontece. O broker espera por cada resposta antes de seguir, e
/// por isso cada uma é um futuro; as daqui já estão prontas.
struct Log;

type Reply<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl BrokerEventHandler for Log {
    fn on_client_connect(&self, event: ClientConnectEvent) -> Reply<'_> {
        println!("Cliente ligado: {:.20}", event.client_id);
        Box::pin(future::ready(()))
    }

    fn on_client_subscribe(&self, event: ClientSubscribeEvent) -> Reply<'_> {
        for subscription in &event.subscriptions {
            if subscription.result != SubAckReasonCode::TopicFilterInvalid {
                let filter = &subscription.topic_filter;
                println!("{:.20} subscreve {filter}", event.client_id);
            }
        }
        Box::pin(future::ready(()))
    }

    fn on_client_disconnect(&self, event: ClientDisconnectEvent) -> Reply<'_> {
        let what = match event.unexpected {
            true => "perdido, sem despedida",
            false => "desligado",
        };
        println!("Cliente {what}: {:.20}", event.client_id);
        Box::pin(future::ready(()))
    }
}

//! # Os pacotes do MQTT, à vista
//!
//! O cabeçalho de 2 bytes do diapositivo «MQTT: O Protocolo de IoT», visto na
//! rede: um relay, entre um programa e o broker, mostra cada pacote que passa.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//! ...
//!
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p mqtt_packets
//! Relay MQTT a escutar em 127.0.0.1:1884
//! [[..]] -> CONNECT [10, 0c] + 12 bytes
//! [[..]] <- CONNACK [20, 02] + 2 bytes
//! [[..]] -> PUBLISH [30, 24] + 36 bytes
//! [[..]] -> DISCONNECT [e0, 00] + 0 bytes
//! ^C
//!
//! # e noutro
//! $ cargo run -p mqtt_publisher -- mqtt://localhost:1884
//! Ligado com o código de resultado 0
//! A publicar: 2[..]
//! ^C
//! Publicação parada
//! ```
//!
//! **Experimente.** Com um tipo de pacote (`-- PUBACK`), corta a ligação no
//! primeiro que vir: quantas cópias chegam ao `mqtt_qos`, em cada nível?

use std::{env, io, process, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf as Reader, OwnedWriteHalf as Writer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::time;

const ADDRESS: &str = "127.0.0.1:1884";
const URL: &str = "mqtt://localhost:1883";

/// Os tipos de pacote, pelo seu número (MQTT 3.1.1, secção 2.2.1).
const KINDS: &str = "? CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP \
    SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK PINGREQ PINGRESP DISCONNECT AUTH";

/// Em que tipo se corta: uma vez, no primeiro pacote.
static CUT: Mutex<Option<String>> = Mutex::const_new(None);

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1).peekable();
    let address = arguments.next_if(|it| it.contains(':') && !it.contains('/'));
    let address = address.unwrap_or(ADDRESS.to_string());
    let url = arguments.next_if(|argument| argument.starts_with("mqtt://"));
    let url = url.unwrap_or(URL.to_string());
    let cut = arguments.next();
    let is_known = cut.iter().all(|cut| KINDS.split(' ').any(|it| it == cut));
    if !is_known {
        eprintln!("Que tipo de pacote? Um destes: {KINDS}");
        process::exit(1);
    }
    *CUT.lock().await = cut;

    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p mqtt_packets -- 127.0.0.1:1885"
        );
        process::exit(1)
    });
    println!("Relay MQTT a escutar em {}", listener.local_addr()?);
    loop {
        let Ok((client, peer)) = listener.accept().await else {
            time::sleep(Duration::from_millis(100)).await; // sem descritores
            continue;
        };
        tokio::spawn(relay(client, url.clone(), peer.port()));
    }
}

async fn relay(client: TcpStream, url: String, port: u16) {
    let Ok(broker) = TcpStream::connect(&url["mqtt://".len()..]).await else {
        return eprintln!("Sem broker em {url}: cargo run -p mqtt_broker");
    };
    // Sem isto, o resto de um pacote esperava pela confirmação do cabeçalho.
    let _ = (client.set_nodelay(true), broker.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_broker, to_broker) = broker.into_split();

    // Quando um dos lados acaba, ou é cortado, o outro acaba também.
    let ended = tokio::select! {
        ended = pass(from_client, to_broker, format!("[{port}] ->")) => ended,
        ended = pass(from_broker, to_client, format!("[{port}] <-")) => ended,
    };
    if let Err(error) = ended {
        eprintln!("[{port}] Ligação terminada: {error}");
    }
}

async fn pass(from: Reader, mut to: Writer, arrow: String) -> io::Result<()> {
    let mut from = BufReader::new(from);
    // O primeiro byte de um pacote: o tipo, em 4 bits, e 4 bits de opções.
    while let Ok(first) = from.read_u8().await {
        // O tamanho do que se segue, 7 bits por byte; o oitavo diz se há mais.
        // Até 127, chega um: com o primeiro, são os 2 bytes do diapositivo.
        let (mut header, mut size) = (vec![first], 0);
        while header.len() == 1 || header[header.len() - 1] > 127 {
            if header.len() == 5 {
                return Err(io::Error::other("um tamanho com mais de 4 bytes"));
            }
            let byte = from.read_u8().await?;
            size |= u64::from(byte & 127) << (7 * (header.len() - 1));
            header.push(byte);
        }
        let kind = KINDS.split(' ').nth(first as usize >> 4).unwrap_or("?");
        println!("{arrow} {kind} {header:02x?} + {size} bytes");
        let cut = CUT.lock().await.take_if(|it| it == kind);
        if cut.is_some() {
            return Err(io::Error::other("cortada antes deste pacote passar"));
        }

        // O que se segue passa como vem, por muito que seja.
        to.write_all(&header).await?;
        tokio::io::copy(&mut (&mut from).take(size), &mut to).await?;
    }
    Ok(())
}

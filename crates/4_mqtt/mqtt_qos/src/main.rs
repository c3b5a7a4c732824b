//! # Qualidade de serviço em MQTT
//!
//! Os três níveis de QoS do diapositivo «Detalhes do Protocolo MQTT», medidos:
//! os pacotes que cada um custa, e o que é feito da mensagem se a ligação for
//! cortada em cada um deles. O argumento escolhe o nível; sem ele, vão todos.
//!
//! ```console
//! $ cargo run -p mqtt_broker
//! Broker MQTT a escutar em 127.0.0.1:1883
//!
//! Cliente ligado: auto-[..]
//! auto-[..] subscreve qos_[..]
//! Cliente ligado: qos_[..]
//! Cliente desligado: qos_[..]
//! Cliente ligado: qos_[..]
//! Cliente [..]: qos_[..]
//! Cliente [..]: qos_[..]
//! Cliente desligado: qos_[..]
//! Cliente ligado: qos_[..]
//! Cliente [..]: qos_[..]
//! Cliente [..]: qos_[..]
//! Cliente desligado: qos_[..]
//! Cliente desligado: auto-[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p mqtt_qos -- 1
//! QoS 1
//!   -> PUBLISH 2 + 20 bytes
//!   <- PUBACK  2 + 2 bytes
//!   Cópias recebidas: 1
//! QoS 1, com corte no PUBLISH
//!   -> PUBLISH 2 + 20 bytes (cortado)
//!   -> PUBLISH 2 + 20 bytes (repetido)
//!   <- PUBACK  2 + 2 bytes
//!   Cópias recebidas: 1
//! QoS 1, com corte no PUBACK
//!   -> PUBLISH 2 + 20 bytes
//!   <- PUBACK  2 + 2 bytes (cortado)
//!   -> PUBLISH 2 + 20 bytes (repetido)
//!   <- PUBACK  2 + 2 bytes
//!   Cópias recebidas: 2
//! ```
//!
//! `->` vai do publicador para o broker, e `<-` volta. «2 + 20» são os 2 bytes
//! do cabeçalho do diapositivo e os que vêm a seguir: aqui o tópico, com o seu
//! tamanho, o número do pacote e a palavra «ligada». Um pacote cortado não
//! chega ao outro lado.
//!
//! **Experimente.** Compare com `-- 0` e `-- 2`: que nível perde a mensagem, e
//! qual a entrega sempre uma só vez? Quantos bytes custa cada um? Depois
//! aumente `PAYLOAD` para 200 letras: o que acontece ao cabeçalho?

use std::cell::Cell;
use std::env;
use std::error::Error;
use std::io;
use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::time::Duration;

use paho_mqtt::{
    AsyncClient, AsyncReceiver, ConnectOptionsBuilder, CreateOptionsBuilder,
    MQTT_VERSION_3_1_1, Message, QOS_2,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::{time, try_join};

const URL: &str = "mqtt://localhost:1883";
const PAYLOAD: &str = "ligada";

/// Os pacotes que entregam uma mensagem em cada nível, pela sua ordem.
const HANDSHAKES: [&[&str]; 3] = [
    &["PUBLISH"],
    &["PUBLISH", "PUBACK"],
    &["PUBLISH", "PUBREC", "PUBREL", "PUBCOMP"],
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
    let levels = match arguments.next() {
        Some(level) => one_level(&level)?,
        None => 0..=2,
    };

    // Um nome só deste programa, para que duas execuções no mesmo broker não
    // recebam as mensagens uma da outra.
    let name = format!("qos_{}", rand::random_range(100_000..1_000_000));

    let mut receiver = AsyncClient::new(url.as_str())?;
    let messages = receiver.get_stream(None); // antes de ligar, e sem limite
    connect(&receiver, &url, true).await?;
    receiver.subscribe(&name, QOS_2).await?;

    for qos in levels {
        let cuts = HANDSHAKES[qos].iter().copied().map(Some);
        for cut in [None].into_iter().chain(cuts) {
            match cut {
                None => println!("QoS {qos}"),
                Some(packet) => println!("QoS {qos}, com corte no {packet}"),
            }
            let copies = time::timeout(Duration::from_secs(10), async {
                deliver(&url, &name, qos, cut).await?;
                count(&receiver, &messages, &name, qos).await
            });
            let copies = copies.await.map_err(|_| {
                format!("O broker em {url} deixou de responder.")
            })??;
            println!("  Cópias recebidas: {copies}");
        }
    }
    receiver.disconnect(None).await?;
    Ok(())
}

fn one_level(level: &str) -> Result<RangeInclusive<usize>, String> {
    match level.parse() {
        Ok(qos @ 0..=2) => Ok(qos..=qos),
        _ => Err(format!(
            "«{level}» não é um nível de QoS: há o 0, o 1 e o 2. Um exemplo: \
             cargo run -p mqtt_qos -- 1"
        )),
    }
}

/// Publica uma mensagem por um proxy, que mostra os pacotes e corta a ligação
/// naquele que lhe for dito.
async fn deliver(
    url: &str,
    name: &str,
    qos: usize,
    cut: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = format!("mqtt://{}", listener.local_addr()?);
    try_join!(
        relay_connections(listener, url, cut),
        publish(&proxy, name, qos, cut.is_some()),
    )?;
    Ok(())
}

async fn publish(
    url: &str,
    name: &str,
    qos: usize,
    cut: bool,
) -> Result<(), Box<dyn Error>> {
    let options = CreateOptionsBuilder::new().server_uri(url).client_id(name);
    let mut publisher = AsyncClient::new(options.finalize())?;
    let connection = publisher.get_stream(None);

    // Uma sessão que sobrevive à ligação: é ela que permite aos dois lados
    // continuar, depois do corte, a conversa que ficou a meio.
    connect(&publisher, url, false).await?;
    let delivery = publisher.publish(Message::new(name, PAYLOAD, qos as i32));
    if cut {
        connection.recv().await?; // só pode ser o aviso de que caiu
        publisher.reconnect().await?;
    }
    delivery.await?;
    publisher.disconnect(None).await?;
    Ok(())
}

/// Conta as cópias que chegaram. A última mensagem vem do próprio recetor: o
/// broker entrega por ordem, e depois dela não há mais nada a caminho.
async fn count(
    receiver: &AsyncClient,
    messages: &AsyncReceiver<Option<Message>>,
    name: &str,
    qos: usize,
) -> Result<usize, Box<dyn Error>> {
    receiver
        .publish(Message::new(name, "fim", qos as i32))
        .await?;
    let mut copies = 0;
    loop {
        let message = messages
            .recv()
            .await?
            .ok_or("O broker fechou a ligação a meio da experiência.")?;
        if message.payload() == b"fim" {
            return Ok(copies);
        }
        copies += 1;
    }
}

async fn connect(
    client: &AsyncClient,
    url: &str,
    clean_session: bool,
) -> Result<(), String> {
    let options = ConnectOptionsBuilder::with_mqtt_version(MQTT_VERSION_3_1_1)
        .clean_session(clean_session)
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
    Ok(())
}

async fn relay_connections(
    listener: TcpListener,
    url: &str,
    cut: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let mut broker = url.trim_start_matches("mqtt://").to_string();
    if !broker.contains(':') {
        broker.push_str(":1883");
    }
    let connections = if cut.is_some() { 2 } else { 1 };
    let cut = Cell::new(cut);
    for _ in 0..connections {
        let (mut client, _) = listener.accept().await?;
        let mut server = TcpStream::connect(&broker).await?;
        let (from_client, to_client) = client.split();
        let (from_broker, to_broker) = server.split();
        // Um corte é um erro num dos sentidos, e termina os dois. Sem ele,
        // espera-se que também o broker feche: já tratou de tudo.
        let _ = try_join!(
            relay(from_client, to_broker, "->", &cut),
            relay(from_broker, to_client, "<-", &cut),
        );
    }
    Ok(())
}

/// Passa pacotes de um lado para o outro. Um pacote MQTT começa por um
/// cabeçalho fixo: um byte com o tipo e as opções, e o tamanho do resto.
async fn relay(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    arrow: &str,
    cut: &Cell<Option<&str>>,
) -> io::Result<()> {
    while let Ok(first) = from.read_u8().await {
        // O tamanho vem em grupos de 7 bits, do menor para o maior. O oitavo
        // bit diz se há mais um byte: até 127, o cabeçalho tem 2 bytes.
        let mut packet = vec![first];
        let mut size = 0;
        for shift in [0, 7, 14, 21] {
            let byte = from.read_u8().await?;
            packet.push(byte);
            size |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        let header = packet.len();
        packet.resize(header + size, 0);
        from.read_exact(&mut packet[header..]).await?;

        let name = match first >> 4 {
            3 => "PUBLISH",
            4 => "PUBACK",
            5 => "PUBREC",
            6 => "PUBREL",
            7 => "PUBCOMP",
            _ => "", // os de ligar e desligar não contam para a entrega
        };
        let cut_here = cut.get() == Some(name);
        if !name.is_empty() {
            let mark = if cut_here {
                " (cortado)"
            } else if name == "PUBLISH" && first & 0b1000 != 0 {
                " (repetido)" // a opção DUP
            } else {
                ""
            };
            println!("  {arrow} {name:7} {header} + {size} bytes{mark}");
        }
        if cut_here {
            cut.set(None);
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        to.write_all(&packet).await?;
    }
    Ok(())
}

//! # Servidor WebSocket de conversa
//!
//! O diapositivo «Exemplo de WebSocket: Servidor Python» em Rust: o que um
//! cliente diz chega a todos os outros (broadcast).
//!
//! ```console
//! $ cargo run -p ws_chat_server
//! A iniciar servidor WebSocket em ws://127.0.0.1:8765
//! Cliente ligado: 127.0.0.1:[..]
//! Cliente ligado: 127.0.0.1:[..]
//! Recebido de 127.0.0.1:[..]: oi
//! Cliente desligado: 127.0.0.1:[..]
//! Cliente desligado: 127.0.0.1:[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p ws_chat_client
//! Ligado ao servidor
//! Servidor: [[..]]: oi
//! ^D
//! Desligado
//!
//! # num terceiro terminal
//! $ cargo run -p ws_chat_client
//! Ligado ao servidor
//! > oi
//! ^D
//! Desligado
//! ```
//!
//! **O que muda.** No diapositivo, um cliente que nunca lê faz parar a conversa
//! de todos, um que morre leva consigo quem lhe falou, e quem entra a meio de
//! um envio dá erro. Aqui cada cliente tem a sua fila, e o que corre mal com
//! um fica com ele: é desligado com um código e um motivo. Só se aceita texto,
//! e `Cliente desligado` aparece sempre que alguém sai, mesmo a bem.
//!
//! **Experimente.** Abra a página (`cargo run -p ws_chat_page`) em dois
//! separadores. Depois faça com que quem fala também receba a sua mensagem: que
//! linha basta mudar?

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::{signal, time};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

const ADDRESS: &str = "127.0.0.1:8765";

/// O maior texto que um cliente pode enviar: 1 MiB.
const MAX_MESSAGE: usize = 1 << 20;

/// Quantas mensagens podem esperar na fila de um cliente.
const QUEUE: usize = 256;

/// Quantas mensagens se tratam de uma vez: menos do que cabe numa fila.
const BATCH: usize = 64;

/// Quanto tempo se espera por um cliente que não avança.
const PATIENCE: Duration = Duration::from_secs(5);

/// O que se responde a quem não pede um WebSocket: um browser, por exemplo.
const UPGRADE_REQUIRED: &str = "HTTP/1.1 426 Upgrade Required\r\n\
    Connection: close, Upgrade\r\n\
    Upgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    \r\n\
    Aqui só se fala WebSocket. Para ver a página da conversa:\n\
    cargo run -p ws_chat_page\n";

/// O que as tarefas dos clientes contam à sala.
enum Event {
    Joined(mpsc::Sender<Message>),
    Said(Utf8Bytes),
    Left,
}

type Room = mpsc::Sender<(SocketAddr, Event)>;
type Clients = HashMap<SocketAddr, mpsc::Sender<Message>>;

/// Porque acaba uma conversa: o código do RFC 6455 e o motivo.
type Ending = (u16, &'static str);

const BROKEN: Ending = (1002, "saiu sem se despedir, ou quebrou o protocolo");

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
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!(
            "Não foi possível escutar em {address}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p ws_chat_server -- 127.0.0.1:8766"
        )
    })?;

    // A fila da sala também tem limite, e menor: quem fala depressa espera por
    // ela, e entretanto quem ouve tem a sua vez de esvaziar a própria fila.
    let (room, events) = mpsc::channel(BATCH);
    let (stop, stopping) = watch::channel(());
    let conversation = tokio::spawn(run_room(events));

    // `biased` começa por armar o Ctrl-C, antes de dizer que está pronto.
    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        result = accept_clients(listener, room, stopping) => result?,
    }

    // Despede-se de todos. A sala acaba quando sair o último, mas quem não
    // responde à despedida só a atrasa um segundo.
    stop.send_replace(());
    let _ = time::timeout(Duration::from_secs(1), conversation).await;
    Ok(())
}

async fn accept_clients(
    listener: TcpListener,
    room: Room,
    stopping: watch::Receiver<()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    println!("A iniciar servidor WebSocket em ws://{address}");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (room, stopping) = (room.clone(), stopping.clone());
                tokio::spawn(handle_client(stream, peer, room, stopping));
            }
            Err(error) => {
                // Sem descritores livres: esperar que algum cliente saia.
                eprintln!("Ligação não aceite: {error}");
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// A sala: só esta tarefa mexe no conjunto dos clientes. As outras falam-lhe
/// por um canal, e por isso ninguém entra nem sai a meio de um envio.
async fn run_room(mut events: mpsc::Receiver<(SocketAddr, Event)>) {
    let mut clients = Clients::new();
    while let Some((peer, event)) = events.recv().await {
        match event {
            Event::Joined(queue) => {
                println!("Cliente ligado: {peer}");
                clients.insert(peer, queue);
            }
            Event::Said(text) => {
                println!("Recebido de {peer}: {text}");
                broadcast(&mut clients, peer, &text);
            }
            Event::Left => {
                println!("Cliente desligado: {peer}");
                clients.remove(&peer);
            }
        }
    }
}

fn broadcast(clients: &mut Clients, from: SocketAddr, text: &str) {
    let message = Message::text(format!("[{}]: {text}", from.port()));

    // Cada cliente tem uma fila, com limite. `try_send` nunca espera: ou põe a
    // mensagem na fila, ou diz que está cheia, porque o cliente não lê, e ele
    // sai da sala. Se esperasse, um cliente parado parava todos; se a fila não
    // tivesse limite, enchia a memória. O texto é um só: `clone` partilha-o.
    clients.retain(|peer, queue| {
        *peer == from || queue.try_send(message.clone()).is_ok()
    });
}

async fn handle_client(
    mut stream: TcpStream,
    peer: SocketAddr,
    room: Room,
    stopping: watch::Receiver<()>,
) {
    // Cada mensagem segue logo, sem esperar que se lhe juntem outras.
    let _ = stream.set_nodelay(true);

    // Os limites da biblioteca são largos: 64 MiB por mensagem, 128 KiB para
    // ler de cada cliente, e nenhum para o que espera por ser escrito.
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
        .read_buffer_size(4 * 1024)
        .max_write_buffer_size(2 * MAX_MESSAGE);

    // Um WebSocket começa por ser um pedido HTTP, com `Upgrade: websocket`.
    let handshake = accept_async_with_config(&mut stream, Some(config));
    match time::timeout(PATIENCE, handshake).await {
        Ok(Ok(socket)) => chat(socket, peer, room, stopping).await,
        Ok(Err(error)) => {
            eprintln!("Pedido de {peer} recusado: {error}");
            let _ = stream.write_all(UPGRADE_REQUIRED.as_bytes()).await;
        }
        Err(_) => eprintln!("Pedido de {peer} recusado: não chegou a tempo"),
    }

    // Fechar um socket com bytes por ler provoca um reset, e o cliente pode
    // perder a despedida. Fecha-se só a escrita, e lê-se até ele fechar.
    let _ = stream.shutdown().await;
    let mut rest = tokio::io::sink();
    let drain = tokio::io::copy(&mut stream, &mut rest);
    let _ = time::timeout(PATIENCE, drain).await;
}

async fn chat(
    socket: WebSocketStream<&mut TcpStream>,
    peer: SocketAddr,
    room: Room,
    mut stopping: watch::Receiver<()>,
) {
    // A sala dura mais do que os clientes: o que lhe dizem chega sempre.
    let (mut sink, source) = socket.split();
    let (queue, messages) = mpsc::channel(QUEUE);
    let _ = room.send((peer, Event::Joined(queue))).await;

    // Full-duplex: lê e escreve ao mesmo tempo, até que um dos dois acabe.
    let (code, reason) = tokio::select! {
        ending = read_messages(source, peer, &room) => ending,
        ending = write_messages(&mut sink, messages) => ending,
        _ = stopping.changed() => (1001, "o servidor vai terminar"),
    };
    let _ = room.send((peer, Event::Left)).await;
    if code != 1000 {
        eprintln!("Conversa com {peer} interrompida: {code}, {reason}");
    }

    // O frame de fecho leva o código e o motivo a quem ainda os possa ler.
    let (code, reason) = (code.into(), reason.into());
    let close = sink.send(Message::Close(Some(CloseFrame { code, reason })));
    let _ = time::timeout(PATIENCE, close).await;
}

async fn read_messages(
    mut source: impl Stream<Item = Result<Message, WsError>> + Unpin,
    peer: SocketAddr,
    room: &Room,
) -> Ending {
    while let Some(message) = source.next().await {
        match message {
            Ok(Message::Text(text)) => {
                let _ = room.send((peer, Event::Said(text))).await;
            }
            Ok(Message::Binary(_)) => return (1003, "só se aceita texto"),

            // Ao continuar a ler, a biblioteca responde a cada Ping e Close.
            Ok(_) => {}

            Err(WsError::Capacity(_)) => return (1009, "mais de 1 MiB"),
            Err(WsError::Utf8(_)) => return (1007, "o texto não é UTF-8"),
            Err(_) => return BROKEN,
        }
    }
    (1000, "")
}

async fn write_messages(
    sink: &mut (impl Sink<Message> + Unpin),
    mut queue: mpsc::Receiver<Message>,
) -> Ending {
    // A fila acaba quando a sala a larga: estava cheia.
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        // `feed` só junta; `flush` escreve tudo o que se juntou de uma vez.
        let write = async {
            for message in batch.drain(..) {
                sink.feed(message).await?;
            }
            sink.flush().await
        };
        match time::timeout(PATIENCE, write).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return BROKEN,
            Err(_) => break,
        }
    }
    // 1008: quem não lê não cumpre as regras da sala. (1013, «tente mais
    // tarde», seria para um servidor sem capacidade, e não é o caso.)
    (1008, "não lê as mensagens")
}

//! # Servidor WebSocket de conversa
//!
//! O diapositivo «Exemplo de WebSocket: Servidor Python» em Rust: o que um
//! cliente diz chega a todos os outros (broadcast).
//!
//! ```console
//! $ cargo run -p ws_chat_server
//! A iniciar servidor WebSocket em ws://127.0.0.1:8765
//! Cliente ligado: 127.0.0.1:[..]
//! Recebido de 127.0.0.1:[..]: oi
//! Cliente desligado: 127.0.0.1:[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p ws_chat_client
//! Ligado ao servidor
//! > oi
//! ^D
//! Desligado
//! ```
//!
//! **O que muda.** No diapositivo, um cliente que nunca lê faz parar a conversa
//! de todos, e um que morre leva consigo quem lhe falou. Aqui o que corre mal
//! com um fica com ele. Em produção contavam-se também os bytes: 1024 mensagens
//! de 1 MiB são 1 GiB.
//!
//! **Experimente.** Abra a página (`cargo run -p ws_chat_page`) em dois
//! separadores. Depois faça com que quem fala também receba a sua mensagem.

use std::net::SocketAddr;
use std::time::Duration;
use std::{env, process};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{self, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::Sender;
use tokio::{signal, time};
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

const ADDRESS: &str = "127.0.0.1:8765";

/// Quanto tempo se espera por um cliente que não avança.
const TIME_LIMIT: Duration = Duration::from_secs(5);
const DEAF: (u16, &str) = (1008, "não lê as mensagens");

/// A sala é um canal: o que lá se põe chega a todos os que lá estão. Com cada
/// mensagem vai o endereço de quem a disse.
type Room = Sender<(SocketAddr, Message)>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p ws_chat_server -- 127.0.0.1:8766"
        );
        process::exit(1)
    });
    let address = listener.local_addr()?;
    println!("A iniciar servidor WebSocket em ws://{address}");

    let room = Room::new(1024);
    let accepting = async {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    tokio::spawn(chat(stream, peer, room.clone()));
                }
                Err(error) => {
                    // Sem descritores livres: esperar que algum cliente saia.
                    eprintln!("Ligação não aceite: {error}");
                    time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    };
    tokio::select! { () = accepting => {}, _ = signal::ctrl_c() => {} }

    // A despedida é a última mensagem. A sala fecha quando saírem todos, mas
    // por quem não lê não se espera mais do que dois segundos.
    let _ = room.send((address, Message::Close(None)));
    let closed = time::timeout(Duration::from_secs(2), room.closed());
    tokio::select! { _ = closed => Ok(()), again = signal::ctrl_c() => again }
}

async fn chat(stream: TcpStream, peer: SocketAddr, room: Room) {
    // Cada mensagem segue logo, sem esperar que se lhe juntem outras.
    let _ = stream.set_nodelay(true);

    // Os limites da biblioteca são largos: 64 MiB por mensagem, 128 KiB para
    // ler de cada cliente, e nenhum para o que espera por ser escrito.
    let config = WebSocketConfig::default()
        .max_message_size(Some(1 << 20))
        .read_buffer_size(4 << 10)
        .max_write_buffer_size(2 << 20);

    // Um WebSocket começa por ser um pedido HTTP, com `Upgrade: websocket`.
    let mut ws = match accept_async_with_config(stream, Some(config)).await {
        Ok(ws) => ws,
        Err(error) => return eprintln!("Pedido de {peer} recusado: {error}"),
    };
    let mut messages = room.subscribe();
    println!("Cliente ligado: {peer}");

    let (code, reason) = loop {
        tokio::select! {
            // Ouvir vem primeiro: ninguém fala com mensagens por ouvir.
            biased;
            heard = messages.recv() => {
                // Com 1024 por ouvir perde-se a mais antiga, e quem a perdeu
                // sai: ninguém espera por ele, nem a memória cresce sem fim.
                let Ok((from, message)) = heard else { break DEAF };
                // `feed` junta, e `flush` escreve de uma vez o que se juntou.
                // Se não conseguirem, é ao ler que se sabe porquê.
                let send = async {
                    if from != peer { let _ = ws.feed(message).await; }
                    if messages.is_empty() { let _ = ws.flush().await; }
                };
                if time::timeout(TIME_LIMIT, send).await.is_err() { break DEAF }
            }
            said = ws.next() => match said {
                Some(Ok(Message::Text(text))) => {
                    println!("Recebido de {peer}: {text}");
                    let text = format!("[{}]: {text}", peer.port());
                    let _ = room.send((peer, Message::text(text)));
                }
                // Ao continuar a ler, a biblioteca responde ao Ping e ao Close.
                Some(Ok(_)) => {}
                Some(Err(Error::Capacity(_))) => break (1009, "mais de 1 MiB"),
                Some(Err(Error::Utf8(_))) => break (1007, "não é UTF-8"),
                Some(Err(_)) => break (1002, "não cumpriu o protocolo"),
                None => break (1000, ""),
            },
        }
    };
    println!("Cliente desligado: {peer}");
    if code != 1000 {
        eprintln!("Conversa com {peer} interrompida: {code}, {reason}");
    }

    // Fechar um socket com bytes por ler provoca um reset, que pode passar à
    // frente da despedida: fecha-se só a escrita, e lê-se até ao fim.
    let goodbye = async {
        let (code, reason) = (code.into(), reason.into());
        let _ = ws.close(Some(CloseFrame { code, reason })).await;
        let _ = ws.get_mut().shutdown().await;
        io::copy(ws.get_mut(), &mut io::sink()).await
    };
    let _ = time::timeout(TIME_LIMIT, goodbye).await;
}

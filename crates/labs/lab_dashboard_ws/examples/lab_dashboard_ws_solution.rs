//~ //! # Exercício 5: salas e nomes por WebSocket
//~ //!
//~ //! O enunciado está em `docs/labs/lab_dashboard_ws.md`. O que falta fazer está
//~ //! marcado com TODO, pela ordem em que convém fazê-lo.
//~ //!
//~ //! ```console
//~ //! $ cargo run -p lab_dashboard_ws
//~ //! Salas em ws://127.0.0.1:8765
//~ //!
//~ //! # noutro terminal
//~ //! $ cargo run -p lab -- check lab_dashboard_ws
//~ //! ```
//{
//! # Exercício 5, resolvido: salas e nomes por WebSocket
//!
//! `cargo run -p lab_dashboard_ws --example lab_dashboard_ws_solution`
//!
//! O ponto de partida, `src/main.rs`, faz-se deste ficheiro: as linhas com
//! `//~` ficam no lugar do que está entre `//{` e `//}`.
//}

//~ use std::time::Duration;
//~ use std::{env, io, process};
//{
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{env, io, process};
//}

//~ use futures_util::StreamExt;
//~ use tokio::net::{TcpListener, TcpStream};
//~ use tokio::time;
//~ use tokio_tungstenite::tungstenite::Error as WsError;
//~ use tokio_tungstenite::{WebSocketStream, accept_async};
//{
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::{task, time};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};
//}

const ADDRESS: &str = "127.0.0.1:8765";
//{

/// O texto mais longo que se distribui.
const LONGEST: usize = 1 << 20;

/// Quantos textos podem esperar por um ecrã.
const QUEUE: usize = 256;

/// Quem está em cada sala, com que nome, e a sua fila.
type Key = (String, String);
type Rooms = Arc<Mutex<HashMap<Key, mpsc::Sender<Message>>>>;
//}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p lab_dashboard_ws -- 127.0.0.1:8766"
        );
        process::exit(1)
    });
    println!("Salas em ws://{}", listener.local_addr()?);

    //~ // TODO 2: quem está em cada sala, e como se fala com cada um? Todas as
    //~ // tarefas precisam de o saber.
    //{
    let rooms = Rooms::default();
    //}
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                //~ tokio::spawn(async move {
                //~     if let Err(error) = handle_client(stream).await {
                //{
                let rooms = rooms.clone();
                tokio::spawn(async move {
                    if let Err(error) = handle_client(stream, &rooms).await {
                        //}
                        eprintln!("Conversa com {peer} interrompida: {error}");
                    }
                });
            }
            Err(error) => {
                // Sem descritores livres: esperar que algum cliente saia.
                eprintln!("Ligação não aceite: {error}");
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

//~ async fn handle_client(stream: TcpStream) -> Result<(), WsError> {
//~     let mut socket: WebSocketStream<TcpStream> = accept_async(stream).await?;
//~     // TODO 1: leia textos até vir um `JOIN sala nome` que sirva: OK. Aos
//~     // outros, ERR.
//~     // TODO 3: daí em diante, o que este cliente diz vai para os outros da
//~     // sala, e o que eles dizem vai para este. Anuncie quem entra e quem sai.
//~     // TODO 4: um frame binário, ou um texto enorme, não vai a ninguém.
//~     // TODO 5: um cliente que não lê não pode parar os outros.
//~     socket.next().await;
//~     Ok(())
//~ }
//{
async fn handle_client(
    stream: TcpStream,
    rooms: &Rooms,
) -> Result<(), WsError> {
    let limits = WebSocketConfig::default().max_message_size(Some(LONGEST));
    let mut socket = accept_async_with_config(stream, Some(limits)).await?;
    let Some((key, queue)) = join(&mut socket, rooms).await? else {
        return Ok(());
    };
    tell(rooms, &key, format!("+ {}", key.1));
    let result = talk(&mut socket, &key, queue, rooms).await;

    // Saia como sair, o nome fica livre e os outros sabem.
    lock(rooms).remove(&key);
    tell(rooms, &key, format!("- {}", key.1));
    result
}

fn lock(rooms: &Rooms) -> MutexGuard<'_, HashMap<Key, mpsc::Sender<Message>>> {
    rooms.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Diz um texto a todos os outros de uma sala, sem esperar por nenhum.
fn tell(rooms: &Rooms, from: &Key, text: String) {
    let message = Message::text(text);
    for (key, queue) in lock(rooms).iter() {
        if key.0 == from.0 && key.1 != from.1 {
            // Quem tem a fila cheia não está a ler, e perde este texto.
            let _ = queue.try_send(message.clone());
        }
    }
}

/// Lê textos até um deles ser um JOIN que sirva; `None` se o cliente sair.
async fn join(
    socket: &mut WebSocketStream<TcpStream>,
    rooms: &Rooms,
) -> Result<Option<(Key, mpsc::Receiver<Message>)>, WsError> {
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else {
            continue;
        };
        let words: Vec<&str> = text.split(' ').collect();
        let ["JOIN", room, name] = words[..] else {
            socket.send(Message::text("ERR JOIN sala nome")).await?;
            continue;
        };
        let key = (room.to_string(), name.to_string());
        let (queue, receiver) = mpsc::channel(QUEUE);
        let joined = match lock(rooms).entry(key.clone()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(queue);
                true
            }
        };
        if joined {
            socket.send(Message::text("OK")).await?;
            return Ok(Some((key, receiver)));
        }
        socket.send(Message::text("ERR nome ocupado")).await?;
    }
    Ok(None)
}

async fn talk(
    socket: &mut WebSocketStream<TcpStream>,
    key: &Key,
    queue: mpsc::Receiver<Message>,
    rooms: &Rooms,
) -> Result<(), WsError> {
    let (mut sink, mut source) = socket.split();
    let reading = async {
        while let Some(message) = source.next().await {
            if let Message::Text(text) = message? {
                tell(rooms, key, format!("{}: {text}", key.1));
                // É a vez das tarefas que esvaziam as filas.
                task::yield_now().await;
            }
        }
        Ok(())
    };
    let writing = async {
        let mut queue = queue;
        while let Some(message) = queue.recv().await {
            // Um ecrã que em cinco segundos não leu nada é desligado.
            let sending = sink.send(message);
            if time::timeout(Duration::from_secs(5), sending)
                .await
                .is_err()
            {
                break;
            }
        }
        Ok(())
    };
    tokio::select! {
        result = reading => result,
        result = writing => result,
    }
}
//}

//! # Exercício 5: salas e nomes por WebSocket
//!
//! O enunciado está em `docs/labs/lab_dashboard_ws.md`. O que falta fazer está
//! marcado com TODO, pela ordem em que convém fazê-lo.
//!
//! ```console
//! $ cargo run -p lab_dashboard_ws
//! Salas em ws://127.0.0.1:8765
//!
//! # noutro terminal
//! $ cargo run -p lab -- check lab_dashboard_ws
//! ```

use std::time::Duration;
use std::{env, io, process};

use futures_util::StreamExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::{WebSocketStream, accept_async};

const ADDRESS: &str = "127.0.0.1:8765";

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

    // TODO 2: quem está em cada sala, e como se fala com cada um? Todas as
    // tarefas precisam de o saber.
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(async move {
                    if let Err(error) = handle_client(stream).await {
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

async fn handle_client(stream: TcpStream) -> Result<(), WsError> {
    let mut socket: WebSocketStream<TcpStream> = accept_async(stream).await?;
    // TODO 1: leia textos até vir um `JOIN sala nome` que sirva: OK. Aos
    // outros, ERR.
    // TODO 3: daí em diante, o que este cliente diz vai para os outros da
    // sala, e o que eles dizem vai para este. Anuncie quem entra e quem sai.
    // TODO 4: um frame binário, ou um texto enorme, não vai a ninguém.
    // TODO 5: um cliente que não lê não pode parar os outros.
    socket.next().await;
    Ok(())
}

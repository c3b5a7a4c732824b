//! # Cliente WebSocket de conversa
//!
//! O diapositivo «Padrão de Comunicação WebSocket» em Rust: um canal aberto, em
//! que cada lado fala quando quer. A conversa da página, mas num terminal.
//!
//! ```console
//! $ cargo run -p ws_chat_server
//! A iniciar servidor WebSocket em ws://127.0.0.1:8765
//! Cliente ligado: 127.0.0.1:[..]
//! Recebido de 127.0.0.1:[..]: bom dia
//! Cliente desligado: 127.0.0.1:[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p ws_chat_client
//! Ligado ao servidor
//! > bom dia
//! ^D
//! Desligado
//! ```
//!
//! **Experimente.** Inicie dois clientes, e fale com a página:
//! `cargo run -p ws_chat_page`. Depois termine o servidor, primeiro com Ctrl-C
//! e depois à força: que diferença vê o cliente?

use std::{env, error::Error, io, process, time::Duration};

use futures_util::{SinkExt, StreamExt, future};
use tokio::{signal, task, time};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

const URL: &str = "ws://127.0.0.1:8765";

/// Quanto tempo pode o servidor demorar a aceitar a ligação, e a fechá-la.
const TIME_LIMIT: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = env::args().nth(1).unwrap_or(URL.to_string());
    if let Err(error) = chat(&url).await {
        eprintln!(
            "Sem conversa com {url} ({error}). Veja se o servidor está a \
             correr, noutro terminal: cargo run -p ws_chat_server"
        );
        process::exit(1);
    }
    println!("Desligado");
    process::exit(0); // não espera pela thread que lê o teclado
}

async fn chat(url: &str) -> Result<(), Box<dyn Error>> {
    // Liga por TCP e faz o pedido HTTP com o Upgrade.
    let (ws, _) = time::timeout(TIME_LIMIT, connect_async(url)).await??;
    println!("Ligado ao servidor");
    let (mut sink, mut source) = ws.split();

    // Ao continuar a ler, a biblioteca responde a cada Ping e Close.
    let mut hear = Box::pin(async {
        let mut reason = "saiu sem dizer porquê".to_string();
        while let Some(Ok(message)) = source.next().await {
            match message {
                Message::Text(text) => println!("Servidor: {text}"),
                Message::Close(Some(frame)) => reason = frame.to_string(),
                _ => {}
            }
        }
        reason
    });

    // A leitura do teclado bloqueia, e por isso é de outra thread.
    let read_line = || io::stdin().lines().next();
    let speak = async {
        while let Some(line) = task::spawn_blocking(read_line).await? {
            sink.send(Message::text(line?)).await?;
        }
        Ok::<_, Box<dyn Error>>(())
    };

    // Full-duplex: ouvir e falar ao mesmo tempo, até um dos lados acabar.
    tokio::select! {
        reason = &mut hear => return Err(reason.into()),
        ended = speak => ended?,
        _ = signal::ctrl_c() => {}
    }

    // O fecho: cada lado envia um Close, e só depois se fecha a ligação TCP.
    let goodbye = time::timeout(TIME_LIMIT, future::join(sink.close(), hear));
    tokio::select! { _ = goodbye => Ok(()), _ = signal::ctrl_c() => Ok(()) }
}

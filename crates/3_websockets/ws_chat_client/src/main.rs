//! # Cliente WebSocket de conversa
//!
//! O diapositivo «Padrão de Comunicação WebSocket» em Rust: um canal aberto, em
//! que cada lado fala quando quer. A conversa da página, mas num terminal.
//!
//! ```console
//! $ cargo run -p ws_chat_server
//! A iniciar servidor WebSocket em ws://127.0.0.1:8765
//! Cliente ligado: 127.0.0.1:[..]
//! Cliente ligado: 127.0.0.1:[..]
//! Recebido de 127.0.0.1:[..]: bom dia
//! Cliente desligado: 127.0.0.1:[..]
//! Cliente desligado: 127.0.0.1:[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p ws_chat_client
//! Ligado ao servidor
//! Servidor: [[..]]: bom dia
//! ^D
//! Desligado
//!
//! # num terceiro terminal
//! $ cargo run -p ws_chat_client
//! Ligado ao servidor
//! > bom dia
//! ^D
//! Desligado
//! ```
//!
//! **Experimente.** Fale com a página: `cargo run -p ws_chat_page`. Depois
//! termine o servidor com Ctrl-C: que código e que motivo recebe o cliente?

use std::env;
use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::{signal, time};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

const URL: &str = "ws://127.0.0.1:8765";

/// Quanto tempo pode o servidor demorar a aceitar a ligação, e a fechá-la.
const TO_CONNECT: Duration = Duration::from_secs(5);
const TO_CLOSE: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let url = env::args().nth(1).unwrap_or(URL.to_string());
    match run(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    // Liga por TCP e faz o pedido HTTP com o Upgrade.
    let (socket, _) = time::timeout(TO_CONNECT, connect_async(url))
        .await
        .unwrap_or_else(|late| Err(io::Error::from(late).into()))
        .map_err(|error| {
            format!(
                "Não foi possível ligar a {url} ({error}). Inicie primeiro o \
                 servidor, noutro terminal: cargo run -p ws_chat_server"
            )
        })?;
    let (mut sink, mut source) = socket.split();

    // Full-duplex: receber e enviar ao mesmo tempo, até um dos lados acabar.
    let ended = tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted.map_err(Into::into),
        reason = print_messages(&mut source) => Err(format!(
            "O servidor {url} terminou a conversa ({reason}). Veja no \
             terminal do servidor o que aconteceu."
        ).into()),
        result = send_lines(read_lines(), &mut sink) => result,
    };

    // O handshake de fecho: cada lado envia o seu frame Close, e o TCP só
    // fecha depois dos dois. Quem sai continua pois a ler até ao fim; se for o
    // servidor quem saiu primeiro, é ao ler que se lhe responde.
    let goodbye = async {
        let (code, reason) = (1000.into(), "".into());
        let close = Message::Close(Some(CloseFrame { code, reason }));
        let _ = sink.send(close).await;
        while let Some(Ok(_)) = source.next().await {}
    };
    let _ = time::timeout(TO_CLOSE, goodbye).await;
    if ended.is_ok() {
        println!("Desligado");
    }
    ended
}

/// Mostra o que chega, e diz porque deixou de chegar.
async fn print_messages(
    source: &mut (impl Stream<Item = Result<Message, WsError>> + Unpin),
) -> String {
    println!("Ligado ao servidor");
    loop {
        match source.next().await {
            Some(Ok(Message::Text(text))) => println!("Servidor: {text}"),
            Some(Ok(Message::Close(Some(frame)))) => return frame.to_string(),
            // Aos Ping responde a biblioteca, quando se volta a ler.
            Some(Ok(_)) => {}
            Some(Err(error)) => return error.to_string(),
            None => return "sem dizer porquê".to_string(),
        }
    }
}

/// Envia cada linha escrita, até ao Ctrl-D.
async fn send_lines(
    mut lines: mpsc::Receiver<io::Result<String>>,
    sink: &mut (impl Sink<Message> + Unpin),
) -> Result<(), Box<dyn Error>> {
    while let Some(line) = lines.recv().await {
        let line = line.map_err(|error| {
            format!("Não foi possível ler o que escreveu ({error}).")
        })?;
        if sink.send(Message::text(line)).await.is_err() {
            // O servidor saiu. O motivo está no que ainda há para ler.
            return std::future::pending().await;
        }
    }
    Ok(())
}

/// Lê as linhas numa thread à parte. A leitura do teclado bloqueia e não se
/// pode cancelar, nem a do tokio: com ela, o programa só terminava depois de
/// mais um Enter. Esta thread acaba com o programa, esteja onde estiver.
fn read_lines() -> mpsc::Receiver<io::Result<String>> {
    let (sender, lines) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lines() {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}

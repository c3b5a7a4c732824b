//! A page's WebSocket: commands come in, events go out.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{self, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio::time;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use super::event::Outbox;

/// The longest message that a page may send, in bytes.
const COMMAND: usize = 64 << 10;

/// How long events are gathered before they are sent together.
const PAUSE: Duration = Duration::from_millis(10);

/// How long a page may take to show what it was given, before it is given
/// more. One that is behind another tab shows nothing.
const PATIENCE: Duration = Duration::from_secs(2);

type WebSocket = WebSocketStream<TokioIo<Upgraded>>;

/// Answers the request for a WebSocket, and has `serve` use it.
pub fn answer<Serving>(
    mut request: Request,
    serve: impl FnOnce(WebSocket) -> Serving + Send + 'static,
) -> Response
where
    Serving: Future<Output = ()> + Send + 'static,
{
    let Ok(response) = server::create_response_with_body(&request, Body::empty)
    else {
        let text = "Aqui só se chega por WebSocket.\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    let upgrade = upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let config = WebSocketConfig::default()
                .max_message_size(Some(COMMAND))
                .max_frame_size(Some(COMMAND));
            let socket = WebSocketStream::from_raw_socket(
                TokioIo::new(upgraded),
                Role::Server,
                Some(config),
            );
            serve(socket.await).await;
        }
    });
    response
}

/// Sends what is in the outbox, and files; has `hear` take each command. Ends
/// when the page has gone.
pub async fn talk(
    socket: WebSocket,
    outbox: &Outbox,
    files: mpsc::Receiver<Vec<u8>>,
    hear: impl FnMut(&str),
) {
    let (sink, stream) = socket.split();
    tokio::select! {
        _ = speak(sink, outbox, files) => {}
        () = listen(stream, hear) => {}
    }
}

async fn speak(
    mut sink: SplitSink<WebSocket, Message>,
    outbox: &Outbox,
    mut files: mpsc::Receiver<Vec<u8>>,
) -> tungstenite::Result<()> {
    loop {
        tokio::select! {
            events = outbox.take() => {
                let text = serde_json::to_string(&events)
                    .map_err(io::Error::from)?;
                sink.send(Message::text(text)).await?;
                time::sleep(PAUSE).await;
                let _ = time::timeout(PATIENCE, outbox.shown()).await;
            }
            Some(file) = files.recv() => {
                sink.send(Message::binary(file)).await?;
            }
        }
    }
}

async fn listen(
    mut stream: SplitStream<WebSocket>,
    mut hear: impl FnMut(&str),
) {
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Text(text) = message {
            hear(&text);
        }
    }
}

//! Who stands for the browser where a lesson is recorded and nobody watches.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

/// What it says.
const WORDS: &str = "Olá da página";

/// Asks for a page, `http://HOST/PATH`, as a browser would; where its address
/// names a WebSocket, `?ws=ws://HOST`, says something there, and goodbye.
///
/// # Errors
/// Nobody answers, or not as the protocol wants it.
pub async fn visit(page: &str) -> Result<(), Error> {
    let address = page.trim_start_matches("http://");
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let mut stream = TcpStream::connect(host).await?;
    let request = format!(
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    stream.read_to_end(&mut Vec::new()).await?;
    let Some((_, server)) = path.split_once("?ws=") else {
        return Ok(());
    };
    let (mut socket, _) = connect_async(server).await?;
    socket.send(Message::text(WORDS)).await?;
    socket.close(None).await?;
    // Until the other side has said goodbye too.
    while socket.next().await.transpose()?.is_some() {}
    Ok(())
}

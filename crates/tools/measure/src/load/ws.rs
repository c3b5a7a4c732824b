//! Clients of a chat over WebSocket: what one of them says, the others hear.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::{try_join, try_join_all};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::{runtime, time};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
};

use super::{MESSAGE, PATIENCE, closed_loop};
use crate::fallible::Fallible;
use crate::statistics::Latencies;

/// Clients of one chat, all on this thread.
pub struct Chat {
    runtime: runtime::Runtime,
    speaker: Client,
    listeners: Vec<Client>,
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Chat {
    /// Connects one client that will speak, here, and others that will listen,
    /// there: the same server, or a relay to it.
    pub fn join(
        speaker: SocketAddr,
        listeners: SocketAddr,
        count: usize,
    ) -> Fallible<Chat> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (speaker, listeners) = runtime.block_on(async {
            let listeners = (0..count).map(|_| connect(listeners));
            let listeners = try_join_all(listeners).await?;
            Fallible::Ok((connect(speaker).await?, listeners))
        })?;
        let mut chat = Chat {
            runtime,
            speaker,
            listeners,
        };
        // The handshake is over before the server has let a client in. Who
        // hears this first text will hear all that follow.
        chat.enter()?;
        Ok(chat)
    }

    fn enter(&mut self) -> Fallible<()> {
        let (speaker, listeners) = (&mut self.speaker, &mut self.listeners);
        self.runtime.block_on(async {
            for listener in listeners {
                let start = Instant::now();
                loop {
                    speaker.send(Message::text("")).await?;
                    let moment = Duration::from_millis(20);
                    if time::timeout(moment, listener.next()).await.is_ok() {
                        break;
                    }
                    if start.elapsed() > PATIENCE {
                        return Err("o servidor não repete o que se diz".into());
                    }
                }
            }
            Ok(())
        })
    }

    /// Says a text, and gives how long each listener had to wait for it.
    pub fn say(&mut self, text: &str) -> Fallible<Vec<Duration>> {
        let (speaker, listeners) = (&mut self.speaker, &mut self.listeners);
        self.runtime.block_on(async {
            let start = Instant::now();
            let heard = listeners.iter_mut().map(|listener| async move {
                hear(listener, text).await?;
                Fallible::Ok(start.elapsed())
            });
            let say = async {
                let said = speaker.send(Message::text(text)).await;
                said.map_err(Into::into)
            };
            let all = try_join(say, try_join_all(heard));
            let ((), delays) = time::timeout(PATIENCE, all).await??;
            Ok(delays)
        })
    }
}

async fn connect(server: SocketAddr) -> Fallible<Client> {
    let url = format!("ws://{server}");
    let connecting = connect_async_with_config(url, None, true);
    let (client, _) = time::timeout(PATIENCE, connecting).await??;
    Ok(client)
}

/// Waits for a text. The server puts the speaker's name before it.
async fn hear(listener: &mut Client, text: &str) -> Result<(), WsError> {
    while let Some(message) = listener.next().await {
        if let Message::Text(heard) = message?
            && heard.ends_with(text)
        {
            return Ok(());
        }
    }
    Err(WsError::ConnectionClosed)
}

/// One text at a time, from one client to the other.
pub fn round_trips(server: SocketAddr, time: Duration) -> Fallible<Latencies> {
    let text = str::from_utf8(&MESSAGE)?;
    let mut chat = Chat::join(server, server, 1)?;
    closed_loop(time, || {
        chat.say(text)?;
        Ok(())
    })
}

//! The chat server over real sockets.

mod crowd;
mod faults;
mod room;

use std::net::TcpStream;

use testkit::{Program, connect};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// A WebSocket with time limits on its reads and writes, in the room already:
/// what is said from now on, it hears.
struct Client {
    socket: WebSocket<TcpStream>,
    port: u16,
}

impl Client {
    fn join(server: &Program) -> Client {
        let client = Client::connect(server);
        server.wait_for(&format!("Cliente ligado: {}\n", client.name()));
        client
    }

    /// The same without waiting until the server has seen it.
    fn connect(server: &Program) -> Client {
        let stream = connect(server.address());
        let port = stream.local_addr().expect("an address").port();
        let url = format!("ws://{}", server.address());
        let (socket, _) = tungstenite::client(url, stream).expect("a 101");
        Client { socket, port }
    }

    /// As the server prints it.
    fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What the others hear when this client says it.
    fn heard(&self, text: &str) -> String {
        format!("[{}]: {text}", self.port)
    }

    fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("say");
    }

    /// The next text.
    fn hear(&mut self) -> String {
        match self.socket.read().expect("a message in time") {
            Message::Text(text) => text.to_string(),
            other => panic!("a text was expected, not {other:?}"),
        }
    }

    /// The server's goodbye to all, whatever is said before.
    fn sees_goodbye(&mut self) {
        while !matches!(
            self.socket.read().expect("a goodbye in time"),
            Message::Close(None)
        ) {}
        // The reply goes out, and the server hangs up.
        while self.socket.read().is_ok() {}
    }

    /// The code and the reason with which the server closes, whatever is
    /// said before.
    fn closed_with(&mut self) -> (u16, String) {
        loop {
            match self.socket.read().expect("a goodbye in time") {
                Message::Close(Some(frame)) => {
                    // The reply goes out, and the server hangs up.
                    while self.socket.read().is_ok() {}
                    return (frame.code.into(), frame.reason.to_string());
                }
                Message::Close(None) => panic!("closed without a code"),
                _ => {}
            }
        }
    }
}

/// Two clients with good manners, who must notice nothing of what others do.
struct Friends(Client, Client);

impl Friends {
    fn join(server: &Program) -> Friends {
        Friends(Client::join(server), Client::join(server))
    }

    /// They hear each other, and nothing else.
    fn talk(&mut self) {
        let Friends(first, second) = self;
        first.say("estás aí?");
        assert_eq!(second.hear(), first.heard("estás aí?"));
        second.say("estou");
        assert_eq!(first.hear(), second.heard("estou"));
    }
}

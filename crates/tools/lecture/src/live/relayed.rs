//! What goes over the wire, as the page draws it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wire::{
    Content, Conversation, Direction, Fault, Happening, Malformed, Message,
    Protocol, Recording, Sink, Transport, Verdict,
};

use super::event::{Event, Field, Frame, Number, Outbox};

/// The most bytes, and parts, of a frame that the page is given.
const BYTES: usize = 4 << 10;
const FIELDS: usize = 300;

/// What stands for what where a page shows it.
pub type Shown = Arc<Mutex<Known>>;

/// What is known of a session's programs and their ports.
#[derive(Default)]
pub struct Known {
    /// Each terminal, by the name of its program.
    pub names: BTreeMap<String, Number>,
    /// The documented port for each of this machine's.
    pub ports: BTreeMap<u16, u16>,
}

impl Known {
    /// A text with the documented ports.
    fn to_documented(&self, text: &str) -> String {
        let ports = self.ports.iter();
        ports.fold(text.to_string(), |text, (real, documented)| {
            text.replace(&format!(":{real}"), &format!(":{documented}"))
        })
    }
}

/// Hears the relays of a session: decodes what passes for the page, and keeps
/// it for a capture.
pub struct Relayed {
    outbox: Arc<Outbox>,
    session: u64,
    shown: Shown,
    recording: Recording,
    connections: BTreeMap<u64, Connection>,
}

/// A connection between two terminals.
struct Connection {
    transport: Transport,
    client: Number,
    server: Number,
    conversation: Conversation,
}

impl Sink for Relayed {
    fn event(&mut self, event: wire::Event) -> Verdict {
        let number = event.connection;
        match &event.what {
            Happening::Opened(opened) | Happening::Refused(opened) => {
                let known = known(&self.shown);
                let find =
                    |name| known.names.get(name).copied().unwrap_or_default();
                let connection = Connection {
                    transport: opened.transport,
                    client: find(&opened.client.name),
                    server: find(&opened.server.name),
                    conversation: Conversation::new(opened.transport, None),
                };
                drop(known);
                if opened.transport == Transport::Tcp {
                    let (from, to) = (connection.client, connection.server);
                    self.tell(Event::Opened { from, to });
                    if matches!(event.what, Happening::Refused(_)) {
                        let (from, to) = (to, from);
                        self.tell(Event::Reset { from, to });
                    }
                }
                self.connections.insert(number, connection);
            }
            what => self.hear(number, what),
        }
        if matches!(event.what, Happening::Closed | Happening::Refused(_)) {
            self.connections.remove(&number);
        }
        self.recording.event(event)
    }
}

impl Relayed {
    /// Tells it all to this session of the page.
    pub fn new(
        outbox: Arc<Outbox>,
        session: u64,
        shown: Shown,
        recording: Recording,
    ) -> Relayed {
        Relayed {
            outbox,
            session,
            shown,
            recording,
            connections: BTreeMap::new(),
        }
    }

    fn hear(&mut self, number: u64, what: &Happening) {
        let Some(connection) = self.connections.get_mut(&number) else {
            return;
        };
        let messages = connection.conversation.hear(what);
        let known = known(&self.shown);
        let mut events: Vec<Event> = messages
            .into_iter()
            .map(|message| {
                let (from, to) = connection.way(message.direction);
                let protocol = connection.conversation.protocol();
                let protocol = protocol.unwrap_or(Protocol::Text);
                let frame = documented(frame(message, protocol), &known);
                Event::Frame { from, to, frame }
            })
            .collect();
        drop(known);
        match what {
            Happening::HalfClosed(direction) => {
                let (from, to) = connection.way(*direction);
                events.push(Event::HalfClosed { from, to });
            }
            Happening::Reset(direction)
                if connection.transport == Transport::Tcp =>
            {
                let (from, to) = connection.way(*direction);
                events.push(Event::Reset { from, to });
            }
            _ => {}
        }
        for event in events {
            self.tell(event);
        }
    }

    fn tell(&self, event: Event) {
        self.outbox.add(self.session, event);
    }
}

impl Connection {
    /// From whom, to whom.
    fn way(&self, direction: Direction) -> (Number, Number) {
        match direction {
            Direction::ToServer => (self.client, self.server),
            Direction::ToClient => (self.server, self.client),
        }
    }
}

fn known(shown: &Shown) -> MutexGuard<'_, Known> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The frame with the documented ports in what it says. Its bytes stay what
/// they were.
fn documented(frame: Frame, known: &Known) -> Frame {
    let fields = frame.fields.into_iter().map(|field| {
        let value = known.to_documented(&field.value);
        Field {
            other_port: value != field.value,
            value,
            ..field
        }
    });
    Frame {
        title: known.to_documented(&frame.title),
        preview: frame.preview.map(|text| known.to_documented(&text)),
        fields: fields.collect(),
        ..frame
    }
}

fn frame(message: Message, protocol: Protocol) -> Frame {
    let mut bytes = String::new();
    for byte in message.bytes.iter().take(BYTES) {
        let _ = write!(bytes, "{byte:02x}");
    }
    let frame = Frame {
        protocol: protocol.id(),
        title: String::new(),
        preview: None,
        wrong: None,
        size: message.length,
        bytes,
        fields: Vec::new(),
    };
    match message.content {
        Content::Frame(content) => Frame {
            protocol: content.protocol.id(),
            title: match (&content.preview, content.protocol) {
                // Text has nothing to say of itself.
                (Some(text), Protocol::Text) => format!("«{text}»"),
                _ if is_masked(&content) => {
                    format!("{}, com máscara", content.summary)
                }
                _ => content.summary,
            },
            preview: content
                .preview
                .filter(|_| content.protocol != Protocol::Text),
            fields: content
                .fields
                .into_iter()
                .take(FIELDS)
                .map(field)
                .collect(),
            ..frame
        },
        Content::Unread(Malformed { fault, at }) => Frame {
            title: format!("{} bytes", message.length),
            wrong: Some(match at {
                0 => wrong(fault).to_string(),
                at => format!("{} (no byte {at})", wrong(fault)),
            }),
            ..frame
        },
    }
}

/// Whether it is a WebSocket frame of a client.
fn is_masked(frame: &wire::Frame) -> bool {
    let mut fields = frame.fields.iter();
    fields.any(|field| field.id == "websocket.mask" && field.value == "1")
}

fn field(field: wire::Field) -> Field {
    Field {
        id: field.id,
        name: field.name.into_owned(),
        value: field.value,
        start: field.bytes.start,
        end: field.bytes.end,
        bits: field.bits.map(|bits| (bits.start, bits.end)),
        other_port: false,
    }
}

/// What is wrong with bytes, in words.
fn wrong(fault: Fault) -> &'static str {
    match fault {
        Fault::PastTheEnd => "um campo passa do fim do frame",
        Fault::LeftOver => "sobram bytes depois do último campo",
        Fault::NotUtf8 => "um texto não é UTF-8",
        Fault::TooLong => "é mais longo do que aqui se lê",
        Fault::Unfinished => "a ligação acabou a meio",
        Fault::Lost => "depois de um erro, não se sabe onde começa o seguinte",
        Fault::OtherProtocol => "é de um protocolo que aqui não se conhece",
        Fault::HttpHead => "não é o princípio de uma mensagem HTTP/1",
        Fault::HttpTooManyHeaders => "tem cabeçalhos a mais",
        Fault::HttpLength => "o Content-Length não é um número, e só um",
        Fault::HttpEncoding => "o último Transfer-Encoding não é chunked",
        Fault::HttpChunk => "um pedaço não começa pelo seu tamanho",
        Fault::HttpChunkEnd => "um pedaço é maior do que diz",
        Fault::HttpTrailer => "o que vem depois do corpo não são cabeçalhos",
        Fault::WebSocketOpcode => "o opcode está reservado",
        Fault::WebSocketReserved => "há um bit reservado a 1",
        Fault::WebSocketLength => "o tamanho não está bem escrito",
        Fault::WebSocketControlFragment => {
            "um frame de controlo não pode vir em fragmentos"
        }
        Fault::WebSocketControlLength => {
            "um frame de controlo não pode passar de 125 bytes"
        }
        Fault::WebSocketCloseCode => "falta metade do código do Close",
        Fault::WebSocketContinuation => "continua uma mensagem que não começou",
        Fault::WebSocketInterrupted => "começa outra mensagem a meio de uma",
        Fault::MqttType => "o tipo do pacote está reservado",
        Fault::MqttFlags => "os bits não são os deste tipo de pacote",
        Fault::MqttLength => "o tamanho tem mais de quatro bytes",
        Fault::MqttProtocol => "não é MQTT 3.1, 3.1.1 nem 5",
        Fault::MqttId => "o número do pacote é 0",
        Fault::MqttQos => "não há QoS acima de 2",
        Fault::MqttNull => "um texto tem o carácter 0",
        Fault::MqttNoFilter => "não traz nenhum filtro",
        Fault::MqttProperty => "tem uma propriedade que o MQTT 5 não conhece",
        Fault::MqttNotConnected => "o primeiro pacote não é um CONNECT",
        Fault::AmqpType => "o tipo do frame não existe",
        Fault::AmqpEnd => "o frame não acaba em 0xCE",
        Fault::AmqpHeader => "não é o princípio de uma ligação AMQP",
        Fault::AmqpMethod => "a classe ou o método não existem",
        Fault::AmqpTable => "não se consegue ler um valor de uma tabela",
        Fault::ZmtpGreeting => "não é a saudação do ZMTP",
        Fault::ZmtpVersion => "é um ZMTP anterior ao 3.0",
        Fault::ZmtpFlags => "nenhum frame pode ter estes bits",
        Fault::ZmtpLength => "o tamanho não está bem escrito",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_a_frame_says_has_the_documented_ports() {
        let known = Known {
            ports: BTreeMap::from([(25_972, 8765), (25_971, 8080)]),
            ..Known::default()
        };
        let text = "GET /?ws=ws://127.0.0.1:25972 em 127.0.0.1:25971, 25972";
        let expected = "GET /?ws=ws://127.0.0.1:8765 em 127.0.0.1:8080, 25972";
        assert_eq!(known.to_documented(text), expected);
    }

    /// The page's sentences, by the part of a frame.
    fn sentences() -> serde_json::Map<String, serde_json::Value> {
        let script = include_str!("../../theme/live/fields.js");
        let from = script.find("FIELDS = ").expect("the table") + 9;
        let to = script.rfind(';').expect("its end");
        let json = script[from..to].replace("],\n}", "]\n}");
        serde_json::from_str(&json).expect("JSON, but for the last comma")
    }

    #[test]
    fn every_part_of_a_frame_is_explained_with_a_page_of_the_book() {
        let mut sentences = sentences();
        let docs = testkit::workspace().join("docs");
        for id in wire::field_ids() {
            let entry = sentences.remove(id);
            let entry = entry.unwrap_or_else(|| panic!("{id}: no sentence"));
            let sentence = entry[0].as_str().expect("a sentence");
            assert!(sentence.ends_with('.'), "{id}: {sentence}");
            let page = entry[1].as_str().expect("a page");
            let source = page.strip_suffix(".html").expect("a page");
            let source = docs.join(format!("{source}.md"));
            assert!(fs::exists(source).expect("docs"), "{id}: no {page}");
        }
        assert_eq!(sentences.keys().collect::<Vec<_>>(), Vec::<&str>::new());
    }
}

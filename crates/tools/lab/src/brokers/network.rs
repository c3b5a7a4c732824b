//! The network between a program and a broker: passes everything on, says what
//! went by, and can be cut.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use wire::{
    Content, Conversation, Direction, Ends, Event, Happening, Protocol,
    Recorder, Relay, Sink, Transport, Verdict,
};

use crate::outcome::{Failure, Outcome};
use crate::trial::Trial;

/// A kind of frame, by who sends it and the name that [`wire`] gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind(Direction, &'static str);

// RabbitMQ lets the program in, promises it the messages of a queue, gives it
// one, and hears what has come of it, and that it is done with it.
pub const OPENED: Kind = Kind(Direction::ToClient, "amqp.connection.open-ok");
pub const CONSUMES: Kind = Kind(Direction::ToClient, "amqp.basic.consume-ok");
pub const DELIVERED: Kind = Kind(Direction::ToClient, "amqp.basic.deliver");
pub const PUBLISHED: Kind = Kind(Direction::ToServer, "amqp.basic.publish");
pub const ACKNOWLEDGED: Kind = Kind(Direction::ToServer, "amqp.basic.ack");

// An MQTT broker lets the program in, and hears its goodbye.
pub const CONNECTED: Kind = Kind(Direction::ToClient, "mqtt.connack");
pub const LEFT: Kind = Kind(Direction::ToServer, "mqtt.disconnect");

/// A network. It is cut for good when this is dropped.
pub struct Network {
    relay: Relay,
    passed: Arc<Mutex<Passed>>,
    /// How many frames were asked for already.
    seen: Cell<usize>,
}

/// How often a program comes back in how much time, where it tries once a
/// second, as the sheets have it. Each try may take half a second itself.
const TRIES: usize = 4;
const OFTEN: Duration = Duration::from_millis(1500 * (TRIES as u64 - 1));

/// What went by.
#[derive(Default)]
struct Passed {
    frames: Vec<(Direction, String)>,
    /// The frame before which the network breaks, once.
    breaks_at: Option<Kind>,
}

fn lock(passed: &Mutex<Passed>) -> MutexGuard<'_, Passed> {
    passed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads along.
struct Reader {
    protocol: Protocol,
    passed: Arc<Mutex<Passed>>,
    conversations: HashMap<u64, Conversation>,
    /// How many bytes have passed, on each connection and in each direction.
    bytes: HashMap<(u64, Direction), u64>,
}

impl Sink for Reader {
    fn event(&mut self, event: Event) -> Verdict {
        let number = event.connection;
        let Happening::Data { direction, bytes } = &event.what else {
            return Verdict::Pass;
        };
        let protocol = self.protocol;
        let conversation =
            self.conversations.entry(number).or_insert_with(|| {
                Conversation::new(Transport::Tcp, Some(protocol))
            });
        let messages = conversation.push(*direction, bytes);
        let mut verdict = Verdict::Pass;
        let before = self.bytes.entry((number, *direction)).or_default();
        let mut passed = lock(&self.passed);
        for message in messages {
            let Content::Frame(frame) = message.content else {
                continue;
            };
            let is_it = |Kind(direction, kind): Kind| {
                direction == message.direction && kind == frame.kind
            };
            let breaks = passed.breaks_at.is_some_and(is_it);
            passed.frames.push((message.direction, frame.kind.into()));
            if breaks {
                passed.breaks_at = None;
                let count = message.offset.saturating_sub(*before);
                verdict = Verdict::CutAfter(count as usize);
                break;
            }
        }
        *before += bytes.len() as u64;
        verdict
    }
}

impl Network {
    /// A network that leads to a broker, which speaks this.
    pub fn to(broker: SocketAddr, protocol: Protocol) -> Outcome<Network> {
        let passed = Arc::new(Mutex::new(Passed::default()));
        let recorder = Recorder::new(Reader {
            protocol,
            passed: Arc::clone(&passed),
            conversations: HashMap::new(),
            bytes: HashMap::new(),
        });
        let ends = Ends {
            client: "programa".to_string(),
            server: "broker".to_string(),
            documented: None,
        };
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let relay = Relay::tcp(anywhere, ends, &recorder);
        let network = Network {
            relay: relay.map_err(|error| {
                Failure::not_run(format!("o verificador não escuta: {error}"))
            })?,
            passed,
            seen: Cell::new(0),
        };
        network.leads_to(broker)?;
        Ok(network)
    }

    /// Where the program finds the broker.
    pub fn address(&self) -> SocketAddr {
        self.relay.address()
    }

    /// Whether such a frame went by, after what was asked for before.
    pub fn saw(&self, Kind(direction, kind): Kind) -> bool {
        let passed = lock(&self.passed);
        let mut later = passed.frames.iter().skip(self.seen.get());
        match later.position(|(way, name)| *way == direction && name == kind) {
            Some(index) => {
                self.seen.set(self.seen.get() + index + 1);
                true
            }
            None => false,
        }
    }

    /// Whether such a frame went by at any time.
    pub fn ever_saw(&self, Kind(direction, kind): Kind) -> bool {
        let passed = lock(&self.passed);
        let mut frames = passed.frames.iter();
        frames.any(|(way, name)| *way == direction && name == kind)
    }

    /// Waits until the program, which has lost its broker, has tried as often
    /// as it should to come back. It finds somebody who hangs up, and nobody
    /// after that.
    pub fn is_tried(&self, trial: &mut Trial) -> Outcome {
        let tried = Refuser::start().map_err(lost)?;
        self.leads_to(tried.address)?;
        let missing = || {
            Failure::new(format!(
                "sem broker, o programa não tenta ligar-se {TRIES} vezes em {} \
                 s",
                OFTEN.as_secs_f32()
            ))
            .because(
                "Uma tentativa por segundo, ou mais: quem espera cada vez mais \
                 tempo só dá pelo broker muito depois de ele voltar.",
            )
        };
        let often = || tried.is_often().then_some(());
        trial.awaits(4 * OFTEN, missing, often)?;
        trial.steps.add("programa", "tenta ligar-se, várias vezes");
        self.refuses()?;
        trial.keeps(tried);
        Ok(())
    }

    /// Lets no other connection be made.
    pub fn refuses(&self) -> Outcome {
        self.relay.refuse().map_err(lost)
    }

    /// Cuts all connections, and lets no other be made.
    pub fn breaks(&self) -> Outcome {
        self.relay.cut().map_err(lost)
    }

    /// Cuts a connection at the next frame of this kind, which does not arrive.
    pub fn breaks_at(&self, kind: Kind) {
        lock(&self.passed).breaks_at = Some(kind);
    }

    /// From now on, connections lead to this broker.
    pub fn leads_to(&self, broker: SocketAddr) -> Outcome {
        self.relay.forward_to(broker).map_err(lost)
    }
}

/// Hangs up on everybody who says a word, as a broker does that ends, and knows
/// when they came.
struct Refuser {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Instant>>>,
    ended: Arc<AtomicBool>,
}

impl Refuser {
    fn start() -> io::Result<Refuser> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let refuser = Refuser {
            address: listener.local_addr()?,
            came: Arc::default(),
            ended: Arc::default(),
        };
        let came = Arc::clone(&refuser.came);
        let ended = Arc::clone(&refuser.ended);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(mut stream) = stream else { continue };
                let mut came =
                    came.lock().unwrap_or_else(PoisonError::into_inner);
                came.push(Instant::now());
                drop(came);
                let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
                // What is unread when a socket is closed makes it a reset.
                let _ = stream.read(&mut [0; 4096]);
            }
        });
        Ok(refuser)
    }

    fn is_often(&self) -> bool {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        let mut times = came.windows(TRIES);
        times.any(|times| times[TRIES - 1] - times[0] <= OFTEN)
    }
}

impl Drop for Refuser {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the thread up.
        let _ = TcpStream::connect(self.address);
    }
}

fn lost(error: io::Error) -> Box<Failure> {
    Failure::not_run(format!("a rede do verificador falhou: {error}"))
}

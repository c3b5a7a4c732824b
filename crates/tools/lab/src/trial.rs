//! One check while it runs: the program, what was done to it, and what is
//! wrong with it.

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::ExitStatus;
use std::rc::Rc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::bytes::Expected;
use crate::program::{Launch, Offence, Program};
use crate::random::Random;
use crate::tcp::Client;
use crate::udp::Sender;

/// How long a program may take until it listens.
pub const START: Duration = Duration::from_secs(15);

/// How long a program may take for an answer.
pub const ANSWER: Duration = Duration::from_secs(3);

/// How long the checker watches for what must *not* come.
pub const SILENCE: Duration = Duration::from_millis(250);

/// What a check comes to.
pub type Outcome<T = ()> = Result<T, Box<Failure>>;

/// What is wrong, in words for the student.
#[derive(Clone)]
pub struct Failure {
    /// What happened, in one line.
    pub what: String,
    /// The likely cause; where it is empty, the check's own one holds.
    pub cause: String,
    /// What should have come, and what did.
    pub compared: Option<(Expected, Vec<u8>)>,
    /// Whether the program's state has nothing to add to it.
    settled: bool,
}

impl Failure {
    pub fn new(what: impl Into<String>) -> Box<Failure> {
        Box::new(Failure {
            what: what.into(),
            cause: String::new(),
            compared: None,
            settled: false,
        })
    }

    pub fn because(mut self: Box<Self>, cause: impl Into<String>) -> Box<Self> {
        self.cause = cause.into();
        self
    }

    pub fn comparing(mut self: Box<Self>, e: Expected, r: &[u8]) -> Box<Self> {
        self.compared = Some((e, r.to_vec()));
        self
    }

    fn settled(mut self: Box<Self>) -> Box<Self> {
        self.settled = true;
        self
    }
}

/// What was done, step by step.
#[derive(Clone, Default)]
pub struct Steps(Rc<RefCell<Vec<Step>>>);

#[derive(Clone)]
pub struct Step {
    pub who: String,
    pub did: String,
}

impl Steps {
    pub fn add(&self, who: &str, did: impl Into<String>) {
        self.0.borrow_mut().push(Step {
            who: who.to_string(),
            did: did.into(),
        });
    }

    pub fn all(&self) -> Vec<Step> {
        self.0.borrow().clone()
    }
}

/// What a check has in its hands.
pub struct Trial<'a> {
    pub random: Random,
    pub steps: Steps,
    launch: &'a Launch,
    /// The program, once it runs; `None` while nothing needed it.
    program: Option<Program>,
    address: SocketAddr,
    clients: usize,
}

impl<'a> Trial<'a> {
    pub fn new(launch: &'a Launch, random: Random) -> Trial<'a> {
        Trial {
            random,
            steps: Steps::default(),
            launch,
            program: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clients: 0,
        }
    }

    /// The program, started on a free port if it does not run yet.
    pub fn program(&mut self) -> Outcome<&mut Program> {
        if self.program.is_none() {
            self.address = free_address();
            self.start(&self.address.to_string())?;
        }
        Ok(self.program.as_mut().expect("it was just started"))
    }

    /// Starts the program with this in the place of `{addr}`: the address at
    /// which it is to listen, or the URL to which it is to connect.
    pub fn start(&mut self, address: &str) -> Outcome {
        let program =
            Program::start(self.launch, address).map_err(|error| {
                let command = self.launch.program.to_string_lossy();
                Failure::new(format!("o programa não arranca: {error}"))
                .because(format!(
                    "Não existe nenhum «{command}», ou não se pode executar. \
                     Experimente o comando sozinho, num terminal."
                ))
                .settled()
            })?;
        self.program = Some(program);
        Ok(())
    }

    /// A new TCP connection, as soon as the program listens.
    pub fn connect(&mut self) -> Outcome<Client> {
        self.program()?;
        self.clients += 1;
        let name = format!("cliente {}", self.clients);
        let stream = self.connected()?;
        self.steps.add(&name, "liga-se");
        Ok(Client::new(name, stream, self.steps.clone()))
    }

    /// The first connection is also how one sees that a server is up: another
    /// one, only to look, would be a client that leaves without a word.
    fn connected(&mut self) -> Outcome<TcpStream> {
        let first = self.clients == 1;
        let limit = if first { START } else { ANSWER };
        let start = Instant::now();
        let address = self.address;
        loop {
            let error = match TcpStream::connect_timeout(&address, limit) {
                // A port of one's own, while nobody listens there, can come
                // out connected to itself.
                Ok(stream) if stream.local_addr().ok() == Some(address) => {
                    continue;
                }
                Ok(stream) => return Ok(stream),
                Err(error) => error,
            };
            if let Some(status) = self.program()?.ended() {
                let when = if first {
                    "antes de escutar"
                } else {
                    "a meio da verificação"
                };
                return Err(ended(status, when).settled());
            }
            if start.elapsed() > limit || self.program()?.offence().is_some() {
                return Err(self.deaf(first, &error));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn deaf(&self, first: bool, error: &io::Error) -> Box<Failure> {
        let address = self.address;
        let failure = if first {
            Failure::new(format!(
                "o programa corre, mas ao fim de {} s ninguém escuta em \
                 {address}",
                START.as_secs()
            ))
            .because(
                "O programa tem de escutar no endereço que recebe como \
                 argumento, e não num endereço fixo.",
            )
        } else {
            Failure::new("o programa deixou de aceitar ligações").because(
                format!(
                    "Ou fechou o socket que escuta, ou já não chega ao \
                     `accept` ({error})."
                ),
            )
        };
        failure.settled()
    }

    /// Presses Ctrl-C: the program ends in time, and leaves nothing behind.
    #[cfg(unix)]
    pub fn interrupts(&mut self, limit: Duration) -> Outcome {
        let steps = self.steps.clone();
        steps.add("verificador", "prime Ctrl-C no programa");
        let program = self.program()?;
        program.interrupt();
        if program.ended_within(limit).is_none() {
            return Err(Failure::new(format!(
                "o programa continua a correr {} s depois do Ctrl-C",
                limit.as_secs()
            )));
        }
        let left = program.left_behind(Duration::from_secs(1));
        // It ended, as it should: nothing to explain in that.
        self.program = None;
        if left.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            "o programa terminou, mas deixou processos a correr",
        )
        .because(
            "O que um programa inicia (`subprocess`, `multiprocessing`, \
             `fork`) tem de terminar com ele. Estes foram agora terminados \
             pelo verificador.",
        ))
    }

    /// A new UDP socket, which hears only the program.
    pub fn sender(&mut self) -> Outcome<Sender> {
        self.program()?;
        self.clients += 1;
        let open = || {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.connect(self.address)?;
            Ok(socket)
        };
        let socket = open().map_err(|error: io::Error| {
            Failure::new(format!("o verificador ficou sem sockets: {error}"))
        })?;
        let name = format!("cliente {}", self.clients);
        Ok(Sender::new(name, socket, self.steps.clone()))
    }

    /// The program has not ended.
    pub fn still_runs(&mut self) -> Outcome {
        match self.program()?.ended() {
            Some(status) => Err(ended(status, "antes de escutar").settled()),
            None => Ok(()),
        }
    }

    /// The program does not end, for a moment, after what was done to it.
    pub fn survives(&mut self) -> Outcome {
        match self.program()?.ended_within(SILENCE) {
            Some(status) => Err(ended(status, "a meio da verificação")),
            None => Ok(()),
        }
    }

    /// Takes from `failed` what the program's state explains better.
    pub fn explained(&mut self, failed: Outcome) -> Outcome {
        let Some(program) = self.program.as_mut() else {
            return failed;
        };
        if let Some(offence) = program.offence() {
            return Err(offended(offence));
        }
        let Err(failure) = failed else {
            return Ok(());
        };
        if failure.settled {
            return Err(failure);
        }
        // Who sees its connection broken may be quicker than the system that
        // tells of the program's end.
        match program.ended_within(Duration::from_millis(100)) {
            Some(status) => {
                let mut ended = ended(status, "a meio da verificação");
                ended.compared = failure.compared;
                Err(ended)
            }
            None => Err(failure),
        }
    }

    /// The last lines that the program wrote, if it ever ran.
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        self.program
            .as_ref()
            .map(|program| program.last_lines(count))
            .unwrap_or_default()
    }
}

fn ended(status: ExitStatus, when: &str) -> Box<Failure> {
    let how = match status.code() {
        Some(code) => format!("com o código {code}"),
        None => "por um sinal do sistema".to_string(),
    };
    Failure::new(format!("o programa terminou, {how}, {when}")).because(
        "Um servidor não termina por causa de um cliente: o que corre mal \
             com um fica com esse.",
    )
}

fn offended(offence: Offence) -> Box<Failure> {
    match offence {
        Offence::Flooded => {
            Failure::new("o programa inundou a saída com mais de 16 MiB")
                .because(
                    "Há um ciclo que escreve sem esperar por nada. Depois de \
                     uma leitura que dá zero bytes, ou um erro, o cliente já \
                     saiu: o ciclo tem de acabar.",
                )
        }
        Offence::TookMemory => {
            Failure::new("o programa passou de 512 MiB de memória").because(
                "Guarda tudo o que chega, sem limite: um cliente sozinho \
                 enche a memória da máquina.",
            )
        }
        Offence::TookTime => {
            Failure::new("a verificação não acabou num minuto").because(
                "O programa responde, mas tão devagar que não serve, ou ficou \
                 parado a meio.",
            )
        }
    }
}

/// A loopback address where nothing listens, for TCP and for UDP. No two calls
/// give the same; and the range is below the one from which systems take the
/// ports of clients, so that nobody comes by it meanwhile.
pub fn free_address() -> SocketAddr {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 18_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Checkers that run at the same time start at different places.
    let offset =
        (u64::from(std::process::id()) * 211 % u64::from(COUNT)) as u16;
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (offset + step % COUNT) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok()
            && UdpSocket::bind(address).is_ok()
        {
            return address;
        }
    }
}

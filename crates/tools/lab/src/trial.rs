//! One check while it runs: the program, what was done to it, and what is
//! wrong with it.

use std::any::Any;
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

const HALF_WAY: &str = "a meio da verificação";

/// What a check comes to.
pub type Outcome<T = ()> = Result<T, Box<Failure>>;

/// What is wrong, in words for the student.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What happened, in one line.
    pub what: String,
    /// The likely cause; where it is empty, the check's own one holds.
    pub cause: String,
    /// What should have come, and what did.
    pub compared: Option<(Expected, Vec<u8>)>,
    /// Whether the program's state has nothing to add to it.
    settled: bool,
    /// Whether it is the machine that lacks something: the check says nothing
    /// about the program.
    pub not_run: bool,
}

impl Failure {
    pub fn new(what: impl Into<String>) -> Box<Failure> {
        Box::new(Failure {
            what: what.into(),
            cause: String::new(),
            compared: None,
            settled: false,
            not_run: false,
        })
    }

    /// The check cannot be run here; and what to do about it.
    pub fn not_run(why: impl Into<String>) -> Box<Failure> {
        let mut failure = Failure::new(why).settled();
        failure.not_run = true;
        failure
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
    /// The submission, once it runs: one program, or several with names.
    runs: Vec<Run>,
    /// Where the program listens, if it is a server.
    address: SocketAddr,
    clients: usize,
    /// What lives as long as the programs do, and ends after them.
    kept: Vec<Box<dyn Any>>,
}

/// The submission, started once.
struct Run {
    /// Empty where it is the only one.
    name: String,
    program: Program,
    /// Whether its end is part of the check.
    may_end: bool,
}

/// A program as the student knows it.
fn who(name: &str) -> String {
    if name.is_empty() {
        "o programa".to_string()
    } else {
        format!("o programa «{name}»")
    }
}

impl<'a> Trial<'a> {
    pub fn new(launch: &'a Launch, random: Random) -> Trial<'a> {
        Trial {
            random,
            steps: Steps::default(),
            launch,
            runs: Vec::new(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clients: 0,
            kept: Vec::new(),
        }
    }

    /// The program; a server, started on a free port, if nothing runs yet.
    pub fn program(&mut self) -> Outcome<&mut Program> {
        if self.runs.is_empty() {
            self.serve(&[])?;
        }
        Ok(&mut self.runs[0].program)
    }

    /// Starts the program on a free port, with these words after its address.
    pub fn serve(&mut self, words: &[&str]) -> Outcome {
        self.address = free_address();
        self.start_as("", &self.address.to_string(), words)
    }

    /// Starts the program, once more and by this name, with this in the place
    /// of `{addr}`: the address at which it is to listen, or the URL to which
    /// it is to connect. The words after it say what else it is to do.
    pub fn start_as(
        &mut self,
        name: &str,
        address: &str,
        words: &[&str],
    ) -> Outcome {
        let started = Program::start(self.launch, address, words);
        let program = started.map_err(|error| {
            let command = self.launch.program.to_string_lossy();
            Failure::new(format!("o programa não arranca: {error}"))
                .because(format!(
                    "Não existe nenhum «{command}», ou não se pode executar. \
                     Experimente o comando sozinho, num terminal."
                ))
                .settled()
        })?;
        if !name.is_empty() {
            let words = match words {
                [] => String::new(),
                words => format!(": {}", words.join(" ")),
            };
            self.steps
                .add("verificador", format!("inicia {name}{words}"));
        }
        // Who starts again takes the place of who was.
        self.runs.retain(|run| run.name != name);
        self.runs.push(Run {
            name: name.to_string(),
            program,
            may_end: false,
        });
        Ok(())
    }

    /// Where the program listens, if it is a server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The program that was started by this name.
    pub fn named(&mut self, name: &str) -> &mut Program {
        &mut self.run_named(name).program
    }

    fn run_named(&mut self, name: &str) -> &mut Run {
        let run = self.runs.iter_mut().find(|run| run.name == name);
        run.expect("the check started it")
    }

    /// From here on, this program may end by itself.
    pub fn lets_end(&mut self, name: &str) {
        self.run_named(name).may_end = true;
    }

    /// Kills a program, as `kill -9` does.
    pub fn kills(&mut self, name: &str) {
        let run = self.run_named(name);
        run.may_end = true;
        run.program.kill();
        let did = format!("mata {} (kill -9)", who(name));
        self.steps.add("verificador", did);
    }

    /// A program ends by itself within this time, and with which exit status:
    /// `None` where a signal ended it.
    pub fn ends(
        &mut self,
        name: &str,
        limit: Duration,
    ) -> Outcome<Option<i32>> {
        let run = self.run_named(name);
        run.may_end = true;
        match run.program.ended_within(limit) {
            Some(status) => {
                let how = how(status);
                self.steps.add(&shown(name), format!("termina, {how}"));
                Ok(status.code())
            }
            None => Err(Failure::new(format!(
                "{} continua a correr ao fim de {} s",
                who(name),
                limit.as_secs()
            ))),
        }
    }

    /// A program writes such a line to stdout within this time, in whatever
    /// company; `wanted` says to the student which.
    pub fn prints(
        &mut self,
        name: &str,
        limit: Duration,
        wanted: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Outcome<String> {
        let program = self.named(name);
        let Some(line) = program.next_line(limit, is_wanted) else {
            let who = who(name);
            return Err(Failure::new(match program.ended() {
                Some(_) => format!("{who} acabou sem escrever {wanted}"),
                None => format!(
                    "{who} não escreveu {wanted} em {} s",
                    limit.as_secs()
                ),
            }));
        };
        self.steps.add(&shown(name), format!("escreve «{line}»"));
        Ok(line)
    }

    /// Asks again and again until there is an answer. For what happens
    /// elsewhere than here: at the broker, in the program.
    pub fn awaits<T>(
        &mut self,
        limit: Duration,
        missing: impl Fn() -> Box<Failure>,
        mut ask: impl FnMut() -> Option<T>,
    ) -> Outcome<T> {
        let start = Instant::now();
        loop {
            if let Some(answer) = ask() {
                return Ok(answer);
            }
            let mut runs = self.runs.iter_mut().filter(|run| !run.may_end);
            let gone = runs.any(|run| run.program.ended().is_some());
            if gone || start.elapsed() > limit {
                return Err(missing());
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Keeps something until the programs have ended: a broker, say, which
    /// they should not lose before they are asked what they wrote last.
    pub fn keeps(&mut self, thing: impl Any) {
        self.kept.push(Box::new(thing));
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
                let when = if first { "antes de escutar" } else { HALF_WAY };
                return Err(self.ended("o programa", status, when).settled());
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
        self.runs.remove(0);
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
            Some(status) => {
                let when = "antes de escutar";
                Err(self.ended("o programa", status, when).settled())
            }
            None => Ok(()),
        }
    }

    /// The program does not end, for a moment, after what was done to it.
    pub fn survives(&mut self) -> Outcome {
        match self.program()?.ended_within(SILENCE) {
            Some(status) => Err(self.ended("o programa", status, HALF_WAY)),
            None => Ok(()),
        }
    }

    /// Takes from `failed` what the programs' state explains better.
    pub fn explained(&mut self, failed: Outcome) -> Outcome {
        for run in &self.runs {
            if let Some(offence) = run.program.offence() {
                return Err(offended(&who(&run.name), offence));
            }
        }
        let Err(failure) = failed else {
            return Ok(());
        };
        if failure.settled {
            return Err(failure);
        }
        // Who sees its connection broken may be quicker than the system that
        // tells of the program's end.
        let start = Instant::now();
        let limit = Duration::from_millis(100);
        let mut runs = self.runs.iter_mut().filter(|run| !run.may_end);
        let gone = runs.find_map(|run| {
            let left = limit.saturating_sub(start.elapsed());
            Some((who(&run.name), run.program.ended_within(left)?))
        });
        match gone {
            Some((who, status)) => {
                let mut ended = self.ended(&who, status, HALF_WAY);
                ended.compared = failure.compared;
                Err(ended)
            }
            None => Err(failure),
        }
    }

    /// Something ended that should not have.
    fn ended(&self, who: &str, status: ExitStatus, when: &str) -> Box<Failure> {
        let how = how(status);
        let failure = Failure::new(format!("{who} terminou, {how}, {when}"));
        let is_server = self.address.port() != 0;
        failure.because(if is_server {
            "Um servidor não termina por causa de um cliente: o que corre mal \
             com um fica com esse."
        } else {
            "Um programa destes não termina por causa do que recebe, nem por \
             perder a ligação. As últimas linhas que escreveu podem dizer \
             porquê."
        })
    }

    /// The last lines that the program wrote, if it ever ran; where there are
    /// several, those of each, with its name.
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        if let [run] = &self.runs[..] {
            return run.program.last_lines(count);
        }
        let names = self.runs.iter().map(|run| run.name.chars().count());
        let width = names.max().unwrap_or(0);
        let each = count.div_ceil(self.runs.len().max(1)).max(2);
        let mut all = Vec::new();
        for run in &self.runs {
            for line in run.program.last_lines(each) {
                all.push(format!("{:width$} | {line}", run.name));
            }
        }
        all
    }
}

/// A program's name in the record of the steps.
fn shown(name: &str) -> String {
    if name.is_empty() { "programa" } else { name }.to_string()
}

fn how(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("com o código {code}"),
        None => "por um sinal do sistema".to_string(),
    }
}

fn offended(who: &str, offence: Offence) -> Box<Failure> {
    match offence {
        Offence::Flooded => {
            Failure::new(format!("{who} inundou a saída com mais de 16 MiB"))
                .because(
                    "Há um ciclo que escreve sem esperar por nada. Depois de \
                     uma leitura que dá zero bytes, ou um erro, o cliente já \
                     saiu: o ciclo tem de acabar.",
                )
        }
        Offence::TookMemory => {
            Failure::new(format!("{who} passou de 512 MiB de memória")).because(
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
    let [address] = free_addresses();
    address
}

/// The same for several ports, one after the other.
pub fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 18_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Checkers that run at the same time start at different places.
    let offset =
        (u64::from(std::process::id()) * 211 % u64::from(COUNT)) as u16;
    loop {
        let step = NEXT.fetch_add(N as u16, Ordering::Relaxed);
        let first = FIRST + (offset + step % COUNT) % COUNT;
        let addresses = std::array::from_fn(|index| {
            SocketAddr::from((Ipv4Addr::LOCALHOST, first + index as u16))
        });
        let is_free = |address: &SocketAddr| {
            TcpListener::bind(address).is_ok()
                && UdpSocket::bind(address).is_ok()
        };
        if addresses.iter().all(is_free) {
            return addresses;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// A submission in shell: `$1` is the address, `$2` the word after it.
    fn shell(script: &str) -> Launch {
        Launch {
            program: "sh".into(),
            arguments: ["-c", script, "sh", "{addr}"].map(String::from).into(),
            folder: None,
        }
    }

    fn trial(launch: &Launch) -> Trial<'_> {
        Trial::new(launch, Random::new(7, "test"))
    }

    const ROLES: &str = "echo $1 $2; [ $2 != ends ] || exit 3; sleep 60";

    #[test]
    fn starts_several_and_says_which_is_wrong() {
        let launch = shell(ROLES);
        let mut trial = trial(&launch);
        for name in ["works", "waits"] {
            trial.start_as(name, "tcp://x", &[name]).expect("it starts");
            let line = format!("tcp://x {name}");
            let printed = trial.prints(name, LIMIT, "", |said| said == line);
            assert_eq!(printed.map_err(|failure| failure.what), Ok(line));
        }
        let fine = trial.explained(Ok(()));
        assert!(fine.is_ok());

        trial
            .start_as("third", "tcp://x", &["ends"])
            .expect("starts");
        assert!(trial.named("third").ended_within(LIMIT).is_some());
        let failure = trial.explained(Err(Failure::new("something")));
        assert_eq!(
            failure.expect_err("a failure").what,
            "o programa «third» terminou, com o código 3, a meio da verificação"
        );
        let lines = trial.last_lines(6);
        assert_eq!(
            lines,
            [
                "works | tcp://x works",
                "waits | tcp://x waits",
                "third | tcp://x ends"
            ]
        );
    }

    #[test]
    fn what_the_check_ends_explains_nothing() {
        let launch = shell(ROLES);
        let mut trial = trial(&launch);
        trial.start_as("a", "x", &["works"]).expect("it starts");
        trial.start_as("b", "x", &["ends"]).expect("it starts");
        trial.start_as("c", "x", &["ends"]).expect("it starts");
        trial.kills("a");
        let status = trial.ends("b", LIMIT).map_err(|failure| failure.what);
        assert_eq!(status, Ok(Some(3)));
        trial.lets_end("c");
        assert!(trial.named("a").ended().is_some());
        let failure = trial.explained(Err(Failure::new("something")));
        assert_eq!(failure.expect_err("a failure").what, "something");
    }

    #[test]
    fn waits_no_longer_than_there_is_hope() {
        let launch = shell(ROLES);
        let mut trial = trial(&launch);
        trial.start_as("", "x", &["ends"]).expect("it starts");
        let start = Instant::now();
        let failure = trial
            .prints("", LIMIT, "nada", |_| false)
            .expect_err("no line");
        assert_eq!(failure.what, "o programa acabou sem escrever nada");
        let never = trial.awaits(
            Duration::from_secs(60),
            || Failure::new("nunca"),
            || None::<()>,
        );
        assert_eq!(never.expect_err("never").what, "nunca");
        assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    }
}

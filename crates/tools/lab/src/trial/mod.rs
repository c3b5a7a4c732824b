//! One check while it runs: the programs, and what was done to them.

mod server;

pub use server::{deaf, free_ports};

use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use crate::limits::{ANSWER, CHECK, CTRL_C, SILENCE, START};
use crate::machine;
use crate::outcome::{Failure, Kind, Outcome, Steps};
use crate::program::{Launch, Offence, Program};
use crate::random::Random;

/// Between two looks at what may have happened.
const BRIEFLY: Duration = Duration::from_millis(5);

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
    /// Whether it has answered, or connected.
    begun: bool,
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
                .of(Kind::Missing)
                .unbegun()
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
            begun: false,
        });
        Ok(())
    }

    /// The program that was started by this name.
    pub fn named(&mut self, name: &str) -> &mut Program {
        &mut self.run_named(name).program
    }

    fn run_named(&mut self, name: &str) -> &mut Run {
        let run = self.runs.iter_mut().find(|run| run.name == name);
        run.expect("the check started it")
    }

    /// How long the program that was started last may take to listen, or to
    /// connect: the first time, it may be that it has to begin.
    pub fn time_to_connect(&self) -> Duration {
        match self.runs.last() {
            Some(run) if run.begun => ANSWER,
            _ => START,
        }
    }

    /// The programs that run have answered, or connected.
    pub fn begins(&mut self) {
        for run in &mut self.runs {
            run.begun = true;
        }
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
            // Its output can be closed a moment before it has ended.
            return Err(Failure::new(match program.is_ending() {
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

    /// Presses Ctrl-C: the program ends in time, and leaves nothing behind.
    /// `meanwhile` is what its peers do while it ends: they answer it.
    #[cfg(unix)]
    pub fn interrupts(&mut self, meanwhile: impl FnMut()) -> Outcome {
        // As a person does, who sees that nothing moves any more: a signal
        // between a program's last look and its next wait may not be noticed.
        self.is_quiet_within(ANSWER)?;
        self.interrupts_at_once(meanwhile)
    }

    /// The same, in the midst of what the program does.
    #[cfg(unix)]
    pub fn interrupts_at_once(
        &mut self,
        mut meanwhile: impl FnMut(),
    ) -> Outcome {
        self.steps.add("verificador", "prime Ctrl-C no programa");
        let program = self.program()?;
        program.interrupt();
        let start = Instant::now();
        let ended = loop {
            meanwhile();
            if program.ended_within(BRIEFLY).is_some() {
                break true;
            }
            if start.elapsed() > CTRL_C {
                break false;
            }
        };
        if !ended {
            return Err(Failure::new(format!(
                "o programa continua a correr {} s depois do Ctrl-C",
                CTRL_C.as_secs()
            ))
            .of(Kind::Hung)
            .settled());
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

    /// Whether the program comes to do nothing but wait, within this time.
    pub fn is_quiet_within(&mut self, limit: Duration) -> Outcome<bool> {
        let processes = self.program()?.processes();
        Ok(machine::is_quiet_within(&processes, limit))
    }

    /// The program has not ended.
    pub fn still_runs(&mut self) -> Outcome {
        match self.program()?.ended() {
            Some(status) => Err(self.ended(0, status)),
            None => Ok(()),
        }
    }

    /// The program does not end, for a moment, after what was done to it.
    pub fn survives(&mut self) -> Outcome {
        let until = Instant::now() + SILENCE;
        let program = self.program()?;
        program.is_ending();
        program.ended_within(until.saturating_duration_since(Instant::now()));
        self.still_runs()
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
        // Who sees its connection broken may be quicker than the program is
        // with its end.
        let mut runs = self.runs.iter().enumerate();
        let gone = runs.find_map(|(index, run)| {
            let ended = !run.may_end;
            Some((index, ended.then(|| run.program.is_ending())??))
        });
        match gone {
            Some((index, status)) => {
                let mut ended = self.ended(index, status);
                ended.compared = failure.compared;
                Err(ended)
            }
            None => Err(failure),
        }
    }

    /// One of the programs ended, and should not have.
    fn ended(&self, index: usize, status: ExitStatus) -> Box<Failure> {
        let run = &self.runs[index];
        let is_server = self.address.port() != 0;
        let when = match (run.begun, is_server) {
            (true, _) => "a meio da verificação",
            (false, true) => "antes de escutar",
            (false, false) => "antes de se ligar",
        };
        let (who, how) = (who(&run.name), how(status));
        let wrote = !run.program.last_lines(1).is_empty();
        let mut failure =
            Failure::new(format!("{who} terminou, {how}, {when}"))
                .of(Kind::Crashed)
                .settled();
        failure.unbegun = !run.begun;
        failure.because(match (run.begun, is_server) {
            (false, _) if wrote => {
                "O programa nem chegou a funcionar. Porquê, dizem as \
                     últimas linhas que escreveu: um ficheiro ou uma \
                     biblioteca que falta, um erro no código, ou um endereço \
                     que não é o do seu argumento."
            }
            (false, _) => {
                "O programa nem chegou a funcionar, e não escreveu nada. \
                     Experimente o comando sozinho, num terminal."
            }
            (true, true) => {
                "Um servidor não termina por causa de um cliente: o que \
                     corre mal com um fica com esse. As últimas linhas que \
                     escreveu podem dizer o que foi."
            }
            (true, false) => {
                "Um programa destes não termina por causa do que recebe, \
                     nem por perder a ligação. As últimas linhas que escreveu \
                     podem dizer o que foi."
            }
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
    let kind = match offence {
        Offence::Flooded => Kind::Flooded,
        Offence::TookMemory => Kind::TookMemory,
        Offence::TookTime => Kind::TookTime,
    };
    let failure = match offence {
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
        Offence::TookTime => Failure::new(format!(
            "a verificação não acabou em {} s",
            CHECK.as_secs()
        ))
        .because(
            "O programa responde, mas tão devagar que não serve, ou ficou \
                 parado a meio.",
        ),
    };
    failure.of(kind)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// A submission in shell: `$1` is the address, `$2` the word after it.
    fn shell(script: &str) -> Launch {
        Launch {
            program: "sh".into(),
            arguments: ["-c", script, "sh", "{addr}"].map(Into::into).into(),
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
            "o programa «third» terminou, com o código 3, antes de se ligar"
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

    /// However long it takes to its end after its connection, or its output.
    #[test]
    fn who_is_about_to_end_has_ended() {
        const SLOW: &str = "exec >&-; n=0
            while [ $n -lt 150000 ]; do n=$((n + 1)); done; exit 3";
        let launch = shell(SLOW);
        let mut trial = trial(&launch);
        trial.start_as("", "x", &[]).expect("it starts");
        let failure = trial.explained(Err(Failure::new("something")));
        assert_eq!(
            failure.expect_err("a failure").what,
            "o programa terminou, com o código 3, antes de se ligar"
        );
        trial.start_as("", "x", &[]).expect("it starts");
        let failure = trial.prints("", LIMIT, "nada", |_| false);
        assert_eq!(
            failure.expect_err("no line").what,
            "o programa acabou sem escrever nada"
        );
    }

    #[test]
    fn a_signal_has_no_exit_status() {
        let launch = shell("kill -9 $$");
        let mut trial = trial(&launch);
        trial.start_as("", "x", &[]).expect("it starts");
        let failure = trial.explained(Err(Failure::new("something")));
        assert_eq!(
            failure.expect_err("a failure").what,
            "o programa terminou, por um sinal do sistema, antes de se ligar"
        );
    }

    #[test]
    fn who_listens_nowhere_is_told_apart() {
        let launch = shell("sleep 60");
        let mut trial = trial(&launch);
        trial.serve(&[]).expect("it starts");
        assert_eq!(
            trial.nobody_listens().cause,
            "O programa ainda não escuta em lado nenhum: ou demora de mais a \
             começar (compile-o antes), ou ficou parado antes de escutar, ou o \
             endereço que usa não é o do seu argumento."
        );
    }

    #[test]
    fn who_takes_too_long_is_told_so() {
        let launch = shell("sleep 60");
        let mut trial = trial(&launch);
        trial.start_as("", "x", &[]).expect("it starts");
        trial.runs[0].program.takes_at_most(Duration::ZERO);
        let failure = trial.explained(Ok(())).expect_err("a failure");
        assert_eq!(failure.what, "a verificação não acabou em 180 s");
        assert_eq!(
            failure.cause,
            "O programa responde, mas tão devagar que não serve, ou ficou \
             parado a meio."
        );
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

        trial.start_as("", "x", &["waits"]).expect("it starts");
        let failure = trial
            .prints("", Duration::from_secs(1), "nada", |_| false)
            .expect_err("no line");
        assert_eq!(failure.what, "o programa não escreveu nada em 1 s");
    }
}

//! The lesson `mqtt_broker`, built the first time that a check needs it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;

use crate::mqtt::OWN;
use crate::program::Program;
use crate::trial::{ANSWER, Failure, Outcome, START, Steps, Trial};
use crate::workspace;

/// How the broker says where it listens.
const LISTENS: &str = "Broker MQTT a escutar em ";

// And how it tells of a client, whose name follows.
const CONNECTED: &str = "Cliente ligado: ";
const LEFT: &str = "Cliente desligado: ";
const LOST: &str = "Cliente perdido, sem despedida: ";

/// A broker of the check's own, with nothing in it.
#[derive(Clone)]
pub struct Broker {
    program: Rc<RefCell<Program>>,
    /// `127.0.0.1:PORT`, the same one after a restart.
    address: String,
    steps: Steps,
}

impl Broker {
    /// Starts one that lives until the trial's programs have ended.
    pub fn start(trial: &mut Trial) -> Outcome<Broker> {
        let (program, address) = run("127.0.0.1:0")?;
        let broker = Broker {
            program: Rc::new(RefCell::new(program)),
            address,
            steps: trial.steps.clone(),
        };
        trial.keeps(broker.clone());
        Ok(broker)
    }

    pub fn steps(&self) -> &Steps {
        &self.steps
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// As the programs get it.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.address)
    }

    /// The next line that says so of a client that is not the checker's own.
    fn says(&self, limit: Duration, heads: &[&str]) -> Option<String> {
        let is_wanted = |line: &str| {
            heads.iter().any(|head| {
                let name = line.strip_prefix(head);
                name.is_some_and(|name| !name.starts_with(OWN))
            })
        };
        self.program.borrow_mut().next_line(limit, is_wanted)
    }

    /// Waits until the program has connected.
    pub fn has_client(&self, trial: &mut Trial) -> Outcome {
        let url = self.url();
        let missing = || {
            Failure::new(format!(
                "o programa corre, mas ao fim de {} s não se ligou a {url}",
                START.as_secs()
            ))
            .because(
                "O programa tem de se ligar ao broker do URL que recebe como \
                 argumento, e não a um endereço fixo.",
            )
        };
        trial.awaits(START, missing, || {
            self.says(Duration::ZERO, &[CONNECTED])
        })?;
        self.steps.add("programa", "liga-se ao broker");
        Ok(())
    }

    /// Whether the program said goodbye when it left.
    pub fn heard_goodbye(&self) -> bool {
        let said = self.says(ANSWER, &[LEFT, LOST]);
        said.is_some_and(|line| line.starts_with(LEFT))
    }

    /// Kills it, and all that it knew.
    pub fn goes_away(&self) {
        self.steps.add("broker", "desaparece (kill -9)");
        self.program.borrow_mut().kill();
    }

    /// Starts it again on the same port, knowing nothing.
    pub fn returns(&self) -> Outcome {
        self.steps.add("broker", "volta, sem se lembrar de nada");
        let (program, _) = run(&self.address)?;
        self.program.replace(program);
        Ok(())
    }
}

fn run(address: &str) -> Outcome<(Program, String)> {
    let trouble = |what: String| {
        Failure::not_run(format!(
            "o broker MQTT {what}; experimente: cargo run -p mqtt_broker"
        ))
    };
    let built = built().ok_or_else(|| trouble("não compila".into()))?;
    let mut command = Command::new(built);
    command.arg(address);
    let mut program = Program::run(command)
        .map_err(|error| trouble(format!("não arranca: {error}")))?;
    let line = program.next_line(START, |line| line.starts_with(LISTENS));
    match line.as_deref().and_then(|line| line.strip_prefix(LISTENS)) {
        Some(address) => Ok((program, address.to_string())),
        None => Err(trouble(format!("não escuta em {address}"))),
    }
}

/// The program; `None` where cargo does not build it.
fn built() -> Option<PathBuf> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            workspace::build_quietly("mqtt_broker", "o broker MQTT")
        })
        .clone()
}

//! The lesson `mqtt_broker`, built the first time that a check needs it, and
//! the network between it and the program.

use std::cell::RefCell;
use std::env;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use programs::{Port, Program, Setup};
use wire::Protocol;

use crate::brokers::network::{CONNECTED, LEFT, Network};
use crate::limits::{ANSWER, START};
use crate::outcome::{Failure, Outcome, Steps};
use crate::peers::mqtt::MqttClient;
use crate::trial::{Trial, free_ports};
use crate::workspace;

/// The program of the lesson, for who has built it already.
pub const GIVEN: &str = "LAB_MQTT_BROKER";

/// A broker of the check's own, with nothing in it.
#[derive(Clone)]
pub struct Broker {
    running: Rc<RefCell<Running>>,
    network: Rc<Network>,
    steps: Steps,
}

struct Running {
    program: Program,
    port: Port,
}

impl Broker {
    /// Starts one that lives until the trial's programs have ended.
    pub fn start(trial: &mut Trial) -> Outcome<Broker> {
        let running = run()?;
        let network = Network::to(running.port.address(), Protocol::Mqtt)?;
        let broker = Broker {
            running: Rc::new(RefCell::new(running)),
            network: Rc::new(network),
            steps: trial.steps.clone(),
        };
        trial.keeps(broker.clone());
        Ok(broker)
    }

    /// A client of the checker's own.
    pub fn client(&self, name: &str) -> Outcome<MqttClient> {
        let address = self.running.borrow().port.address();
        MqttClient::connect(address, name, &self.steps)
    }

    /// As the programs get it.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.network.address())
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
            .unbegun()
        };
        trial.awaits(START, missing, || {
            self.network.saw(CONNECTED).then_some(())
        })?;
        trial.begins();
        self.steps.add("programa", "liga-se ao broker");
        Ok(())
    }

    /// Whether the program said goodbye when it left.
    pub fn heard_goodbye(&self) -> bool {
        let start = Instant::now();
        while !self.network.saw(LEFT) {
            if start.elapsed() > ANSWER {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Kills it, and all that it knew.
    pub fn goes_away(&self) -> Outcome {
        self.steps.add("broker", "desaparece (kill -9)");
        self.network.refuses()?;
        let _ = self.running.borrow().program.kill();
        Ok(())
    }

    /// Waits until the program has tried as often as it should to come back.
    pub fn is_tried(&self, trial: &mut Trial) -> Outcome {
        self.network.is_tried(trial)
    }

    /// Starts it again, knowing nothing.
    pub fn returns(&self) -> Outcome {
        self.steps.add("broker", "volta, sem se lembrar de nada");
        let running = run()?;
        self.network.leads_to(running.port.address())?;
        self.running.replace(running);
        Ok(())
    }
}

fn run() -> Outcome<Running> {
    let [port] = free_ports()?;
    let address = port.address();
    let mut command = Command::new(built()?);
    command.arg(address.to_string());
    let program = Setup::new(&mut command).without_input().start();
    let program =
        program.map_err(|error| trouble(&format!("não arranca: {error}")))?;
    listens(&program, address)?;
    Ok(Running { program, port })
}

fn trouble(what: &str) -> Box<Failure> {
    Failure::not_run(format!(
        "o broker MQTT {what}; experimente: cargo run -p mqtt_broker"
    ))
}

/// Waits until somebody listens at this address.
fn listens(program: &Program, address: SocketAddr) -> Outcome {
    let start = Instant::now();
    while TcpStream::connect_timeout(&address, ANSWER).is_err() {
        let ended = matches!(program.ended(), Ok(Some(_)) | Err(_));
        if ended || start.elapsed() > START {
            return Err(trouble(&format!("não escuta em {address}")));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The program, built once.
fn built() -> Outcome<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(program).clone().map_err(Failure::not_run)
}

/// The program that was given, or that of the lesson, built now.
///
/// # Errors
/// Where it cannot be built: why.
pub fn program() -> Result<PathBuf, String> {
    match env::var_os(GIVEN) {
        Some(program) => Ok(program.into()),
        None => workspace::build_quietly("mqtt_broker", "o broker MQTT"),
    }
}

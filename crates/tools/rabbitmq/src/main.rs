//! Inicia um RabbitMQ só para as lições da parte 5, que o Ctrl-C para:
//!
//! ```text
//! cargo run -q -p rabbitmq                um nó, em 127.0.0.1:5672
//! cargo run -q -p rabbitmq cluster        três nós, em 5672, 5673 e 5674
//! ```
//!
//! (São o `just rabbitmq` e o `just rabbitmq-cluster`.) Escuta só nesta
//! máquina, corre com o utilizador de quem o chama e guarda os dados em
//! `target/rabbitmq`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use lexopt::prelude::{Long, Short, Value};
use rabbitmq::{Broker, RabbitMq};

const USAGE: &str = "\
Inicia um RabbitMQ só para as lições, que o Ctrl-C para.

  cargo run -q -p rabbitmq                um nó, em 127.0.0.1:5672
  cargo run -q -p rabbitmq cluster        três nós, em 5672, 5673 e 5674

Depois de tudo pode vir outro endereço, 127.0.0.1:PORTA, onde fica o primeiro
nó; a página de gestão fica 10000 portas acima. --data PASTA guarda os dados
noutra pasta que não target/rabbitmq.
";

const USELESS: &str = "Essa opção não existe.";

/// A porta do diapositivo.
const PORT: u16 = 5672;

struct Options {
    is_cluster: bool,
    port: u16,
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = match parse(std::env::args_os().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            say(USAGE);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprint!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if rabbitmq::server().is_none() && has_docker() {
        return in_docker(&options);
    }
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

/// O que se pediu; `None` se foi ajuda.
fn parse(
    words: impl IntoIterator<Item = OsString>,
) -> Result<Option<Options>, String> {
    let mut options = Options {
        is_cluster: false,
        port: PORT,
        data: None,
    };
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next().map_err(|_| USELESS)? {
        match word {
            Long("help") | Short('h') => return Ok(None),
            Long("data") => {
                let folder = parser.value();
                let folder =
                    folder.map_err(|_| "Depois de --data vem uma pasta.")?;
                options.data = Some(folder.into());
            }
            Value(word) if word == "cluster" => options.is_cluster = true,
            Value(word) => {
                let text = word.to_string_lossy();
                let address: SocketAddr = text.parse().map_err(|_| {
                    format!("«{text}» não é um endereço, como 127.0.0.1:5672.")
                })?;
                if !address.ip().is_loopback() {
                    return Err("O RabbitMQ escuta só nesta máquina: o \
                                endereço começa por 127.0.0.1."
                        .into());
                }
                options.port = address.port();
            }
            _ => return Err(USELESS.to_string()),
        }
    }
    Ok(Some(options))
}

enum Event {
    Started,
    Interrupted,
}

fn run(options: &Options) -> Result<(), String> {
    let (events, happened) = mpsc::channel();
    let interrupted = events.clone();
    let mut before = false;
    programs::on_signals(move || {
        let _ = interrupted.send(Event::Interrupted);
        if std::mem::replace(&mut before, true) {
            programs::end_all_and_exit(130);
        }
    })
    .map_err(|error| format!("O Ctrl-C não se pode tratar: {error}"))?;

    let data = data(options)?;
    let mut broker = Broker::new()
        .with_page()
        .at_port(options.port)
        .with_data_in(&data);
    if options.is_cluster {
        broker = broker.cluster();
    }
    say("A iniciar o RabbitMQ.\n");
    let starting = thread::spawn(move || {
        let started = broker.start();
        let _ = events.send(Event::Started);
        started
    });
    if !matches!(happened.recv(), Ok(Event::Started)) {
        // Ainda não há nada para guardar.
        programs::end_all_and_exit(130);
    }
    let broker = match starting.join() {
        Ok(started) => started.map_err(|error| error.to_string())?,
        Err(failure) => std::panic::resume_unwind(failure),
    };
    tell(options, &broker);
    loop {
        match happened.recv_timeout(Duration::from_millis(200)) {
            Ok(_) => {
                say("A parar o RabbitMQ.\n");
                return broker.stop().map_err(|error| error.to_string());
            }
            Err(_) if broker.has_ended() => {
                let data = data.display();
                return Err(format!("O RabbitMQ terminou: veja {data}"));
            }
            Err(_) => {}
        }
    }
}

/// A pasta dos dados: outra para cada coisa que possa correr ao mesmo tempo.
fn data(options: &Options) -> Result<PathBuf, String> {
    if let Some(data) = &options.data {
        return Ok(data.clone());
    }
    let root = programs::workspace().map_err(|_| {
        "Execute-o dentro da pasta do projeto, ou diga onde ficam os dados: \
         --data PASTA"
            .to_string()
    })?;
    let mut name = match options.is_cluster {
        true => "cluster".to_string(),
        false => "single".to_string(),
    };
    if options.port != PORT {
        name += &format!("-{}", options.port);
    }
    Ok(root.join("target/rabbitmq").join(name))
}

fn tell(options: &Options, broker: &RabbitMq) {
    if options.is_cluster {
        for node in broker.nodes() {
            let (name, url) = (node.name(), node.url());
            match node.id() {
                Some(id) if cfg!(unix) => {
                    say(&format!("{name}: {url} (kill -9 {id})\n"));
                }
                _ => say(&format!("{name}: {url}\n")),
            }
        }
    }
    if let Some(page) = broker.page() {
        say(&format!("Página de gestão: {page} (guest, guest)\n"));
    }
    say(&format!(
        "RabbitMQ pronto em {}. Ctrl-C termina.\n",
        broker.urls()
    ));
}

/// O broker não depende de que alguém leia o que aqui se diz.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn has_docker() -> bool {
    let version = Command::new("docker")
        .args(["compose", "version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

/// Para quem não tem o RabbitMQ instalado.
fn in_docker(options: &Options) -> ExitCode {
    let Ok(root) = programs::workspace() else {
        eprintln!("Execute-o dentro da pasta do projeto.");
        return ExitCode::FAILURE;
    };
    if options.port != PORT || options.data.is_some() {
        eprintln!(
            "Não há RabbitMQ nesta máquina, e em Docker só corre em \
             127.0.0.1:{PORT} e com os dados num volume."
        );
        return ExitCode::FAILURE;
    }
    let profile = match options.is_cluster {
        true => "cluster",
        false => "single",
    };
    say("Não há RabbitMQ nesta máquina: corre em Docker.\n\
         Página de gestão: http://127.0.0.1:15672 (guest, guest)\n");
    let mut command = Command::new("docker");
    command
        .args(["compose", "--file", "crates/5_rabbitmq/compose.yaml"])
        .args(["--profile", profile, "up"])
        .current_dir(root);
    // O Ctrl-C chega a ambos: o Docker para o que iniciou, e só depois
    // termina este.
    let _ = programs::on_signals(|| {});
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("O Docker não arranca: {error}");
            ExitCode::FAILURE
        }
    }
}

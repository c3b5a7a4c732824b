//! Mostra uma lição a funcionar, com todos os seus programas num só terminal.
//!
//! Executa o bloco `console` do cabeçalho da lição, em portas livres, e escreve
//! cada linha com o nome do programa que a disse:
//!
//! ```console
//! $ cargo run -p demo tcp_echo_server
//! tcp_echo_server │ Servidor TCP a escutar em 127.0.0.1:65432
//! tcp_echo_server │ Ligado por 127.0.0.1:[..]
//! tcp_echo_server │ Recebido: Ola, mundo
//! tcp_echo_client │ Eco recebido: Ola, mundo
//! ```
//!
//! Os endereços são os que a lição documenta, e não os que a demonstração usa.
//! Com `--capture eco.pcapng`, o que os programas enviaram uns aos outros fica
//! num ficheiro que o Wireshark abre.

mod capture;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use lexopt::prelude::{Long, Short, Value};
use programs::{Build, BuildError, Target, say, takes_escapes};
use rabbitmq::{Broker, RabbitMq};
use transcript::{Event, Failure, Ports, Transcript, Why};

use crate::capture::Capture;

const USAGE: &str = "\
Mostra uma lição a funcionar, com todos os seus programas num só terminal.

  cargo run -p demo tcp_echo_server
  cargo run -p demo tcp_echo_server --capture eco.pcapng

Com --capture, o que passa na rede fica num ficheiro que o Wireshark abre.
Os nomes das lições estão em README.md.
";

const USELESS: &str = "Essa opção não existe.";

/// The longest that a step of a lesson may take.
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let asked = match parse(env::args_os().skip(1)) {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            say(USAGE);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprint!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // Without it the programs would still write for a moment.
    let _ = programs::end_on_signals(|| {});
    match transcript_of(&asked.lesson) {
        Ok(Some(transcript)) => match show(&transcript, asked.capture) {
            Ok(()) => ExitCode::SUCCESS,
            Err(what) => {
                eprintln!("{what}");
                ExitCode::FAILURE
            }
        },
        Ok(None) => {
            eprintln!(
                "Que lição? Um exemplo: cargo run -p demo tcp_echo_server (os \
                 nomes estão em README.md)"
            );
            ExitCode::from(2)
        }
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

/// What is asked for.
#[derive(Default)]
struct Asked {
    lesson: String,
    /// Where what passes between the programs is kept.
    capture: Option<PathBuf>,
}

/// What is asked for; `None` where that is help.
fn parse(
    words: impl IntoIterator<Item = OsString>,
) -> Result<Option<Asked>, String> {
    let mut asked = Asked::default();
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next().map_err(|_| USELESS)? {
        match word {
            Long("help") | Short('h') => return Ok(None),
            Long("capture") => {
                let file = parser.value().map_err(
                    |_| "A --capture falta o ficheiro: --capture eco.pcapng",
                )?;
                asked.capture = Some(file.into());
            }
            Value(word) if asked.lesson.is_empty() => {
                asked.lesson = word.to_string_lossy().into_owned();
            }
            Value(word) => {
                return Err(format!("«{}» está a mais.", word.display()));
            }
            _ => return Err(USELESS.to_string()),
        }
    }
    Ok(Some(asked))
}

/// The lesson's first block, if there is such a lesson and it has one.
fn transcript_of(name: &str) -> Result<Option<Transcript>, String> {
    let root = programs::workspace()
        .map_err(|_| "Execute-o dentro da pasta do projeto.".to_string())?;
    let all = Transcript::all_of(&root, name).map_err(|error| {
        format!("O cabeçalho da lição {name} não se percebe: {error}")
    })?;
    Ok(all.into_iter().next())
}

fn show(
    transcript: &Transcript,
    capture: Option<PathBuf>,
) -> Result<(), String> {
    let programs = build(transcript)?;
    let broker = rabbitmq_for(transcript)?;
    let ports = Ports::new(broker.iter().map(|broker| (5672, broker.port())));

    let names: Vec<&str> =
        transcript.terminals.iter().map(|t| t.name()).collect();
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let colours = takes_escapes(&io::stdout());
    let told = |place: usize, event: Event| {
        let line = match event {
            Event::Prints(line) => line.to_string(),
            Event::Types(line) => format!("> {line}"),
            Event::EndsInput | Event::Interrupts => return,
        };
        let name = names[place];
        let place = names.iter().position(|other| *other == name);
        say(&if colours {
            let colour = 31 + (place.unwrap_or(0) + 5) % 6; // cyan, red, …
            format!("\x1b[{colour}m{name:width$} │\x1b[0m {line}\n")
        } else {
            format!("{name:width$} │ {line}\n")
        });
    };
    let program = |name: &str| Command::new(&programs[name]);
    let Some(file) = capture else {
        let played = transcript::play(transcript, ports, LIMIT, program, told);
        return match played {
            Ok(_) => Ok(()),
            Err(failure) => Err(in_portuguese(&failure)),
        };
    };
    let unwritable = |error: io::Error| {
        format!("Não foi possível escrever em {}: {error}", file.display())
    };
    let mut capture = Capture::new(transcript, &file).map_err(unwritable)?;
    let through =
        |client: &str, documented, real| capture.link(client, documented, real);
    let played = transcript::play_through(
        transcript, ports, LIMIT, program, told, through,
    );
    // What passed before something went wrong is what one wants to see.
    let left_out = capture.write().map_err(unwritable)?;
    let shown = file.display();
    eprintln!("O que passou na rede está em {shown}: wireshark {shown}");
    if left_out > 0 {
        eprintln!("Era muito: faltam os últimos {left_out} acontecimentos.");
    }
    match played {
        Ok(_) => Ok(()),
        Err(failure) => Err(in_portuguese(&failure)),
    }
}

/// Builds the lessons of a block, with cargo's words for whoever waits.
fn build(transcript: &Transcript) -> Result<BTreeMap<String, PathBuf>, String> {
    let lessons: BTreeSet<&str> = transcript
        .terminals
        .iter()
        .filter_map(|terminal| terminal.lesson())
        .collect();
    let build = Build::new(lessons.into_iter().map(Target::Bin))
        .release(!cfg!(debug_assertions))
        .as_in_the_whole_workspace();
    build.run().map_err(|error| match error {
        BuildError::NoWorkspace => {
            "Execute-o dentro da pasta do projeto.".to_string()
        }
        BuildError::NoCargo(error) => {
            format!("Não foi possível executar o cargo: {error}")
        }
        BuildError::ReadOnly(folder) => format!(
            "Não se pode escrever em {}, onde fica o que se compila. Escolha \
             outra pasta com a variável CARGO_TARGET_DIR.",
            folder.display()
        ),
        BuildError::DoesNotCompile(_) => {
            "A lição não compila: corrija primeiro o que o compilador diz."
                .to_string()
        }
        BuildError::Failed(_) => {
            "O cargo não pôde compilar a lição: veja acima porquê.".to_string()
        }
    })
}

/// The only broker that the lessons do not bring themselves.
fn rabbitmq_for(transcript: &Transcript) -> Result<Option<RabbitMq>, String> {
    let mut words = transcript.terminals.iter().flat_map(|t| t.arguments());
    if !words.any(|word| word.starts_with("amqp://")) {
        return Ok(None);
    }
    eprintln!("A iniciar um RabbitMQ só para a lição...");
    let broker = Broker::new().start().map_err(|error| error.to_string())?;
    Ok(Some(broker))
}

fn in_portuguese(failure: &Failure) -> String {
    let name = &failure.name;
    match &failure.why {
        Why::DoesNotStart(error) => format!("{name} não arranca: {error}"),
        Why::NobodyListens(port) => format!(
            "{name} usa a porta {port}, e nenhum programa do cabeçalho diz que \
             escuta nela."
        ),
        Why::Missing(line) => format!(
            "{name} não escreveu o que o cabeçalho da lição diz: «{line}»"
        ),
        Why::DoesNotRead => format!("{name} não lê o que se escreve."),
        Why::DoesNotEnd => format!("{name} não termina."),
    }
}

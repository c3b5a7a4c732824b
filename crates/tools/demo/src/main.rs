//! Mostra uma lição a funcionar, com todos os seus programas num só terminal.
//!
//! Executa o bloco `console` do cabeçalho da lição, em portas livres, e escreve
//! cada linha com o nome do programa que a disse:
//!
//! ```console
//! $ cargo run -p demo tcp_echo_server
//! tcp_echo_server │ Servidor TCP a escutar em 127.0.0.1:[..]
//! tcp_echo_server │ Ligado por 127.0.0.1:[..]
//! tcp_echo_server │ Recebido: Ola, mundo
//! tcp_echo_client │ Eco recebido: Ola, mundo
//! ```

use std::env;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use testkit::{RabbitMq, Session};

fn main() -> ExitCode {
    let name = env::args().nth(1).unwrap_or_default();
    let Some(session) = Session::of_lesson(&name) else {
        eprintln!(
            "Que lição? Um exemplo: cargo run -p demo tcp_echo_server (os \
             nomes estão em README.md)"
        );
        return ExitCode::from(2);
    };

    let width = session.names().map(str::len).max().unwrap_or(0);
    let names: Vec<&str> = session.names().collect();
    let colours = io::stdout().is_terminal();

    // O único broker que as lições não trazem consigo.
    let rabbitmq = name.starts_with("rabbitmq_").then(|| {
        eprintln!("A iniciar um RabbitMQ só para a lição...");
        RabbitMq::start()
    });
    let ports: Vec<(u16, u16)> = rabbitmq
        .iter()
        .map(|broker| (5672, broker.port()))
        .collect();

    session.play(&ports, |name, line| {
        if colours {
            let place = names.iter().position(|other| *other == name);
            let colour = 31 + (place.unwrap_or(0) + 5) % 6; // cyan, red, …
            println!("\x1b[{colour}m{name:width$} │\x1b[0m {line}");
        } else {
            println!("{name:width$} │ {line}");
        }
    });
    ExitCode::SUCCESS
}

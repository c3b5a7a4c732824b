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

use testkit::Session;

fn main() -> ExitCode {
    let Some(session) = env::args()
        .nth(1)
        .and_then(|name| Session::of_lesson(&name))
    else {
        eprintln!(
            "Que lição? Um exemplo: cargo run -p demo tcp_echo_server (os \
             nomes estão em README.md)"
        );
        return ExitCode::from(2);
    };

    let width = session.names().map(str::len).max().unwrap_or(0);
    let names: Vec<&str> = session.names().collect();
    let colours = io::stdout().is_terminal();
    session.play(&[], |name, line| {
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

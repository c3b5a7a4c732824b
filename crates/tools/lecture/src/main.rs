//! O livro da aula: cada diapositivo ao lado do seu programa em Rust.
//!
//! ```console
//! $ cargo run -p lecture
//! O livro está em http://127.0.0.1:3000
//! ^C
//! ```
//!
//! O primeiro argumento escolhe outro endereço. Enquanto corre, o livro
//! refaz-se quando muda uma página de `docs/`, uma figura ou uma lição, e o
//! browser mostra-o. `cargo run -p lecture -- build PASTA` escreve o site.
//! Com `--slides FICHEIRO.md` (de Pandoc), num caso e no outro, cada página
//! mostra também o diapositivo que tem o seu título.
//!
//! Na página de uma lição, a tecla `r` corre os seus programas. Com `--record`,
//! o site que se escreve mostra-os também, gravados.

mod arguments;
mod beside;
mod book;
mod contents;
mod deck;
mod edition;
mod frame;
mod lesson;
mod live;
mod pandoc;
mod serve;
mod site;
mod terminal;
mod theme;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use arguments::{Arguments, Task, USAGE};
use book::{Book, Material};
use programs::say;

const OUTSIDE: &str = "Não há aqui um livro. Corra este programa dentro da \
                       pasta da aula";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::warn(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments = env::args_os().skip(1);
    let Arguments { task, slides } =
        Arguments::parse(arguments).map_err(|_| USAGE)?;
    let material = || {
        let workspace = programs::workspace().map_err(|_| OUTSIDE)?;
        Ok::<_, &str>(Material { workspace, slides })
    };
    match task {
        Task::Serve(address) => serve::serve(material()?, &address).await,
        Task::Build { folder, record } => {
            write(&material()?, &folder, record).await
        }
        Task::Help => {
            say(&format!("{USAGE}\n"));
            Ok(())
        }
    }
}

/// Writes the site, if nothing is wrong with it.
async fn write(
    material: &Material,
    folder: &Path,
    record: bool,
) -> Result<(), Box<dyn Error>> {
    let mut book = Book::build(material, None)?;
    if !book.problems.is_empty() {
        return Err(book.problems.join("\n").into());
    }
    if record {
        live::record_all(&material.workspace, &mut book.files).await?;
    }
    site::write_files(folder, &book.files).map_err(|error| {
        format!("Não foi possível escrever em {folder:?}: {error}")
    })?;
    let index = folder.join("index.html");
    say(&format!("O livro está em {}\n", index.display()));
    book.tell(None);
    Ok(())
}

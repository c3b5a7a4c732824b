//! What the command line asks for.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt;

/// How the program is called, for who calls it in another way.
pub const USAGE: &str = "Um endereço; ou build e uma pasta, com --record \
                         para gravar as lições a correr. Com --slides, também \
                         o ficheiro dos diapositivos. Um exemplo: \
                         cargo run -p lecture -- build target/livro";

const ADDRESS: &str = "127.0.0.1:3000";

/// What the program is to do, and with what.
#[derive(Debug, PartialEq)]
pub struct Arguments {
    pub task: Task,
    /// The lecturer's own deck.
    pub slides: Option<PathBuf>,
}

/// One of the things that this program does.
#[derive(Debug, PartialEq)]
pub enum Task {
    /// Shows the book in a browser, from this address.
    Serve(String),
    /// Writes the book as a site, to this folder.
    Build {
        folder: PathBuf,
        /// Also what happens when its lessons run.
        record: bool,
    },
    /// Says how the program is called.
    Help,
}

impl Arguments {
    /// Reads them, without the program's name.
    ///
    /// # Errors
    /// Whatever is not one of the program's ways to be called; there, `USAGE`
    /// says more than the error.
    pub fn parse(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Arguments, lexopt::Error> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut words = Vec::new();
        let mut slides = None;
        let mut help = false;
        let mut record = false;
        while let Some(argument) = parser.next()? {
            match argument {
                Value(word) => words.push(word),
                Long("slides") => slides = Some(parser.value()?.into()),
                Long("record") => record = true,
                Short('h') | Long("help") => help = true,
                _ => return Err(argument.unexpected()),
            }
        }
        let mut words = words.into_iter();
        let task = match words.next() {
            _ if help => Task::Help,
            None => Task::Serve(ADDRESS.to_string()),
            Some(word) if word == "build" => {
                let folder = words.next().ok_or("a folder")?.into();
                Task::Build { folder, record }
            }
            Some(address) => Task::Serve(address.string()?),
        };
        match words.next() {
            Some(word) if !help => Err(Value(word).unexpected()),
            None if record && !matches!(task, Task::Build { .. }) => {
                Err(Long("record").unexpected())
            }
            _ => Ok(Arguments { task, slides }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Option<Arguments> {
        Arguments::parse(arguments.iter().map(OsString::from)).ok()
    }

    fn task(arguments: &[&str]) -> Option<Task> {
        parse(arguments).map(|arguments| arguments.task)
    }

    #[test]
    fn an_address_or_a_folder() {
        let serve = |address: &str| Some(Task::Serve(address.to_string()));
        assert_eq!(task(&[]), serve("127.0.0.1:3000"));
        assert_eq!(task(&["127.0.0.1:0"]), serve("127.0.0.1:0"));
        let build = Some(Task::Build {
            folder: "a pasta".into(),
            record: false,
        });
        assert_eq!(task(&["build", "a pasta"]), build);
        assert_eq!(task(&["--help"]), Some(Task::Help));
    }

    #[test]
    fn what_runs_is_recorded() {
        let (folder, record) = ("a".into(), true);
        let build = Some(Task::Build { folder, record });
        assert_eq!(task(&["build", "--record", "a"]), build);
    }

    #[test]
    fn slides_before_or_after() {
        for arguments in [
            &["--slides", "aula.md", "build", "a"][..],
            &["build", "a", "--slides=aula.md"],
        ] {
            let slides = parse(arguments).and_then(|found| found.slides);
            assert_eq!(slides, Some("aula.md".into()));
            let folder = "a".into();
            let record = false;
            assert_eq!(task(arguments), Some(Task::Build { folder, record }));
        }
    }

    #[test]
    fn anything_else_is_an_error() {
        for wrong in [
            &["build"][..],
            &["build", "a", "b"],
            &["127.0.0.1:0", "b"],
            &["--nada"],
            &["--slides"],
            &["--record"],
        ] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_address_that_is_not_utf8() {
        use std::os::unix::ffi::OsStringExt;

        let argument = OsString::from_vec(vec![b'a', 0xe7]);
        assert!(Arguments::parse([argument]).is_err());
    }
}

//! What the command line asks for.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt;

/// How the program is called, for who calls it in another way.
pub const USAGE: &str = "Um endereço, ou build e uma pasta. Um exemplo: \
                         cargo run -p lecture -- build target/livro";

const ADDRESS: &str = "127.0.0.1:3000";

/// One of the things that this program does.
#[derive(Debug, PartialEq)]
pub enum Task {
    /// Shows the book in a browser, from this address.
    Serve(String),
    /// Writes the book as a site, to this folder.
    Build(PathBuf),
    /// Says how the program is called.
    Help,
}

impl Task {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    /// Whatever is not one of the program's ways to be called; there, `USAGE`
    /// says more than the error.
    pub fn parse(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Task, lexopt::Error> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut words = Vec::new();
        while let Some(argument) = parser.next()? {
            match argument {
                Value(word) => words.push(word),
                Short('h') | Long("help") => return Ok(Task::Help),
                _ => return Err(argument.unexpected()),
            }
        }
        let mut words = words.into_iter();
        let task = match words.next() {
            None => Task::Serve(ADDRESS.to_string()),
            Some(word) if word == "build" => {
                let folder = words.next().ok_or("a pasta")?;
                Task::Build(folder.into())
            }
            Some(address) => Task::Serve(address.string()?),
        };
        match words.next() {
            None => Ok(task),
            Some(word) => Err(Value(word).unexpected()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Option<Task> {
        Task::parse(arguments.iter().map(OsString::from)).ok()
    }

    #[test]
    fn an_address_or_a_folder() {
        let serve = |address: &str| Some(Task::Serve(address.to_string()));
        assert_eq!(parse(&[]), serve("127.0.0.1:3000"));
        assert_eq!(parse(&["127.0.0.1:0"]), serve("127.0.0.1:0"));
        let build = Some(Task::Build("a pasta".into()));
        assert_eq!(parse(&["build", "a pasta"]), build);
        assert_eq!(parse(&["--help"]), Some(Task::Help));
    }

    #[test]
    fn anything_else_is_an_error() {
        for wrong in [
            &["build"][..],
            &["build", "a", "b"],
            &["127.0.0.1:0", "b"],
            &["--nada"],
        ] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_address_that_is_not_utf8() {
        use std::os::unix::ffi::OsStringExt;

        let argument = OsString::from_vec(vec![b'a', 0xe7]);
        assert!(Task::parse([argument]).is_err());
    }
}

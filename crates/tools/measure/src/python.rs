//! The Python programs of the same slides, and the environment they run in.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::fallible::Fallible;
use crate::lessons::workspace;

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

pub struct Python {
    interpreter: PathBuf,
    /// The folder of the programs.
    scripts: PathBuf,
}

impl Python {
    /// Makes the environment in `target/measure-venv`, unless it is there and
    /// holds what it should. The first time needs the internet, or pip's cache.
    pub fn prepare() -> Fallible<Python> {
        let root = workspace()?;
        let scripts = root.join("crates/tools/measure/python");
        let folder = root.join("target/measure-venv");
        let interpreter = folder.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        });
        let installed = folder.join("installed.txt");
        if fs::read_to_string(&installed).ok().as_deref() != Some(REQUIREMENTS)
        {
            eprintln!("A preparar o Python em {}", folder.display());
            let python = if cfg!(windows) { "python" } else { "python3" };
            let mut venv = Command::new(python);
            succeed(venv.args(["-m", "venv", "--clear"]).arg(&folder))?;
            let mut pip = Command::new(&interpreter);
            let list = scripts.join("requirements.txt");
            pip.args(["-m", "pip", "install", "--quiet"])
                .args(["--disable-pip-version-check", "--requirement"])
                .arg(list);
            succeed(&mut pip)?;
            fs::write(installed, REQUIREMENTS)?;
        }
        Ok(Python {
            interpreter,
            scripts,
        })
    }

    /// The command of `python/NAME.py`.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg(self.scripts.join(format!("{name}.py")));
        command
    }

    /// Which Python, and which libraries.
    pub fn versions(&self) -> Vec<String> {
        let version = Command::new(&self.interpreter).arg("--version").output();
        let version = version.map(|output| output.stdout).unwrap_or_default();
        let version = String::from_utf8_lossy(&version).trim().to_string();
        let libraries = REQUIREMENTS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.replace("==", " "));
        [version].into_iter().chain(libraries).collect()
    }
}

fn succeed(command: &mut Command) -> Fallible<()> {
    let status = command.status();
    if status.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let program = command.get_program().to_string_lossy();
    Err(format!(
        "Não foi possível preparar o Python: {program} falhou. É preciso o \
         Python 3 com o módulo venv (em Debian e Ubuntu, python3-venv), e \
         internet da primeira vez."
    )
    .into())
}

//! Which parts of the lecture this machine can run, and what it lacks.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use programs::say;

use crate::terminal::Style;

/// The list of what is needed, which the tests' set-up reads as well. It says
/// itself what its lines are.
const LIST: &str = include_str!("../../needs.txt");

/// What that list leaves out, because it is there before anything else.
const BEFORE: [Need; 2] = [
    Need {
        what: "Rust",
        programs: "rustc",
        parts: EVERYTHING,
        install: [
            "curl https://sh.rustup.rs -sSf | sh",
            "curl https://sh.rustup.rs -sSf | sh",
            "curl https://sh.rustup.rs -sSf | sh",
            "winget install Rustlang.Rustup",
        ],
    },
    Need {
        what: "just",
        programs: "just",
        parts: "just test, just demo",
        install: ["cargo install --locked --debug just"; 4],
    },
];

/// What serves for this is needed before anything compiles.
const EVERYTHING: &str = "tudo";

/// Something that a part of the lecture needs.
struct Need {
    what: &'static str,
    /// The programs by which it is known, separated by commas.
    programs: &'static str,
    /// What it is for.
    parts: &'static str,
    /// For each system the package, or the whole command. Empty where there is
    /// nothing to install.
    install: [&'static str; 4],
}

impl Need {
    /// What a line of the list says; `None` of a line that says nothing.
    fn of_line(line: &'static str) -> Option<Need> {
        if line.starts_with('#') {
            return None;
        }
        let mut fields = line.split('|').map(str::trim);
        let mut field = || fields.next();
        Some(Need {
            what: field().filter(|what| !what.is_empty())?,
            programs: field()?,
            parts: field()?,
            install: [field()?, field()?, field()?, field()?],
        })
    }

    /// Where it is.
    fn found(&self) -> Option<PathBuf> {
        self.programs.split(',').map(str::trim).find_map(find)
    }

    /// How to install it on this system.
    fn command(&self, system: System) -> String {
        let package = self.install[system as usize];
        let is_command = BEFORE.iter().any(|need| need.what == self.what);
        let manager = match system {
            _ if is_command => "",
            System::Debian => "sudo apt install ",
            System::Fedora => "sudo dnf install ",
            System::MacOs => "brew install ",
            System::Windows => "",
        };
        format!("{manager}{package}")
    }
}

/// Tells what there is and how to get the rest; whether all is there.
pub fn examine() -> bool {
    let style = Style::of_stdout();
    let system = system();
    let listed = LIST.lines().filter_map(Need::of_line);
    let [rust, just] = BEFORE;
    let mut missing = Vec::new();
    for need in [rust].into_iter().chain(listed).chain([just]) {
        if need.install[system as usize].is_empty() {
            continue;
        }
        let what = format!("{:18}", need.what);
        match need.found() {
            Some(found) => {
                let found = style.faint(&found.display().to_string());
                say(&format!("{} {what} {found}\n", style.good("✓")));
            }
            None => {
                say(&format!("{} {what} falta\n", style.bad("✗")));
                missing.push(need);
            }
        }
    }
    if missing.is_empty() {
        say("\nEsta máquina corre a aula toda, e os testes.\n");
        return true;
    }
    say("\nO que falta, para que serve, e como se instala:\n");
    for need in &missing {
        let command = need.command(system);
        say(&format!(
            "\n  {} ({})\n  $ {command}\n",
            need.what, need.parts
        ));
    }
    say(if missing.iter().any(|need| need.parts == EVERYTHING) {
        "\nSem o que serve para tudo, nada compila.\n"
    } else {
        "\nO resto da aula corre assim mesmo.\n"
    });
    false
}

#[derive(Clone, Copy)]
enum System {
    Debian,
    Fedora,
    MacOs,
    Windows,
}

fn system() -> System {
    if cfg!(windows) {
        return System::Windows;
    }
    if cfg!(target_os = "macos") {
        return System::MacOs;
    }
    let about = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let family = about
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| ["ID", "ID_LIKE"].contains(name))
        .any(|(_, value)| value.contains("fedora") || value.contains("rhel"));
    if family {
        System::Fedora
    } else {
        System::Debian
    }
}

/// A program, by its path or in a folder of programs.
fn find(program: &str) -> Option<PathBuf> {
    // Where servers are, and Windows has what is in no path.
    const MORE: [&str; 5] = [
        "/usr/sbin",
        "/opt/homebrew/sbin",
        "/usr/local/sbin",
        "C:/Program Files/mosquitto",
        "C:/Program Files/Google/Chrome/Application",
    ];
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    if program == "rabbitmq-server" {
        return rabbitmq::server();
    }
    if cfg!(windows) && ["cc", "c++"].contains(&program) {
        let root = env::var_os("ProgramFiles(x86)")?;
        let installer = "Microsoft Visual Studio/Installer";
        let path = Path::new(&root).join(installer);
        return Some(path).filter(|path| path.exists());
    }
    let name = match program {
        "google-chrome" if cfg!(windows) => "chrome",
        other => other,
    };
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(MORE.map(PathBuf::from))
        .map(|folder| folder.join(&name))
        .find(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_understood() {
        let lines = LIST
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        for line in lines {
            let need = Need::of_line(line).expect(line);
            assert_eq!(line.matches('|').count(), 6, "{line}");
            assert!(!need.programs.is_empty(), "{line}");
            let command = need.command(System::Debian);
            assert!(command.starts_with("sudo apt install "), "{line}");
        }
    }
}

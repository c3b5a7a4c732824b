//! Which parts of the lecture this machine can run, and what it lacks.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::terminal::{Style, say};

/// Something that a part of the lecture needs.
struct Need {
    what: &'static str,
    /// What it is for.
    parts: &'static str,
    found: fn() -> Option<String>,
    /// How to install it: Debian and Ubuntu, Fedora, macOS, Windows.
    install: [&'static str; 4],
}

const NEEDS: &[Need] = &[
    Need {
        what: "Rust",
        parts: "tudo",
        found: || says("rustc", "--version"),
        install: [
            "curl https://sh.rustup.rs -sSf | sh",
            "curl https://sh.rustup.rs -sSf | sh",
            "curl https://sh.rustup.rs -sSf | sh",
            "winget install Rustlang.Rustup",
        ],
    },
    Need {
        what: "compilador de C",
        parts: "tudo",
        found: || {
            if cfg!(windows) {
                let root = env::var_os("ProgramFiles(x86)")?;
                let installer = "Microsoft Visual Studio/Installer";
                exists(&PathBuf::from(root).join(installer))
            } else {
                says("cc", "--version")
            }
        },
        install: [
            "sudo apt install gcc libc6-dev",
            "sudo dnf install gcc",
            "xcode-select --install",
            "winget install Microsoft.VisualStudio.2022.BuildTools --override \
             \"--add Microsoft.VisualStudio.Workload.VCTools --passive\"",
        ],
    },
    Need {
        what: "CMake e make",
        parts: "parte 4, MQTT: compilar o cliente Paho",
        found: || {
            if !cfg!(windows) {
                says("make", "--version")?;
            }
            says("cmake", "--version")
        },
        install: [
            "sudo apt install cmake make",
            "sudo dnf install cmake make",
            "brew install cmake",
            "winget install Kitware.CMake",
        ],
    },
    Need {
        what: "RabbitMQ",
        parts: "parte 5, e lab_work_queue_rabbitmq",
        found: || Some(rabbitmq::server()?.display().to_string()),
        install: [
            "sudo apt install rabbitmq-server",
            "sudo dnf install rabbitmq-server",
            "brew install rabbitmq",
            "choco install rabbitmq",
        ],
    },
    Need {
        what: "compilador de C++",
        parts: "parte 6, ZeroMQ, e lab_pipeline_zmq: compilar a libzmq",
        found: || {
            if cfg!(windows) {
                (NEEDS[1].found)()
            } else {
                says("c++", "--version")
            }
        },
        install: [
            "sudo apt install g++",
            "sudo dnf install gcc-c++",
            "xcode-select --install",
            "winget install Microsoft.VisualStudio.2022.BuildTools --override \
             \"--add Microsoft.VisualStudio.Workload.VCTools --passive\"",
        ],
    },
    Need {
        what: "Python 3",
        parts: "os testes, e exercícios em Python",
        found: || says("python3", "--version").or(says("python", "--version")),
        install: [
            "sudo apt install python3-venv",
            "sudo dnf install python3",
            "brew install python",
            "winget install Python.Python.3.13",
        ],
    },
    Need {
        what: "Mosquitto",
        parts: "os testes da parte 4",
        found: || {
            in_folders(&["/usr/sbin", "/opt/homebrew/sbin", "/usr/local/sbin"])
                .chain(windows_program("mosquitto"))
                .find_map(|folder| exists(&folder.join(program("mosquitto"))))
        },
        install: [
            "sudo apt install mosquitto mosquitto-clients",
            "sudo dnf install mosquitto",
            "brew install mosquitto",
            "winget install EclipseFoundation.Mosquitto",
        ],
    },
    Need {
        what: "Chromium",
        parts: "os testes da parte 3 e do livro",
        found: || {
            ["chromium", "chromium-browser", "google-chrome", "chrome"]
                .iter()
                .find_map(|name| in_path(name))
                .or(exists(Path::new("/Applications/Google Chrome.app")))
                .or(exists(Path::new(
                    "C:/Program Files/Google/Chrome/Application/chrome.exe",
                )))
        },
        install: [
            "sudo apt install chromium",
            "sudo dnf install chromium",
            "brew install --cask google-chrome",
            "winget install Google.Chrome",
        ],
    },
    Need {
        what: "just",
        parts: "just test, just demo",
        found: || says("just", "--version"),
        install: ["cargo install --locked --debug just"; 4],
    },
];

/// Tells what there is and how to get the rest; whether all is there.
pub fn examine() -> bool {
    let style = Style::of_stdout();
    let system = system();
    let mut missing = Vec::new();
    for need in NEEDS {
        let what = format!("{:18}", need.what);
        match (need.found)() {
            Some(found) => {
                let found = style.faint(&found);
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
        let command = need.install[system as usize];
        say(&format!(
            "\n  {} ({})\n  $ {command}\n",
            need.what, need.parts
        ));
    }
    let needs_c = missing.iter().any(|need| need.parts == "tudo");
    say(if needs_c {
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

/// The first line that a program says of itself; `None` where it does not run.
fn says(name: &str, argument: &str) -> Option<String> {
    let output = Command::new(name)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next()?.trim().to_string();
    (output.status.success() && !line.is_empty()).then_some(line)
}

fn exists(path: &Path) -> Option<String> {
    path.exists().then(|| path.display().to_string())
}

fn program(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

fn in_path(name: &str) -> Option<String> {
    in_folders(&[]).find_map(|folder| exists(&folder.join(program(name))))
}

/// The folders of the path, and these.
fn in_folders(more: &[&str]) -> impl Iterator<Item = PathBuf> + use<> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    folders.extend(more.iter().map(PathBuf::from));
    folders.into_iter()
}

fn windows_program(name: &str) -> Option<PathBuf> {
    Some(PathBuf::from(env::var_os("ProgramFiles")?).join(name))
}

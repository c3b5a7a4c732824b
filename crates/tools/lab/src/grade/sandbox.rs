//! A sandbox around one submission, on Linux, by bubblewrap (`bwrap`): it has
//! the system's programs, a copy of the submission and what the checker needs,
//! and nothing else of this machine.
//!
//! Checker and submission are in it together, since there is no network but
//! its own loopback.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The system's folders, where there are programs and their libraries.
const SYSTEM: [&str; 9] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix/store",
];

/// What programs look for in `/etc`. Nothing there is a secret.
const SETTINGS: [&str; 14] = [
    "alternatives",
    "erlang",
    "group",
    "hosts",
    "java",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "passwd",
    "protocols",
    "services",
];

const PATH: &str =
    "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// The most that the files it writes may take, in bytes.
const FILES: &str = "536870912";

/// The most memory that one of its processes may ask for, in bytes, and the
/// most threads of one user. What all of them have together is watched from
/// outside.
const LIMITS: [&str; 3] = ["--data=2147483648", "--nproc=4096", "--core=0"];

/// Where the checker's own program is in a sandbox.
const OWN: &str = "/lab/own";

/// Where a submission is, as it was handed in.
const HANDED_IN: &str = "/lab/entrega";

/// Copies what was handed in to where it is run, goes there, and runs the rest.
const SCRIPT: &str = "cp -a /lab/entrega/. \"$0\" 2>/dev/null; cd \"$1\" || \
                      exit; shift; exec prlimit \"$@\"";

/// A sandbox, and what can be seen in it.
pub struct Sandbox {
    words: Vec<OsString>,
    path: OsString,
}

impl Sandbox {
    /// One in which the system is.
    pub fn new() -> Sandbox {
        // Of this machine's own path, what is there in a sandbox.
        let path = env::var_os("PATH").unwrap_or_default();
        let known = |folder: &PathBuf| {
            SYSTEM.iter().any(|system| folder.starts_with(system))
        };
        let own = env::split_paths(&path).filter(known);
        let usual = env::split_paths(PATH).collect::<Vec<PathBuf>>();
        let path = env::join_paths(own.chain(usual));
        let mut sandbox = Sandbox {
            words: Vec::new(),
            path: path.unwrap_or(PATH.into()),
        };
        sandbox.add(&["--unshare-all", "--die-with-parent", "--new-session"]);
        sandbox.add(&["--clearenv"]);
        for folder in SYSTEM {
            match fs::read_link(folder) {
                Ok(link) => {
                    sandbox.add(&["--symlink"]);
                    sandbox.words.extend([link.into(), folder.into()]);
                }
                Err(_) => sandbox.add(&["--ro-bind-try", folder, folder]),
            }
        }
        for name in SETTINGS {
            let path = format!("/etc/{name}");
            sandbox.add(&["--ro-bind-try", &path, &path]);
        }
        sandbox.add(&["--proc", "/proc", "--dev", "/dev"]);
        for folder in ["/dev/shm", "/tmp"] {
            sandbox.add(&["--size", FILES, "--tmpfs", folder]);
        }
        sandbox
            .with("HOME", "/tmp")
            .with("LANG", "C.UTF-8")
            .with("LAB_NOTEBOOK", "/tmp/lab")
    }

    fn add(&mut self, words: &[&str]) {
        self.words.extend(words.iter().map(OsString::from));
    }

    /// With a variable in its environment.
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Sandbox {
        self.add(&["--setenv", name]);
        self.words.push(value.into());
        self
    }

    /// With this folder before the others in which programs are looked for.
    pub fn finding(mut self, folder: &Path) -> Sandbox {
        let mut path = folder.as_os_str().to_os_string();
        path.push(":");
        path.push(&self.path);
        self.path = path;
        self
    }

    /// With a file or folder that may be read, at its own place; without it,
    /// where there is no such thing.
    pub fn showing(self, path: &Path) -> Sandbox {
        self.mounting("--ro-bind-try", path, path)
    }

    /// With a folder that may be written to, at its own place.
    pub fn writing(self, folder: &Path) -> Sandbox {
        self.mounting("--bind", folder, folder)
    }

    fn mounting(mut self, how: &str, from: &Path, to: &Path) -> Sandbox {
        self.add(&[how]);
        self.words.extend([from.into(), to.into()]);
        self
    }

    /// The checker's own program, on a copy of a submission that is at the
    /// submission's place, in one of its folders. Its arguments are to be
    /// added.
    ///
    /// # Errors
    /// Where this program does not know its own file.
    pub fn checker(
        self,
        submission: &Path,
        folder: &Path,
    ) -> std::io::Result<Command> {
        let own = env::current_exe()?;
        let mut sandbox = self
            .mounting("--ro-bind", &own, Path::new(OWN))
            .mounting("--ro-bind", submission, Path::new(HANDED_IN));
        sandbox.add(&["--size", FILES, "--tmpfs"]);
        sandbox.words.push(submission.into());
        let mut command = sandbox.command("/bin/sh");
        command.args(["-c", SCRIPT]).args([submission, folder]);
        command.args(LIMITS).args(["--", OWN]);
        Ok(command)
    }

    /// A program in it, whose arguments are to be added.
    pub fn command(self, program: impl Into<OsString>) -> Command {
        let path = self.path.clone();
        let mut sandbox = self.with("PATH", path);
        sandbox.add(&["--remount-ro", "/", "--"]);
        let mut command = Command::new("bwrap");
        command.args(sandbox.words).arg(program.into());
        command
    }
}

/// Whether there are sandboxes here.
///
/// # Errors
/// Where there are none: why, and what to do.
pub fn works() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("--isolate só existe em Linux. Noutro sistema, corra as \
                    entregas numa máquina virtual."
            .to_string());
    }
    let tried = Sandbox::new().command("/bin/true").output();
    let why = match tried {
        Ok(tried) if tried.status.success() => return Ok(()),
        Ok(tried) => String::from_utf8_lossy(&tried.stderr).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err("Para --isolate falta o bubblewrap: sudo apt install \
                        bubblewrap (em Fedora, sudo dnf install bubblewrap)"
                .to_string());
        }
        Err(error) => error.to_string(),
    };
    Err(format!(
        "O bubblewrap não consegue fazer aqui uma sandbox: {}\nPrecisa de \
         «user namespaces», que um contentor ou o sistema podem proibir. Em \
         Ubuntu 24.04: sudo sysctl \
         kernel.apparmor_restrict_unprivileged_userns=0",
        why.trim()
    ))
}

/// Where cargo and the compiler keep what they need, without what is secret.
pub fn of_cargo(cargo: &Path) -> Sandbox {
    let home = env::home_dir().unwrap_or_default();
    let folder = |name: &str, usual: &str| {
        let given = env::var_os(name).map(PathBuf::from);
        given.unwrap_or_else(|| home.join(usual))
    };
    let cargo_home = folder("CARGO_HOME", ".cargo");
    let rustup_home = folder("RUSTUP_HOME", ".rustup");
    let mut sandbox = Sandbox::new()
        .with("CARGO_NET_OFFLINE", "true")
        .with("CARGO_HOME", &cargo_home)
        .with("RUSTUP_HOME", &rustup_home)
        .showing(&rustup_home);
    for name in ["bin", "registry", "git", "config.toml"] {
        sandbox = sandbox.showing(&cargo_home.join(name));
    }
    if let Some(toolchain) = env::var_os("RUSTUP_TOOLCHAIN") {
        sandbox = sandbox.with("RUSTUP_TOOLCHAIN", toolchain);
    }
    let sandbox = sandbox.finding(&cargo_home.join("bin"));
    match cargo.parent() {
        Some(folder) if folder.is_absolute() => sandbox.finding(folder),
        _ => sandbox,
    }
}

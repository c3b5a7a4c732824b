//! Where RabbitMQ and Erlang are on this machine.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The server that is installed, wherever its packages put it; `None` where
/// there is none.
pub fn server() -> Option<PathBuf> {
    // The one that Debian puts in the path changes to another user first.
    let debian = PathBuf::from("/usr/lib/rabbitmq/bin");
    let path = env::var_os("PATH").unwrap_or_default();
    let name = if cfg!(windows) {
        "rabbitmq-server.bat"
    } else {
        "rabbitmq-server"
    };
    std::iter::once(debian)
        .chain(env::split_paths(&path))
        .chain(elsewhere())
        .chain(windows("RabbitMQ Server", "rabbitmq_server-", "sbin"))
        .map(|folder| folder.join(name))
        .find(|server| server.is_file())
}

/// The program by which Erlang's nodes find each other, as it is beside this
/// server.
pub fn epmd(server: &Path) -> Option<PathBuf> {
    let name = format!("epmd{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path(server))
        .map(|folder| folder.join(&name))
        .find(|epmd| epmd.is_file())
}

/// The path in which this server finds its Erlang.
pub fn path(server: &Path) -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let erlang = env::var_os("ERLANG_HOME").map(PathBuf::from);
    let folders = env::split_paths(&path)
        .chain(server.parent().map(Path::to_path_buf))
        .chain(elsewhere())
        .chain(
            erlang
                .into_iter()
                .flat_map(|home| inside(&home, "erts-", "bin")),
        )
        .chain(windows("Erlang OTP", "erts-", "bin"));
    env::join_paths(folders).unwrap_or(path)
}

/// Debian's and Homebrew's folders, which are not in everybody's path.
fn elsewhere() -> impl Iterator<Item = PathBuf> {
    let folders = [
        "/usr/sbin",
        "/usr/bin",
        "/opt/homebrew/sbin",
        "/opt/homebrew/bin",
        "/opt/homebrew/opt/erlang/lib/erlang/bin",
        "/usr/local/sbin",
        "/usr/local/bin",
        "/home/linuxbrew/.linuxbrew/sbin",
        "/home/linuxbrew/.linuxbrew/bin",
    ];
    folders.into_iter().map(PathBuf::from)
}

/// The folders of a program's versions, on Windows.
fn windows(
    program: &str,
    version: &str,
    folder: &str,
) -> impl Iterator<Item = PathBuf> {
    let files = env::var_os("ProgramFiles").map(PathBuf::from);
    let home = files.map(|files| files.join(program));
    let found = home.map(|home| inside(&home, version, folder));
    found.unwrap_or_default().into_iter()
}

/// The newest version comes first.
fn inside(home: &Path, version: &str, folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(home)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            entry.file_name().to_string_lossy().starts_with(version)
        })
        .map(|entry| entry.path().join(folder))
        .collect();
    found.sort();
    found.reverse();
    found
}

//! The comparison in C, compiled when it is needed.

use std::fs;
use std::process::Command;

use crate::fallible::Fallible;
use crate::lessons::workspace;
use crate::servers::Server;

/// Starts `baselines/epoll_echo.c`; the error says why there is none here.
pub fn epoll_echo() -> Fallible<Server> {
    if !cfg!(target_os = "linux") {
        return Err("o epoll só existe em Linux".into());
    }
    let root = workspace()?;
    let folder = root.join("target/measure");
    fs::create_dir_all(&folder)?;
    let program = folder.join("epoll_echo");
    let compiled = Command::new("cc")
        .args(["-O2", "-o"])
        .arg(&program)
        .arg(root.join("crates/tools/measure/baselines/epoll_echo.c"))
        .output()
        .map_err(|error| format!("não há compilador de C ({error})"))?;
    if !compiled.status.success() {
        let said = String::from_utf8_lossy(&compiled.stderr).into_owned();
        return Err(format!("o epoll_echo.c não compila: {said}").into());
    }
    Server::start("epoll_echo", Command::new(program))
}

//! A clone has the same bytes on every system.

use std::fs;
use std::path::Path;
use std::process::Command;

use programs::Folder;
use testkit::workspace;

fn git(folder: &Path, words: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "core.autocrlf=true", "-c", "init.defaultBranch=main"])
        .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
        .args(words)
        .current_dir(folder)
        .output()
        .expect("no git; install it with: just setup");
    assert!(done.status.success(), "git {words:?}: {done:?}");
}

/// As Git for Windows is installed.
#[test]
fn autocrlf_changes_nothing() {
    let folder = Folder::new("checkout").expect("a folder");
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::create_dir(&from).expect("make a folder");
    let script = "#!/bin/sh\necho olá\n";
    let picture = b"\x89PNG\r\n\x1a\n\0\r\n\n";
    fs::write(from.join("script.sh"), script).expect("write");
    fs::write(from.join("picture.png"), picture).expect("write");
    fs::copy(
        workspace().join(".gitattributes"),
        from.join(".gitattributes"),
    )
    .expect("the workspace has .gitattributes");
    git(&from, &["init", "--quiet"]);
    git(&from, &["add", "."]);
    git(&from, &["commit", "--quiet", "--message", "all"]);
    git(folder.path(), &["clone", "--quiet", "from", "to"]);
    let read = |name: &str| fs::read(to.join(name)).expect("the clone's file");
    assert_eq!(read("script.sh"), script.as_bytes());
    assert_eq!(read("picture.png"), picture);
}

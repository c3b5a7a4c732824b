//! A clone has the same bytes on every system, and all its tests are run.

use std::fs;
use std::path::{Path, PathBuf};
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

/// The sources in a folder and in those within it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
        .collect()
}

/// `just test` compiles the unit tests of the programs that it names, instead
/// of an empty test of each lesson.
#[test]
fn just_names_every_program_with_unit_tests() {
    let recipes = fs::read_to_string(workspace().join("justfile"));
    let recipes = recipes.expect("a justfile");
    let named = recipes
        .lines()
        .find(|line| line.starts_with("unit_tests :="));
    let named = named.expect("the list of programs").replace('"', " ");
    let mut seen = 0;
    for source in sources(&workspace().join("crates")) {
        let mut folders = source.ancestors().skip(1);
        let Some(src) = folders.find(|folder| folder.ends_with("src")) else {
            continue;
        };
        let text = fs::read_to_string(&source).expect("a source");
        let has_tests = ["#[test]", "#[tokio::test", "cfg(test)"]
            .iter()
            .any(|mark| text.contains(mark));
        if !has_tests || !src.join("main.rs").exists() {
            continue; // a library's are all compiled
        }
        seen += 1;
        let program = match source.strip_prefix(src.join("bin")) {
            Ok(_) => source.file_stem(),
            Err(_) => src.parent().and_then(Path::file_name),
        };
        let program = program.expect("a name").to_string_lossy();
        let source = source.display();
        assert!(
            named.contains(&format!(" --bin {program} ")),
            "{source} has tests: name the program in the justfile"
        );
    }
    assert!(seen > 0);
}

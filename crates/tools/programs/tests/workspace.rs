//! The workspace is the one where a tool runs, not the one where it was built.

mod example;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use example::example;
use programs::{Folder, Program};

/// A workspace with one program, which has this source.
fn workspace(source: &str) -> Folder {
    let folder = Folder::new("workspace").expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("its folder")).expect("make");
        fs::write(path, text).expect("write");
    };
    write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"crates/tools/*\"]\n",
    );
    // The name by which this project is known.
    write(
        "crates/tools/programs/Cargo.toml",
        "[package]\nname = \"only\"\nedition = \"2024\"\n",
    );
    write("crates/tools/programs/src/main.rs", source);
    folder
}

/// What the example `builds` says in a folder.
fn builds(folder: &Path, target: &Path) -> String {
    let program = Program::start(
        Command::new(example("builds"))
            .arg("only")
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_NET_OFFLINE", "true")
            // Of this test's own workspace.
            .env_remove("CARGO_MANIFEST_DIR")
            .current_dir(folder),
    );
    let program = program.expect("start the example");
    program.wait(Duration::from_secs(120)).expect("its end");
    assert!(program.stdout().wait_for_end(Duration::from_secs(30)));
    program.stdout().text()
}

/// Of two clones that share the folder of what is built, each has its own.
#[test]
fn two_clones_with_one_target_folder() {
    let clones = [workspace("fn main() {}"), workspace("fn main() {}")];
    let target = Folder::new("target").expect("a folder");
    for clone in &clones {
        let root = clone.path();
        let said = builds(&root.join("crates/tools"), target.path());
        let found = format!("Ok({root:?})\n");
        assert!(said.starts_with(&found), "{said}\n{found}");
        assert!(said.contains("\nbuilt "), "{said}");
    }
}

#[test]
fn what_does_not_compile_is_not_a_folder_that_cannot_be_written() {
    let clone = workspace("fn main() { wrong }");
    let target = Folder::new("target").expect("a folder");
    let said = builds(clone.path(), target.path());
    assert!(said.contains("\nDoesNotCompile(\""), "{said}");
    assert!(said.contains("cannot find value `wrong`"), "{said}");

    // Nobody, not even root, makes a folder inside a file.
    let file = target.path().join("file");
    fs::write(&file, "").expect("write");
    let said = builds(clone.path(), &file.join("target"));
    assert!(said.contains("\nReadOnly(\""), "{said}");

    let manifest = clone.path().join("crates/tools/programs/Cargo.toml");
    fs::write(manifest, "[package]\nname = \"other\"\n").expect("write");
    let said = builds(clone.path(), target.path());
    assert!(said.contains("\nFailed(\""), "{said}");
}

#[test]
fn outside_there_is_none() {
    let folder = Folder::new("outside").expect("a folder");
    let said = builds(folder.path(), folder.path());
    assert!(said.starts_with("Err("), "{said}");
    assert!(said.ends_with("NoWorkspace\n"), "{said}");
}

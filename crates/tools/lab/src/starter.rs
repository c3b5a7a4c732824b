//! A lab's starter, out of its solution: one source for both.
//!
//! In the solution, a line that begins with `//~ ` is the starter's, and what
//! stands between a line `//{` and a line `//}` is the solution's alone.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::check::Lab;
use crate::notebook;
use crate::workspace;

/// Puts a lab's starter back, and gives where what was there before is kept;
/// `None` where nothing had changed.
///
/// # Errors
/// Where something cannot be read or written: then nothing is lost.
pub fn reset(lab: &Lab) -> io::Result<Option<PathBuf>> {
    put_back(
        &workspace::folder(lab)?.join("src/main.rs"),
        &workspace::solution(lab)?,
        &notebook::folder()?,
        lab.name,
    )
}

fn put_back(
    main: &Path,
    solution: &Path,
    folder: &Path,
    name: &str,
) -> io::Result<Option<PathBuf>> {
    let starter = of_solution(&fs::read_to_string(solution)?);
    let kept = match fs::read(main) {
        Ok(work) if work == starter.as_bytes() => return Ok(None),
        Ok(work) => Some(keep(&work, folder, name)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    fs::write(main, starter)?;
    Ok(kept)
}

/// Puts a copy where there is none yet.
fn keep(work: &[u8], folder: &Path, name: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let second = now.map_or(0, |since| since.as_secs());
    for number in second.. {
        let copy = folder.join(format!("{name}-{number}.rs"));
        match File::create_new(&copy) {
            Ok(mut file) => {
                file.write_all(work)?;
                file.sync_all()?;
                return Ok(copy);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The starter that is in a solution.
pub fn of_solution(solution: &str) -> String {
    let mut starter = String::new();
    let mut hidden = false;
    for line in solution.lines() {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        if text == "//{" || text == "//}" {
            hidden = text == "//{";
        } else if let Some(own) = text.strip_prefix("//~") {
            let own = own.strip_prefix(' ').unwrap_or(own);
            starter.push_str(format!("{indent}{own}").trim_end());
            starter.push('\n');
        } else if !hidden {
            starter.push_str(line);
            starter.push('\n');
        }
    }
    starter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_what_the_student_writes() {
        let solution = "\
fn main() {
    //~ // TODO: diga olá
    //~
    //~ let _ = 1;
    //{
    println!(\"olá\");
    //}
}
";
        let starter = "\
fn main() {
    // TODO: diga olá

    let _ = 1;
}
";
        assert_eq!(of_solution(solution), starter);
    }

    /// The student's work is never lost, whatever its bytes are, however often
    /// it is put back.
    #[test]
    fn reset_keeps_what_was_there() {
        let folder = std::env::temp_dir()
            .join(format!("lab-reset-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let [main, solution, kept] =
            ["main.rs", "solution.rs", "kept"].map(|f| folder.join(f));
        fs::write(&solution, "//~ todo\n//{\ndone\n//}\n").expect("write");
        let put_back = || put_back(&main, &solution, &kept, "lab");

        let mut copies = Vec::new();
        for work in [&b"// Solu\xe7\xe3o\n"[..], b"my work\r\n", b""] {
            fs::write(&main, work).expect("write");
            let copy = put_back().expect("reset").expect("a copy");
            assert_eq!(fs::read(&main).expect("read"), b"todo\n");
            assert_eq!(fs::read(&copy).expect("read"), work);
            copies.push(copy);
            assert_eq!(put_back().expect("reset"), None);
        }
        copies.dedup();
        assert_eq!(copies.len(), 3);
        // What is no file is not overwritten.
        fs::remove_file(&main).expect("remove");
        fs::create_dir(&main).expect("a folder");
        assert!(put_back().is_err());
        fs::remove_dir_all(folder).expect("clean up");
    }

    /// What is in the workspace is what `reset` would write.
    #[test]
    fn every_starter_comes_of_its_solution() {
        for lab in crate::labs::ALL {
            let solution = workspace::solution(lab).expect("the workspace");
            let solution = fs::read_to_string(solution).expect(lab.name);
            let folder = workspace::folder(lab).expect("the workspace");
            let starter = fs::read_to_string(folder.join("src/main.rs"));
            let starter = starter.expect(lab.name);
            assert!(
                starter == of_solution(&solution),
                "{0}: cargo run -p lab -- reset {0}",
                lab.name
            );
        }
    }
}

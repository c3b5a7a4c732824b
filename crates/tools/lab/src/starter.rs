//! A lab's starter, out of its solution: one source for both.
//!
//! In the solution, a line that begins with `//~ ` is the starter's, and what
//! stands between a line `//{` and a line `//}` is the solution's alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::labs::Lab;
use crate::notebook;
use crate::workspace;

/// Puts a lab's starter back, and gives where what was there before is kept;
/// `None` where nothing had changed.
pub fn reset(lab: &Lab) -> io::Result<Option<PathBuf>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let second = now.map_or(0, |since| since.as_secs());
    put_back(
        &workspace::folder(lab).join("src/main.rs"),
        &workspace::solution(lab),
        &notebook::folder().join(format!("{}-{second}.rs", lab.name)),
    )
}

fn put_back(
    main: &Path,
    solution: &Path,
    copy: &Path,
) -> io::Result<Option<PathBuf>> {
    let starter = of_solution(&fs::read_to_string(solution)?);
    let mut kept = None;
    if let Ok(work) = fs::read_to_string(main) {
        if work == starter {
            return Ok(None);
        }
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(copy, work)?;
        kept = Some(copy.to_path_buf());
    }
    fs::write(main, starter)?;
    Ok(kept)
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

    /// The student's work is never lost.
    #[test]
    fn reset_keeps_what_was_there() {
        let folder = std::env::temp_dir()
            .join(format!("lab-reset-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let [main, solution, copy] =
            ["main.rs", "solution.rs", "kept/copy.rs"].map(|f| folder.join(f));
        fs::write(&solution, "//~ todo\n//{\ndone\n//}\n").expect("write");
        fs::write(&main, "my work\n").expect("write");

        let kept = put_back(&main, &solution, &copy).expect("reset");
        assert_eq!(kept, Some(copy.clone()));
        let read = |path| fs::read_to_string(path).expect("read");
        assert_eq!(read(&main), "todo\n");
        assert_eq!(read(&copy), "my work\n");
        let again = put_back(&main, &solution, &copy).expect("reset");
        assert_eq!(again, None);
        fs::remove_dir_all(folder).expect("clean up");
    }

    /// What is in the workspace is what `reset` would write.
    #[test]
    fn every_starter_comes_of_its_solution() {
        for lab in crate::labs::ALL {
            let solution = crate::workspace::solution(lab);
            let solution = std::fs::read_to_string(solution).expect(lab.name);
            let starter = crate::workspace::folder(lab).join("src/main.rs");
            let starter = std::fs::read_to_string(starter).expect(lab.name);
            assert!(
                starter == of_solution(&solution),
                "{0}: cargo run -p lab -- reset {0}",
                lab.name
            );
        }
    }
}

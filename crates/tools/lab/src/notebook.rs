//! What the checker remembers of a student's work, in `.lab` at the root of
//! the workspace (or where `LAB_NOTEBOOK` says): the hints given, and what has
//! passed.

use std::fs;
use std::io;
use std::path::PathBuf;

use programs::workspace;
use serde_json::{Value, json};

use crate::check::Lab;
use crate::run::Checked;

pub fn folder() -> io::Result<PathBuf> {
    match std::env::var_os("LAB_NOTEBOOK") {
        Some(folder) => Ok(folder.into()),
        None => Ok(workspace()?.join(".lab")),
    }
}

fn page(lab: &Lab) -> io::Result<PathBuf> {
    Ok(folder()?.join(format!("{}.json", lab.name)))
}

/// What is known of a lab; empty where nothing is.
fn read(lab: &Lab) -> Value {
    let text = page(lab).and_then(fs::read_to_string).unwrap_or_default();
    match serde_json::from_str(&text) {
        Ok(known @ Value::Object(_)) => known,
        _ => json!({}),
    }
}

fn write(lab: &Lab, known: &Value) -> io::Result<()> {
    fs::create_dir_all(folder()?)?;
    fs::write(page(lab)?, format!("{known:#}\n"))
}

/// The number of a lab's next hint, or that of the last one when there is no
/// more; and why that was not written down, where it was not.
pub fn next_hint(lab: &Lab) -> (usize, io::Result<()>) {
    let mut known = read(lab);
    let given = known["hints"].as_u64().unwrap_or(0) as usize;
    let number = (given + 1).min(lab.hints.len());
    known["hints"] = json!(number);
    (number, write(lab, &known))
}

/// Remembers which checks have passed. What was solved stays so, although a
/// later try failed or left it out.
pub fn record(lab: &Lab, all: &[Checked]) -> io::Result<()> {
    let mut known = read(lab);
    for checked in all {
        let last = &mut known["checks"][checked.check.name];
        if *last != "passed" {
            *last = json!(checked.word());
        }
    }
    write(lab, &known)
}

/// How many checks of a lab have passed so far; `None` where it was never
/// checked.
pub fn passed(lab: &Lab) -> Option<usize> {
    let known = read(lab);
    let checks = known["checks"].as_object()?;
    let passed = lab
        .checks
        .iter()
        .filter(|check| checks.get(check.name) == Some(&json!("passed")));
    Some(passed.count())
}

//! What the checker remembers of a student's work, in `.lab` at the root of
//! the workspace (or where `LAB_NOTEBOOK` says): the hints given, and how the
//! last check went.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::labs::Lab;
use crate::run::Checked;
use crate::workspace;

pub fn folder() -> PathBuf {
    match std::env::var_os("LAB_NOTEBOOK") {
        Some(folder) => folder.into(),
        None => workspace::root().join(".lab"),
    }
}

fn page(lab: &Lab) -> PathBuf {
    folder().join(format!("{}.json", lab.name))
}

/// What is known of a lab; empty where nothing is.
fn read(lab: &Lab) -> Value {
    let text = fs::read_to_string(page(lab)).unwrap_or_default();
    match serde_json::from_str(&text) {
        Ok(known @ Value::Object(_)) => known,
        _ => json!({}),
    }
}

fn write(lab: &Lab, known: &Value) -> io::Result<()> {
    fs::create_dir_all(folder())?;
    fs::write(page(lab), format!("{known:#}\n"))
}

/// The next hint of a lab, and its number; the last one when there is no more.
pub fn next_hint(lab: &Lab) -> io::Result<(usize, &'static str)> {
    let mut known = read(lab);
    let given = known["hints"].as_u64().unwrap_or(0) as usize;
    let number = (given + 1).min(lab.hints.len());
    known["hints"] = json!(number);
    write(lab, &known)?;
    Ok((number, lab.hints[number - 1]))
}

/// Remembers how each check went.
pub fn record(lab: &Lab, all: &[Checked]) -> io::Result<()> {
    let mut known = read(lab);
    known["checks"] = all
        .iter()
        .map(|checked| (checked.check.name.to_string(), checked.word()))
        .collect();
    write(lab, &known)
}

/// How many checks of a lab passed last time; `None` where it was never
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

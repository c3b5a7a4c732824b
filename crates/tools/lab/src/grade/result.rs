//! What came of a submission, as it is kept between two runs.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

/// What came of a submission.
#[derive(Clone)]
pub struct Graded {
    pub entry: String,
    pub name: String,
    pub key: String,
    /// What the checker says, as JSON; or why there is nothing, in a line, and
    /// all that there is to say of that.
    pub outcome: Result<Value, (String, String)>,
}

impl Graded {
    /// What the checker found, check by check.
    pub fn checks(&self) -> &[Value] {
        let checks = self.outcome.as_ref().map(|said| &said["checks"]);
        checks
            .ok()
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    pub fn count(&self, result: &str) -> usize {
        let checks = self.checks().iter();
        checks.filter(|check| check["result"] == result).count()
    }

    /// What is worst about it, in a few words; empty where nothing is.
    pub fn problem(&self) -> String {
        let why = match &self.outcome {
            Err((why, _)) => return why.clone(),
            Ok(_) => self.checks(),
        };
        let failed = why.iter().find(|check| check["result"] == "failed");
        failed.map_or(String::new(), |check| {
            format!("{}: {}", check["number"], words(&check["failure"]["kind"]))
        })
    }

    /// What a student would have seen.
    pub fn log(&self) -> String {
        match &self.outcome {
            Ok(said) => text(&said["report"]),
            Err((_, log)) => log.clone(),
        }
    }

    /// Reads what was kept of this submission; `None` where that is nothing,
    /// or of other files.
    pub fn read(path: &Path, fingerprint: &str) -> Option<Graded> {
        let text = fs::read_to_string(path).ok()?;
        let kept: Value = serde_json::from_str(&text).ok()?;
        if kept["fingerprint"] != fingerprint {
            return None;
        }
        let field = |name: &str| Some(kept[name].as_str()?.to_string());
        let outcome = match &kept["said"] {
            Value::Null => Err((field("why")?, field("log")?)),
            said => Ok(said.clone()),
        };
        Some(Graded {
            entry: field("entry")?,
            name: field("name")?,
            key: field("key")?,
            outcome,
        })
    }

    /// Keeps it, so that nothing half-written is ever there.
    ///
    /// # Errors
    /// Where the disk is full, say.
    pub fn write(&self, path: &Path, fingerprint: &str) -> io::Result<()> {
        let mut kept = json!({
            "fingerprint": fingerprint,
            "entry": self.entry,
            "name": self.name,
            "key": self.key,
        });
        match &self.outcome {
            Ok(said) => kept["said"] = said.clone(),
            Err((why, log)) => {
                kept["why"] = json!(why);
                kept["log"] = json!(log);
            }
        }
        write_whole(path, &format!("{kept:#}\n"))
    }
}

/// The text of which these are the lines.
pub fn text(lines: &Value) -> String {
    let lines = lines.as_array().into_iter().flatten();
    let lines = lines.filter_map(Value::as_str);
    lines.map(|line| format!("{line}\n")).collect()
}

/// Writes a file, whole or not at all.
///
/// # Errors
/// Where the disk is full, say.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut part = path.as_os_str().to_os_string();
    part.push(".part");
    let written = fs::write(&part, text);
    let written = written.and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(part);
    }
    written
}

/// Why a check failed, for the table.
fn words(kind: &Value) -> &'static str {
    match kind.as_str() {
        Some("missing") => "não se consegue iniciar",
        Some("crashed") => "o programa terminou",
        Some("never_listened") => "nunca escutou",
        Some("hung") => "deixou de responder",
        Some("flooded") => "inundou a saída",
        Some("took_memory") => "encheu a memória",
        Some("took_time") => "demorou de mais",
        _ => "não faz o que se pede",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Kind;

    /// The lecturer's page says what each word of the table means.
    #[test]
    fn every_reason_is_in_the_book() {
        let root = programs::workspace().expect("the workspace");
        let page = fs::read_to_string(root.join("docs/grading.md"));
        let page = page.expect("the page");
        let kinds = [
            Kind::Wrong,
            Kind::Missing,
            Kind::Crashed,
            Kind::NeverListened,
            Kind::Hung,
            Kind::Flooded,
            Kind::TookMemory,
            Kind::TookTime,
        ];
        for kind in kinds {
            let words = words(&json!(kind.word()));
            assert!(page.contains(&format!("\n| {words} | ")), "{words}");
        }
    }
}

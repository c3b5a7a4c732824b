//! What measuring came to, as it is stored.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Finding};
use crate::machine::Machine;

/// All that was measured at once. It is stored as `report.json`, and everything that is shown
/// is made from it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Report {
    pub date: String,
    pub machine: Machine,
    pub versions: BTreeMap<String, String>,
    /// Python's version and its libraries'; empty where it was not measured.
    pub python: Vec<String>,
    pub seed: u64,
    /// Whether the rounds were too few and too short to be compared.
    pub quick: bool,
    pub claims: Vec<ClaimReport>,
}

/// A claim, and what came of measuring it.
#[derive(Debug, Deserialize, Serialize)]
pub struct ClaimReport {
    pub number: u32,
    pub slide: String,
    pub statement: String,
    pub crates: Vec<String>,
    pub outcome: Outcome,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Found(Finding),
    /// And why.
    Unmeasured(String),
}

impl ClaimReport {
    pub fn new(claim: &Claim, found: Fallible<Finding>) -> ClaimReport {
        ClaimReport {
            number: claim.number,
            slide: claim.slide.into(),
            statement: claim.statement.into(),
            crates: claim.crates.iter().map(ToString::to_string).collect(),
            outcome: match found {
                Ok(finding) => Outcome::Found(finding),
                Err(error) => Outcome::Unmeasured(error.to_string()),
            },
        }
    }

    /// Whether nothing was found.
    pub fn is_unmeasured(&self) -> bool {
        matches!(self.outcome, Outcome::Unmeasured(_))
    }

    /// The verdict, in a few words.
    pub fn verdict(&self) -> &'static str {
        match &self.outcome {
            Outcome::Found(Finding { holds: true, .. }) => "confirma-se",
            Outcome::Found(_) => "não se confirma aqui",
            Outcome::Unmeasured(_) => "não se pôde medir",
        }
    }

    /// What was found, or why nothing was.
    pub fn found(&self) -> &str {
        match &self.outcome {
            Outcome::Found(finding) => &finding.found,
            Outcome::Unmeasured(why) => why,
        }
    }

    pub fn charts(&self) -> &[Chart] {
        match &self.outcome {
            Outcome::Found(finding) => &finding.charts,
            Outcome::Unmeasured(_) => &[],
        }
    }

    pub fn notes(&self) -> &[String] {
        match &self.outcome {
            Outcome::Found(finding) => &finding.notes,
            Outcome::Unmeasured(_) => &[],
        }
    }

    /// Which figures spread too much, if any.
    fn noisy(&self) -> Option<String> {
        let mut noisy = Vec::new();
        for chart in self.charts() {
            let rows = chart.rows.iter().filter(|row| row.value.is_noisy());
            let labels: Vec<&str> =
                rows.map(|row| row.label.as_str()).collect();
            if !labels.is_empty() {
                let labels = labels.join(" e ");
                noisy.push(format!("«{}» ({labels})", chart.title));
            }
        }
        (!noisy.is_empty())
            .then(|| format!("Execuções ruidosas: {}.", noisy.join("; ")))
    }

    /// What a reader has to know, the noise first.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        self.noisy().into_iter().chain(self.notes().iter().cloned())
    }
}

impl Report {
    /// What has to be known before any figure is read.
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.quick {
            warnings.push(
                "Execuções curtas e poucas (--quick): os números não servem \
                 para comparar.",
            );
        }
        if self.machine.was_busy() {
            warnings.push("A máquina estava ocupada com outras coisas.");
        }
        warnings
    }

    /// The versions, in one line.
    pub fn versions(&self) -> String {
        let crates = self
            .versions
            .iter()
            .map(|(name, version)| format!("{name} {version}"));
        let all: Vec<String> =
            crates.chain(self.python.iter().cloned()).collect();
        all.join(", ")
    }
}

/// A report as it is stored.
pub fn json(report: &Report) -> Fallible<String> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}

/// Reads a stored `report.json`.
pub fn read(path: &Path) -> Fallible<Report> {
    let read = || -> Fallible<Report> {
        Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
    };
    read().map_err(|error| {
        let path = path.display();
        format!("Não foi possível ler {path}: {error}").into()
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The stored report of made-up figures.
    pub fn stored() -> Report {
        let path = testkit::workspace().join("crates/tools/measure/tests");
        read(&path.join("report.json")).expect("the stored report")
    }

    #[test]
    fn figures_survive_being_stored() {
        let text = json(&stored()).expect("JSON");
        let again: Report = serde_json::from_str(&text).expect("a report");
        assert_eq!(json(&again).expect("JSON"), text);
    }
}

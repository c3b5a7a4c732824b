//! Runs a lab's checks against a program.

use std::time::{Duration, Instant};

use crate::labs::{Check, Lab};
use crate::program::Launch;
use crate::random::Random;
use crate::trial::{Failure, Step, Trial};

/// What came of one check.
pub struct Checked {
    pub check: &'static Check,
    pub verdict: Verdict,
    pub took: Duration,
}

pub enum Verdict {
    Passed,
    Failed(Box<Evidence>),
    /// It says nothing about the program, and why.
    NotRun(String),
}

/// What a student needs to see of a failure.
pub struct Evidence {
    pub failure: Failure,
    pub steps: Vec<Step>,
    /// The last lines that the program wrote.
    pub output: Vec<String>,
}

impl Checked {
    pub fn passed(&self) -> bool {
        matches!(self.verdict, Verdict::Passed)
    }

    /// One word for JSON, CSV and JUnit.
    pub fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed(_) => "failed",
            Verdict::NotRun(_) => "not_run",
        }
    }
}

/// Runs the checks of a lab in their order, each with a program of its own,
/// and tells of each when it starts and when it has ended.
pub fn run(
    lab: &'static Lab,
    launch: &Launch,
    seed: u64,
    mut starts: impl FnMut(usize, &'static Check),
    mut ends: impl FnMut(usize, &Checked),
) -> Vec<Checked> {
    let mut all = Vec::new();
    for (index, check) in lab.checks.iter().enumerate() {
        let start = Instant::now();
        // Nothing else can be well where the first thing is not.
        let verdict = if all.first().is_some_and(|c: &Checked| !c.passed()) {
            Verdict::NotRun("falta passar a primeira".to_string())
        } else {
            starts(index, check);
            one(check, launch, seed)
        };
        let checked = Checked {
            check,
            verdict,
            took: start.elapsed(),
        };
        ends(index, &checked);
        all.push(checked);
    }
    all
}

fn one(check: &'static Check, launch: &Launch, seed: u64) -> Verdict {
    let mut trial = Trial::new(launch, Random::new(seed, check.name));
    let outcome = (check.run)(&mut trial);
    let Err(mut failure) = trial.explained(outcome) else {
        return Verdict::Passed;
    };
    if failure.cause.is_empty() {
        failure.cause = check.cause.to_string();
    }
    Verdict::Failed(Box::new(Evidence {
        failure: *failure,
        steps: trial.steps.all(),
        output: trial.last_lines(6),
    }))
}

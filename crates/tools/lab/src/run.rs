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
        let verdict = match all.first().map(|first: &Checked| &first.verdict) {
            None | Some(Verdict::Passed) => {
                starts(index, check);
                one(check, launch, seed)
            }
            // Nothing else can be well where the first thing is not.
            Some(Verdict::Failed(_)) => {
                Verdict::NotRun("falta passar a primeira".to_string())
            }
            // What this machine lacks for the first, it lacks for all.
            Some(Verdict::NotRun(why)) => Verdict::NotRun(why.clone()),
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
    if failure.not_run {
        return Verdict::NotRun(failure.what);
    }
    if failure.cause.is_empty() {
        failure.cause = check.cause.to_string();
    }
    Verdict::Failed(Box::new(Evidence {
        failure: *failure,
        steps: trial.steps.all(),
        output: trial.last_lines(6),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{self, Style};
    use crate::trial::Outcome;

    const LACKS: &str = "não há coelhos: instale um";

    const fn check(
        name: &'static str,
        run: fn(&mut Trial) -> Outcome,
    ) -> Check {
        Check {
            name,
            about: name,
            cause: "",
            slide: "",
            read: "",
            run,
        }
    }

    fn passes(_: &mut Trial) -> Outcome {
        Ok(())
    }

    fn lacks(_: &mut Trial) -> Outcome {
        Err(Failure::not_run(LACKS))
    }

    fn words(lab: &'static Lab) -> (Vec<&'static str>, String) {
        let launch = Launch::of_program("nothing");
        let all = run(lab, &launch, 1, |_, _| {}, |_, _| {});
        assert!(!all.iter().all(Checked::passed));
        let words = all.iter().map(Checked::word).collect();
        (words, report::summary(lab, &all, Style::PLAIN))
    }

    #[test]
    fn what_could_not_run_has_not_passed() {
        static LAB: Lab = Lab {
            name: "lab",
            title: "",
            checks: &[
                check("a", passes),
                check("b", lacks),
                check("c", passes),
            ],
            hints: &[],
        };
        let (words, summary) = words(&LAB);
        assert_eq!(words, ["passed", "not_run", "passed"]);
        assert_eq!(
            summary,
            format!(
                "\n2 de 3 verificações. Uma não se pôde correr aqui: {LACKS}.\n"
            )
        );
    }

    #[test]
    fn what_the_first_lacks_all_lack() {
        static LAB: Lab = Lab {
            name: "lab",
            title: "",
            checks: &[check("a", lacks), check("b", passes)],
            hints: &[],
        };
        let (words, summary) = words(&LAB);
        assert_eq!(words, ["not_run", "not_run"]);
        assert_eq!(
            summary,
            format!(
                "\n0 de 2 verificações. 2 não se puderam correr aqui: {LACKS}.\n"
            )
        );
    }
}

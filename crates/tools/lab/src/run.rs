//! Runs a lab's checks against a program.

use std::time::{Duration, Instant};

use crate::check::{Check, Lab};
use crate::outcome::{Failure, Step};
use crate::program::Launch;
use crate::random::Random;
use crate::trial::Trial;

/// What came of one check.
pub struct Checked {
    /// Its place in the lab, from 1.
    pub number: usize,
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

    pub fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }

    /// Whether the program did not even begin: no other check can be well.
    pub fn failed_to_begin(&self) -> bool {
        match &self.verdict {
            Verdict::Failed(evidence) => evidence.failure.unbegun,
            _ => false,
        }
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

/// Which of a lab's checks to run.
#[derive(Clone, Copy)]
pub struct Which {
    /// The one with this number alone.
    pub only: Option<usize>,
    pub until: Until,
}

/// When to run no more checks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// After the first one that fails.
    Failure,
    /// Where the lab's first one fails: hardly any other can be well.
    FirstFails,
    /// Never. (But where the program does not even begin, none can be run.)
    End,
}

/// Runs the checks of a lab in their order, each with a program of its own,
/// and tells of each when it starts and when it has ended.
pub fn run(
    lab: &'static Lab,
    launch: &Launch,
    seed: u64,
    which: Which,
    mut starts: impl FnMut(usize, &'static Check),
    mut ends: impl FnMut(&Checked),
) -> Vec<Checked> {
    let mut all: Vec<Checked> = Vec::new();
    for (index, check) in lab.checks.iter().enumerate() {
        let number = index + 1;
        if which.only.is_some_and(|only| only != number) {
            continue;
        }
        let start = Instant::now();
        let verdict = match all.first() {
            Some(first) if first.failed_to_begin() => {
                Verdict::NotRun("o programa não chegou a funcionar".to_string())
            }
            Some(first) if first.failed() && which.until != Until::End => {
                Verdict::NotRun("falta passar a primeira".to_string())
            }
            // What this machine lacks for the first, it lacks for all.
            Some(Checked {
                verdict: Verdict::NotRun(why),
                ..
            }) => Verdict::NotRun(why.clone()),
            _ => {
                starts(index, check);
                one(check, launch, seed)
            }
        };
        let checked = Checked {
            number,
            check,
            verdict,
            took: start.elapsed(),
        };
        ends(&checked);
        let failed = checked.failed();
        all.push(checked);
        if failed && which.until == Until::Failure {
            break;
        }
    }
    all
}

fn one(check: &'static Check, launch: &Launch, seed: u64) -> Verdict {
    let mut trial = Trial::new(launch, Random::new(seed, check.name));
    let outcome = (check.run)(&mut trial);
    programs::stop_if_ending();
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
    use crate::check::Needs;
    use crate::outcome::Outcome;

    const fn check(
        name: &'static str,
        run: fn(&mut Trial) -> Outcome,
    ) -> Check {
        Check {
            name,
            about: name,
            demands: &[],
            cause: "",
            slide: "",
            read: "",
            run,
        }
    }

    const PASSES: Check = check("passes", |_| Ok(()));
    const FAILS: Check = check("fails", |_| Err(Failure::new("x").settled()));
    const LACKS: Check =
        check("lacks", |_| Err(Failure::not_run("no rabbits")));
    const UNBEGUN: Check =
        check("unbegun", |_| Err(Failure::new("x").settled().unbegun()));

    fn words(checks: &'static [Check], until: Until) -> Vec<&'static str> {
        words_of(checks, Which { only: None, until })
    }

    fn words_of(checks: &'static [Check], which: Which) -> Vec<&'static str> {
        let lab: &'static Lab = Box::leak(Box::new(Lab {
            name: "lab",
            title: "",
            needs: Needs::Nothing,
            checks,
            hints: &[],
        }));
        let launch = Launch::of_program("nothing");
        let all = run(lab, &launch, 1, which, |_, _| {}, |_| {});
        all.iter().map(Checked::word).collect()
    }

    #[test]
    fn what_could_not_run_has_not_passed() {
        static CHECKS: [Check; 3] = [PASSES, LACKS, PASSES];
        let words = words(&CHECKS, Until::Failure);
        assert_eq!(words, ["passed", "not_run", "passed"]);
    }

    #[test]
    fn what_the_first_lacks_all_lack() {
        static CHECKS: [Check; 2] = [LACKS, PASSES];
        assert_eq!(words(&CHECKS, Until::End), ["not_run", "not_run"]);
    }

    #[test]
    fn a_failure_stops_only_where_it_should() {
        static FIRST: [Check; 3] = [FAILS, PASSES, FAILS];
        let words = |until| words(&FIRST, until);
        assert_eq!(words(Until::End), ["failed", "passed", "failed"]);
        assert_eq!(words(Until::FirstFails), ["failed", "not_run", "not_run"]);
        assert_eq!(words(Until::Failure), ["failed"]);
        let only = Some(2);
        let until = Until::Failure;
        assert_eq!(words_of(&FIRST, Which { only, until }), ["passed"]);
        static SECOND: [Check; 3] = [PASSES, FAILS, PASSES];
        let words = words_of(
            &SECOND,
            Which {
                only: None,
                until: Until::FirstFails,
            },
        );
        assert_eq!(words, ["passed", "failed", "passed"]);
    }

    #[test]
    fn nothing_runs_after_a_program_that_does_not_begin() {
        static CHECKS: [Check; 2] = [UNBEGUN, PASSES];
        assert_eq!(words(&CHECKS, Until::End), ["failed", "not_run"]);
    }
}

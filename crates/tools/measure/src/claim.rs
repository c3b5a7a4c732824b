//! A claim of the lecture, and what measuring it finds.

use std::error::Error;

use serde::{Deserialize, Serialize};

use crate::bench::Bench;
use crate::statistics::{Measure, Unit};

/// A result whose error is a Portuguese sentence for the reader.
pub type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What a slide says, and the measurement that puts it to the test.
pub struct Claim {
    pub number: u32,
    /// The slide's title, as the book has it.
    pub slide: &'static str,
    /// What the slide says, in other words: one or two sentences.
    pub statement: &'static str,
    /// The lessons measured, and the tool's own servers: all are built before
    /// the first claim runs.
    pub crates: &'static [&'static str],
    /// How long the claim takes without Python, for the time left.
    pub seconds: u64,
    /// Measures. An error means that nothing could be measured, and why.
    pub run: fn(&mut Bench) -> Fallible<Finding>,
}

/// What was found of a claim.
#[derive(Debug, Deserialize, Serialize)]
pub struct Finding {
    /// Whether the claim holds on this machine.
    pub holds: bool,
    /// One or two sentences, with the figures that decide.
    pub found: String,
    pub charts: Vec<Chart>,
    /// What a reader has to know of the method, or of what is missing.
    pub notes: Vec<String>,
}

/// Figures of one unit, side by side: a table, and a plot of bars.
#[derive(Debug, Deserialize, Serialize)]
pub struct Chart {
    pub title: String,
    pub unit: Unit,
    /// Whether the bars need a logarithmic scale to be seen.
    pub log: bool,
    pub rows: Vec<Row>,
}

/// One bar.
#[derive(Debug, Deserialize, Serialize)]
pub struct Row {
    pub label: String,
    pub kind: Kind,
    pub value: Measure,
    /// A few words beside the number, or none: `p99 1,2 ms`.
    pub detail: String,
}

/// Whose figure it is: each has a colour.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A lesson of this workspace.
    Lesson,
    /// The same slide in Python.
    Python,
    /// A minimal program, written only to be compared with.
    Baseline,
}

impl Chart {
    pub fn new(title: impl Into<String>, unit: Unit) -> Chart {
        Chart {
            title: title.into(),
            unit,
            log: false,
            rows: Vec::new(),
        }
    }

    /// The bars on a logarithmic scale.
    pub fn log(mut self) -> Chart {
        self.log = true;
        self
    }

    pub fn row(
        &mut self,
        kind: Kind,
        label: impl Into<String>,
        value: Measure,
    ) -> &mut Row {
        self.rows.push(Row {
            label: label.into(),
            kind,
            value,
            detail: String::new(),
        });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }
}

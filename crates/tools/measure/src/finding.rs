//! What measuring a claim finds: figures, and what they say of it.

use serde::{Deserialize, Serialize};

use crate::fallible::Fallible;
use crate::statistics::{Sample, Unit};

/// What was measured for a claim. The verdict is made from the charts alone.
#[derive(Debug)]
pub struct Measurement {
    /// The figures.
    pub charts: Vec<Chart>,
    /// What a reader has to know of the method, or of what is missing.
    pub notes: Vec<String>,
}

/// What the figures say of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether the claim holds on this machine.
    pub holds: bool,
    /// One or two sentences, with the figures that decide.
    pub found: String,
}

/// What was found of a claim.
#[derive(Debug, Deserialize, Serialize)]
pub struct Finding {
    /// Whether the claim holds on this machine.
    pub holds: bool,
    /// One or two sentences, with the figures that decide.
    pub found: String,
    /// The figures.
    pub charts: Vec<Chart>,
    /// What a reader has to know of the method, or of what is missing.
    pub notes: Vec<String>,
}

/// Figures of one unit, side by side: a table, and a plot of bars.
#[derive(Debug, Deserialize, Serialize)]
pub struct Chart {
    /// What it shows: no two charts of a claim have the same.
    pub title: String,
    /// Of all its figures.
    pub unit: Unit,
    /// Whether the bars need a logarithmic scale to be seen.
    pub log: bool,
    /// The bars, from the top.
    pub rows: Vec<Row>,
}

/// One bar.
#[derive(Debug, Deserialize, Serialize)]
pub struct Row {
    /// What is compared: no two rows of a chart have the same.
    pub label: String,
    /// Whose figure it is.
    pub kind: Kind,
    /// The figure, in every round.
    pub value: Sample,
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

/// A figure by its chart's title and its row's label.
///
/// # Errors
/// Where it was not measured.
pub fn figure<'a>(
    charts: &'a [Chart],
    title: &str,
    label: &str,
) -> Fallible<&'a Sample> {
    find(charts, title, label)
        .ok_or_else(|| format!("falta «{label}» em «{title}»").into())
}

/// The same, of what not every system tells.
pub fn find<'a>(
    charts: &'a [Chart],
    title: &str,
    label: &str,
) -> Option<&'a Sample> {
    let chart = charts.iter().find(|chart| chart.title == title)?;
    let row = chart.rows.iter().find(|row| row.label == label)?;
    Some(&row.value)
}

impl Chart {
    /// An empty chart.
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

    /// Adds a bar, to which a detail may be given.
    pub fn row(
        &mut self,
        kind: Kind,
        label: impl Into<String>,
        value: Sample,
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

    /// The middle half of a figure's rounds; nothing where there is only one.
    pub fn spread(&self, value: &Sample) -> String {
        if value.runs.len() < 2 {
            return String::new();
        }
        let low = self.unit.text(value.low);
        let high = self.unit.text(value.high);
        let noisy = if value.is_noisy() { ", ruidosa" } else { "" };
        if low == high && noisy.is_empty() {
            return String::new();
        }
        format!("({low} a {high}{noisy})")
    }
}

/// A chart of made-up figures, for the tests of what judges them: each row has
/// its label and its value in each round.
#[cfg(test)]
pub fn made_up(title: &str, unit: Unit, rows: &[(&str, &[f64])]) -> Chart {
    let mut chart = Chart::new(title, unit);
    for (label, rounds) in rows {
        chart.row(Kind::Lesson, *label, Sample::of(rounds.iter().copied()));
    }
    chart
}

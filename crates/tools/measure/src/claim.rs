//! A claim of the lecture: how it is measured, and how it is judged.

use crate::bench::Bench;
use crate::fallible::Fallible;
use crate::finding::{Chart, Finding, Measurement, Verdict};

/// What a slide says, and the measurement that puts it to the test.
pub struct Claim {
    /// Its place among the claims.
    pub number: u32,
    /// The slide's title, as the book has it.
    pub slide: &'static str,
    /// What the slide says, in other words: one or two sentences.
    pub statement: &'static str,
    /// The lessons measured, and the tool's own servers: all are built before
    /// the first claim is measured.
    pub crates: &'static [&'static str],
    /// How long the claim takes without Python, for the time left.
    pub seconds: u64,
    /// Measures. An error means that nothing could be measured, and why.
    pub measure: fn(&mut Bench) -> Fallible<Measurement>,
    /// Judges, by nothing but the figures. An error means that one is missing.
    pub judge: fn(&[Chart]) -> Fallible<Verdict>,
}

impl Claim {
    /// Measures and judges.
    ///
    /// # Errors
    /// Where it cannot be measured: why.
    pub fn examine(&self, bench: &mut Bench) -> Fallible<Finding> {
        let Measurement { charts, notes } = (self.measure)(bench)?;
        let Verdict { holds, found } = (self.judge)(&charts)?;
        Ok(Finding {
            holds,
            found,
            charts,
            notes,
        })
    }
}

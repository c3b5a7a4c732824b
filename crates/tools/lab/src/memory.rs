//! How much a program keeps for a client that does not read.
//!
//! What it occupies for other reasons comes and goes: a garbage collector takes
//! its time, and a queue that is limited by its length may hold long texts. So
//! growth alone says nothing. What says something is growth that keeps up with
//! what was sent: a program that keeps everything grows by all of it, and one
//! with any limit does not, once enough was sent.

use std::time::{Duration, Instant};

use crate::outcome::{Failure, Outcome};
use crate::trial::Trial;

/// Between two looks, and before the first one, in bytes sent.
const STEP: u64 = 8 << 20;
const FIRST: u64 = 24 << 20;

/// What may be sent until a program's limit has to show. The sheets allow it
/// 32 MiB for each client; and as much again is for its own machinery.
const LAST: u64 = 96 << 20;
const ALLOWED: u64 = 64 << 20;

/// How long it may take to send all that. A machine that is slow knows less.
const LIMIT: Duration = Duration::from_secs(75);

/// What the system's own buffers take at most, on the way to who does not
/// read.
const BUFFERED: u64 = 12 << 20;

/// How much may be sent before the measure begins, so that the program has
/// done all that once already: for nobody who does not read.
pub const WARM_UP: u64 = 4 << 20;

/// What a program occupied before somebody stopped reading, and what was sent
/// to that one since.
pub struct Kept {
    before: Option<u64>,
    sent: u64,
    looked: u64,
    since: Instant,
}

impl Kept {
    /// From now on, somebody does not read.
    pub fn from_now(trial: &mut Trial) -> Outcome<Kept> {
        Ok(Kept {
            before: trial.program()?.memory(),
            sent: 0,
            looked: FIRST - STEP,
            since: Instant::now(),
        })
    }

    /// So many more bytes were sent to who does not read. Whether it is known
    /// by now that the program keeps a limited part of them.
    ///
    /// # Errors
    /// Where it keeps all of them.
    pub fn is_limited(
        &mut self,
        trial: &mut Trial,
        more: u64,
    ) -> Outcome<bool> {
        self.sent += more;
        if self.sent < self.looked + STEP {
            return Ok(false);
        }
        self.looked = self.sent;
        // Where the system does not tell, there is nothing to be seen.
        let over = self.since.elapsed() > LIMIT;
        let grown = self.grown(trial)?;
        match grown.map(|grown| judged(self.sent, grown, over)) {
            None | Some(Some(true)) => Ok(true),
            Some(None) => Ok(false),
            Some(Some(false)) => Err(unlimited()),
        }
    }

    /// Not more has been kept by now than any limit allows, however much was
    /// sent.
    ///
    /// # Errors
    /// Where it has.
    pub fn is_little(&self, trial: &mut Trial) -> Outcome {
        match self.grown(trial)? {
            Some(grown) if grown >= ALLOWED => Err(unlimited()),
            _ => Ok(()),
        }
    }

    /// How many bytes more the program occupies now; `None` where the system
    /// does not tell.
    fn grown(&self, trial: &mut Trial) -> Outcome<Option<u64>> {
        let now = trial.program()?.memory();
        let both = self.before.zip(now);
        Ok(both.map(|(before, now)| now.saturating_sub(before)))
    }
}

fn unlimited() -> Box<Failure> {
    Failure::new(format!(
        "a memória cresceu mais de {} MiB por um cliente que não lê",
        ALLOWED >> 20
    ))
}

/// Whether a program has a limit, of which so much was sent when it had grown by
/// so much; `None` where more has to be sent to know, which it cannot be when
/// the time is over.
fn judged(sent: u64, grown: u64, over: bool) -> Option<bool> {
    let keeps_pace = grown >= sent / 3 * 2;
    if grown < sent.saturating_sub(BUFFERED) / 2 {
        Some(true)
    } else if sent >= LAST {
        Some(grown < ALLOWED)
    } else if over {
        Some(!(sent >= LAST * 3 / 4 && keeps_pace))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `judged` says in the end of a program that occupies so much more,
    /// in MiB, after so many sent.
    fn verdict(grown: impl Fn(u64) -> u64) -> Option<bool> {
        let looks = (FIRST..=LAST).step_by(STEP as usize);
        looks
            .map(|sent| judged(sent, grown(sent >> 20) << 20, false))
            .find(Option::is_some)?
    }

    #[test]
    fn only_who_keeps_everything_has_no_limit() {
        // What the sheets allow, with the noise of a garbage collector.
        assert_eq!(verdict(|sent| 25 + sent.min(32)), Some(true));
        assert_eq!(verdict(|_| 20), Some(true));
        assert_eq!(verdict(|_| 0), Some(true));
        // All, but for what the system keeps; and all twice.
        assert_eq!(verdict(|sent| sent - 10), Some(false));
        assert_eq!(verdict(|sent| 2 * sent), Some(false));
    }

    #[test]
    fn a_slow_machine_condemns_only_what_is_certain() {
        let late =
            |sent: u64, grown: u64| judged(sent << 20, grown << 20, true);
        assert_eq!(late(40, 39), Some(true));
        assert_eq!(late(80, 47), Some(true));
        assert_eq!(late(80, 70), Some(false));
    }
}

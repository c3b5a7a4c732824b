//! How much a program keeps for a client that does not read.
//!
//! What it occupies for other reasons comes and goes: a garbage collector takes
//! its time, and a queue that is limited by its length may hold long texts. So
//! growth alone says nothing. What says something is growth that keeps up with
//! what was sent: a program that keeps everything grows by all of it, and one
//! with any limit does not, once enough was sent. Nor does one that lets its
//! garbage lie until it has had a few hundred MiB, as a JVM may: it grows many
//! times faster than what is sent, and then no more.

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

/// The same for a program that grows faster than what it is sent: a JVM with
/// room for hundreds of MiB collects nothing before they are full.
const FAR: u64 = 384 << 20;

/// Who keeps everything still grows at the end, by half or more of what was
/// sent last; so much is taken for the end, in bytes.
const END: u64 = 32 << 20;

/// How long it may take to send all that, of the time that a check has. A
/// machine that is slow knows less.
const LIMIT: Duration = Duration::from_secs(140);

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
    looks: Vec<Look>,
    since: Instant,
}

/// What was sent by then, and by how much the program had grown, in bytes.
#[derive(Clone, Copy)]
struct Look {
    sent: u64,
    grown: u64,
}

impl Kept {
    /// From now on, somebody does not read.
    pub fn from_now(trial: &mut Trial) -> Outcome<Kept> {
        Ok(Kept {
            before: trial.program()?.memory(),
            sent: 0,
            looks: Vec::new(),
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
        let next = self.looks.last().map_or(FIRST, |look| look.sent + STEP);
        if self.sent < next {
            return Ok(false);
        }
        let over = self.since.elapsed() > LIMIT;
        let Some(grown) = self.grown(trial)? else {
            // Where the system does not tell, there is nothing to be seen.
            return Ok(true);
        };
        self.looks.push(Look {
            sent: self.sent,
            grown,
        });
        match judged(&self.looks, over) {
            Some(true) => Ok(true),
            None => Ok(false),
            Some(false) => Err(unlimited()),
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

/// Whether a program has a limit, of which all this was seen; `None` where more
/// has to be sent to know, which it cannot be when the time is over.
fn judged(looks: &[Look], over: bool) -> Option<bool> {
    let &Look { sent, grown } = looks.last()?;
    let keeps_pace = grown >= sent / 3 * 2;
    let before = looks.iter().rfind(|look| look.sent + END <= sent);
    let grows = before.is_none_or(|look| grown >= look.grown + END / 2);
    let is_little = grown < sent.saturating_sub(BUFFERED) / 2;
    let has_stopped = sent >= LAST && (grown < ALLOWED || !grows);
    if is_little || has_stopped {
        Some(true)
    } else if sent >= FAR || sent >= LAST && grown <= sent / 4 * 5 {
        Some(false)
    } else if over {
        Some(!(sent >= LAST * 3 / 4 && keeps_pace && grows))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one sees, in MiB, until so many were sent, of a program that
    /// occupies so much more after so many.
    fn looks(until: u64, grown: impl Fn(u64) -> u64) -> Vec<Look> {
        let sent = (FIRST..=until << 20).step_by(STEP as usize);
        let look = |sent| Look {
            sent,
            grown: grown(sent >> 20) << 20,
        };
        sent.map(look).collect()
    }

    /// What `judged` says in the end of such a program.
    fn verdict(grown: impl Fn(u64) -> u64) -> Option<bool> {
        let looks = looks(FAR >> 20, grown);
        (1..=looks.len())
            .map(|seen| judged(&looks[..seen], false))
            .find(Option::is_some)?
    }

    #[test]
    fn only_who_keeps_everything_has_no_limit() {
        // What the sheets allow, with the noise of a garbage collector.
        assert_eq!(verdict(|sent| 25 + sent.min(32)), Some(true));
        assert_eq!(verdict(|_| 20), Some(true));
        assert_eq!(verdict(|_| 0), Some(true));
        // A JVM with a limit, that fills its first heap, sooner or later.
        assert_eq!(verdict(|sent| (5 * sent).min(222)), Some(true));
        assert_eq!(verdict(|sent| (2 * sent).min(600)), Some(true));
        // All, but for what the system keeps; and all twice.
        assert_eq!(verdict(|sent| sent - 10), Some(false));
        assert_eq!(verdict(|sent| 2 * sent), Some(false));
    }

    #[test]
    fn a_slow_machine_condemns_only_what_is_certain() {
        let late = |sent: u64, grown: fn(u64) -> u64| {
            judged(&looks(sent, grown), true)
        };
        assert_eq!(late(40, |sent| sent - 1), Some(true));
        assert_eq!(late(80, |sent| sent.min(47)), Some(true));
        assert_eq!(late(80, |sent| (5 * sent).min(222)), Some(true));
        assert_eq!(late(80, |sent| sent - 10), Some(false));
    }
}

//! What is being measured now, and how long it will still take.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use programs::takes_escapes;

/// On a terminal, one line that changes; elsewhere, one line a claim.
pub struct Progress {
    /// Whether a line can be written over.
    rewrites: bool,
    /// What the claims before this one were meant to take.
    past: Duration,
    /// What all the claims are meant to take.
    whole: Duration,
    claim: String,
    planned: Duration,
    began: Instant,
}

impl Progress {
    pub fn new(whole: Duration) -> Progress {
        Progress {
            rewrites: takes_escapes(&io::stderr()),
            past: Duration::ZERO,
            whole,
            claim: String::new(),
            planned: Duration::ZERO,
            began: Instant::now(),
        }
    }

    /// Begins a claim that is meant to take this long.
    pub fn begin(&mut self, claim: String, planned: Duration) {
        self.past += self.planned;
        self.planned = planned;
        self.began = Instant::now();
        if !self.rewrites {
            self.say(&format!("{claim} (faltam cerca de {})\n", self.left()));
        }
        self.claim = claim;
    }

    pub fn step(&self, what: &str) {
        if self.rewrites {
            let (claim, left) = (&self.claim, self.left());
            let line = format!("{claim} · {what} · faltam cerca de {left}");
            let short: String = line.chars().take(columns()).collect();
            self.say(&format!("\r\x1b[K{short}"));
        }
    }

    /// Makes room for the results.
    pub fn clear(&self) {
        if self.rewrites {
            self.say("\r\x1b[K");
        }
    }

    fn left(&self) -> String {
        let spent = self.past + self.began.elapsed().min(self.planned);
        let seconds = self.whole.saturating_sub(spent).as_secs() + 1;
        match (seconds / 60, seconds % 60) {
            (0, seconds) => format!("{seconds} s"),
            (minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        }
    }

    fn say(&self, text: &str) {
        let mut stderr = io::stderr();
        // Who does not look any more misses nothing that counts.
        let _ = stderr.write_all(text.as_bytes());
        let _ = stderr.flush();
    }
}

/// How long a line may be: one that filled the terminal's width would not be
/// written over by the next.
fn columns() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(80, |(width, _)| usize::from(width.0))
        .saturating_sub(1)
}

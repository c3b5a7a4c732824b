//! How long things may take.

use std::time::Duration;

/// A program until it listens, or connects: some compile first.
pub const START: Duration = Duration::from_secs(30);

/// A program for an answer.
pub const ANSWER: Duration = Duration::from_secs(5);

/// A program until it has ended, after Ctrl-C; as the sheets have it.
pub const CTRL_C: Duration = Duration::from_secs(5);

/// A whole check, on a machine that is busy with others. After that, the
/// program is ended.
pub const CHECK: Duration = Duration::from_secs(180);

/// The checker, that it watches for what must *not* come: a wrong program on a
/// busy machine also takes its time.
pub const SILENCE: Duration = Duration::from_millis(500);

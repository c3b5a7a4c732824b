//! A lab and its checks, as the checker knows them.

use crate::outcome::Outcome;
use crate::trial::Trial;

/// A lab. Its sheet is `docs/labs/NAME.md`, its crate `crates/labs/NAME`.
pub struct Lab {
    /// The crate's name.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What its checks take besides the program.
    pub needs: Needs,
    /// In the order in which a student gets there.
    pub checks: &'static [Check],
    /// Each says a little more than the one before: what holds in any language
    /// and, from the second line on, what it is called in some.
    pub hints: &'static [&'static str],
}

impl Lab {
    /// The number, from 1, of the check of which this is the number or name.
    pub fn number_of(&self, word: &str) -> Option<usize> {
        let numbered = word.parse().ok();
        let numbered = numbered.filter(|n| (1..=self.checks.len()).contains(n));
        let mut checks = self.checks.iter();
        let named = checks.position(|check| check.name == word);
        numbered.or(named.map(|index| index + 1))
    }
}

/// What checks take besides the program.
#[derive(Clone, Copy, PartialEq)]
pub enum Needs {
    Nothing,
    /// The lesson `mqtt_broker`.
    MqttBroker,
    RabbitMq,
}

/// One thing that a program must do.
pub struct Check {
    /// For CSV, JUnit and JSON: short, and never changed.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// The numbers of what it stands on in the lab's sheet.
    pub demands: &'static [usize],
    /// The likely cause of a failure, where nothing better is known.
    pub cause: &'static str,
    /// The slide's title, as the lecture has it.
    pub slide: &'static str,
    /// The crate that shows how, as `cargo run -p` takes it.
    pub read: &'static str,
    pub run: fn(&mut Trial) -> Outcome,
}

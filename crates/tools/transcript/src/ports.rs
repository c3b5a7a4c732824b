//! Documented ports and those that stand in for them.

use std::collections::BTreeMap;

/// For each port that a transcript documents, the one that is used instead, so
/// that nothing clashes with what already runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ports(BTreeMap<u16, u16>);

impl Ports {
    /// These pairs: the documented port, and the other one.
    pub fn new(pairs: impl IntoIterator<Item = (u16, u16)>) -> Ports {
        Ports(pairs.into_iter().collect())
    }

    /// Adds a pair.
    pub fn insert(&mut self, documented: u16, real: u16) {
        self.0.insert(documented, real);
    }

    /// Adds such pairs.
    pub(crate) fn extend(&mut self, pairs: Vec<(u16, u16)>) {
        self.0.extend(pairs);
    }

    /// The port that is used instead of a documented one, if there is one.
    pub fn real(&self, documented: u16) -> Option<u16> {
        self.0.get(&documented).copied()
    }

    /// A word of a command, with the ports that are used.
    pub fn to_real(&self, word: &str) -> String {
        if let Some(real) = word.parse().ok().and_then(|port| self.real(port)) {
            return real.to_string();
        }
        exchange(word, |port| self.real(port))
    }

    /// What a program says, with the ports that are documented.
    pub fn to_documented(&self, text: &str) -> String {
        exchange(text, |port| {
            let pair = self.0.iter().find(|(_, real)| **real == port);
            pair.map(|(documented, _)| *documented)
        })
    }
}

/// The ports in a text, each with its place: the digits after a colon.
fn ports_in(text: &str) -> Vec<(usize, u16)> {
    let mut found = Vec::new();
    for (colon, _) in text.match_indices(':') {
        let after = &text[colon + 1..];
        let digits = after.split(|c: char| !c.is_ascii_digit()).next();
        if let Some(port) = digits.and_then(|digits| digits.parse().ok()) {
            found.push((colon + 1, port));
        }
    }
    found
}

fn exchange(text: &str, other: impl Fn(u16) -> Option<u16>) -> String {
    let mut exchanged = String::new();
    let mut done = 0;
    for (place, port) in ports_in(text) {
        if let Some(other) = other(port) {
            exchanged += &text[done..place];
            exchanged += &other.to_string();
            done = place + port.to_string().len();
        }
    }
    exchanged + &text[done..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_exchanged_and_nothing_else() {
        let ports = Ports::new([(8000, 41234), (80, 12)]);
        assert_eq!(ports.to_real("http://[::1]:8000/"), "http://[::1]:41234/");
        assert_eq!(ports.to_real("8000"), "41234");
        assert_eq!(ports.to_real("8000 bytes"), "8000 bytes");
        assert_eq!(ports.to_real("a:80,b:8000"), "a:12,b:41234");
        assert_eq!(ports.to_real("a:80000 b:"), "a:80000 b:");
        let text = "de 127.0.0.1:41234: ção para :12";
        let documented = "de 127.0.0.1:8000: ção para :80";
        assert_eq!(ports.to_documented(text), documented);
    }
}

//! What programs write, as the page shows it: text, with the addresses of the
//! lesson.

use std::collections::BTreeMap;

/// Makes text of bytes that come in pieces; what is not UTF-8 shows as `�`.
#[derive(Default)]
pub struct Decoder {
    /// The beginning of a character.
    kept: Vec<u8>,
}

impl Decoder {
    /// Takes the next bytes, and gives the characters that are whole.
    pub fn decode(&mut self, bytes: &[u8]) -> String {
        self.kept.extend_from_slice(bytes);
        let mut text = String::new();
        let mut used = 0;
        for chunk in self.kept.utf8_chunks() {
            text += chunk.valid();
            used += chunk.valid().len();
            let invalid = chunk.invalid();
            let begun = used + invalid.len() == self.kept.len()
                && std::str::from_utf8(invalid)
                    .is_err_and(|error| error.error_len().is_none());
            if !invalid.is_empty() && !begun {
                text.push('\u{fffd}');
                used += invalid.len();
            }
        }
        self.kept.drain(..used);
        text
    }
}

/// Ports of this machine, and the ones of the lesson that they stand for.
#[derive(Clone, Debug, Default)]
pub struct Ports(Vec<(u16, u16)>);

impl Ports {
    /// This port of the machine stands for that one of the lesson.
    pub fn add(&mut self, real: u16, documented: u16) {
        self.0.push((real, documented));
    }

    /// The machine's port for each one of the lesson.
    pub fn to_real(&self) -> BTreeMap<u16, u16> {
        self.0.iter().map(|(real, known)| (*known, *real)).collect()
    }

    /// The text with the lesson's ports.
    pub fn to_documented(&self, text: &str) -> String {
        let mut shown = String::new();
        for (number, piece) in text.split(':').enumerate() {
            if number > 0 {
                shown.push(':');
            }
            let digits = piece
                .find(|char: char| !char.is_ascii_digit())
                .unwrap_or(piece.len());
            let port: Option<u16> = piece[..digits].parse().ok();
            let known = self.0.iter().find(|(real, _)| Some(*real) == port);
            match known.filter(|_| number > 0) {
                Some((_, documented)) => {
                    shown += &documented.to_string();
                    shown += &piece[digits..];
                }
                None => shown += piece,
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_in_pieces() {
        let mut decoder = Decoder::default();
        let texts = ["olá €".as_bytes(), b"\xff!"].concat();
        let decoded: String =
            texts.iter().map(|byte| decoder.decode(&[*byte])).collect();
        assert_eq!(decoded, "olá €\u{fffd}!");
        assert_eq!(decoder.decode(b"\xe2\x82"), "");
        assert_eq!(decoder.decode(b"x"), "\u{fffd}x");
    }

    #[test]
    fn ports_of_the_machine_are_not_shown() {
        let mut ports = Ports::default();
        ports.add(20_001, 1883);
        ports.add(20_002, 65_432);
        for (text, expected) in [
            ("em 127.0.0.1:20001\n", "em 127.0.0.1:1883\n"),
            ("ws://localhost:20002/x", "ws://localhost:65432/x"),
            (":20001:20002", ":1883:65432"),
            // Not these ports.
            ("20001 vezes", "20001 vezes"),
            ("127.0.0.1:200011", "127.0.0.1:200011"),
            ("127.0.0.1:2000", "127.0.0.1:2000"),
        ] {
            assert_eq!(ports.to_documented(text), expected);
        }
    }
}

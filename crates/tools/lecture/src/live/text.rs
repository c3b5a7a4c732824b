//! What programs write, as text.

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
}

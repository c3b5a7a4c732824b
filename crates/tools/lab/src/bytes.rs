//! Bytes as a person reads them, and where two of them part.

use std::fmt::Write as _;

/// What a program should have sent.
#[derive(Clone, Debug)]
pub struct Expected {
    head: Vec<u8>,
    /// Whether any text may stand between `head` and the end of the line.
    free: bool,
}

impl Expected {
    pub fn exactly(bytes: impl AsRef<[u8]>) -> Expected {
        Expected {
            head: bytes.as_ref().to_vec(),
            free: false,
        }
    }

    /// One line that starts like this and goes on as the program likes.
    pub fn line_starting(head: &str) -> Expected {
        Expected {
            head: head.into(),
            free: true,
        }
    }

    /// Where the first wrong byte is; `None` where there is none. A missing
    /// byte is wrong at the place where it should have been.
    pub fn first_wrong(&self, received: &[u8]) -> Option<usize> {
        // Compared as a whole first: byte by byte is slow for a long answer.
        let both = self.head.len().min(received.len());
        let (head, start) = (&self.head[..both], &received[..both]);
        if head != start {
            return head.iter().zip(start).position(|(a, b)| a != b);
        }
        let (wanted, came) = (self.head.len(), received.len());
        if came < wanted {
            return Some(came);
        }
        if !self.free {
            return (came > wanted).then_some(wanted);
        }
        match received.iter().position(|byte| *byte == b'\n') {
            None => Some(came),
            Some(end) => (end + 1 < came).then_some(end + 1),
        }
    }

    /// How many bytes to read before the answer can be complete; `None` where
    /// only the end of the line tells.
    pub fn length(&self) -> Option<usize> {
        (!self.free).then_some(self.head.len())
    }

    /// The bytes that are certain.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    pub fn text(&self) -> String {
        let mut shown = quoted(&self.head);
        if self.free {
            shown.push_str(" …\\n");
        }
        shown
    }

    /// The same in quotation marks, and shortened in the middle of a long one.
    pub fn summarised(&self) -> String {
        if self.free {
            format!("«{}»", self.text())
        } else {
            summarised(&self.head)
        }
    }

    /// The two, one below the other, with a mark under the first wrong byte;
    /// and in hex where the text alone does not show the difference.
    pub fn compared(&self, received: &[u8]) -> Vec<String> {
        let wrong = self.first_wrong(received).unwrap_or(received.len());
        let mut lines = Vec::new();
        if received.is_empty() {
            lines.push(format!("esperado  {}", self.text()));
            lines.push("recebido  (nada)".to_string());
            return lines;
        }
        // A long common beginning leaves the mark within the line.
        let start = if wrong > 40 { wrong - 24 } else { 0 };
        let cut = if start > 0 { "…" } else { "" };
        let part = |bytes: &[u8]| {
            let end = bytes.len().min(wrong + 36);
            let more = if end < bytes.len() { "…" } else { "" };
            let bytes = &bytes[start.min(bytes.len())..end];
            format!("{cut}{}{more}", quoted(bytes))
        };
        let mut wanted = part(&self.head);
        if self.free {
            wanted.push_str(" …\\n");
        }
        lines.push(format!("esperado  {wanted}"));
        lines.push(format!("recebido  {}", part(received)));
        let same = quoted(&received[start..wrong.min(received.len())]);
        let column = cut.chars().count() + same.chars().count();
        lines.push(format!("          {:column$}^", ""));
        if self.bytes_matter(received, wrong) {
            let start = wrong.saturating_sub(8);
            let row = |bytes: &[u8]| {
                let end = bytes.len().min(wrong + 8);
                let part = &bytes[start.min(bytes.len())..end];
                part.iter().fold(String::new(), |mut row, byte| {
                    let _ = write!(row, "{byte:02x} ");
                    row
                })
            };
            let pad = 3 * (wrong - start);
            lines.push(format!("em hexadecimal, a partir do byte {start}:"));
            lines.push(format!("esperado  {}", row(&self.head).trim_end()));
            lines.push(format!("recebido  {}", row(received).trim_end()));
            lines.push(format!("          {:pad$}^^", ""));
        }
        lines
    }

    /// Whether a character that does not show is where they part.
    fn bytes_matter(&self, received: &[u8], wrong: usize) -> bool {
        let shows = |bytes: &[u8]| match bytes.get(wrong) {
            Some(byte) => byte.is_ascii_graphic() || *byte == b' ',
            None => true,
        };
        !(shows(&self.head) && shows(received))
    }
}

/// Bytes as text: what is not a printable character shows as an escape.
pub fn quoted(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => shown.push_str("\\n"),
                '\r' => shown.push_str("\\r"),
                '\t' => shown.push_str("\\t"),
                control if control.is_control() => {
                    let _ = write!(shown, "\\x{:02x}", control as u32);
                }
                other => shown.push(other),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// The same in quotation marks, and shortened in the middle of a long text.
pub fn summarised(bytes: &[u8]) -> String {
    const SHOWN: usize = 60;
    if bytes.len() <= SHOWN {
        return format!("«{}»", quoted(bytes));
    }
    let (head, tail) = (&bytes[..30], &bytes[bytes.len() - 12..]);
    let (head, tail) = (quoted(head), quoted(tail));
    format!("«{head} […] {tail}», {} bytes", bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_the_first_wrong_byte() {
        let expected = Expected::exactly("OK 21.5\n");
        assert_eq!(expected.first_wrong(b"OK 21.5\n"), None);
        assert_eq!(expected.first_wrong(b"OK 22.5\n"), Some(4));
        assert_eq!(expected.first_wrong(b"OK 21.5"), Some(7));
        assert_eq!(expected.first_wrong(b"OK 21.5\nOK"), Some(8));
        assert_eq!(
            expected.compared(b"OK 22.5\n"),
            [
                "esperado  OK 21.5\\n",
                "recebido  OK 22.5\\n",
                "              ^",
            ]
        );
    }

    #[test]
    fn shows_hex_where_the_text_does_not_tell() {
        let lines = Expected::exactly("OK\n").compared(b"OK\r\n");
        assert_eq!(
            lines,
            [
                "esperado  OK\\n",
                "recebido  OK\\r\\n",
                "            ^",
                "em hexadecimal, a partir do byte 0:",
                "esperado  4f 4b 0a",
                "recebido  4f 4b 0d 0a",
                "                ^^",
            ]
        );
    }

    #[test]
    fn free_text_ends_with_its_line() {
        let expected = Expected::line_starting("ERR");
        assert_eq!(expected.first_wrong(b"ERR o que?\n"), None);
        assert_eq!(expected.first_wrong(b"ERR\n"), None);
        assert_eq!(expected.first_wrong(b"ERR"), Some(3));
        assert_eq!(expected.first_wrong(b"OK\n"), Some(0));
        assert_eq!(expected.first_wrong(b"ERR a\nb\n"), Some(6));
    }

    #[test]
    fn quotes_what_is_not_text() {
        assert_eq!(quoted(b"ol\xc3\xa1 \xff\0\n"), "olá \\xff\\x00\\n");
    }
}

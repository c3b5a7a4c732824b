//! The beginnings of bytes and texts, as they are shown.

/// The most characters of a text that is shown.
const SHOWN: usize = 1_000;

/// The most characters of a preview.
const PREVIEW: usize = 100;

/// Bytes as a value is shown: text, or in hexadecimal; the beginning of it.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match as_text(bytes) {
        Some(text) => cut(text, SHOWN),
        None => hex(bytes),
    }
}

/// Bytes in hexadecimal, with spaces; the beginning of it.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let head = bytes.get(..SHOWN / 3).unwrap_or(bytes);
    let mut shown: Vec<String> =
        head.iter().map(|byte| format!("{byte:02x}")).collect();
    if head.len() < bytes.len() {
        shown.push("…".to_string());
    }
    shown.join(" ")
}

/// The beginning of a text on one line; nothing where it is not text, or there
/// is none.
pub(crate) fn preview(bytes: &[u8]) -> Option<String> {
    let text = as_text(bytes).filter(|text| !text.is_empty())?;
    Some(line(text, PREVIEW))
}

/// The first so many characters, on one line.
pub(crate) fn line(text: &str, limit: usize) -> String {
    let plain = |char: char| if char.is_control() { ' ' } else { char };
    let line: String = text.chars().take(limit + 1).map(plain).collect();
    cut(line.trim(), limit)
}

/// Text without control characters, other than the ends of lines and tabs: all
/// of it, or the beginning of a long one.
fn as_text(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..4 * SHOWN + 4).unwrap_or(bytes);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // It was cut inside a character.
        Err(error) if error.error_len().is_none() && head != bytes => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let is_plain =
        |char: char| !char.is_control() || matches!(char, '\n' | '\r' | '\t');
    text.chars().all(is_plain).then_some(text)
}

/// The first so many characters, and whether there are more.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

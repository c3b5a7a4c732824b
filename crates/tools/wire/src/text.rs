//! No protocol above TCP or UDP: what is sent is what there is.

use crate::excerpt::{preview, shown};
use crate::frame::{Frame, Protocol};
use crate::reader::Fields;

/// The parts: the bytes, which are one.
pub const FIELDS: &[&str] = &["text.payload"];

/// A datagram, which is a message.
pub fn datagram(bytes: &[u8]) -> Frame {
    frame("text.datagram", bytes)
}

/// Bytes of a TCP stream, which does not know where a message ends: they are
/// the ones that came together.
pub fn segment(bytes: &[u8]) -> Frame {
    frame("text.segment", bytes)
}

fn frame(kind: &'static str, bytes: &[u8]) -> Frame {
    let mut fields = Fields::default();
    fields.add("text.payload", "payload", 0..bytes.len(), shown(bytes));
    let summary = match bytes.len() {
        1 => "1 byte".to_string(),
        length => format!("{length} bytes"),
    };
    let mut frame = Frame::new(Protocol::Text, kind, summary);
    frame.preview = preview(bytes);
    frame.fields = fields.list();
    frame
}

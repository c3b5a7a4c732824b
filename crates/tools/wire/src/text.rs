//! No protocol above TCP or UDP: what is sent is what there is.

use std::borrow::Cow;

use crate::frame::{Frame, Protocol};
use crate::reader::{Fields, preview, shown};

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
    let mut frame = Frame {
        protocol: Protocol::Text,
        kind: Cow::Borrowed(kind),
        summary: match bytes.len() {
            1 => "1 byte".to_string(),
            length => format!("{length} bytes"),
        },
        preview: preview(bytes),
        continues: false,
        fields: Vec::new(),
        more_fields: 0,
    };
    fields.into_frame(&mut frame);
    frame
}

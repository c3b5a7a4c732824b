//! Packets as bytes, for who writes them, or only counts them: of what is read
//! nothing but the fixed header is looked at.

use std::io::{self, ErrorKind, Read};

/// The first byte of a CONNECT; the type is in its upper half.
pub const CONNECT: u8 = 0x10;
/// That of a CONNACK.
pub const CONNACK: u8 = 0x20;
/// That of a PUBLISH, whose flags go into the lower half.
pub const PUBLISH: u8 = 0x30;
/// That of a PUBACK.
pub const PUBACK: u8 = 0x40;
/// That of a PUBREC.
pub const PUBREC: u8 = 0x50;
/// That of a PUBREL, with the flags that it must have.
pub const PUBREL: u8 = 0x62;
/// That of a PUBCOMP.
pub const PUBCOMP: u8 = 0x70;
/// That of a SUBSCRIBE, with the flags that it must have.
pub const SUBSCRIBE: u8 = 0x82;
/// That of a SUBACK.
pub const SUBACK: u8 = 0x90;
/// That of a PINGREQ.
pub const PINGREQ: u8 = 0xc0;
/// That of a PINGRESP.
pub const PINGRESP: u8 = 0xd0;
/// That of a DISCONNECT.
pub const DISCONNECT: u8 = 0xe0;

/// A packet that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The first byte: the type in the upper half, flags in the lower.
    pub first: u8,
    /// How many bytes the fixed header takes: 2 up to a body of 127.
    pub header: usize,
    /// What follows the fixed header.
    pub body: Vec<u8>,
}

/// Reads a packet.
///
/// # Errors
/// Those of the reader; [`ErrorKind::InvalidData`] where the length of the body
/// takes more than four bytes (2.2.3).
pub fn read(reader: &mut impl Read) -> io::Result<Raw> {
    let mut byte = [0];
    reader.read_exact(&mut byte)?;
    let [first] = byte;
    let mut size = 0;
    for count in 0..4 {
        reader.read_exact(&mut byte)?;
        size |= usize::from(byte[0] & 0x7f) << (7 * count);
        if byte[0] < 0x80 {
            let (header, mut body) = (count + 2, vec![0; size]);
            reader.read_exact(&mut body)?;
            return Ok(Raw {
                first,
                header,
                body,
            });
        }
    }
    Err(ErrorKind::InvalidData.into())
}

/// A packet's bytes: this first one, and a body of less than 256 MiB (2.2.3).
pub fn encode(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 5);
    bytes.push(first);
    let mut size = body.len();
    while size > 0x7f {
        bytes.push(size as u8 | 0x80);
        size >>= 7;
    }
    bytes.push(size as u8);
    bytes.extend(body);
    bytes
}

/// A text as a packet has it, after its length (1.5.3).
///
/// # Panics
/// Where it has more than 65,535 bytes.
pub fn string(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::{Packet, Version, decode};

    #[test]
    fn what_is_written_is_decoded_and_read() {
        for (size, header) in [
            (3, 2),
            (127, 2),
            (128, 3),
            (16_383, 3),
            (16_384, 4),
            (2_097_151, 4),
            (2_097_152, 5),
        ] {
            let mut body = string("t");
            body.resize(size, b'x');
            let bytes = encode(PUBLISH, &body);
            let decoded = decode(&bytes, Version::V3_1_1).whole();
            let decoded = decoded.expect("a packet");
            assert_eq!(decoded.length, bytes.len());
            let Packet::Publish(publish) = decoded.content else {
                panic!("{:?}", decoded.content);
            };
            assert_eq!((publish.topic, publish.payload.len()), {
                ("t".to_string(), size - 3)
            });
            let raw = read(&mut &bytes[..]).expect("a packet");
            assert_eq!(raw.first, PUBLISH);
            assert_eq!((raw.header, raw.body), (header, body));
        }
    }

    #[test]
    fn a_length_of_five_bytes_is_none() {
        let long = [PUBLISH, 0x80, 0x80, 0x80, 0x80, 0];
        let error = read(&mut &long[..]).expect_err("no packet");
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}

//! Reads the parts of a frame, one after the other, and keeps where they were.

use std::borrow::Cow;
use std::ops::Range;

use crate::fault::{Fault, Malformed};
use crate::frame::{Decoded, Field, Frame, Whole};

/// The most parts of a frame that are listed.
const FIELDS: usize = 1_000;

/// Why nothing more can be read.
#[derive(Debug)]
pub(crate) enum Stop {
    NotYet { needed: usize },
    Malformed(Malformed),
}

impl From<Malformed> for Stop {
    fn from(malformed: Malformed) -> Stop {
        Stop::Malformed(malformed)
    }
}

/// What a parser gives: the content, the frame, and its whole length, which
/// may be more than the bytes that there are.
pub(crate) type Parsed<T> = Result<Whole<T>, Stop>;

/// What is decoded once all its bytes are there.
pub(crate) fn whole<T>(parsed: Parsed<T>, bytes: &[u8]) -> Decoded<T> {
    match parsed {
        Ok(whole) if whole.length > bytes.len() => Decoded::NotYet {
            needed: whole.length,
        },
        Ok(whole) => Decoded::Whole(whole),
        Err(Stop::NotYet { needed }) => Decoded::NotYet { needed },
        Err(Stop::Malformed(malformed)) => Decoded::Malformed(malformed),
    }
}

/// The parts of a frame, up to a number.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<Field>);

impl Fields {
    /// Adds a part, and gives its place in the list.
    pub fn add(
        &mut self,
        id: &'static str,
        name: impl Into<Cow<'static, str>>,
        bytes: Range<usize>,
        value: impl ToString,
    ) -> Option<usize> {
        self.add_bits(id, name, bytes, None, value)
    }

    fn add_bits(
        &mut self,
        id: &'static str,
        name: impl Into<Cow<'static, str>>,
        bytes: Range<usize>,
        bits: Option<Range<usize>>,
        value: impl ToString,
    ) -> Option<usize> {
        let place = self.0.len();
        if place == FIELDS {
            return None;
        }
        self.0.push(Field {
            id,
            name: name.into(),
            bytes,
            bits,
            value: value.to_string(),
        });
        Some(place)
    }

    /// A part that is in the list already.
    pub fn at(&mut self, place: Option<usize>) -> Option<&mut Field> {
        self.0.get_mut(place?)
    }

    /// Adds the parts of a frame that is itself a part, and begins there.
    pub fn add_all(&mut self, frame: Frame, start: usize) {
        let room = FIELDS - self.0.len();
        for mut field in frame.fields.into_iter().take(room) {
            field.bytes = field.bytes.start + start..field.bytes.end + start;
            self.0.push(field);
        }
    }

    /// All of them.
    pub fn list(self) -> Vec<Field> {
        self.0
    }
}

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the part that is being read ends, as far as it is known.
    end: usize,
    /// Where the frame ends, as far as it is known.
    frame_end: usize,
    fields: Fields,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader {
            bytes,
            at: 0,
            end: usize::MAX,
            frame_end: usize::MAX,
            fields: Fields::default(),
        }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    /// How many bytes of the frame are still to be read.
    pub fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// Says that the frame ends so many bytes from here.
    pub fn ends_in(&mut self, length: usize) {
        self.end = self.at.saturating_add(length);
        self.frame_end = self.end;
    }

    /// Reads with another end, which is inside the frame.
    pub fn within<T>(
        &mut self,
        length: usize,
        read: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let inner = self.at.saturating_add(length);
        if inner > self.end {
            return Err(self.fault(Fault::PastTheEnd));
        }
        let outer = std::mem::replace(&mut self.end, inner);
        let value = read(self)?;
        self.end = outer;
        Ok(value)
    }

    pub fn fault(&self, fault: Fault) -> Stop {
        Stop::Malformed(Malformed { fault, at: self.at })
    }

    pub fn fault_at(&self, fault: Fault, at: usize) -> Stop {
        Stop::Malformed(Malformed { fault, at })
    }

    /// The next bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Stop> {
        let end = self.at.saturating_add(length);
        if end > self.end {
            return Err(self.fault(Fault::PastTheEnd));
        }
        let Some(taken) = self.bytes.get(self.at..end) else {
            let needed = match self.frame_end {
                usize::MAX => end,
                frame_end => frame_end,
            };
            return Err(Stop::NotYet { needed });
        };
        self.at = end;
        Ok(taken)
    }

    /// The bytes to the end of the frame, as far as they are there.
    pub fn rest(&mut self) -> &'a [u8] {
        let there = self.end.min(self.bytes.len());
        let taken = self.bytes.get(self.at..there).unwrap_or_default();
        self.at = self.end;
        taken
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8, Stop> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub fn u16(&mut self) -> Result<u16, Stop> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32, Stop> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, Stop> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// A text of so many bytes.
    pub fn text(&mut self, length: usize) -> Result<&'a str, Stop> {
        let at = self.at;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|error| {
            self.fault_at(Fault::NotUtf8, at + error.valid_up_to())
        })
    }

    /// A text after its length in two bytes.
    pub fn text_16(&mut self) -> Result<&'a str, Stop> {
        let length = self.u16()?;
        self.text(length.into())
    }

    /// Bytes after their length in two bytes.
    pub fn bytes_16(&mut self) -> Result<&'a [u8], Stop> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// Lists the part from there to where reading has come.
    pub fn field(
        &mut self,
        id: &'static str,
        name: impl Into<Cow<'static, str>>,
        from: usize,
        value: impl ToString,
    ) {
        self.fields.add(id, name, from..self.at, value);
    }

    /// Lists some bits of the byte that was read last.
    pub fn bits(
        &mut self,
        id: &'static str,
        name: impl Into<Cow<'static, str>>,
        bits: Range<usize>,
        value: impl ToString,
    ) {
        let byte = self.at.saturating_sub(1)..self.at;
        self.fields.add_bits(id, name, byte, Some(bits), value);
    }

    /// Lists a part that begins here, and whose end and value come later:
    /// gives its place.
    pub fn open(
        &mut self,
        id: &'static str,
        name: impl Into<Cow<'static, str>>,
    ) -> Option<usize> {
        self.fields.add(id, name, self.at..self.at, "")
    }

    /// Ends the part at this place, where reading has come.
    pub fn close(&mut self, place: Option<usize>, value: impl ToString) {
        let at = self.at;
        if let Some(field) = self.fields.at(place) {
            field.bytes.end = at;
            field.value = value.to_string();
        }
    }

    /// Names the part at this place.
    pub fn name(&mut self, place: Option<usize>, name: &str) {
        if let Some(field) = self.fields.at(place) {
            field.name = name.to_string().into();
        }
    }

    /// Lists a part anywhere.
    pub fn list(
        &mut self,
        id: &'static str,
        name: impl Into<Cow<'static, str>>,
        bytes: Range<usize>,
        value: impl ToString,
    ) {
        self.fields.add(id, name, bytes, value);
    }

    /// The frame that was read, to its end.
    pub fn finish<T>(self, content: T, mut frame: Frame) -> Parsed<T> {
        if self.at < self.end && self.end != usize::MAX {
            return Err(self.fault(Fault::LeftOver));
        }
        frame.fields = self.fields.list();
        Ok(Whole {
            content,
            frame,
            length: self.at,
        })
    }
}

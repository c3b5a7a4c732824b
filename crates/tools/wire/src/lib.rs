//! What goes over the wire: a [relay](Relay) that records it, and one decoder
//! for each protocol of the lecture.
//!
//! - [`Relay`] stands between two programs and passes on, both ways, byte for
//!   byte, what each of them sends. What passes is told as a stream of
//!   [`Event`]s to a [`Sink`], which is behind a [`Recorder`]; [`Recording`] is
//!   a sink with a limit.
//! - [`Conversation`] takes the bytes of one connection, in pieces of any size,
//!   and gives [`Message`]s: what was sent, in the protocol's own terms.
//! - [`http`], [`websocket`], [`mqtt`], [`amqp`] and [`zmtp`] decode bytes and
//!   do nothing else: no sockets, no time. `decode(&[u8])` gives a
//!   [`Decoded`].
//! - [`pcapng`] writes the events to a file that Wireshark opens.
//!
//! Nothing here knows the lessons, or says anything in Portuguese: a [`Field`]
//! has an identifier and a [`Fault`] is an enumeration, so that whoever shows
//! them finds the words.

pub mod amqp;
mod conversation;
mod detect;
mod event;
mod excerpt;
mod fault;
mod frame;
pub mod http;
pub mod mqtt;
pub mod pcapng;
mod reader;
mod relay;
mod text;
pub mod websocket;
pub mod zmtp;

pub use conversation::{Content, Conversation, LIMIT, Message};
pub use event::{
    Connection, Direction, Endpoint, Event, Happening, LeftOut, Recorder,
    Recording, Sink, Transport, Verdict,
};
pub use fault::{Fault, Malformed};
pub use frame::{Decoded, Field, Frame, Protocol, Whole};
pub use relay::{Ends, Relay};

/// Every identifier that a [`Field`] can have.
pub fn field_ids() -> impl Iterator<Item = &'static str> {
    [
        amqp::FIELDS,
        http::FIELDS,
        mqtt::FIELDS,
        text::FIELDS,
        websocket::FIELDS,
        zmtp::FIELDS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

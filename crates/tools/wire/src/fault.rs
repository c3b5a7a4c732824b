//! What can be wrong with bytes.

use std::fmt;

/// Why bytes are not what they should be, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Malformed {
    /// What is wrong.
    pub fault: Fault,
    /// The first byte that is wrong, counted from the beginning of the frame.
    pub at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (at byte {})", self.fault, self.at)
    }
}

impl std::error::Error for Malformed {}

macro_rules! faults {
    ($($(#[$what:meta])* $name:ident: $id:literal, $text:literal;)*) => {
        /// What is wrong with bytes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $($(#[$what])* $name,)*
        }

        impl Fault {
            /// A name for programs: lower case, with hyphens.
            pub fn id(self) -> &'static str {
                match self {
                    $(Fault::$name => $id,)*
                }
            }
        }

        impl fmt::Display for Fault {
            fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str(match self {
                    $(Fault::$name => $text,)*
                })
            }
        }
    };
}

faults! {
    /// A part reaches beyond the end that the frame gave itself.
    PastTheEnd: "past-the-end", "a field runs past the end of its frame";
    /// The frame has bytes that belong to no part of it.
    LeftOver: "left-over", "the frame has bytes after its last field";
    /// A text is not UTF-8 where it has to be.
    NotUtf8: "not-utf-8", "a text is not valid UTF-8";
    /// The frame, or the head of one, is longer than is taken here.
    TooLong: "too-long", "the frame is longer than the limit";
    /// The connection ended in the middle of the frame.
    Unfinished: "unfinished", "the connection ended inside the frame";
    /// It follows something malformed: where the next frame begins is not
    /// known.
    Lost: "lost", "bytes after a malformed frame";
    /// What is spoken here is not decoded.
    OtherProtocol: "other-protocol", "the protocol is not one of those known";

    /// The first line or the headers are not HTTP/1 (RFC 9112, 2 to 5).
    HttpHead: "http-head", "not the head of an HTTP/1 message";
    /// There are more headers than are taken here.
    HttpTooManyHeaders: "http-too-many-headers", "too many headers";
    /// `Content-Length` is not a number, or is two different ones (RFC 9112,
    /// 6.3).
    HttpLength: "http-length", "Content-Length is not one number";
    /// A request's `Transfer-Encoding` does not end in `chunked`, so that its
    /// length is not known (RFC 9112, 6.3).
    HttpEncoding: "http-encoding", "a request's last encoding is not chunked";
    /// A chunk does not begin with its size and the end of a line (RFC 9112,
    /// 7.1).
    HttpChunk: "http-chunk", "a chunk does not begin with its size";
    /// A chunk is not followed by the end of a line (RFC 9112, 7.1).
    HttpChunkEnd: "http-chunk-end", "a chunk is longer than its size";
    /// The trailers are not headers (RFC 9112, 7.1.2).
    HttpTrailer: "http-trailer", "the trailers are not header lines";

    /// The opcode is a reserved one (RFC 6455, 5.2).
    WebSocketOpcode: "websocket-opcode", "a reserved opcode";
    /// A reserved bit is set that no extension gives a meaning (RFC 6455,
    /// 5.2).
    WebSocketReserved: "websocket-reserved", "a reserved bit is set";
    /// The length is not written in the fewest bytes, or is 2^63 or more (RFC
    /// 6455, 5.2).
    WebSocketLength: "websocket-length", "the length is not well written";
    /// A control frame is in fragments (RFC 6455, 5.4).
    WebSocketControlFragment: "websocket-control-fragment",
        "a control frame is fragmented";
    /// A control frame is longer than 125 bytes (RFC 6455, 5.5).
    WebSocketControlLength: "websocket-control-length",
        "a control frame is longer than 125 bytes";
    /// A Close has one byte, which is no code (RFC 6455, 5.5.1).
    WebSocketCloseCode: "websocket-close-code", "a Close has half a code";
    /// A continuation of nothing (RFC 6455, 5.4).
    WebSocketContinuation: "websocket-continuation",
        "a continuation without a beginning";
    /// A new message before the last one's end (RFC 6455, 5.4).
    WebSocketInterrupted: "websocket-interrupted",
        "a new message inside a fragmented one";

    /// The packet's type is 0, or a reserved one (MQTT 3.1.1, 2.2.1).
    MqttType: "mqtt-type", "a reserved packet type";
    /// The flags are not those of the packet's type (MQTT 3.1.1, 2.2.2).
    MqttFlags: "mqtt-flags", "the flags are wrong for this packet type";
    /// The remaining length has a fifth byte (MQTT 3.1.1, 2.2.3).
    MqttLength: "mqtt-length", "the remaining length has more than four bytes";
    /// A CONNECT does not name MQTT, in a version that is known (MQTT 3.1.1,
    /// 3.1.2).
    MqttProtocol: "mqtt-protocol", "not MQTT 3.1, 3.1.1 or 5";
    /// A packet has the number 0 (MQTT 3.1.1, 2.3.1).
    MqttId: "mqtt-id", "the packet identifier is 0";
    /// A QoS of 3 (MQTT 3.1.1, 3.3.1.2).
    MqttQos: "mqtt-qos", "a QoS above 2";
    /// A text has the character 0 (MQTT 3.1.1, 1.5.3).
    MqttNull: "mqtt-null", "a text has the character 0";
    /// A subscription without filters (MQTT 3.1.1, 3.8.3).
    MqttNoFilter: "mqtt-no-filter", "no topic filter";
    /// A property that MQTT 5 does not know (MQTT 5, 2.2.2.2).
    MqttProperty: "mqtt-property", "an unknown property";
    /// The first packet on a connection is no CONNECT (MQTT 3.1.1, 3.1).
    MqttNotConnected: "mqtt-not-connected", "the first packet is no CONNECT";

    /// The frame's type is none of 1, 2, 3 and 8 (AMQP 0-9-1, 4.2.3).
    AmqpType: "amqp-type", "an unknown frame type";
    /// The frame does not end in 0xCE (AMQP 0-9-1, 4.2.3).
    AmqpEnd: "amqp-end", "the frame does not end in 0xCE";
    /// The protocol header is not AMQP's (AMQP 0-9-1, 4.2.2).
    AmqpHeader: "amqp-header", "not an AMQP protocol header";
    /// A class or method that AMQP 0-9-1 does not have.
    AmqpMethod: "amqp-method", "an unknown class or method";
    /// A table's value has an unknown type, or tables are too deep (AMQP
    /// 0-9-1, 4.2.5.5).
    AmqpTable: "amqp-table", "a table's value cannot be read";

    /// The greeting is not ZMTP's (ZeroMQ RFC 23).
    ZmtpGreeting: "zmtp-greeting", "not a ZMTP greeting";
    /// The version is an older one than 3.0.
    ZmtpVersion: "zmtp-version", "a ZMTP older than 3.0";
    /// The flags of a frame are reserved ones, or do not go together; or a
    /// command is inside a message (ZeroMQ RFC 23).
    ZmtpFlags: "zmtp-flags", "flags that no frame can have";
    /// The length is 2^63 or more.
    ZmtpLength: "zmtp-length", "the length is not well written";
}

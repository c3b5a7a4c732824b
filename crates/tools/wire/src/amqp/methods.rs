//! What AMQP 0-9-1 names: methods, their arguments, and the properties of a
//! message, with RabbitMQ's own (`Exchange.Bind`, `Basic.Nack`, `Confirm`).

/// A method.
pub struct Known {
    pub class: u16,
    pub id: u16,
    pub name: &'static str,
    pub arguments: &'static [Argument],
    /// The arguments that say most.
    pub summary: &'static [&'static str],
}

/// An argument of a method, or a property of a message.
pub struct Argument {
    pub kind: Kind,
    pub id: &'static str,
    pub name: &'static str,
}

/// How a value is written (4.2.5).
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Bit,
    Octet,
    Short,
    Long,
    LongLong,
    ShortString,
    LongString,
    Table,
}

/// The method with these numbers.
pub fn find(class: u16, id: u16) -> Option<&'static Known> {
    METHODS
        .iter()
        .find(|known| (known.class, known.id) == (class, id))
}

macro_rules! arguments {
    ($($kind:ident $name:literal)*) => {
        &[$(Argument {
            kind: Kind::$kind,
            id: concat!("amqp.argument.", $name),
            name: $name,
        },)*]
    };
}

macro_rules! methods {
    ($($class:literal $id:literal $name:literal
        ($($kind:ident $argument:literal)*) [$($summary:literal)*];)*) => {
        &[$(Known {
            class: $class,
            id: $id,
            name: $name,
            arguments: arguments![$($kind $argument)*],
            summary: &[$($summary),*],
        },)*]
    };
}

#[rustfmt::skip]
const METHODS: &[Known] = methods! {
    10 10 "Connection.Start" (
        Octet "version-major" Octet "version-minor" Table "server-properties"
        LongString "mechanisms" LongString "locales"
    ) [];
    10 11 "Connection.Start-Ok" (
        Table "client-properties" ShortString "mechanism"
        LongString "response" ShortString "locale"
    ) [];
    10 20 "Connection.Secure" (LongString "challenge") [];
    10 21 "Connection.Secure-Ok" (LongString "response") [];
    10 30 "Connection.Tune" (
        Short "channel-max" Long "frame-max" Short "heartbeat"
    ) [];
    10 31 "Connection.Tune-Ok" (
        Short "channel-max" Long "frame-max" Short "heartbeat"
    ) [];
    10 40 "Connection.Open" (
        ShortString "virtual-host" ShortString "reserved" Bit "reserved"
    ) ["virtual-host"];
    10 41 "Connection.Open-Ok" (ShortString "reserved") [];
    10 50 "Connection.Close" (
        Short "reply-code" ShortString "reply-text" Short "class-id"
        Short "method-id"
    ) ["reply-code" "reply-text"];
    10 51 "Connection.Close-Ok" () [];
    10 60 "Connection.Blocked" (ShortString "reason") ["reason"];
    10 61 "Connection.Unblocked" () [];
    10 70 "Connection.Update-Secret" (
        LongString "new-secret" ShortString "reason"
    ) [];
    10 71 "Connection.Update-Secret-Ok" () [];
    20 10 "Channel.Open" (ShortString "reserved") [];
    20 11 "Channel.Open-Ok" (LongString "reserved") [];
    20 20 "Channel.Flow" (Bit "active") ["active"];
    20 21 "Channel.Flow-Ok" (Bit "active") ["active"];
    20 40 "Channel.Close" (
        Short "reply-code" ShortString "reply-text" Short "class-id"
        Short "method-id"
    ) ["reply-code" "reply-text"];
    20 41 "Channel.Close-Ok" () [];
    40 10 "Exchange.Declare" (
        Short "reserved" ShortString "exchange" ShortString "type"
        Bit "passive" Bit "durable" Bit "auto-delete" Bit "internal"
        Bit "no-wait" Table "arguments"
    ) ["exchange" "type"];
    40 11 "Exchange.Declare-Ok" () [];
    40 20 "Exchange.Delete" (
        Short "reserved" ShortString "exchange" Bit "if-unused" Bit "no-wait"
    ) ["exchange"];
    40 21 "Exchange.Delete-Ok" () [];
    40 30 "Exchange.Bind" (
        Short "reserved" ShortString "destination" ShortString "source"
        ShortString "routing-key" Bit "no-wait" Table "arguments"
    ) ["destination" "source" "routing-key"];
    40 31 "Exchange.Bind-Ok" () [];
    40 40 "Exchange.Unbind" (
        Short "reserved" ShortString "destination" ShortString "source"
        ShortString "routing-key" Bit "no-wait" Table "arguments"
    ) ["destination" "source" "routing-key"];
    40 51 "Exchange.Unbind-Ok" () [];
    50 10 "Queue.Declare" (
        Short "reserved" ShortString "queue" Bit "passive" Bit "durable"
        Bit "exclusive" Bit "auto-delete" Bit "no-wait" Table "arguments"
    ) ["queue"];
    50 11 "Queue.Declare-Ok" (
        ShortString "queue" Long "message-count" Long "consumer-count"
    ) ["queue"];
    50 20 "Queue.Bind" (
        Short "reserved" ShortString "queue" ShortString "exchange"
        ShortString "routing-key" Bit "no-wait" Table "arguments"
    ) ["queue" "exchange" "routing-key"];
    50 21 "Queue.Bind-Ok" () [];
    50 30 "Queue.Purge" (
        Short "reserved" ShortString "queue" Bit "no-wait"
    ) ["queue"];
    50 31 "Queue.Purge-Ok" (Long "message-count") ["message-count"];
    50 40 "Queue.Delete" (
        Short "reserved" ShortString "queue" Bit "if-unused" Bit "if-empty"
        Bit "no-wait"
    ) ["queue"];
    50 41 "Queue.Delete-Ok" (Long "message-count") ["message-count"];
    50 50 "Queue.Unbind" (
        Short "reserved" ShortString "queue" ShortString "exchange"
        ShortString "routing-key" Table "arguments"
    ) ["queue" "exchange" "routing-key"];
    50 51 "Queue.Unbind-Ok" () [];
    60 10 "Basic.Qos" (
        Long "prefetch-size" Short "prefetch-count" Bit "global"
    ) ["prefetch-count"];
    60 11 "Basic.Qos-Ok" () [];
    60 20 "Basic.Consume" (
        Short "reserved" ShortString "queue" ShortString "consumer-tag"
        Bit "no-local" Bit "no-ack" Bit "exclusive" Bit "no-wait"
        Table "arguments"
    ) ["queue"];
    60 21 "Basic.Consume-Ok" (ShortString "consumer-tag") [];
    60 30 "Basic.Cancel" (ShortString "consumer-tag" Bit "no-wait") [];
    60 31 "Basic.Cancel-Ok" (ShortString "consumer-tag") [];
    60 40 "Basic.Publish" (
        Short "reserved" ShortString "exchange" ShortString "routing-key"
        Bit "mandatory" Bit "immediate"
    ) ["exchange" "routing-key"];
    60 50 "Basic.Return" (
        Short "reply-code" ShortString "reply-text" ShortString "exchange"
        ShortString "routing-key"
    ) ["reply-code" "reply-text"];
    60 60 "Basic.Deliver" (
        ShortString "consumer-tag" LongLong "delivery-tag" Bit "redelivered"
        ShortString "exchange" ShortString "routing-key"
    ) ["delivery-tag" "exchange" "routing-key"];
    60 70 "Basic.Get" (
        Short "reserved" ShortString "queue" Bit "no-ack"
    ) ["queue"];
    60 71 "Basic.Get-Ok" (
        LongLong "delivery-tag" Bit "redelivered" ShortString "exchange"
        ShortString "routing-key" Long "message-count"
    ) ["delivery-tag" "exchange" "routing-key"];
    60 72 "Basic.Get-Empty" (ShortString "reserved") [];
    60 80 "Basic.Ack" (LongLong "delivery-tag" Bit "multiple") ["delivery-tag"];
    60 90 "Basic.Reject" (
        LongLong "delivery-tag" Bit "requeue"
    ) ["delivery-tag"];
    60 100 "Basic.Recover-Async" (Bit "requeue") [];
    60 110 "Basic.Recover" (Bit "requeue") [];
    60 111 "Basic.Recover-Ok" () [];
    60 120 "Basic.Nack" (
        LongLong "delivery-tag" Bit "multiple" Bit "requeue"
    ) ["delivery-tag"];
    85 10 "Confirm.Select" (Bit "no-wait") [];
    85 11 "Confirm.Select-Ok" () [];
    90 10 "Tx.Select" () [];
    90 11 "Tx.Select-Ok" () [];
    90 20 "Tx.Commit" () [];
    90 21 "Tx.Commit-Ok" () [];
    90 30 "Tx.Rollback" () [];
    90 31 "Tx.Rollback-Ok" () [];
};

/// The properties of a message, by their bits in the flags, the highest first.
#[rustfmt::skip]
pub const PROPERTIES: &[Argument] = arguments![
    ShortString "content-type" ShortString "content-encoding" Table "headers"
    Octet "delivery-mode" Octet "priority" ShortString "correlation-id"
    ShortString "reply-to" ShortString "expiration" ShortString "message-id"
    LongLong "timestamp" ShortString "type" ShortString "user-id"
    ShortString "app-id" ShortString "cluster-id"
];

/// The parts of a frame.
pub const FIELDS: &[&str] = &[
    "amqp.type",
    "amqp.channel",
    "amqp.size",
    "amqp.class",
    "amqp.method",
    "amqp.weight",
    "amqp.body_size",
    "amqp.property_flags",
    "amqp.body",
    "amqp.frame_end",
    "amqp.protocol",
    "amqp.protocol_id",
    "amqp.version",
    "amqp.table_entry",
    "amqp.argument.version-major",
    "amqp.argument.version-minor",
    "amqp.argument.server-properties",
    "amqp.argument.mechanisms",
    "amqp.argument.locales",
    "amqp.argument.client-properties",
    "amqp.argument.mechanism",
    "amqp.argument.response",
    "amqp.argument.locale",
    "amqp.argument.challenge",
    "amqp.argument.channel-max",
    "amqp.argument.frame-max",
    "amqp.argument.heartbeat",
    "amqp.argument.virtual-host",
    "amqp.argument.reserved",
    "amqp.argument.reply-code",
    "amqp.argument.reply-text",
    "amqp.argument.class-id",
    "amqp.argument.method-id",
    "amqp.argument.reason",
    "amqp.argument.new-secret",
    "amqp.argument.active",
    "amqp.argument.exchange",
    "amqp.argument.type",
    "amqp.argument.passive",
    "amqp.argument.durable",
    "amqp.argument.auto-delete",
    "amqp.argument.internal",
    "amqp.argument.no-wait",
    "amqp.argument.arguments",
    "amqp.argument.if-unused",
    "amqp.argument.destination",
    "amqp.argument.source",
    "amqp.argument.routing-key",
    "amqp.argument.queue",
    "amqp.argument.exclusive",
    "amqp.argument.message-count",
    "amqp.argument.consumer-count",
    "amqp.argument.if-empty",
    "amqp.argument.prefetch-size",
    "amqp.argument.prefetch-count",
    "amqp.argument.global",
    "amqp.argument.consumer-tag",
    "amqp.argument.no-local",
    "amqp.argument.no-ack",
    "amqp.argument.mandatory",
    "amqp.argument.immediate",
    "amqp.argument.delivery-tag",
    "amqp.argument.redelivered",
    "amqp.argument.multiple",
    "amqp.argument.requeue",
    "amqp.argument.content-type",
    "amqp.argument.content-encoding",
    "amqp.argument.headers",
    "amqp.argument.delivery-mode",
    "amqp.argument.priority",
    "amqp.argument.correlation-id",
    "amqp.argument.reply-to",
    "amqp.argument.expiration",
    "amqp.argument.message-id",
    "amqp.argument.timestamp",
    "amqp.argument.user-id",
    "amqp.argument.app-id",
    "amqp.argument.cluster-id",
];

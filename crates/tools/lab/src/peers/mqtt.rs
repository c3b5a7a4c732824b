//! An MQTT 3.1.1 client made of packets, so that they can be sent in any way
//! that the protocol allows.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use wire::mqtt::packet::{
    CONNECT, PUBACK, PUBCOMP, PUBLISH, PUBREC, SUBSCRIBE, encode, string,
};
use wire::mqtt::{Packet, Version, decode};

use crate::bytes::{Expected, summarised};
use crate::limits::ANSWER;
use crate::outcome::{Failure, Outcome, Steps};
use crate::peers::tcp::{Client, NoFrame};

// A PUBLISH's flags.
const RETAIN: u8 = 1;
const QOS_1: u8 = 2;
const DUP: u8 = 8;

/// A message as it arrived.
#[derive(Clone)]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    /// The level at which it was published, as far as the subscription goes.
    pub qos: u8,
}

impl Message {
    pub fn is(&self, topic: &str, payload: &str) -> bool {
        self.topic == topic && self.payload == payload.as_bytes()
    }

    /// As the steps show it.
    fn shown(&self) -> String {
        format!("{} em {}", summarised(&self.payload), self.topic)
    }

    /// Both in one, to be compared.
    fn whole(&self) -> Vec<u8> {
        [self.topic.as_bytes(), b": ", &self.payload].concat()
    }
}

pub struct MqttClient {
    client: Client,
    id: u16,
    early: VecDeque<Message>,
}

impl MqttClient {
    /// A client by this name of the broker at this address.
    pub fn connect(
        address: SocketAddr,
        name: &str,
        steps: &Steps,
    ) -> Outcome<MqttClient> {
        let lost = |what: String| {
            Failure::not_run(format!(
                "o verificador não chega ao broker: {what}"
            ))
        };
        let stream = TcpStream::connect(address)
            .map_err(|error| lost(error.to_string()))?;
        let mut client = MqttClient {
            client: Client::new(name.to_string(), stream, steps.clone()),
            id: 0,
            early: VecDeque::new(),
        };
        let mut body = string("MQTT");
        body.extend([4, 0b10, 0, 0]); // 3.1.1, nothing kept, no keep alive
        body.extend(string(&format!("verificador-{name}")));
        client.writes(CONNECT, &body)?;
        match client.next_packet(ANSWER)? {
            Some(Packet::ConnAck { code: 0, .. }) => Ok(client),
            _ => Err(lost("não aceita a ligação".to_string())),
        }
    }

    /// Subscribes at the highest level, so that each message comes at its own.
    pub fn subscribes(&mut self, filter: &str) -> Outcome {
        self.client.did(format!("subscreve {filter}"));
        self.id += 1;
        let mut body = self.id.to_be_bytes().to_vec();
        body.extend(string(filter));
        body.push(2);
        self.writes(SUBSCRIBE, &body)?;
        self.waits_for(|packet| matches!(packet, Packet::SubAck { .. }))
    }

    /// Publishes at QoS 1, and waits until the broker has it.
    pub fn publishes(
        &mut self,
        topic: &str,
        payload: impl AsRef<[u8]>,
    ) -> Outcome {
        let payload = payload.as_ref();
        let did = format!("publica {} em {topic}", summarised(payload));
        self.client.did(did);
        self.publishes_quietly(topic, payload, QOS_1)
    }

    /// The same for a message that the broker keeps.
    pub fn publishes_retained(
        &mut self,
        topic: &str,
        payload: impl AsRef<[u8]>,
    ) -> Outcome {
        let payload = payload.as_ref();
        let did = format!("publica, e fica retido, {}", summarised(payload));
        self.client.did(format!("{did} em {topic}"));
        self.publishes_quietly(topic, payload, QOS_1 | RETAIN)
    }

    /// Publishes once more what may have arrived already: QoS 1 allows it.
    pub fn publishes_again(&mut self, topic: &str, payload: &str) -> Outcome {
        self.client
            .did(format!("repete «{payload}» em {topic} (DUP)"));
        self.publishes_quietly(topic, payload.as_bytes(), QOS_1 | DUP)
    }

    /// Publishes them all at once, and only then waits for the broker.
    pub fn publishes_all(
        &mut self,
        topic: &str,
        payloads: &[String],
    ) -> Outcome {
        let count = payloads.len();
        let did = format!("publica {count} valores de uma vez em {topic}");
        self.client.did(did);
        self.publishes_all_quietly(topic, payloads)
    }

    /// The same without a word in the record.
    pub fn publishes_all_quietly(
        &mut self,
        topic: &str,
        payloads: &[String],
    ) -> Outcome {
        let mut packets = Vec::new();
        for payload in payloads {
            let body = self.message(topic, payload.as_bytes());
            packets.extend(encode(PUBLISH | QOS_1, &body));
        }
        self.client.writes(&packets)?;
        payloads.iter().try_for_each(|_| self.waits_for(is_puback))
    }

    fn publishes_quietly(
        &mut self,
        topic: &str,
        payload: &[u8],
        flags: u8,
    ) -> Outcome {
        let body = self.message(topic, payload);
        self.writes(PUBLISH | flags, &body)?;
        self.waits_for(is_puback)
    }

    /// The body of a PUBLISH that has a number.
    fn message(&mut self, topic: &str, payload: &[u8]) -> Vec<u8> {
        self.id = self.id.checked_add(1).unwrap_or(1);
        let id = self.id.to_be_bytes();
        [&string(topic)[..], &id, payload].concat()
    }

    /// Receives the message that has to come next.
    pub fn hears(&mut self, topic: &str, payload: &str) -> Outcome<Message> {
        self.hears_after(topic, payload, |_| false, ANSWER)
    }

    /// The same, within this time, after messages that say nothing new.
    pub fn hears_after(
        &mut self,
        topic: &str,
        payload: &str,
        says_nothing: impl Fn(&Message) -> bool,
        limit: Duration,
    ) -> Outcome<Message> {
        let name = self.client.name.clone();
        let until = Instant::now() + limit;
        let expected = Expected::exactly(format!("{topic}: {payload}"));
        let (what, received) = loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.next(left)? {
                Some(message) if message.is(topic, payload) => {
                    self.client.did(format!("recebe {}", message.shown()));
                    return Ok(message);
                }
                Some(message) if says_nothing(&message) => {}
                Some(message) => {
                    break ("recebeu outra coisa".to_string(), message.whole());
                }
                None => {
                    let seconds = limit.as_secs();
                    let waited = format!("ficou {seconds} s à espera");
                    break (format!("{waited} e não o recebeu"), Vec::new());
                }
            }
        };
        self.client.did(format!("esperava «{payload}» em {topic}"));
        let what = format!("o {name} {what}");
        Err(Failure::new(what).comparing(expected, &received))
    }

    /// The next message; `None` where none comes in this time.
    pub fn next(&mut self, limit: Duration) -> Outcome<Option<Message>> {
        let until = Instant::now() + limit;
        loop {
            if let Some(message) = self.early.pop_front() {
                return Ok(Some(message));
            }
            let left = until.saturating_duration_since(Instant::now());
            // What has arrived already is read even where there is no time.
            match self.next_packet(left.max(Duration::from_millis(1)))? {
                Some(packet) => self.takes(packet)?,
                None if left.is_zero() => return Ok(None),
                None => {}
            }
        }
    }

    /// Waits for the broker's answer; messages may come before it.
    fn waits_for(&mut self, wanted: impl Fn(&Packet) -> bool) -> Outcome {
        loop {
            match self.next_packet(ANSWER)? {
                Some(packet) if wanted(&packet) => return Ok(()),
                Some(packet) => self.takes(packet)?,
                None => return Err(broken("deixou de responder")),
            }
        }
    }

    /// Answers a packet as its level asks, and keeps the message in it.
    fn takes(&mut self, packet: Packet) -> Outcome {
        let publish = match packet {
            Packet::Publish(publish) => publish,
            Packet::PubRel(answer) => {
                return self.writes(PUBCOMP, &answer.id.to_be_bytes());
            }
            _ => return Ok(()),
        };
        let id = publish.id.unwrap_or_default().to_be_bytes();
        match publish.qos {
            0 => {}
            1 => self.writes(PUBACK, &id)?,
            _ => self.writes(PUBREC, &id)?,
        }
        self.early.push_back(Message {
            topic: publish.topic,
            payload: publish.payload,
            qos: publish.qos,
        });
        Ok(())
    }

    fn writes(&mut self, first: u8, body: &[u8]) -> Outcome {
        self.client.writes(&encode(first, body))
    }

    /// The next packet; `None` where none comes in this time.
    fn next_packet(&mut self, limit: Duration) -> Outcome<Option<Packet>> {
        let read = self
            .client
            .reads_frame(limit, |bytes, _| decode(bytes, Version::V3_1_1));
        match read {
            Ok(packet) => Ok(Some(packet)),
            Err(NoFrame::Time) => Ok(None),
            Err(NoFrame::Closed) => Err(broken("desligou-o")),
            Err(NoFrame::Malformed(_)) => {
                Err(broken("enviou um pacote estragado"))
            }
        }
    }
}

fn is_puback(packet: &Packet) -> bool {
    matches!(packet, Packet::PubAck(_))
}

/// The broker is the checker's own: that says nothing about the program.
fn broken(how: &str) -> Box<Failure> {
    Failure::not_run(format!("o broker do verificador {how}"))
}

//! What happens on a page that runs a lesson: one stream of events, which the
//! page draws, live or recorded.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;
use tokio::sync::Notify;

/// A terminal's number on its page, from 0.
pub type Number = usize;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Event {
    /// A new beginning: what the page shows is gone.
    Session {
        /// How many console blocks the lesson has, and which one this is.
        blocks: usize,
        block: usize,
    },
    /// There is one more terminal.
    Terminal {
        terminal: Number,
        /// What runs in it.
        name: String,
        /// What a student would type.
        command: String,
        /// The address of the page that is shown in place of a terminal.
        #[serde(skip_serializing_if = "Option::is_none")]
        page: Option<String>,
    },
    /// Cargo builds what this terminal runs.
    Building { terminal: Number },
    /// Its program has started.
    Started { terminal: Number },
    /// Text on the terminal.
    Output {
        terminal: Number,
        from: Source,
        text: String,
    },
    /// The page could not follow: so much of the output is missing here.
    LeftOut { terminal: Number, bytes: u64 },
    /// Nothing runs in the terminal any more.
    Ended {
        terminal: Number,
        /// The status: a number, or the name of a signal; empty where cargo
        /// has not built it.
        how: String,
    },
    /// One program connected to another; with UDP, sent it something for the
    /// first time.
    Opened { from: Number, to: Number },
    /// A frame, or a datagram, or bytes of no known protocol.
    Frame {
        from: Number,
        to: Number,
        #[serde(flatten)]
        frame: Frame,
    },
    /// One side said that it will send nothing more.
    HalfClosed { from: Number, to: Number },
    /// One side cut the connection off.
    Reset { from: Number, to: Number },
    /// The page could not follow: so much of the wire is missing here.
    FramesLeftOut { count: u64, bytes: u64 },
    /// What is left to do of the console block: its keys, in words.
    Script { rest: String },
    /// Nothing is left of it, and nothing runs any more.
    Played,
    /// A sentence for the person.
    Notice { text: String },
}

/// Who wrote what a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Cargo, while it builds.
    Cargo,
    /// The program.
    Stdout,
    /// The program, of errors.
    Stderr,
    /// The person, on the keyboard.
    Stdin,
}

/// What a page shows of a frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Frame {
    /// `http`, `mqtt`, `text`.
    pub protocol: &'static str,
    /// What it says, in the protocol's own terms.
    pub title: String,
    /// What it carries, where that is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
    /// How many bytes it has.
    pub size: u64,
    /// The first of them, in hexadecimal.
    pub bytes: String,
    pub fields: Vec<Field>,
}

/// A part of a frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    pub id: &'static str,
    pub name: String,
    pub value: String,
    /// The first of its bytes.
    pub start: usize,
    /// The first beyond them.
    pub end: usize,
    /// The first of its bits, and the first beyond them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<(usize, usize)>,
    /// The value has a documented port where the bytes have another one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub other_port: bool,
}

impl Event {
    /// The output's terminal, and its length in bytes.
    fn output(&self) -> Option<(Number, usize)> {
        match self {
            Event::Output { terminal, text, .. } => {
                Some((*terminal, text.len()))
            }
            _ => None,
        }
    }

    /// How many bytes went over the wire, if anything did.
    fn wire(&self) -> Option<u64> {
        match self {
            Event::Frame { frame, .. } => Some(frame.size),
            Event::Opened { .. }
            | Event::HalfClosed { .. }
            | Event::Reset { .. } => Some(0),
            _ => None,
        }
    }
}

/// The most that waits for the page: bytes of output of each terminal, and
/// events of the wire. With more than this, the page is told how much more.
const OUTPUT: usize = 16 << 10;
const WIRE: usize = 5_000;

/// Events that wait for their page.
#[derive(Default)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    some: Notify,
    shown: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Which of the page's sessions, and when it began.
    session: u64,
    start: Option<Instant>,
    events: VecDeque<Stamped>,
    output: BTreeMap<Number, usize>,
    output_left_out: BTreeMap<Number, u64>,
    wire: usize,
    wire_left_out: (u64, u64),
}

/// An event, and when it happened, in milliseconds since the session began.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stamped {
    pub at: f64,
    #[serde(flatten)]
    pub event: Event,
}

impl Outbox {
    /// Begins a session: nothing of the one before comes after this.
    pub fn begin(&self, blocks: usize, block: usize) -> u64 {
        let mut waiting = self.lock();
        *waiting = Waiting {
            session: waiting.session + 1,
            start: Some(Instant::now()),
            ..Waiting::default()
        };
        let session = waiting.session;
        drop(waiting);
        self.add(session, Event::Session { blocks, block });
        session
    }

    /// Adds what has just happened in a session. Never waits.
    pub fn add(&self, session: u64, event: Event) {
        self.add_at(session, Instant::now(), event);
    }

    /// Adds what happened then.
    pub fn add_at(&self, session: u64, when: Instant, event: Event) {
        let mut waiting = self.lock();
        if waiting.session == session {
            waiting.add(when, event);
            drop(waiting);
            self.some.notify_one();
        }
    }

    /// All that waits, once there is something.
    pub async fn take(&self) -> Vec<Stamped> {
        loop {
            let events = self.lock().take();
            if !events.is_empty() {
                return events;
            }
            self.some.notified().await;
        }
    }

    /// The page has shown what it was given.
    pub fn show(&self) {
        self.shown.notify_one();
    }

    /// Waits until the page has shown what it was given last.
    pub async fn shown(&self) {
        self.shown.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, when: Instant, event: Event) {
        if let Some((terminal, length)) = event.output() {
            let waits = self.output.entry(terminal).or_default();
            if *waits + length > OUTPUT {
                *self.output_left_out.entry(terminal).or_default() +=
                    length as u64;
                return;
            }
            *waits += length;
        }
        if let Some(bytes) = event.wire() {
            if self.wire == WIRE {
                self.wire_left_out.0 += 1;
                self.wire_left_out.1 += bytes;
                return;
            }
            self.wire += 1;
        }
        let at = self.at(when);
        self.events.push_back(Stamped { at, event });
    }

    fn at(&self, when: Instant) -> f64 {
        let start = self.start.unwrap_or(when);
        let passed = when.saturating_duration_since(start);
        // To the microsecond.
        (passed.as_secs_f64() * 1e6).round() / 1e3
    }

    fn take(&mut self) -> Vec<Stamped> {
        let at = self.at(Instant::now());
        let mut events: Vec<Stamped> = self.events.drain(..).collect();
        for (terminal, bytes) in std::mem::take(&mut self.output_left_out) {
            let event = Event::LeftOut { terminal, bytes };
            events.push(Stamped { at, event });
        }
        let (count, bytes) = std::mem::take(&mut self.wire_left_out);
        if count > 0 {
            let event = Event::FramesLeftOut { count, bytes };
            events.push(Stamped { at, event });
        }
        self.output.clear();
        self.wire = 0;
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: Event = Event::Session {
        blocks: 1,
        block: 0,
    };

    fn output(terminal: Number, text: &str) -> Event {
        Event::Output {
            terminal,
            from: Source::Stdout,
            text: text.to_string(),
        }
    }

    async fn taken(outbox: &Outbox) -> Vec<Event> {
        let events = outbox.take().await;
        events.into_iter().map(|stamped| stamped.event).collect()
    }

    #[tokio::test]
    async fn a_flood_is_cut_and_what_is_missing_is_said() {
        let outbox = Outbox::default();
        let session = outbox.begin(1, 0);
        let line = "x".repeat(1 << 10);
        for _ in 0..1_000 {
            outbox.add(session, output(0, &line));
        }
        outbox.add(session, output(1, "outro"));
        outbox.add(session, Event::Started { terminal: 2 });
        let events = taken(&outbox).await;
        let shown = (OUTPUT >> 10) + 4;
        assert_eq!(events.len(), shown);
        assert_eq!(events[0], BEGUN);
        assert!(events.contains(&output(1, "outro")));
        let bytes = (1_000 << 10) - OUTPUT as u64;
        assert_eq!(events[shown - 1], Event::LeftOut { terminal: 0, bytes });

        // Then it goes on.
        outbox.add(session, output(0, &line));
        assert_eq!(taken(&outbox).await, [output(0, &line)]);
    }

    #[tokio::test]
    async fn a_wire_that_is_too_fast_is_cut_too() {
        let outbox = Outbox::default();
        let session = outbox.begin(1, 0);
        for _ in 0..WIRE + 7 {
            outbox.add(session, Event::Opened { from: 0, to: 1 });
        }
        let events = taken(&outbox).await;
        assert_eq!(events.len(), WIRE + 2);
        let left_out = Event::FramesLeftOut { count: 7, bytes: 0 };
        assert_eq!(events.last(), Some(&left_out));
    }

    #[tokio::test]
    async fn what_belongs_to_an_earlier_session_is_dropped() {
        let outbox = Outbox::default();
        let earlier = outbox.begin(1, 0);
        outbox.add(earlier, output(0, "antes"));
        let now = outbox.begin(1, 0);
        outbox.add(earlier, output(0, "tarde"));
        outbox.add(now, output(0, "agora"));
        assert_eq!(taken(&outbox).await, [BEGUN, output(0, "agora")]);
    }

    #[test]
    fn an_event_as_the_page_reads_it() {
        let stamped = Stamped {
            at: 1.5,
            event: output(0, "olá\n"),
        };
        assert_eq!(
            serde_json::to_string(&stamped).expect("JSON"),
            "{\"at\":1.5,\"is\":\"output\",\"terminal\":0,\
             \"from\":\"stdout\",\"text\":\"olá\\n\"}"
        );
    }
}

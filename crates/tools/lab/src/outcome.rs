//! What a check comes to: nothing wrong, or what is, in words for the student.

use std::cell::RefCell;
use std::rc::Rc;

use crate::bytes::Expected;

/// What a check comes to.
pub type Outcome<T = ()> = Result<T, Box<Failure>>;

/// What is wrong, in words for the student.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What happened, in one line.
    pub what: String,
    /// The likely cause; where it is empty, the check's own one holds.
    pub cause: String,
    /// What should have come, and what did.
    pub compared: Option<(Expected, Vec<u8>)>,
    /// Whether the program's state has nothing to add to it.
    pub settled: bool,
    /// In a word, what went wrong.
    pub kind: Kind,
    /// Whether the program did not even begin.
    pub unbegun: bool,
    /// Whether it is the machine that lacks something: the check says nothing
    /// about the program.
    pub not_run: bool,
}

/// In a word, what went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The program does something else than it should.
    Wrong,
    /// It cannot be started.
    Missing,
    /// It ended.
    Crashed,
    /// It runs, and does not listen.
    NeverListened,
    /// It does nothing any more.
    Hung,
    Flooded,
    TookMemory,
    TookTime,
}

impl Kind {
    /// For JSON.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Wrong => "wrong",
            Kind::Missing => "missing",
            Kind::Crashed => "crashed",
            Kind::NeverListened => "never_listened",
            Kind::Hung => "hung",
            Kind::Flooded => "flooded",
            Kind::TookMemory => "took_memory",
            Kind::TookTime => "took_time",
        }
    }
}

impl Failure {
    pub fn new(what: impl Into<String>) -> Box<Failure> {
        Box::new(Failure {
            what: what.into(),
            cause: String::new(),
            compared: None,
            settled: false,
            kind: Kind::Wrong,
            unbegun: false,
            not_run: false,
        })
    }

    /// The check cannot be run here; and what to do about it.
    pub fn not_run(why: impl Into<String>) -> Box<Failure> {
        let mut failure = Failure::new(why).settled();
        failure.not_run = true;
        failure
    }

    pub fn because(mut self: Box<Self>, cause: impl Into<String>) -> Box<Self> {
        self.cause = cause.into();
        self
    }

    pub fn comparing(mut self: Box<Self>, e: Expected, r: &[u8]) -> Box<Self> {
        self.compared = Some((e, r.to_vec()));
        self
    }

    /// What came, where it is compared with what should have.
    pub fn received(&self) -> Option<&[u8]> {
        self.compared.as_ref().map(|(_, received)| &received[..])
    }

    /// The program's state has nothing to add to it.
    pub fn settled(mut self: Box<Self>) -> Box<Self> {
        self.settled = true;
        self
    }

    pub fn of(mut self: Box<Self>, kind: Kind) -> Box<Self> {
        self.kind = kind;
        self
    }

    /// The program does not even begin.
    pub fn unbegun(mut self: Box<Self>) -> Box<Self> {
        self.unbegun = true;
        self
    }
}

/// What was done, step by step.
#[derive(Clone, Default)]
pub struct Steps(Rc<RefCell<Vec<Step>>>);

#[derive(Clone)]
pub struct Step {
    pub who: String,
    pub did: String,
}

impl Steps {
    pub fn add(&self, who: &str, did: impl Into<String>) {
        self.0.borrow_mut().push(Step {
            who: who.to_string(),
            did: did.into(),
        });
    }

    /// Forgets what was done after so many steps: it came to nothing.
    pub fn forgets_after(&self, count: usize) {
        self.0.borrow_mut().truncate(count);
    }

    pub fn all(&self) -> Vec<Step> {
        self.0.borrow().clone()
    }
}

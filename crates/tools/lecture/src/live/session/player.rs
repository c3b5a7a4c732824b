//! Does what the console block says, as a student would.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use transcript::Step;

use super::{Page, State};
use crate::live::event::{Event, Number};

/// How long the person has to see where something is about to be typed.
const PAUSE: Duration = Duration::from_millis(600);

/// Plays the block of the page's session, in a thread of its own.
pub fn play(page: &Arc<Page>) {
    let page = Arc::clone(page);
    let mut state = page.lock();
    state.player += 1;
    state.finishing = false;
    let number = state.player;
    drop(state);
    thread::spawn(move || {
        let page = &page;
        // Nothing where the person has stopped it meanwhile.
        let _ = Player { page, number }.play();
    });
}

struct Player<'a> {
    page: &'a Arc<Page>,
    number: u64,
}

/// Nobody wants it to go on.
struct Over;

impl Player<'_> {
    fn play(&self) -> Result<(), Over> {
        let count = self.state()?.terminals.len();
        for number in 0..count {
            self.page.start(number);
            if number + 1 < count {
                self.wait(|state| state.is_ready(number))?;
            }
        }
        while self.round()? {}
        self.ask("")?;
        self.page.tell(&*self.state()?, Event::Played);
        Ok(())
    }

    /// Tells the page which keys are left.
    fn ask(&self, rest: &str) -> Result<(), Over> {
        let rest = rest.to_string();
        self.page.tell(&*self.state()?, Event::Script { rest });
        Ok(())
    }

    /// One step of some terminal, once one can be done; whether there are
    /// more.
    fn round(&self) -> Result<bool, Over> {
        let mut state = self.state()?;
        let mut asked = String::new();
        let (number, step) = loop {
            match state.next() {
                Next::Do(number, step) => break (number, step),
                Next::End => return Ok(false),
                Next::Asks(rest) if rest != asked => {
                    asked.clone_from(&rest);
                    self.page.tell(&state, Event::Script { rest });
                }
                Next::Asks(_) | Next::Wait => {}
            }
            state = self.changed(state)?;
        };
        state.terminals[number].done += 1;
        drop(state);
        if !asked.is_empty() {
            self.ask("")?;
        }
        if matches!(step, Step::Prints(_) | Step::PrintsMore) {
            return Ok(true);
        }
        thread::sleep(PAUSE);
        drop(self.state()?);
        match step {
            Step::Types(text) => self.page.type_line(number, &text),
            Step::EndsInput => self.page.end_input(number),
            _ => self.page.interrupt(number),
        }
        Ok(true)
    }

    fn wait(&self, mut done: impl FnMut(&State) -> bool) -> Result<(), Over> {
        let mut state = self.state()?;
        while !done(&state) {
            state = self.changed(state)?;
        }
        Ok(())
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, Over> {
        self.still(self.page.lock())
    }

    fn changed<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
    ) -> Result<MutexGuard<'a, State>, Over> {
        let state = self.page.changed.wait(state);
        self.still(state.unwrap_or_else(PoisonError::into_inner))
    }

    fn still<'a>(
        &self,
        state: MutexGuard<'a, State>,
    ) -> Result<MutexGuard<'a, State>, Over> {
        match state.player == self.number && !state.is_gone {
            true => Ok(state),
            false => Err(Over),
        }
    }
}

/// What a player may do now.
enum Next {
    Do(Number, Step),
    /// Something must happen first.
    Wait,
    /// The person must say that it may end, by these keys.
    Asks(String),
    /// Everything is done.
    End,
}

impl State {
    /// Whether the terminal after this one may start.
    fn is_ready(&self, number: Number) -> bool {
        let terminal = &self.terminals[number];
        terminal.run.is_none() || terminal.printed >= terminal.role.ready
    }

    fn next(&self) -> Next {
        let mut keys = Vec::new();
        // Who ends by itself comes before who is interrupted, and clients come
        // before servers.
        let (mut interrupted, mut last) = (None, None);
        let mut others = false;
        let mut on_the_way = false;
        let terminals = self.terminals.iter().enumerate();
        for (number, terminal) in
            terminals.filter(|(_, terminal)| terminal.run.is_some())
        {
            let done = terminal.done;
            let all = &terminal.role.steps;
            let place = all.iter().position(is_interrupt);
            others |= place.is_none();
            on_the_way |= place.is_some_and(|place| {
                done < place || all[place] == Step::Interrupts
            });
            let said =
                all[..done].iter().filter(|s| matches!(s, Step::Prints(_)));
            let key = match all.get(done) {
                Some(Step::Prints(_)) if terminal.printed <= said.count() => {
                    continue;
                }
                Some(Step::EndsInput) if !self.finishing => "Ctrl-D",
                Some(step) if is_interrupt(step) => {
                    match step {
                        Step::Interrupts => interrupted = Some(number),
                        _ => last = Some(number),
                    }
                    if self.finishing {
                        continue;
                    }
                    "Ctrl-C"
                }
                Some(step) => return Next::Do(number, step.clone()),
                None => continue,
            };
            keys.push(format!("{key} em {}", terminal.name));
        }
        if !keys.is_empty() {
            return Next::Asks(keys.join(", "));
        }
        let last = last.filter(|_| !on_the_way);
        match interrupted.or(last).filter(|_| !others) {
            Some(number) => Next::Do(number, Step::Interrupts),
            None if self.terminals.iter().any(|t| t.run.is_some()) => {
                Next::Wait
            }
            None => Next::End,
        }
    }
}

/// Whether this is Ctrl-C.
fn is_interrupt(step: &Step) -> bool {
    matches!(step, Step::Interrupts | Step::InterruptsLast)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::cast::Cast;
    use crate::live::session::Terminal;
    use crate::live::session::run::Run;

    /// A lesson of which every terminal runs, and whose last keys may be
    /// pressed.
    fn finishing(lesson: &str) -> State {
        let cast = Cast::of(&testkit::workspace(), lesson, 0).expect("a cast");
        let terminals = cast.roles.into_iter().map(|role| Terminal {
            name: role.name.clone(),
            role,
            printed: 0,
            done: 0,
            run: Some(Run::new().0),
        });
        State {
            terminals: terminals.collect(),
            finishing: true,
            ..State::default()
        }
    }

    /// The terminal in which Ctrl-C is pressed now.
    fn interrupted(state: &State) -> Option<&str> {
        match state.next() {
            Next::Do(number, Step::Interrupts) => {
                Some(&state.terminals[number].name)
            }
            _ => None,
        }
    }

    #[test]
    fn a_server_that_a_lesson_needs_stays_until_the_others_have_ended() {
        let mut state = finishing("rabbitmq_routing_consumer");
        let names = state.terminals.iter().map(|t| t.name.as_str());
        let expected = [
            "rabbitmq",
            "rabbitmq_routing_consumer",
            "rabbitmq_routing_producer",
        ];
        assert_eq!(names.collect::<Vec<_>>(), expected);
        // The producer has done its work, and ended; the consumer waits.
        state.terminals[2].run = None;
        assert_eq!(interrupted(&state), None);
        // What it waited for has come.
        state.terminals[1].printed = 2;
        state.terminals[1].done = 2;
        assert_eq!(interrupted(&state), Some("rabbitmq_routing_consumer"));
        // It takes a moment to say goodbye.
        state.terminals[1].done = 3;
        assert_eq!(interrupted(&state), None);
        state.terminals[1].run = None;
        assert_eq!(interrupted(&state), Some("rabbitmq"));
    }
}

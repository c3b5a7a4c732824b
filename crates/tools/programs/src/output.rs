//! What a program writes, as it comes.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::live;

/// What comes out of one of a program's pipes, gathered by a thread, so that
/// the program never waits for a reader. The end of it is kept, up to the size
/// that [`crate::Setup::keeping`] says.
#[derive(Clone, Default)]
pub struct Output(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    kept: VecDeque<u8>,
    /// How many bytes were written before those that are kept.
    missed: u64,
    ended: bool,
    discarding: bool,
}

impl State {
    fn take(&mut self, bytes: &[u8], limit: usize) {
        if self.discarding {
            self.missed += (self.kept.len() + bytes.len()) as u64;
            self.kept = VecDeque::new();
            return;
        }
        self.kept.extend(bytes);
        let surplus = self.kept.len().saturating_sub(limit);
        self.kept.drain(..surplus);
        self.missed += surplus as u64;
    }
}

impl Output {
    /// What comes out of this pipe: a thread reads all there is to read, and
    /// keeps the last `limit` bytes. Without a pipe nothing comes.
    pub(crate) fn of(
        pipe: Option<impl Read + Send + 'static>,
        limit: usize,
        mut heard: impl FnMut(&[u8]) + Send + 'static,
    ) -> Output {
        let gathered = Output::default();
        let Some(mut pipe) = pipe else {
            gathered.lock().ended = true;
            return gathered;
        };
        let output = gathered.clone();
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let count = match pipe.read(&mut buffer) {
                    Ok(count) => count,
                    Err(error)
                        if error.kind() == io::ErrorKind::Interrupted =>
                    {
                        continue;
                    }
                    Err(_) => 0,
                };
                if count == 0 {
                    live::stop_if_ending();
                } else {
                    // First: who waits for a line may ask what was heard.
                    heard(&buffer[..count]);
                }
                let mut state = output.lock();
                state.take(&buffer[..count], limit);
                state.ended = count == 0;
                let discarding = state.discarding;
                drop(state);
                output.0.1.notify_all();
                if count == 0 {
                    return;
                }
                if discarding {
                    thread::sleep(Duration::from_millis(2));
                }
            }
        });
        gathered
    }

    pub(crate) fn discard(&self) {
        self.lock().discarding = true;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept of it.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().kept.iter().copied().collect()
    }

    /// The same; bytes that are not UTF-8 show as `�`.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// How many bytes were written so far.
    pub fn written(&self) -> u64 {
        let state = self.lock();
        state.missed + state.kept.len() as u64
    }

    /// Whether nothing more can come: the program, and all that inherited the
    /// pipe, have closed it or ended.
    pub fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// Waits until `found` finds what it looks for in what is kept.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when the time is over, and
    /// [`io::ErrorKind::UnexpectedEof`] where nothing more can come before.
    pub fn wait_until<T>(
        &self,
        limit: Duration,
        mut found: impl FnMut(&[u8]) -> Option<T>,
    ) -> io::Result<T> {
        self.wait(limit, |state| found(state.kept.make_contiguous()))
    }

    fn wait<T>(
        &self,
        limit: Duration,
        mut found: impl FnMut(&mut State) -> Option<T>,
    ) -> io::Result<T> {
        let start = Instant::now();
        let mut state = self.lock();
        loop {
            if let Some(value) = found(&mut state) {
                return Ok(value);
            }
            if state.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // A condition variable cannot wait for ever.
            let left = left.min(Duration::from_secs(3600));
            state = match self.0.1.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Waits until nothing more can come; whether that is so in time.
    pub fn wait_for_end(&self, limit: Duration) -> bool {
        self.wait(limit, |state| state.ended.then_some(())).is_ok()
    }

    /// Its lines from the first that is kept, one after the other.
    pub fn lines(&self) -> Lines {
        Lines {
            output: self.clone(),
            taken: 0,
        }
    }
}

/// A place in an [`Output`], which goes from line to line.
pub struct Lines {
    output: Output,
    /// How many bytes of the output lie before this place.
    taken: u64,
}

impl Lines {
    /// The next line, without its end; `None` where no more can come. One that
    /// is no longer kept is passed over.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when the time is over.
    pub fn next(&mut self, limit: Duration) -> io::Result<Option<String>> {
        let taken = &mut self.taken;
        let next = self.output.wait(limit, |state| {
            let skipped = taken.saturating_sub(state.missed);
            let mut from = usize::try_from(skipped).unwrap_or(usize::MAX);
            let kept = &*state.kept.make_contiguous();
            if *taken < state.missed {
                // What is left of a line that was cut is no line.
                from = kept.iter().position(|byte| *byte == b'\n')? + 1;
            }
            let rest = kept.get(from..)?;
            let length = match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) => end + 1,
                None if state.ended && !rest.is_empty() => rest.len(),
                None => return None,
            };
            let line = String::from_utf8_lossy(&rest[..length]);
            let line = line.trim_end_matches(['\n', '\r']).to_string();
            *taken = state.missed + (from + length) as u64;
            Some(line)
        });
        match next {
            Ok(line) => Ok(Some(line)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

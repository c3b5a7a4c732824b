//! Text for a terminal of any kind and width, or for a file.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use programs::say;

/// The widest that running text gets.
const WIDEST: usize = 78;

/// What the other side of stdout is, and can show.
#[derive(Clone, Copy)]
pub struct Style {
    terminal: bool,
    /// Whether it takes escape sequences: colours, and a line that is written
    /// again.
    escapes: bool,
    /// How many characters fit in a line.
    width: usize,
}

impl Style {
    /// A file.
    pub const PLAIN: Style = Style {
        terminal: false,
        escapes: false,
        width: WIDEST,
    };

    /// Whatever stdout is.
    pub fn of_stdout() -> Style {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            return Style::PLAIN;
        }
        let size = terminal_size::terminal_size();
        Style {
            terminal: true,
            escapes: programs::takes_escapes(&stdout),
            width: size.map_or(WIDEST, |(width, _)| usize::from(width.0)),
        }
    }

    pub fn is_terminal(self) -> bool {
        self.terminal
    }

    pub fn has_escapes(self) -> bool {
        self.escapes
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.escapes {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// The same lines, where they fit into the terminal's; longer ones broken
    /// between words, with what follows this much further to the right than
    /// their beginning. A command stays whole, so that it can be copied.
    pub fn fitted(self, text: &str, further: usize) -> String {
        let lines = text.split_inclusive('\n');
        lines.map(|line| self.fitted_line(line, further)).collect()
    }

    fn fitted_line(self, line: &str, further: usize) -> String {
        if !self.terminal || line.contains("cargo run ") {
            return line.to_string();
        }
        let indent = line.len() - line.trim_start_matches(' ').len() + further;
        let (mut fitted, mut left) = (String::new(), line.to_string());
        while let Some(end) = self.end(&left) {
            fitted.push_str(left[..end].trim_end());
            fitted.push('\n');
            left = " ".repeat(indent) + left[end..].trim_start();
        }
        fitted + &left
    }

    /// Where a line that is too long has its last space that is not; `None`
    /// where it fits, or has none after its beginning.
    fn end(self, line: &str) -> Option<usize> {
        let begin = line.len() - line.trim_start_matches(' ').len();
        let (mut seen, mut space, mut is_order) = (0, None, false);
        for (place, character) in line.trim_end().char_indices() {
            // An escape sequence takes no room.
            is_order |= character == '\x1b';
            if character == ' ' && place > begin && seen <= self.width {
                space = Some(place);
            }
            seen += usize::from(!is_order);
            is_order &= character != 'm';
        }
        space.filter(|_| seen > self.width)
    }

    /// Breaks a text into lines that fit behind an indent, in characters.
    pub fn wrapped(self, text: &str, indent: usize) -> Vec<String> {
        let width = self.width.min(WIDEST).saturating_sub(indent).max(20);
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let line = lines.last_mut().expect("there is always one");
            let length = line.chars().count();
            if length > 0 && length + 1 + word.chars().count() > width {
                lines.push(word.to_string());
            } else {
                if length > 0 {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        lines
    }
}

/// Says something in between, beside the result: over the progress, if there is
/// any.
pub fn note(text: &str) {
    let over = Style::of_stdout().escapes && io::stderr().is_terminal();
    let clear = if over { "\r\x1b[K" } else { "" };
    eprintln!("{clear}{}", Style::of_stdout().fitted(text, 0));
}

/// A word as one types it in a shell.
pub fn typed(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/\\:._-={}".contains(c);
    match word.chars().all(plain) {
        true => word.to_string(),
        false => format!("\"{word}\""),
    }
}

/// A foreign text in one line, with the characters shown that a terminal would
/// obey: escape sequences, and those that turn the direction of the writing.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        match character {
            '\t' => shown.push_str("    "),
            '\0'..='\x1f' | '\x7f'..='\u{9f}' => {
                shown.push_str(&format!("\\x{:02x}", character as u32));
            }
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {
                shown.push_str(&format!("\\u{{{:x}}}", character as u32));
            }
            other => shown.push(other),
        }
    }
    shown
}

/// The first characters of a text, and `…` where there are more.
pub fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_string();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

/// The line at the bottom of a terminal that says what is being done and, where
/// that takes its time, for how long.
pub struct Progress {
    style: Style,
    total: usize,
    now: Arc<Mutex<Option<Doing>>>,
}

/// What is being done.
struct Doing {
    done: usize,
    about: String,
    since: Instant,
}

impl Progress {
    pub fn new(style: Style, total: usize) -> Progress {
        let progress = Progress {
            style,
            total,
            now: Arc::default(),
        };
        if style.escapes {
            let now = Arc::downgrade(&progress.now);
            thread::spawn(move || {
                while let Some(now) = now.upgrade() {
                    if let Some(doing) = &*lock(&now) {
                        doing.write(style, total);
                    }
                    drop(now);
                    thread::sleep(Duration::from_millis(500));
                }
            });
        }
        progress
    }

    /// One line, in place of the one before, with room for the cursor.
    pub fn show(&self, done: usize, about: &str) {
        if self.style.escapes {
            let mut now = lock(&self.now);
            let same = now.take().filter(|before| before.about == about);
            let doing = Doing {
                done,
                about: about.to_string(),
                since: same.map_or_else(Instant::now, |before| before.since),
            };
            doing.write(self.style, self.total);
            *now = Some(doing);
        }
    }

    pub fn clear(&self) {
        if self.style.escapes {
            let mut now = lock(&self.now);
            *now = None;
            say("\r\x1b[K");
        }
    }
}

impl Doing {
    fn write(&self, style: Style, total: usize) {
        let cells = total.min(style.width / 3);
        let full = (self.done * cells / total.max(1)).min(cells);
        let bar = "█".repeat(full) + &"░".repeat(cells - full);
        let time = match self.since.elapsed().as_secs() {
            0..=2 => String::new(),
            seconds => format!("{seconds} s: "),
        };
        let line = format!("{bar} {time}{}", self.about);
        let longest = style.width.saturating_sub(1).max(1);
        say(&format!("\r\x1b[K{}", shortened(&line, longest)));
    }
}

fn lock(now: &Mutex<Option<Doing>>) -> MutexGuard<'_, Option<Doing>> {
    now.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_gives_the_terminal_no_orders() {
        assert_eq!(
            visible("olá\x1b]0;x\x07\r\n\u{9b}1m\u{202e}fim\t."),
            "olá\\x1b]0;x\\x07\\x0d\\x0a\\x9b1m\\u{202e}fim    ."
        );
    }

    #[test]
    fn lines_fit_and_lose_no_word() {
        let narrow = Style {
            terminal: true,
            escapes: false,
            width: 40,
        };
        let text = "um dois três quatro cinco seis sete oito nove dez onze";
        let lines = narrow.wrapped(text, 8);
        assert!(lines.iter().all(|line| line.chars().count() <= 32));
        assert_eq!(lines.join(" "), text);
        let long = "x".repeat(90);
        assert_eq!(narrow.wrapped(&long, 8).join("\n"), long);
        let lines = " 1 ✗ \x1b[31mSET guarda um valor, e GET devolve-o tal\n\
                     cargo run -p lab -- check lab_sensor_tcp --only 1\n\
                     curta\n";
        let fitted = [
            " 1 ✗ \x1b[31mSET guarda um valor, e GET",
            "     devolve-o tal",
            "cargo run -p lab -- check lab_sensor_tcp --only 1",
            "curta\n",
        ];
        assert_eq!(narrow.fitted(lines, 4), fitted.join("\n"));
        assert_eq!(Style::PLAIN.fitted(lines, 4), lines);
        let long = format!("{long}\n");
        assert_eq!(narrow.fitted(&long, 4), long);
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
    }
}

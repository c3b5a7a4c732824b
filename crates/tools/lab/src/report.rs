//! What a run came to: as text, with colours or without, and as JSON.

use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};

use crate::bytes::quoted;
use crate::labs::{Check, Lab};
use crate::run::{Checked, Evidence, Verdict};

/// How many of the steps before a failure are shown.
const STEPS: usize = 12;

/// Text for a terminal, or for a file.
#[derive(Clone, Copy)]
pub struct Style {
    colours: bool,
}

impl Style {
    pub const PLAIN: Style = Style { colours: false };

    pub fn of_stdout() -> Style {
        let wanted = std::env::var_os("NO_COLOR").is_none();
        Style {
            colours: wanted && io::stdout().is_terminal(),
        }
    }

    pub fn is_coloured(self) -> bool {
        self.colours
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colours {
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
}

pub fn heading(lab: &Lab, seed: u64, style: Style) -> String {
    let name = style.strong(lab.name);
    format!("{name}: {} (semente {seed})\n", lab.title)
}

/// Writes to stdout. Who reads it may have seen enough (`| head`): then there
/// is nothing left to do.
pub fn say(text: &str) {
    let mut stdout = io::stdout();
    let said = stdout.write_all(text.as_bytes());
    if said.and_then(|()| stdout.flush()).is_err() {
        crate::processes::end_every_run();
        std::process::exit(1);
    }
}

/// One check, with all that there is to say of it.
pub fn checked(index: usize, checked: &Checked, style: Style) -> String {
    let about = checked.check.about;
    let line = |sign: String| format!("{:2} {sign} {about}\n", index + 1);
    match &checked.verdict {
        Verdict::Passed => line(style.good("✓")),
        Verdict::NotRun(why) => {
            let about = format!("– {about} ({why})");
            format!(
                "{:2} {}
",
                index + 1,
                style.faint(&about)
            )
        }
        Verdict::Failed(evidence) => {
            line(style.bad("✗")) + &failed(checked.check, evidence, style)
        }
    }
}

fn failed(check: &Check, evidence: &Evidence, style: Style) -> String {
    let mut text = String::new();
    let mut block = |title: &str, lines: &[String]| {
        text.push_str(&format!("\n     {}\n", style.strong(title)));
        for line in lines {
            text.push_str(format!("       {line}").trim_end());
            text.push('\n');
        }
    };

    let failure = &evidence.failure;
    let steps = &evidence.steps;
    let skipped = steps.len().saturating_sub(STEPS);
    let mut lines = Vec::new();
    if skipped > 0 {
        lines.push(format!("… ({skipped} passos antes destes)"));
    }
    let width = steps[skipped..].iter().map(|step| step.who.chars().count());
    let width = width.max().unwrap_or(0);
    for step in &steps[skipped..] {
        lines.push(format!("{:width$}  {}", step.who, step.did));
    }
    lines.push(style.bad(&format!("✗ {}", failure.what)));
    block("O que se passou", &lines);

    if let Some((expected, received)) = &failure.compared {
        let lines: Vec<String> = expected
            .compared(received)
            .iter()
            .map(|line| match line.trim() {
                mark @ ("^" | "^^") => line.replace(mark, &style.bad(mark)),
                _ => line.clone(),
            })
            .collect();
        block("O primeiro byte errado", &lines);
    }
    if !evidence.output.is_empty() {
        block("O programa escreveu, no fim", &evidence.output);
    }
    block("Causa provável", &wrapped(&failure.cause));
    block(
        "Onde ver",
        &[
            format!("diapositivo «{}»", check.slide),
            format!("cargo run -p {}", check.read),
        ],
    );
    text.push('\n');
    text
}

/// Breaks a text into lines that fit.
pub fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        if line.chars().count() + word.chars().count() > 70 {
            lines.push(word.to_string());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// The last line: how many passed, and what to do next.
pub fn summary(lab: &Lab, all: &[Checked], style: Style) -> String {
    let passed = all.iter().filter(|checked| checked.passed()).count();
    let count = format!("{passed} de {} verificações", all.len());
    if passed == all.len() {
        let next = crate::labs::ALL
            .iter()
            .skip_while(|other| other.name != lab.name)
            .nth(1);
        let next = match next {
            Some(next) => format!(" O próximo: docs/labs/{}.md", next.name),
            None => String::new(),
        };
        return format!("\n{} Está feito.{next}\n", style.good(&(count + ".")));
    }
    let count = style.bad(&(count + "."));
    let mut text = format!("\n{count}");
    let mut whys = not_run(all);
    if !whys.is_empty() {
        text.push_str(&match whys.len() {
            1 => " Uma não se pôde correr aqui: ".to_string(),
            many => format!(" {many} não se puderam correr aqui: "),
        });
        whys.dedup();
        text.push_str(&whys.join("; "));
        text.push('.');
    }
    if all.iter().any(|c| matches!(c.verdict, Verdict::Failed(_))) {
        text.push_str(&format!(
            " Comece pela primeira que falhou. Uma pista: cargo run -p lab \
             -- hint {}",
            lab.name
        ));
    }
    text + "\n"
}

/// What this machine lacks, for each check that it could not run. Where the
/// first one failed, the others were left out for that alone.
fn not_run(all: &[Checked]) -> Vec<&str> {
    if let Some(Verdict::Failed(_)) = all.first().map(|first| &first.verdict) {
        return Vec::new();
    }
    let all = all.iter();
    all.filter_map(|checked| match &checked.verdict {
        Verdict::NotRun(why) => Some(why.as_str()),
        _ => None,
    })
    .collect()
}

/// All of a run for a program to read.
pub fn json(lab: &Lab, seed: u64, all: &[Checked]) -> Value {
    let checks: Vec<Value> = all.iter().map(json_check).collect();
    json!({
        "lab": lab.name,
        "seed": seed,
        "passed": all.iter().all(Checked::passed),
        "checks": checks,
    })
}

fn json_check(checked: &Checked) -> Value {
    let mut value = json!({
        "name": checked.check.name,
        "about": checked.check.about,
        "result": checked.word(),
        "ms": checked.took.as_millis() as u64,
    });
    match &checked.verdict {
        Verdict::Passed => {}
        Verdict::NotRun(why) => value["why"] = json!(why),
        Verdict::Failed(evidence) => {
            let failure = &evidence.failure;
            let steps: Vec<Value> = evidence
                .steps
                .iter()
                .map(|step| json!({ "who": step.who, "did": step.did }))
                .collect();
            value["failure"] = json!({
                "what": failure.what,
                "cause": failure.cause,
                "steps": steps,
                "output": evidence.output,
                "slide": checked.check.slide,
                "read": checked.check.read,
            });
            if let Some((expected, received)) = &failure.compared {
                value["failure"]["expected"] = json!(expected.text());
                value["failure"]["received"] = json!(quoted(received));
                value["failure"]["first_wrong"] =
                    json!(expected.first_wrong(received));
            }
        }
    }
    value
}

/// The line at the bottom of a terminal that says what is being checked.
pub struct Progress {
    shown: bool,
    total: usize,
}

impl Progress {
    pub fn new(total: usize) -> Progress {
        let shown = io::stdout().is_terminal();
        Progress { shown, total }
    }

    pub fn show(&self, done: usize, about: &str) {
        if self.shown {
            let bar = "█".repeat(done) + &"░".repeat(self.total - done);
            say(&format!("\r\x1b[K{bar} {about}"));
        }
    }

    pub fn clear(&self) {
        if self.shown {
            say("\r\x1b[K");
        }
    }
}

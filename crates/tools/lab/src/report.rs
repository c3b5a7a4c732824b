//! What a run came to: as text, with colours or without, and as JSON.

use serde_json::{Value, json};

use crate::bytes::quoted;
use crate::check::Lab;
use crate::labs;
use crate::run::{Checked, Verdict, Which};
use crate::terminal::{Style, shortened, visible};

/// How many of the steps before a failure are shown.
const STEPS: usize = 12;

/// The longest line of what a program or a check says, in characters.
const LONGEST: usize = 200;

pub fn heading(lab: &Lab, seed: u64, style: Style) -> String {
    let name = style.strong(lab.name);
    format!("{name}: {} (semente {seed})\n", lab.title)
}

/// One check, in a line.
pub fn line(checked: &Checked, style: Style) -> String {
    let (number, about) = (checked.number, checked.check.about);
    match &checked.verdict {
        Verdict::Passed => {
            format!("{number:2} {} {about}\n", style.good("✓"))
        }
        Verdict::Failed(_) => {
            format!("{number:2} {} {about}\n", style.bad("✗"))
        }
        Verdict::NotRun(why) => {
            let about = style.faint(&format!("– {about} ({why})"));
            format!("{number:2} {about}\n")
        }
    }
}

/// All that there is to say of the checks that failed. The first of them comes
/// last: on a terminal, that is what one sees.
pub fn failures(all: &[Checked], style: Style) -> String {
    let failures = all.iter().rev();
    failures
        .filter_map(|checked| failure(checked, style))
        .collect()
}

/// What there is to say of a check that failed; `None` where it did not.
pub fn failure(checked: &Checked, style: Style) -> Option<String> {
    let Verdict::Failed(evidence) = &checked.verdict else {
        return None;
    };
    let check = checked.check;
    let title = format!("✗ {} {}", checked.number, check.about);
    let mut text = format!("\n{}\n", style.bad(&title));
    let mut block = |title: &str, lines: &[String]| {
        text.push_str(&format!("\n  {}\n", style.strong(title)));
        for line in lines {
            text.push_str(format!("    {line}").trim_end());
            text.push('\n');
        }
    };

    let failure = &evidence.failure;
    let steps = &evidence.steps;
    let skipped = steps.len().saturating_sub(STEPS);
    let mut lines = Vec::new();
    match skipped {
        0 => {}
        1 => lines.push("… (mais um passo antes destes)".to_string()),
        many => lines.push(format!("… (mais {many} passos antes destes)")),
    }
    let width = steps[skipped..].iter().map(|step| step.who.chars().count());
    let width = width.max().unwrap_or(0);
    for step in &steps[skipped..] {
        lines.push(clean(&format!("{:width$}  {}", step.who, step.did)));
    }
    lines.push(style.bad(&clean(&format!("✗ {}", failure.what))));
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
        let lines = evidence.output.iter().map(|line| clean(line));
        block("O programa escreveu, no fim", &lines.collect::<Vec<_>>());
    }
    block(
        "Causa provável",
        &style.wrapped(&clean_long(&failure.cause), 4),
    );
    block(
        "Onde ver",
        &[
            points(check.demands),
            format!("diapositivo «{}»", check.slide),
            format!("cargo run -p {}", check.read),
        ],
    );
    Some(text)
}

/// Where in the lab's sheet it says what a check stands on.
fn points(demands: &[usize]) -> String {
    let numbers: Vec<String> = demands.iter().map(usize::to_string).collect();
    match numbers.split_last() {
        Some((last, [])) => format!("ponto {last} do enunciado"),
        Some((last, others)) => {
            format!("pontos {} e {last} do enunciado", others.join(", "))
        }
        None => "enunciado".to_string(),
    }
}

/// A line with no order for the terminal in it, and none that fills the screen.
fn clean(line: &str) -> String {
    shortened(&visible(line), LONGEST)
}

/// The same for running text, which is broken into lines.
fn clean_long(text: &str) -> String {
    shortened(&visible(text), 5 * LONGEST)
}

/// The last line: how many passed, and what to do next. `rest` is what follows
/// in the command that has been typed.
pub fn summary(
    lab: &Lab,
    which: Which,
    all: &[Checked],
    style: Style,
    rest: &str,
) -> String {
    if let (Some(number), [checked]) = (which.only, all) {
        let only = format!("A verificação {number}");
        let text = match &checked.verdict {
            Verdict::Passed => format!(
                "{}\nTodas: cargo run -p lab -- check {}{rest}",
                style.good(&format!("{only} passa.")),
                lab.name
            ),
            Verdict::Failed(_) => format!(
                "{}\nUma pista: cargo run -p lab -- hint {}",
                style.bad(&format!("{only} não passa.")),
                lab.name
            ),
            Verdict::NotRun(why) => {
                format!("{only} não se pôde correr aqui: {why}.")
            }
        };
        return format!("\n{text}\n");
    }
    let passed = all.iter().filter(|checked| checked.passed()).count();
    let total = lab.checks.len();
    if passed == total {
        let count = style.good(&format!("{passed} de {total} verificações."));
        let next = labs::ALL
            .iter()
            .skip_while(|other| other.name != lab.name)
            .nth(1);
        let next = match next {
            Some(next) => format!(" O próximo: docs/labs/{}.md", next.name),
            None => String::new(),
        };
        return format!("\n{count} Está feito.{next}\n");
    }
    let mut text = format!("{passed} de {total} verificações");
    match total - all.len() {
        0 => text.push('.'),
        1 => text.push_str("; uma ficou por correr."),
        many => text.push_str(&format!("; {many} ficaram por correr.")),
    }
    text = match passed == all.len() {
        true => style.good(&text),
        false => style.bad(&text),
    };
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
    let mut failed = all.iter().filter(|checked| checked.failed());
    if let Some(first) = failed.next() {
        let number = first.number;
        if failed.next().is_some() {
            text.push_str(&format!(" Comece pela {number}."));
        }
        text.push_str(&format!(
            "\nSó essa, outra vez: cargo run -p lab -- check {0} --only \
             {number}{rest}\nUma pista: cargo run -p lab -- hint {0}",
            lab.name
        ));
    }
    format!("\n{text}\n")
}

/// What this machine lacks, for each check that it could not run. Where the
/// program does not even begin, the others were left out for that alone.
fn not_run(all: &[Checked]) -> Vec<&str> {
    if all.iter().any(Checked::failed_to_begin) {
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
pub fn json(lab: &Lab, seed: u64, which: Which, all: &[Checked]) -> Value {
    let passed = all.iter().filter(|checked| checked.passed()).count();
    let checks: Vec<Value> = all.iter().map(json_check).collect();
    json!({
        "lab": lab.name,
        "seed": seed,
        "passed": passed == lab.checks.len(),
        "checks": checks,
        "report": whole(lab, seed, which, all).lines().collect::<Vec<_>>(),
    })
}

/// All of it as text, for a file.
fn whole(lab: &Lab, seed: u64, which: Which, all: &[Checked]) -> String {
    let mut text = heading(lab, seed, Style::PLAIN) + "\n";
    text.extend(all.iter().map(|checked| line(checked, Style::PLAIN)));
    let summary = summary(lab, which, all, Style::PLAIN, "");
    text + &failures(all, Style::PLAIN) + &summary
}

fn json_check(checked: &Checked) -> Value {
    let mut value = json!({
        "number": checked.number,
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
                .map(|step| json!({ "who": step.who, "did": clean(&step.did) }))
                .collect();
            let output = evidence.output.iter().map(|line| clean(line));
            let report = self::failure(checked, Style::PLAIN);
            let report = report.unwrap_or_default();
            value["failure"] = json!({
                "kind": failure.kind.word(),
                "what": clean(&failure.what),
                "cause": clean_long(&failure.cause),
                "steps": steps,
                "output": output.collect::<Vec<_>>(),
                "demands": checked.check.demands,
                "slide": checked.check.slide,
                "read": checked.check.read,
                "report": report.lines().collect::<Vec<_>>(),
            });
            if let Some((expected, received)) = &failure.compared {
                value["failure"]["expected"] = json!(clean(&expected.text()));
                value["failure"]["received"] = json!(clean(&quoted(received)));
                value["failure"]["first_wrong"] =
                    json!(expected.first_wrong(received));
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run::Until;

    #[test]
    fn one_check_alone_is_told_of_alone() {
        let lab = labs::ALL[0];
        let said = |verdict| {
            let which = Which {
                only: Some(2),
                until: Until::End,
            };
            let checked = Checked {
                number: 2,
                check: &lab.checks[1],
                verdict,
                took: Duration::ZERO,
            };
            let rest = " -- python3 a.py {addr}";
            summary(lab, which, &[checked], Style::PLAIN, rest)
        };
        assert_eq!(
            said(Verdict::Passed),
            "\nA verificação 2 passa.\nTodas: cargo run -p lab -- check \
             lab_sensor_tcp -- python3 a.py {addr}\n"
        );
        assert_eq!(
            said(Verdict::NotRun("faltam sockets".to_string())),
            "\nA verificação 2 não se pôde correr aqui: faltam sockets.\n"
        );
    }
}

//! What measuring came to, as text.

use std::fmt::Write as _;
use std::io;

use programs::takes_escapes;

use crate::finding::{Chart, Finding};
use crate::report::{ClaimReport, Outcome, Report};

/// The text in a colour, or another form, where it can be.
fn paint(code: &str, text: &str) -> String {
    if takes_escapes(&io::stdout()) {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_string()
    }
}

fn verdict(claim: &ClaimReport) -> String {
    let colour = match &claim.outcome {
        Outcome::Found(Finding { holds: true, .. }) => "32",
        Outcome::Found(_) => "31",
        Outcome::Unmeasured(_) => "33",
    };
    paint(colour, claim.verdict())
}

/// One claim, as text.
pub fn claim(claim: &ClaimReport) -> String {
    let title = format!("{}. {}", claim.number, claim.slide);
    let mut text = format!("\n{}\n", paint("1", &title));
    text += &wrapped(&claim.statement, "   ");
    for chart in claim.charts() {
        text += &table(chart);
    }
    let found = format!("{}: {}", claim.verdict(), claim.found());
    let found = wrapped(&found, "   ");
    text += "\n";
    text += &found.replacen(claim.verdict(), &verdict(claim), 1);
    for remark in claim.remarks() {
        text += &wrapped(&format!("- {remark}"), "   ");
    }
    text
}

fn table(chart: &Chart) -> String {
    let mut text = format!("\n   {}\n", paint("4", &chart.title));
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max();
    let width = |text: &str| text.chars().count();
    let labels = widest(&mut chart.rows.iter().map(|row| width(&row.label)));
    let cells: Vec<[String; 3]> = chart
        .rows
        .iter()
        .map(|row| {
            let median = chart.unit.text(row.value.median);
            [median, chart.spread(&row.value), row.detail.clone()]
        })
        .collect();
    let medians = widest(&mut cells.iter().map(|[cell, ..]| width(cell)));
    let spreads = widest(&mut cells.iter().map(|[_, cell, _]| width(cell)));
    let (labels, medians, spreads) = (
        labels.unwrap_or(0),
        medians.unwrap_or(0),
        spreads.unwrap_or(0),
    );
    for (row, [median, spread, detail]) in chart.rows.iter().zip(cells) {
        let line = format!(
            "     {:labels$}  {median:>medians$}  {spread:spreads$}  {detail}",
            row.label
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// Breaks a text into lines that fit, each after `margin`.
pub fn wrapped(text: &str, margin: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        let length = lines[last].chars().count() + word.chars().count();
        if length >= 77 - margin.len() {
            lines.push(word.to_string());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last] += word;
        }
    }
    lines
        .iter()
        .map(|line| format!("{margin}{line}\n"))
        .collect()
}

/// The verdicts, one a line.
pub fn summary(report: &Report) -> String {
    let mut text = "\n".to_string();
    for claim in &report.claims {
        let (number, slide) = (claim.number, &claim.slide);
        let verdict = verdict(claim);
        let _ = writeln!(text, "{number}. {slide}: {verdict}");
    }
    for warning in report.warnings() {
        let _ = writeln!(text, "{warning}");
    }
    text
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, file};

    use super::*;
    use crate::report::tests::stored;

    #[test]
    fn text_of_stored_figures() {
        let report = stored();
        let claims: String = report.claims.iter().map(claim).collect();
        let text = claims + &summary(&report);
        assert_data_eq!(text, file!["../tests/report.txt"].raw());
    }
}

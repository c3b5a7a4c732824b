//! What a run came to: on the terminal, as JSON, and as a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Finding};
use crate::machine::Machine;
use crate::plot;

/// All of a run. It is stored as `report.json`, and everything that is shown
/// is made from it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Report {
    pub date: String,
    pub machine: Machine,
    pub versions: BTreeMap<String, String>,
    /// Python's version and its libraries'; empty where it was not measured.
    pub python: Vec<String>,
    pub seed: u64,
    /// Whether the runs were too few and too short to be compared.
    pub quick: bool,
    pub claims: Vec<Measured>,
}

/// A claim, and what came of measuring it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Measured {
    pub number: u32,
    pub slide: String,
    pub statement: String,
    pub crates: Vec<String>,
    pub outcome: Outcome,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Found(Finding),
    /// And why.
    Unmeasured(String),
}

impl Measured {
    pub fn new(claim: &Claim, found: Fallible<Finding>) -> Measured {
        Measured {
            number: claim.number,
            slide: claim.slide.into(),
            statement: claim.statement.into(),
            crates: claim.crates.iter().map(ToString::to_string).collect(),
            outcome: match found {
                Ok(finding) => Outcome::Found(finding),
                Err(error) => Outcome::Unmeasured(error.to_string()),
            },
        }
    }

    pub fn verdict(&self) -> &'static str {
        match &self.outcome {
            Outcome::Found(Finding { holds: true, .. }) => "confirma-se",
            Outcome::Found(_) => "não se confirma aqui",
            Outcome::Unmeasured(_) => "não se pôde medir",
        }
    }

    /// What was found, or why nothing was.
    pub fn found(&self) -> &str {
        match &self.outcome {
            Outcome::Found(finding) => &finding.found,
            Outcome::Unmeasured(why) => why,
        }
    }

    pub fn charts(&self) -> &[Chart] {
        match &self.outcome {
            Outcome::Found(finding) => &finding.charts,
            Outcome::Unmeasured(_) => &[],
        }
    }

    fn notes(&self) -> &[String] {
        match &self.outcome {
            Outcome::Found(finding) => &finding.notes,
            Outcome::Unmeasured(_) => &[],
        }
    }

    /// Which figures spread too much, if any.
    fn noisy(&self) -> Option<String> {
        let mut noisy = Vec::new();
        for chart in self.charts() {
            let rows = chart.rows.iter().filter(|row| row.value.is_noisy());
            let labels: Vec<&str> =
                rows.map(|row| row.label.as_str()).collect();
            if !labels.is_empty() {
                let labels = labels.join(" e ");
                noisy.push(format!("«{}» ({labels})", chart.title));
            }
        }
        (!noisy.is_empty())
            .then(|| format!("Execuções ruidosas: {}.", noisy.join("; ")))
    }

    /// What a reader has to know, the noise first.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        self.noisy().into_iter().chain(self.notes().iter().cloned())
    }
}

impl Report {
    /// What has to be known before any figure is read.
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.quick {
            warnings.push(
                "Execuções curtas e poucas (--quick): os números não servem \
                 para comparar.",
            );
        }
        if self.machine.was_busy() {
            warnings.push("A máquina estava ocupada com outras coisas.");
        }
        warnings
    }

    /// The versions, in one line.
    pub fn versions(&self) -> String {
        let crates = self
            .versions
            .iter()
            .map(|(name, version)| format!("{name} {version}"));
        let all: Vec<String> =
            crates.chain(self.python.iter().cloned()).collect();
        all.join(", ")
    }
}

/// Writes to stdout. Who reads it may have seen enough (`| head`): then there
/// is nothing left to do.
pub fn say(text: &str) {
    let mut stdout = io::stdout();
    let said = stdout.write_all(text.as_bytes());
    if said.and_then(|()| stdout.flush()).is_err() {
        crate::servers::end_all();
        std::process::exit(1);
    }
}

/// Escape sequences for a terminal, or none.
fn paint(code: &str, text: &str) -> String {
    let wanted = std::env::var_os("NO_COLOR").is_none();
    if wanted && io::stdout().is_terminal() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_string()
    }
}

fn verdict(measured: &Measured) -> String {
    let colour = match &measured.outcome {
        Outcome::Found(Finding { holds: true, .. }) => "32",
        Outcome::Found(_) => "31",
        Outcome::Unmeasured(_) => "33",
    };
    paint(colour, measured.verdict())
}

/// One claim, as text.
pub fn claim(measured: &Measured) -> String {
    let title = format!("{}. {}", measured.number, measured.slide);
    let mut text = format!("\n{}\n", paint("1", &title));
    text += &wrapped(&measured.statement, "   ");
    for chart in measured.charts() {
        text += &table(chart);
    }
    let found = format!("{}: {}", measured.verdict(), measured.found());
    let found = wrapped(&found, "   ");
    text += "\n";
    text += &found.replacen(measured.verdict(), &verdict(measured), 1);
    for remark in measured.remarks() {
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
            [median, spread(chart, &row.value), row.detail.clone()]
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

/// The middle half of the runs; nothing where there is only one.
pub fn spread(chart: &Chart, value: &crate::statistics::Sample) -> String {
    if value.runs.len() < 2 {
        return String::new();
    }
    let (low, high) = (chart.unit.text(value.low), chart.unit.text(value.high));
    let noisy = if value.is_noisy() { ", ruidosa" } else { "" };
    if low == high && noisy.is_empty() {
        return String::new();
    }
    format!("({low} a {high}{noisy})")
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
    for measured in &report.claims {
        let (number, slide) = (measured.number, &measured.slide);
        let verdict = verdict(measured);
        let _ = writeln!(text, "{number}. {slide}: {verdict}");
    }
    for warning in report.warnings() {
        let _ = writeln!(text, "{warning}");
    }
    text
}

/// Writes the page and the figures that it is made from.
pub fn write(report: &Report, folder: &Path) -> Fallible<()> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| {
            let path = path.display();
            format!("Não foi possível escrever em {path}: {error}")
        })
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        let folder = folder.display();
        format!("Não foi possível criar a pasta {folder}: {error}")
    })?;
    write("report.json", &json(report)?)?;
    write("index.html", &page(report))?;
    Ok(())
}

pub fn json(report: &Report) -> Fallible<String> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}

/// Reads a stored `report.json`.
pub fn read(path: &Path) -> Fallible<Report> {
    let read = || -> Fallible<Report> {
        Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
    };
    read().map_err(|error| {
        let path = path.display();
        format!("Não foi possível ler {path}: {error}").into()
    })
}

/// For the text of a page, and for its attributes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

const PAGE_STYLE: &str = "
:root { color-scheme: light dark; --paper: light-dark(#fff, #14161a);
  --ink: light-dark(#1a1a1a, #ededed); --quiet: light-dark(#454545, #c4c4c4);
  --line: light-dark(#c2c2c2, #4a4f57); --good: light-dark(#17661f, #8fd694);
  --bad: light-dark(#a01313, #ff9d94); }
body { margin: 0 auto; padding: 1rem clamp(0.8rem, 3vw, 3rem);
  max-width: 78rem; background: var(--paper); color: var(--ink);
  font: clamp(16px, 4px + 1.1vw, 24px)/1.5 'Open Sans', 'Noto Sans', sans-serif; }
p, li { max-width: 50rem; }
h2 { margin-top: 3rem; border-top: 2px solid var(--line); padding-top: 1rem; }
table { border-collapse: collapse; margin: 0.6rem 0 1.4rem; font-size: 0.85em; }
th, td { padding: 0.2rem 0.9rem 0.2rem 0; text-align: left;
  border-bottom: 1px solid var(--line); }
td.number { text-align: right; white-space: nowrap; }
svg { display: block; width: 100%; height: auto; margin: 1rem 0 0.2rem; }
.verdict { font-weight: 700; }
.good { color: var(--good); } .bad { color: var(--bad); }
.quiet { color: var(--quiet); font-size: 0.85em; }
";

/// The page, in one file that needs no other.
pub fn page(report: &Report) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"pt-PT\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>As afirmações da aula, medidas</title>\n\
         <style>{PAGE_STYLE}{}</style>\n\
         <h1>As afirmações da aula, medidas</h1>\n\
         <p>{}, em {}.</p>\n<p class=\"quiet\">{}. Semente {}.</p>\n",
        plot::STYLE,
        report.date,
        escaped(&report.machine.text()),
        escaped(&report.versions()),
        report.seed,
    );
    for warning in report.warnings() {
        let _ = writeln!(html, "<p class=\"bad\">{warning}</p>");
    }
    html += "<table>\n";
    for measured in &report.claims {
        let number = measured.number;
        let _ = writeln!(
            html,
            "<tr><td>{number}<td><a href=\"#c{number}\">{}</a><td>{}",
            escaped(&measured.slide),
            page_verdict(measured)
        );
    }
    html += "</table>\n";
    for measured in &report.claims {
        page_claim(&mut html, measured);
    }
    html
}

fn page_verdict(measured: &Measured) -> String {
    let class = match measured.outcome {
        Outcome::Found(Finding { holds: true, .. }) => "good",
        _ => "bad",
    };
    let verdict = measured.verdict();
    format!("<span class=\"verdict {class}\">{verdict}</span>")
}

fn page_claim(html: &mut String, measured: &Measured) {
    let _ = write!(
        html,
        "\n<h2 id=\"c{}\">{}. {}</h2>\n<p>{}</p>\n<p>{}: {}</p>\n",
        measured.number,
        measured.number,
        escaped(&measured.slide),
        escaped(&measured.statement),
        page_verdict(measured),
        escaped(measured.found()),
    );
    for chart in measured.charts() {
        *html += &plot::svg(chart, plot::Style::OfThePage);
        page_table(html, chart);
    }
    let remarks: Vec<String> = measured.remarks().collect();
    if !remarks.is_empty() {
        *html += "<ul class=\"quiet\">\n";
        for remark in remarks {
            let _ = writeln!(html, "<li>{}", escaped(&remark));
        }
        *html += "</ul>\n";
    }
    let crates = measured.crates.join(", ");
    let _ = writeln!(html, "<p class=\"quiet\">Medido com: {crates}.</p>");
}

fn page_table(html: &mut String, chart: &Chart) {
    *html += "<details><summary>Os números</summary>\n<table>\n\
              <tr><th><th>mediana<th>1.º quartil<th>3.º quartil\
              <th>execuções\n";
    for row in &chart.rows {
        let text = |value| escaped(&chart.unit.text(value));
        let runs: Vec<String> =
            row.value.runs.iter().map(|run| text(*run)).collect();
        let _ = writeln!(
            html,
            "<tr><td>{}<td class=\"number\">{}<td class=\"number\">{}\
             <td class=\"number\">{}<td>{}",
            escaped(&row.label),
            text(row.value.median),
            text(row.value.low),
            text(row.value.high),
            runs.join("; "),
        );
    }
    *html += "</table></details>\n";
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, file};

    use super::*;

    fn stored() -> Report {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR"));
        read(&tool.join("tests/report.json")).expect("the stored report")
    }

    #[test]
    fn page_of_stored_figures() {
        assert_data_eq!(page(&stored()), file!["../tests/report.html"].raw());
    }

    #[test]
    fn text_of_stored_figures() {
        let report = stored();
        let claims: String = report.claims.iter().map(claim).collect();
        let text = claims + &summary(&report);
        assert_data_eq!(text, file!["../tests/report.txt"].raw());
    }

    #[test]
    fn figures_survive_being_stored() {
        let text = json(&stored()).expect("JSON");
        let again: Report = serde_json::from_str(&text).expect("a report");
        assert_eq!(json(&again).expect("JSON"), text);
    }
}

//! The results of a class for a spreadsheet, and for who reads JUnit.

use serde_json::Value;

use super::points::{Points, shown};
use super::result::{self, Graded};
use crate::check::Lab;

/// One line a submission, as a Portuguese Excel opens it: the points of each
/// check that passed, 0 for each that failed, nothing for each that was not
/// run; and at the end how many failed each.
pub fn csv(lab: &Lab, points: &Points, graded: &[Graded]) -> String {
    // The mark by which it knows that this is UTF-8.
    let mut table = "\u{feff}".to_string();
    let mut line = |cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        table.push_str(&(cells.join(";") + "\r\n"));
    };
    let mut head = [
        "entrega",
        "nome",
        "pontos",
        "passaram",
        "falharam",
        "nao_corridas",
    ]
    .map(String::from)
    .to_vec();
    head.extend(lab.checks.iter().map(|check| check.name.to_string()));
    head.push("problema".to_string());
    line(head);
    for one in graded {
        let mut cells = vec![one.entry.clone(), one.name.clone()];
        cells.push(shown(one.points(points)));
        for result in ["passed", "failed", "not_run"] {
            cells.push(one.count(result).to_string());
        }
        for number in 1..=lab.checks.len() {
            let result = one.result(number);
            cells.push(match result {
                Some("passed") => shown(points.of(number)),
                Some("failed") => "0".to_string(),
                _ => String::new(),
            });
        }
        cells.push(one.problem());
        line(cells);
    }
    let mut totals = ["falharam nela", "", "", "", "", ""]
        .map(String::from)
        .to_vec();
    for number in 1..=lab.checks.len() {
        totals.push(failed(graded, number).to_string());
    }
    totals.push(String::new());
    line(totals);
    table
}

/// How many failed the check with this number.
pub fn failed(graded: &[Graded], number: usize) -> usize {
    let all = graded.iter();
    all.filter(|one| one.result(number) == Some("failed"))
        .count()
}

impl Graded {
    /// What came of the check with this number, from 1.
    pub fn result(&self, number: usize) -> Option<&str> {
        let mut checks = self.checks().iter();
        checks.find(|check| check["number"] == number)?["result"].as_str()
    }

    pub fn points(&self, points: &Points) -> f64 {
        let checks = self.checks().iter();
        let passed = checks.filter(|check| check["result"] == "passed");
        passed
            .filter_map(|check| check["number"].as_u64())
            .map(|number| points.of(number as usize))
            .fold(0.0, |sum, worth| sum + worth)
    }
}

/// A cell that says what it says: nothing that a spreadsheet calculates.
fn cell(text: &str) -> String {
    let calculates = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if calculates {
        format!("'{text}")
    } else {
        text.to_string()
    };
    if text.contains([';', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

pub fn junit(lab: &Lab, graded: &[Graded]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        .to_string();
    for one in graded {
        let name = escaped(&one.entry);
        let errors = usize::from(one.outcome.is_err());
        xml.push_str(&format!(
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" \
             errors=\"{errors}\" skipped=\"{}\">\n",
            one.checks().len().max(1),
            one.count("failed"),
            one.count("not_run"),
        ));
        for check in one.checks() {
            xml.push_str(&testcase(lab, check));
        }
        let log = escaped(&one.log());
        if let Err((why, _)) = &one.outcome {
            xml.push_str(&format!(
                "    <testcase classname=\"{}\" name=\"preparar\"><error \
                 message=\"{}\"/></testcase>\n",
                lab.name,
                escaped(why)
            ));
        }
        xml.push_str(&format!("    <system-out>{log}</system-out>\n"));
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn testcase(lab: &Lab, check: &Value) -> String {
    let text = |value: &Value| escaped(value.as_str().unwrap_or_default());
    let inner = match check["result"].as_str() {
        Some("not_run") => {
            format!("<skipped message=\"{}\"/>", text(&check["why"]))
        }
        Some("failed") => format!(
            "<failure message=\"{}\">{}</failure>",
            text(&check["failure"]["what"]),
            escaped(&result::text(&check["failure"]["report"]))
        ),
        _ => String::new(),
    };
    format!(
        "    <testcase classname=\"{}\" name=\"{}\" \
         time=\"{:.3}\">{inner}</testcase>\n",
        lab.name,
        text(&check["name"]),
        check["ms"].as_f64().unwrap_or_default() / 1000.0
    )
}

/// Text for XML and HTML, without the characters that they cannot have.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_taken_for_a_formula() {
        for (text, wanted) in [
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+351", "'+351"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("ana; rui", "\"ana; rui\""),
            ("2,5", "2,5"),
        ] {
            assert_eq!(cell(text), wanted);
        }
    }
}

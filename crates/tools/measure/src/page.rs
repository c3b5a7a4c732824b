//! What measuring came to, as a page of its own.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::fallible::Fallible;
use crate::finding::{Chart, Finding};
use crate::plot::{self, escaped};
use crate::report::{self, ClaimReport, Outcome, Report};

/// Makes the folder of the page, where it is missing. Before anything is
/// measured, so that nothing is measured in vain.
///
/// # Errors
/// Where nothing can be written there.
pub fn make(folder: &Path) -> Fallible<()> {
    let probe = folder.join(".measure");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&probe, ""))
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|error| {
            let folder = folder.display();
            format!("Não se pode escrever na pasta {folder}: {error}").into()
        })
}

/// Writes the page and the figures that it is made from.
pub fn write(report: &Report, folder: &Path) -> Fallible<()> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| {
            let path = path.display();
            format!("Não foi possível escrever em {path}: {error}")
        })
    };
    make(folder)?;
    write("report.json", &report::json(report)?)?;
    write("index.html", &page(report))?;
    Ok(())
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
    for claim in &report.claims {
        let number = claim.number;
        let _ = writeln!(
            html,
            "<tr><td>{number}<td><a href=\"#c{number}\">{}</a><td>{}",
            escaped(&claim.slide),
            page_verdict(claim)
        );
    }
    html += "</table>\n";
    for claim in &report.claims {
        page_claim(&mut html, claim);
    }
    html
}

fn page_verdict(claim: &ClaimReport) -> String {
    let class = match claim.outcome {
        Outcome::Found(Finding { holds: true, .. }) => "good",
        _ => "bad",
    };
    let verdict = claim.verdict();
    format!("<span class=\"verdict {class}\">{verdict}</span>")
}

fn page_claim(html: &mut String, claim: &ClaimReport) {
    let _ = write!(
        html,
        "\n<h2 id=\"c{}\">{}. {}</h2>\n<p>{}</p>\n<p>{}: {}</p>\n",
        claim.number,
        claim.number,
        escaped(&claim.slide),
        escaped(&claim.statement),
        page_verdict(claim),
        escaped(claim.found()),
    );
    for chart in claim.charts() {
        *html += &plot::svg(chart, plot::Style::OfThePage);
        page_table(html, chart);
    }
    let remarks: Vec<String> = claim.remarks().collect();
    if !remarks.is_empty() {
        *html += "<ul class=\"quiet\">\n";
        for remark in remarks {
            let _ = writeln!(html, "<li>{}", escaped(&remark));
        }
        *html += "</ul>\n";
    }
    let crates = claim.crates.join(", ");
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
    use crate::report::tests::stored;

    #[test]
    fn page_of_stored_figures() {
        assert_data_eq!(page(&stored()), file!["../tests/report.html"].raw());
    }
}

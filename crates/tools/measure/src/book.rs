//! The book's page of the claims, made from a stored report.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use programs::say;

use crate::fallible::Fallible;
use crate::lessons::workspace;
use crate::plot;
use crate::report::{self, Report};

/// Where the report is that the page shows.
const REPORT: &str = "docs/measures/report.json";
const PAGE: &str = "docs/measures.md";
const FIGURES: &str = "figures/measures";

/// Makes a report the book's: the page, its figures, and the report itself.
pub fn write(file: &Path) -> Fallible<()> {
    let report = report::read(file)?;
    let root = workspace()?;
    // The figures of the report before may be others.
    let _ = fs::remove_dir_all(root.join(FIGURES));
    for (path, text) in files(&report)? {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    say(&format!("A página do livro: {PAGE}\n"));
    Ok(())
}

/// The files by their paths from the workspace's root.
fn files(report: &Report) -> Fallible<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    files.insert(REPORT.to_string(), report::json(report)?);
    files.insert(PAGE.to_string(), page(report));
    for claim in &report.claims {
        for (index, chart) in claim.charts().iter().enumerate() {
            let path = figure(claim.number, index);
            files.insert(path, plot::svg(chart, plot::Style::Own));
        }
    }
    Ok(files)
}

fn figure(claim: u32, chart: usize) -> String {
    format!("{FIGURES}/claim_{claim}_{}.svg", chart + 1)
}

fn page(report: &Report) -> String {
    let mut page = format!(
        "# As afirmações, medidas\n\n\
         O que os diapositivos afirmam não precisa de ser acreditado: mede-se. \
         Esta página mostra um relatório; para ter o seu:\n\n\
         ```console\n\
         $ cargo run --release -p measure -- --report target/medidas\n\
         ```\n\n\
         Com `--python` também se medem os mesmos programas em Python, como \
         aqui.\n\n\
         Medido em {}: {}. Cada barra é a mediana de várias execuções \
         intercaladas, e o traço vai do primeiro ao terceiro quartil. \
         [Os números todos](measures/report.json), com cada execução.\n\n",
        report.date,
        report.machine.text(),
    );
    for warning in report.warnings() {
        let _ = write!(page, "**{warning}**\n\n");
    }
    page += "| n.º | diapositivo | veredicto |\n|---|---|---|\n";
    for claim in &report.claims {
        let (number, slide) = (claim.number, &claim.slide);
        let verdict = claim.verdict();
        let link = format!("[{slide}](#claim-{number})");
        let _ = writeln!(page, "| {number} | {link} | {verdict} |");
    }
    for claim in &report.claims {
        let number = claim.number;
        let _ = write!(
            page,
            "\n## {number}. {} {{#claim-{number}}}\n\n{}\n\n**{}**: {}\n",
            claim.slide,
            claim.statement,
            claim.verdict(),
            claim.found(),
        );
        for (index, chart) in claim.charts().iter().enumerate() {
            let figure = figure(number, index);
            let text = plot::described(chart).replace(['[', ']'], "");
            let _ = write!(page, "\n![{text}](../{figure})\n");
        }
        page.push('\n');
        for remark in claim.remarks() {
            let _ = writeln!(page, "- {remark}");
        }
        let crates: Vec<String> = claim
            .crates
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let _ = write!(page, "\nMedido com {}.\n", crates.join(", "));
    }
    let _ = write!(
        page,
        "\n## Com que versões\n\n{}. Semente {}.\n",
        report.versions(),
        report.seed
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody writes a figure by hand: the page is what its report makes.
    #[test]
    fn the_books_page_is_made_from_the_stored_report() {
        let root = testkit::workspace();
        let report = report::read(&root.join(REPORT)).expect("a report");
        let files = files(&report).expect("the files");
        for (path, text) in &files {
            let stored = fs::read_to_string(root.join(path));
            assert!(
                stored.is_ok_and(|stored| stored == *text),
                "{path} is not what the report makes: \
                 cargo run -p measure -- book {REPORT}"
            );
        }
        let figures = fs::read_dir(root.join(FIGURES)).expect("the figures");
        let of_report = files.keys().filter(|path| path.ends_with(".svg"));
        assert_eq!(figures.count(), of_report.count());
    }
}

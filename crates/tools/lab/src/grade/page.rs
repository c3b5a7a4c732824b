//! The results of a class as one page that needs nothing else.

use super::points::{Points, shown};
use super::result::Graded;
use super::tables::{escaped, failed};
use crate::check::Lab;

const STYLE: &str = "\
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { overflow-wrap: anywhere; }
.box { max-height: 90vh; overflow: auto; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid #8886; padding: 0.3rem 0.5rem; }
th, td { text-align: center; vertical-align: top; }
:is(th, td):is(:first-child, :last-child) { text-align: left; }
td:last-child { min-width: 16rem; }
thead th { background: Canvas; position: sticky; top: 0; }
.passed { color: light-dark(#1a7f37, #4ac26b); }
.failed { color: light-dark(#b3261e, #ff8a80); font-weight: bold; }
.not_run { opacity: 0.6; }
pre { overflow-x: auto; padding: 0.5rem; background: #8881; }
details { margin: 0.5rem 0; }
summary { cursor: pointer; }
";

pub fn page(
    lab: &Lab,
    seed: u64,
    points: &Points,
    graded: &[Graded],
) -> String {
    let name = escaped(lab.name);
    let mut heads = String::new();
    let mut totals = String::new();
    for (index, check) in lab.checks.iter().enumerate() {
        let (number, about) = (index + 1, escaped(check.about));
        heads += &format!("<th scope=\"col\" title=\"{about}\">{number}</th>");
        totals += &format!("<td>{}</td>", failed(graded, number));
    }
    let mut rows = String::new();
    let mut reports = String::new();
    for (index, one) in graded.iter().enumerate() {
        let who = escaped(&one.name);
        let mut cells = String::new();
        for number in 1..=lab.checks.len() {
            let (class, sign, word) = match one.result(number) {
                Some("passed") => ("passed", "✓", "passou"),
                Some("failed") => ("failed", "✗", "falhou"),
                _ => ("not_run", "–", "não corrida"),
            };
            cells += &format!(
                "<td class=\"{class}\"><span aria-label=\"{word}\">{sign}\
                 </span></td>"
            );
        }
        rows += &format!(
            "<tr><th scope=\"row\"><a href=\"#r{index}\">{who}</a></th>\
             <td>{}</td>{cells}<td>{}</td></tr>\n",
            shown(one.points(points)),
            escaped(&one.problem())
        );
        reports += &format!(
            "<details id=\"r{index}\"><summary>{who}</summary>\n<p>{}</p>\n\
             <pre>{}</pre>\n</details>\n",
            escaped(&one.entry),
            escaped(&one.log())
        );
    }
    let checks: String = lab
        .checks
        .iter()
        .enumerate()
        .map(|(index, check)| {
            let worth = shown(points.of(index + 1));
            format!("<li>{} ({worth})</li>\n", escaped(check.about))
        })
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"pt-PT\">\n<head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{name}: notas</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<h1>{name}</h1>\n<p>{}. {} entregas, semente {seed}, {} \
         pontos.</p>\n<div class=\"box\" tabindex=\"0\">\n\
         <table>\n<thead><tr><th scope=\"col\">nome</th>\
         <th scope=\"col\">pontos</th>{heads}<th scope=\"col\">problema</th>\
         </tr></thead>\n<tbody>\n{rows}</tbody>\n<tfoot><tr>\
         <th scope=\"row\">falharam</th><td></td>{totals}<td></td></tr>\
         </tfoot>\n</table>\n</div>\n<h2>As verificações, e os seus pontos</h2>\n\
         <ol>\n{checks}</ol>\n<h2>O que cada um viu</h2>\n{reports}\
         <script>\n{OPEN}</script>\n</body>\n</html>\n",
        escaped(lab.title),
        graded.len(),
        shown(points.total()),
    )
}

/// Who follows a link to a report sees it.
const OPEN: &str = "\
const open = () => {
  const target = document.querySelector(location.hash || 'none');
  if (target) target.open = true;
};
addEventListener('hashchange', open);
open();
";

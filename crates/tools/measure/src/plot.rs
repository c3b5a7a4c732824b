//! A chart as a picture: horizontal bars, with the numbers beside them.

use std::fmt::Write;

use crate::finding::{Chart, Kind, Row};

const WIDTH: f64 = 1200.0;
const TOP: f64 = 72.0;
const ROW: f64 = 46.0;
const BAR: f64 = 30.0;
/// Narrow letters are less than this, and no text is all wide ones.
const LETTER: f64 = 11.2;

/// Where a picture finds its colours.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Style {
    /// In itself: a file of its own.
    Own,
    /// In the page that holds it.
    OfThePage,
}

/// For the text of a page, and for its attributes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The colours of all the figures of the workspace.
pub const STYLE: &str = r#"
svg { color-scheme: light dark; }
text { font: 21px "Open Sans", "Noto Sans", sans-serif; fill: #1a1a1a; }
.paper { fill: #ffffff; }
.name { font-weight: 700; font-size: 24px; }
.label { text-anchor: end; }
.value { font-weight: 700; }
.note { font-size: 19px; fill: #454545; font-weight: 400; }
.grid { stroke: #c2c2c2; stroke-width: 1; }
.spread { stroke: #1a1a1a; stroke-width: 2; }
.lesson { fill: #cfe2f8; stroke: #0b4f9e; stroke-width: 2; }
.python { fill: #f6e0ad; stroke: #7a4d00; stroke-width: 2; }
.baseline { fill: #f2f2ee; stroke: #454545; stroke-width: 2; stroke-dasharray: 6 5; }
@media (prefers-color-scheme: dark) {
  text { fill: #ededed; }
  .paper { fill: #14161a; }
  .note { fill: #c4c4c4; }
  .grid { stroke: #4a4f57; }
  .spread { stroke: #ededed; }
  .lesson { fill: #1d3a5c; stroke: #8ec3ff; }
  .python { fill: #4d3a10; stroke: #f0c96a; }
  .baseline { fill: #262a31; stroke: #c4c4c4; }
}
"#;

/// From a value to a place on the paper.
struct Scale {
    left: f64,
    right: f64,
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    fn of(chart: &Chart, left: f64, right: f64) -> Scale {
        let values = || chart.rows.iter().map(|row| &row.value);
        let high = values().map(|value| value.high).fold(0.0, f64::max);
        let positive = values()
            .map(|value| value.low)
            .filter(|low| *low > 0.0)
            .fold(f64::INFINITY, f64::min);
        let log = chart.log && positive.is_finite() && high > 0.0;
        let low = match log {
            // A bar of the smallest value has to be seen too.
            true => 10_f64.powf((positive / 1.5).log10().floor()),
            false => 0.0,
        };
        Scale {
            left,
            right,
            low,
            high: if high > low { high } else { low + 1.0 },
            log,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let share = if self.log {
            let value = value.max(self.low);
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            value.max(0.0) / self.high
        };
        self.left + share * (self.right - self.left)
    }

    /// The powers of ten, where the scale is logarithmic.
    fn marks(&self) -> Vec<f64> {
        let mut marks = Vec::new();
        let mut mark = self.low;
        while self.log && mark <= self.high * 1.000_1 {
            marks.push(mark);
            mark *= 10.0;
        }
        marks
    }
}

pub fn svg(chart: &Chart, style: Style) -> String {
    let width = |text: &str| text.chars().count() as f64 * LETTER;
    let notes: Vec<String> =
        chart.rows.iter().map(|row| note(chart, row)).collect();
    let labels = chart.rows.iter().map(|row| width(&row.label));
    let left = 44.0 + labels.fold(0.0, f64::max).min(430.0);
    // The numbers stand after the bar: the longest must fit after the longest
    // bar. Their notes are smaller.
    let texts = chart.rows.iter().zip(&notes).map(|(row, note)| {
        width(&chart.unit.text(row.value.median)) + 0.9 * width(note)
    });
    let right = WIDTH - 55.0 - texts.fold(0.0, f64::max).min(450.0);
    let scale = Scale::of(chart, left, right);

    let bottom = TOP + ROW * chart.rows.len() as f64;
    let kinds = kinds(chart);
    let legend = if kinds.len() > 1 { 44.0 } else { 0.0 };
    let axis = if scale.log { 30.0 } else { 0.0 };
    let height = bottom + axis + legend + 12.0;

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{}\" lang=\"pt-PT\">\n",
        escaped(&described(chart))
    );
    if style == Style::Own {
        let _ = writeln!(svg, "<style>{STYLE}</style>");
    }
    let _ = write!(
        svg,
        "<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text class=\"name\" x=\"20\" y=\"42\">{}</text>\n",
        escaped(&chart.title)
    );
    for mark in scale.marks() {
        let x = scale.place(mark);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{x:.1} {}V{bottom}\"/>\n\
             <text class=\"note\" x=\"{x:.1}\" y=\"{}\" \
             text-anchor=\"middle\">{}</text>\n",
            TOP - 8.0,
            bottom + 24.0,
            escaped(&chart.unit.text(mark))
        );
    }
    for (index, (row, note)) in chart.rows.iter().zip(&notes).enumerate() {
        let top = TOP + ROW * index as f64;
        bar(&mut svg, chart, row, note, top, &scale);
    }
    let mut x = left;
    for (kind, name) in kinds.iter().filter(|_| legend > 0.0) {
        let y = bottom + axis + 18.0;
        let _ = writeln!(
            svg,
            "<rect class=\"{kind}\" x=\"{x}\" y=\"{y}\" width=\"26\" \
             height=\"18\"/><text class=\"note\" x=\"{}\" y=\"{}\">{name}\
             </text>",
            x + 36.0,
            y + 16.0
        );
        x += 36.0 + width(name) + 30.0;
    }
    svg + "</svg>\n"
}

fn bar(
    svg: &mut String,
    chart: &Chart,
    row: &Row,
    note: &str,
    top: f64,
    scale: &Scale,
) {
    let value = &row.value;
    let end = scale.place(value.median).max(scale.left + 2.0);
    let text = (top + BAR / 2.0) + 7.0;
    let (class, _) = kind(row.kind);
    let _ = write!(
        svg,
        "<text class=\"label\" x=\"{}\" y=\"{text}\">{}</text>\n\
         <rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"{:.1}\" \
         height=\"{BAR}\"/>\n",
        scale.left - 12.0,
        escaped(&row.label),
        scale.left,
        end - scale.left,
    );
    let (low, high) = (scale.place(value.low), scale.place(value.high));
    if high - low > 1.0 {
        let middle = top + BAR / 2.0;
        let _ = writeln!(
            svg,
            "<path class=\"spread\" d=\"M{low:.1} {middle}H{high:.1}M{low:.1} \
             {}v12M{high:.1} {}v12\"/>",
            middle - 6.0,
            middle - 6.0
        );
    }
    let _ = write!(
        svg,
        "<text class=\"value\" x=\"{:.1}\" y=\"{text}\">{}",
        end.max(high) + 12.0,
        escaped(&chart.unit.text(value.median))
    );
    if !note.is_empty() {
        let note = escaped(note);
        let _ = write!(svg, "<tspan class=\"note\" dx=\"10\">{note}</tspan>");
    }
    *svg += "</text>\n";
}

/// What stands after the number: its detail or, without one, its spread.
fn note(chart: &Chart, row: &Row) -> String {
    match row.detail.as_str() {
        "" => chart.spread(&row.value),
        detail if row.value.is_noisy() => format!("{detail}, ruidosa"),
        detail => detail.to_string(),
    }
}

/// What a bar's colour means.
fn kind(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Lesson => ("lesson", "a lição"),
        Kind::Python => ("python", "o mesmo em Python"),
        Kind::Baseline => ("baseline", "só para comparar"),
    }
}

/// The colours of a chart, each once.
fn kinds(chart: &Chart) -> Vec<(&'static str, &'static str)> {
    let kinds = [Kind::Lesson, Kind::Python, Kind::Baseline].into_iter();
    kinds
        .filter(|kind| chart.rows.iter().any(|row| row.kind == *kind))
        .map(kind)
        .collect()
}

/// The chart for who does not see it.
pub fn described(chart: &Chart) -> String {
    let rows: Vec<String> = chart
        .rows
        .iter()
        .map(|row| {
            let value = chart.unit.text(row.value.median);
            format!("{}, {value}", row.label)
        })
        .collect();
    format!("{}: {}.", chart.title, rows.join("; "))
}

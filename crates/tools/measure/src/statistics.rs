//! What several runs come to: medians, their spread, and latencies.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// A figure is noisy when the middle half of its runs spreads over more than
/// this share of the median.
pub const NOISY: f64 = 0.25;

/// A figure measured in several runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sample {
    pub median: f64,
    /// The first quartile.
    pub low: f64,
    /// The third quartile.
    pub high: f64,
    /// Every run, in the order in which they were made.
    pub runs: Vec<f64>,
}

impl Sample {
    /// # Panics
    /// Without a single run.
    pub fn of(runs: impl IntoIterator<Item = f64>) -> Sample {
        let runs: Vec<f64> = runs.into_iter().collect();
        let mut sorted = runs.clone();
        sorted.sort_by(f64::total_cmp);
        Sample {
            median: quantile(&sorted, 0.5),
            low: quantile(&sorted, 0.25),
            high: quantile(&sorted, 0.75),
            runs,
        }
    }

    /// A count that is the same however often it is made.
    pub fn exact(value: f64) -> Sample {
        Sample::of([value])
    }

    /// The middle half's width as a share of the median.
    pub fn spread(&self) -> f64 {
        if self.median == 0.0 {
            return if self.low == self.high {
                0.0
            } else {
                f64::INFINITY
            };
        }
        (self.high - self.low) / self.median.abs()
    }

    pub fn is_noisy(&self) -> bool {
        self.spread() > NOISY
    }
}

/// Of sorted values, with a straight line between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let between = place - place.floor();
    sorted[below] + (sorted[above] - sorted[below]) * between
}

/// The latencies of a run: how many there were, and how long they took.
///
/// A **closed loop** sends the next message when the answer to the last one is
/// here, and so leaves out the waiting of messages that a slow answer kept
/// from being sent («coordinated omission»). That is the right question for
/// «how long does one exchange take», with nobody else waiting. Where the
/// question is what clients wait that come by themselves, the load keeps a
/// constant rate and each latency counts from the moment at which the message
/// was *meant* to be sent.
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// Three significant digits, from a nanosecond to a minute.
    ///
    /// # Panics
    /// Never: the bounds are fixed.
    pub fn new() -> Latencies {
        let histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3);
        Latencies(histogram.expect("these bounds are valid"))
    }

    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_record(nanoseconds.max(1));
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// In seconds, as every time in a [`Sample`].
    pub fn quantile(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1e9
    }

    pub fn mean(&self) -> f64 {
        self.0.mean() / 1e9
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    pub fn p99(&self) -> f64 {
        self.quantile(0.99)
    }
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies::new()
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Seconds,
    PerSecond,
    /// Memory, in MB.
    Memory,
    /// Bytes, counted one by one.
    Bytes,
    Count,
    /// A share, from 0 to 1.
    Share,
}

impl Unit {
    /// The number as a Portuguese reader writes it, with its unit.
    pub fn text(self, value: f64) -> String {
        match self {
            Unit::Seconds if value >= 0.9995 => three_digits(value) + "\u{a0}s",
            Unit::Seconds if value >= 0.999_5e-3 => {
                three_digits(value * 1e3) + "\u{a0}ms"
            }
            Unit::Seconds => three_digits(value * 1e6) + "\u{a0}µs",
            Unit::PerSecond => three_digits(value) + "/s",
            Unit::Memory => three_digits(value / 1e6) + "\u{a0}MB",
            Unit::Bytes if value == 1.0 => "1\u{a0}byte".into(),
            Unit::Bytes => three_digits(value) + "\u{a0}bytes",
            Unit::Count => three_digits(value),
            Unit::Share => three_digits(value * 100.0) + "\u{a0}%",
        }
    }
}

/// Three significant digits, but every digit of a whole number; a decimal
/// comma, and a thin space between thousands.
fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        whole if whole.fract() == 0.0 => 0,
        small if small < 9.995 => 2,
        middle if middle < 99.95 => 1,
        _ => 0,
    };
    let mut value = value;
    if value.abs() >= 1000.0 && value.fract() != 0.0 {
        let unit = 10_f64.powi(value.abs().log10().floor() as i32 - 2);
        value = (value / unit).round() * unit;
    }
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len() - place;
        // Four digits stand together: 1200, and 12 000.
        if place > 0 && left.is_multiple_of(3) && digits.len() > 4 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped},{fraction}")
    }
}

/// How many times one figure is another: `2,5 vezes`.
pub fn times(more: f64, less: f64) -> String {
    format!("{}\u{a0}vezes", three_digits(more / less))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quartiles_of_known_runs() {
        let odd = Sample::of([5.0, 1.0, 3.0, 2.0, 4.0]);
        assert_eq!((odd.low, odd.median, odd.high), (2.0, 3.0, 4.0));
        assert_eq!(odd.runs, [5.0, 1.0, 3.0, 2.0, 4.0]);
        let even = Sample::of([1.0, 2.0, 3.0, 4.0]);
        assert_eq!((even.low, even.median, even.high), (1.75, 2.5, 3.25));
        let one = Sample::exact(7.0);
        assert_eq!((one.low, one.median, one.high), (7.0, 7.0, 7.0));
    }

    #[test]
    fn noise_is_a_share_of_the_median() {
        assert!(!Sample::of([100.0, 100.0, 110.0, 120.0, 120.0]).is_noisy());
        assert!(Sample::of([60.0, 80.0, 100.0, 120.0, 140.0]).is_noisy());
        assert!(!Sample::exact(5.0).is_noisy());
        assert!(!Sample::of([0.0, 0.0]).is_noisy());
        assert!(Sample::of([0.0, 0.0, 0.0, 4.0, 4.0]).is_noisy());
        // One run that went astray among five is no noise.
        assert!(!Sample::of([10.0, 10.0, 10.0, 10.0, 90.0]).is_noisy());
    }

    #[test]
    fn latencies_have_three_digits() {
        let mut latencies = Latencies::new();
        for microseconds in 1..=1000 {
            latencies.record(Duration::from_micros(microseconds));
        }
        assert_eq!(latencies.count(), 1000);
        assert!((latencies.median() - 500e-6).abs() < 1e-6);
        assert!((latencies.p99() - 990e-6).abs() < 1e-6);
        latencies.record(Duration::from_secs(3600)); // more than it can hold
        assert_eq!(latencies.count(), 1001);
        assert!(latencies.quantile(1.0) >= 60.0);
    }

    #[test]
    fn numbers_read_as_portuguese() {
        for (unit, value, text) in [
            (Unit::Seconds, 12.34e-6, "12,3\u{a0}µs"),
            (Unit::Seconds, 0.0003024, "302\u{a0}µs"),
            (Unit::Seconds, 0.3024, "302\u{a0}ms"),
            (Unit::Seconds, 0.9999, "1,00\u{a0}s"),
            (Unit::Seconds, 2.0, "2\u{a0}s"),
            (Unit::PerSecond, 12_345.6, "12\u{202f}300/s"),
            (Unit::PerSecond, 1234.5, "1230/s"),
            (Unit::Memory, 12_345_678.0, "12,3\u{a0}MB"),
            (Unit::Bytes, 1.0, "1\u{a0}byte"),
            (Unit::Bytes, 12_345.0, "12\u{202f}345\u{a0}bytes"),
            (Unit::Count, 1001.0, "1001"),
            (Unit::Count, 0.5, "0,50"),
            (Unit::Share, 0.9025, "90,2\u{a0}%"),
        ] {
            assert_eq!(unit.text(value), text);
        }
        assert_eq!(times(10.0, 4.0), "2,50\u{a0}vezes");
    }
}

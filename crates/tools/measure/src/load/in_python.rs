//! Loads made by Python's own clients.

use crate::fallible::Fallible;
use crate::python::Python;

/// Runs `python/NAME.py`, which makes a load and prints one number: how many
/// seconds it took, without Python's start.
pub fn run(python: &Python, name: &str, arguments: &[&str]) -> Fallible<f64> {
    let output = python.command(name).args(arguments).output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    printed.trim().parse().map_err(|_| {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.trim().lines().next_back().unwrap_or_default();
        format!("{name}.py: {last}").into()
    })
}

//! Loads made by Python's own clients.

use crate::fallible::Fallible;
use crate::python::Python;
use crate::servers::output_of;

/// Runs `python/NAME.py`, which makes a load and prints one number: how many
/// seconds it took, without Python's start.
///
/// # Errors
/// Where the program fails, takes too long, or prints something else.
pub fn seconds(
    python: &Python,
    name: &str,
    arguments: &[&str],
) -> Fallible<f64> {
    let mut command = python.command(name);
    command.args(arguments);
    let printed = output_of(&format!("{name}.py"), command)?;
    let number = printed.trim().parse();
    number.map_err(|_| format!("{name}.py escreveu «{printed}»").into())
}

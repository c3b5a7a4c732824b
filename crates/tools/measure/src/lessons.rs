//! Builds the lessons that are measured, once, as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use programs::{Build, BuildError, Target};

use crate::fallible::Fallible;

const OUTSIDE: &str =
    "Não se encontra o workspace: corra o comando dentro da sua pasta.";

/// The workspace's root folder.
///
/// # Errors
/// Where the current folder is in none.
pub fn workspace() -> Fallible<PathBuf> {
    programs::workspace().map_err(|_| OUTSIDE.into())
}

/// Builds these programs, with cargo's own words for whoever waits, and gives
/// where each one is. They are built as this tool was: with `--release` or,
/// in the tests, without.
///
/// # Errors
/// Where one of them is not built.
pub fn build(names: &BTreeSet<&str>) -> Fallible<BTreeMap<String, PathBuf>> {
    Build::new(names.iter().map(|name| Target::Bin(name)))
        .release(!cfg!(debug_assertions))
        .as_in_the_whole_workspace()
        .run()
        .map_err(|error| match error {
            BuildError::NoWorkspace => OUTSIDE.into(),
            BuildError::NoCargo(error) => {
                format!("Não foi possível correr o cargo: {error}").into()
            }
            BuildError::ReadOnly(folder) => format!(
                "Não se pode escrever em {}: copie o workspace para uma pasta \
                 sua, ou escolha outra com CARGO_TARGET_DIR.",
                folder.display()
            )
            .into(),
            BuildError::DoesNotCompile(_) => {
                "As lições não compilam: corrija primeiro o que o compilador \
                 diz."
                    .into()
            }
            BuildError::Failed(_) => {
                "O cargo falhou, pela razão que ele próprio diz acima.".into()
            }
        })
}

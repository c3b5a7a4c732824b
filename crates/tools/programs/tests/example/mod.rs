//! The tools for these tests, among this crate's examples.

use std::path::PathBuf;

use programs::{Build, Target};

/// Where an example is, which cargo may have to build first.
pub fn example(name: &str) -> PathBuf {
    let package = "programs";
    let mut built = Build::new([Target::Example { package, name }])
        .release(!cfg!(debug_assertions))
        .as_in_the_whole_workspace()
        .quietly()
        .run()
        .expect("the example builds");
    built.remove(name).expect("cargo names it")
}

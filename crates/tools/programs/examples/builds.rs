//! Builds a program of the workspace in which it is run, and tells where it
//! is or why not: for this crate's tests.

use std::env;

use programs::{Build, Target};

fn main() {
    println!("{:?}", programs::workspace());
    let name = env::args().nth(1).unwrap_or_default();
    let build = Build::new([Target::Bin(&name)]).quietly();
    match build.run() {
        Ok(built) => println!("built {}", built[&name].display()),
        Err(error) => println!("{error:?}"),
    }
}

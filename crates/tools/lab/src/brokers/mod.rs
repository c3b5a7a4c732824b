//! The brokers that some labs need: each on a private port, ended with the
//! check that started it.

pub mod mqtt;

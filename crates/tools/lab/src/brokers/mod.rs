//! The brokers that some labs need, on private ports, and gone in the end: one
//! for each check, or one for all where it takes its time to start.

pub mod mqtt;
pub mod network;
pub mod rabbitmq;

//! The other side of a program: clients that write down what they do, and that
//! send in any way that a network may deliver.

pub mod http;
pub mod mqtt;
pub mod tcp;
pub mod udp;
pub mod ws;
pub mod zmq;

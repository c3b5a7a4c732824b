//! What the relay, the decoders and the capture do to real bytes.

mod capture;
mod conversation;
mod fuzz;
mod oracles;
mod relay;
mod samples;

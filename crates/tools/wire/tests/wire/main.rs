//! What the relay, the decoders and the capture do to real bytes.

mod capture;
mod conversation;
mod oracles;
mod relay;
mod samples;

//! What the relay, the decoders and the capture do to real bytes.

mod capture;
mod conversation;
mod relay;
mod samples;

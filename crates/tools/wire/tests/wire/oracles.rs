//! The decoders, and what maintained libraries make of the same bytes: what is
//! well made, and the same with a few bytes changed.

mod amqp;
mod mqtt;
mod websocket;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// How often each oracle is asked.
const ROUNDS: usize = 5_000;

/// A source of chance, the same each time, so that a test that passes does so
/// everywhere. By hand, others: `WIRE_SEED=7 cargo test -p wire`.
pub fn chance() -> StdRng {
    let seed = std::env::var("WIRE_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("WIRE_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// A number below this one.
fn below(chance: &mut StdRng, limit: usize) -> usize {
    chance.random_range(..limit)
}

/// One of them.
fn one<'a, T>(chance: &mut StdRng, of: &'a [T]) -> &'a T {
    &of[below(chance, of.len())]
}

/// A text, mostly short.
fn text(chance: &mut StdRng) -> String {
    let length = match below(chance, 20) {
        0 => below(chance, 300),
        _ => below(chance, 8),
    };
    let letters = ['a', 'B', '/', '7', 'ç', '€', '🦀'];
    (0..length).map(|_| *one(chance, &letters)).collect()
}

fn bytes(chance: &mut StdRng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    chance.fill_bytes(&mut bytes);
    bytes
}

/// Changes a few bytes, in half of the cases.
pub fn mutate(chance: &mut StdRng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() || chance.random() {
        return;
    }
    for _ in 0..1 + below(chance, 3) {
        let at = below(chance, bytes.len());
        match below(chance, 6) {
            0 => bytes[at] = chance.random(),
            1 => bytes[at] ^= 1 << below(chance, 8),
            2 => bytes[at] = *one(chance, &[0, 1, 0x7f, 0x80, 0xff]),
            3 => bytes.insert(at, chance.random()),
            4 if bytes.len() > 1 => drop(bytes.remove(at)),
            _ => bytes.truncate(at.max(1)),
        }
    }
}

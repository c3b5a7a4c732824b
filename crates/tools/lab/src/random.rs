//! Random inputs that a seed repeats.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// SplitMix64: ten lines, the same numbers on every machine, and nothing that
/// anyone would want to guess.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64, purpose: &str) -> Random {
        // FNV-1a: each check has numbers of its own, whichever ran before it.
        let own = purpose.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Random(seed ^ own)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// A sensor's name that no other call gives.
    pub fn sensor(&mut self) -> String {
        const MACHINES: [&str; 8] = [
            "forno", "prensa", "tapete", "bomba", "caldeira", "fresa", "torno",
            "silo",
        ];
        let machine = MACHINES[self.below(MACHINES.len() as u64) as usize];
        format!("{machine}_{}", self.between(1000, 999_999))
    }

    /// A measure with one decimal place.
    pub fn measure(&mut self) -> String {
        format!("{}.{}", self.between(10, 99), self.below(10))
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// A seed for a run that asked for none: short, to be typed again.
pub fn fresh_seed() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000
}

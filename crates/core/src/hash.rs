//! A hasher for ids that we gave ourselves: no client can choose the keys of such a map, so that
//! nothing of SipHash's defence is needed (Knuth, "The Art of Computer Programming", 6.4,
//! multiplicative hashing).

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A map by an id that no client chooses.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// Mixes integers by a multiplication with 2^64 divided by the golden ratio.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHasher(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0 ^ value).wrapping_mul(GOLDEN);
        // The table takes its place from the low bits and its tag from the high ones.
        self.0 = mixed ^ (mixed >> 32);
    }

    fn write_u128(&mut self, value: u128) {
        let (high, low) = ((value >> 64) as u64, value & u128::from(u64::MAX));
        self.write_u64(high ^ u64::try_from(low).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RoomId, SessionKey};

    #[test]
    fn neighbouring_ids_are_spread() {
        let mut map = IdMap::default();
        for n in 0..10_000_u64 {
            map.insert(SessionKey(n << 8), n);
        }
        assert!((0..10_000).all(|n| map.get(&SessionKey(n << 8)) == Some(&n)));
        let low_bits: std::collections::HashSet<u64> = (0..256_u64)
            .map(|n| {
                let mut hasher = IdHasher::default();
                hasher.write_u64(n << 8);
                hasher.finish() & 0xff
            })
            .collect();
        assert!(low_bits.len() > 120, "{} of 256 places", low_bits.len());
    }

    #[test]
    fn both_halves_of_an_id_count() {
        let hash = |room: RoomId| {
            use std::hash::{BuildHasher, BuildHasherDefault};
            BuildHasherDefault::<IdHasher>::default().hash_one(room)
        };
        assert_ne!(hash(RoomId(1)), hash(RoomId(1 << 64 | 1)));
        assert_ne!(hash(RoomId(1)), hash(RoomId(2)));
    }
}

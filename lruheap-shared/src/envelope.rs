//! What a value is wrapped in: what it is, whose it is, and what it was computed from. Whatever
//! does not fit is no value; nothing in here trusts a byte that it reads.

use xxhash_rust::xxh3::xxh3_64;

/// The first bytes of every envelope, and the version of the format in the last of them.
const MAGIC: [u8; 4] = *b"LRH\x01";

/// What an envelope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A value.
    Value,
    /// Word that a computation has ended without one.
    Nothing,
}

/// A value with all that has to be right about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) kind: Kind,
    /// Of the value's type, as it was when the value was written.
    pub(crate) fingerprint: u64,
    /// The store's, when the computation began.
    pub(crate) epoch: u64,
    /// When the computation began.
    pub(crate) generations: Vec<u64>,
    /// For how long it was stored, in milliseconds.
    pub(crate) ttl: u64,
    /// The whole key.
    pub(crate) key: &'a [u8],
    pub(crate) payload: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// The bytes for a store.
    pub(crate) fn seal(&self) -> Vec<u8> {
        let length = 64 + 8 * self.generations.len() + self.key.len() + self.payload.len();
        let mut bytes = Vec::with_capacity(length);
        bytes.extend(MAGIC);
        bytes.push(match self.kind {
            Kind::Value => 0,
            Kind::Nothing => 1,
        });
        bytes.push(u8::try_from(self.generations.len()).unwrap_or(u8::MAX));
        for word in [self.fingerprint, self.epoch, self.ttl] {
            bytes.extend(word.to_le_bytes());
        }
        for generation in self.generations.iter().take(usize::from(u8::MAX)) {
            bytes.extend(generation.to_le_bytes());
        }
        bytes.extend((self.key.len() as u64).to_le_bytes());
        bytes.extend(self.key);
        bytes.extend(self.payload);
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    /// What a store gave, if that is an envelope of ours and whole.
    pub(crate) fn open(bytes: &'a [u8]) -> Option<Self> {
        let (bytes, sum) = bytes.split_last_chunk()?;
        let mut rest = Rest(bytes);
        if *rest.array::<4>()? != MAGIC || xxh3_64(bytes) != u64::from_le_bytes(*sum) {
            return None;
        }
        let kind = match rest.array::<1>()? {
            [0] => Kind::Value,
            [1] => Kind::Nothing,
            _ => return None,
        };
        let [count] = *rest.array::<1>()?;
        let (fingerprint, epoch, ttl) = (rest.word()?, rest.word()?, rest.word()?);
        let generations = (0..count).map(|_| rest.word()).collect::<Option<_>>()?;
        let length = usize::try_from(rest.word()?).ok()?;
        let (key, payload) = rest.0.split_at_checked(length)?;
        Some(Envelope {
            kind,
            fingerprint,
            epoch,
            generations,
            ttl,
            key,
            payload,
        })
    }
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(array)
    }

    fn word(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(*self.array()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(payload: &[u8]) -> Envelope<'_> {
        Envelope {
            kind: Kind::Value,
            fingerprint: 7,
            epoch: 3,
            generations: vec![1, u64::MAX],
            ttl: 60_000,
            key: b"shop/course/1",
            payload,
        }
    }

    #[test]
    fn what_is_sealed_is_what_is_opened() {
        for payload in [&b""[..], b"x", &vec![0xC1; 70_000]] {
            let envelope = sample(payload);
            assert_eq!(Envelope::open(&envelope.seal()), Some(envelope));
        }
        let nothing = Envelope {
            kind: Kind::Nothing,
            generations: Vec::new(),
            ..sample(b"")
        };
        assert_eq!(Envelope::open(&nothing.seal()), Some(nothing));
    }

    #[test]
    fn whatever_has_changed_on_the_way_is_no_envelope() {
        let whole = sample(b"some payload").seal();
        for at in 0..whole.len() {
            assert_eq!(Envelope::open(&whole[..at]), None, "cut at {at}");
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(Envelope::open(&changed), None, "bit {bit} of {at}");
            }
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert_eq!(Envelope::open(&longer), None);
    }

    #[test]
    fn garbage_is_no_envelope_even_with_a_sum_that_fits() {
        let mut rng = fastrand::Rng::with_seed(6);
        for _ in 0..20_000 {
            let mut bytes: Vec<u8> = (0..rng.usize(..200)).map(|_| rng.u8(..)).collect();
            if bytes.len() > 4 && rng.bool() {
                bytes[..4].copy_from_slice(&MAGIC);
            }
            let sum = xxh3_64(&bytes);
            bytes.extend(sum.to_le_bytes());
            if let Some(envelope) = Envelope::open(&bytes) {
                assert_eq!(envelope.seal(), bytes, "all of it was read");
            }
        }
    }
}

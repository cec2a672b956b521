//! What has expired is removed, now and then, a little at a time: who reads or writes only
//! what lives never meets it.

use std::ops::Bound;

use super::super::Key;
use super::room::{Room, number, pair};

/// All keys from one on.
fn from_on(key: &[u8]) -> (Bound<&[u8]>, Bound<&[u8]>) {
    (Bound::Included(key), Bound::Unbounded)
}

impl Room {
    /// Removes some of what has expired: `from` is where it goes on, next time as well.
    pub(super) fn sweep(&self, from: &mut u64, most: usize) -> heed::Result<()> {
        let now = crate::clock::now_ms();
        let (mut keys, mut leases) = (Vec::new(), Vec::new());
        let txn = self.env.read_txn()?;
        let begin = from.to_be_bytes();
        *from = 0;
        for (seen, place) in self.order.range(&txn, &from_on(&begin))?.enumerate() {
            let (place, what) = place?;
            if seen == most {
                *from = number(place, 0).unwrap_or_default();
                break;
            }
            let key = what.get(..16).and_then(|key| key.try_into().ok());
            if number(what, 16).is_some_and(|deadline| deadline <= now) {
                keys.extend(key.map(|key| Key(u128::from_be_bytes(key))));
            }
        }
        let begin = pair(crate::folder::random(), 0);
        for lease in self.leases.range(&txn, &from_on(&begin))?.take(most) {
            let (key, lease) = lease?;
            if number(lease, 8).is_some_and(|deadline| deadline <= now) {
                leases.push(key.to_vec());
            }
        }
        drop(txn);
        if keys.is_empty() && leases.is_empty() {
            return Ok(());
        }
        self.write(|txn| {
            for key in keys {
                let entry = self.entries.get(txn, &key.0.to_be_bytes())?;
                if entry
                    .and_then(|entry| number(entry, 0))
                    .is_some_and(|end| end <= now)
                {
                    self.remove(txn, key)?;
                }
            }
            for key in leases {
                let lease = self.leases.get(txn, &key)?;
                if lease
                    .and_then(|lease| number(lease, 8))
                    .is_some_and(|end| end <= now)
                {
                    self.leases.delete(txn, &key)?;
                }
            }
            Ok(())
        })
    }
}

//! The room that all held bodies share: each may have a gigabyte, and together they may not fill the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::error::Error;

/// The room of one process; cheap to clone.
#[derive(Debug, Clone)]
pub struct Room {
    total: u64,
    used: Arc<AtomicU64>,
}

/// A part of it, given back when dropped.
#[derive(Debug)]
pub struct Reserved {
    room: Room,
    bytes: u64,
}

/// Bytes and what they take of the room.
struct Kept {
    bytes: Bytes,
    _reserved: Reserved,
}

impl Room {
    /// For `total` bytes.
    pub fn new(total: u64) -> Self {
        Self { total, used: Arc::default() }
    }

    /// Nothing yet.
    pub fn reserve(&self) -> Reserved {
        Reserved { room: self.clone(), bytes: 0 }
    }

    /// Bytes that are taken.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

impl Reserved {
    /// Grows to `bytes`, if it is smaller.
    ///
    /// # Errors
    /// There is not so much room now, or there never is.
    pub fn grow_to(&mut self, bytes: u64) -> Result<(), Error> {
        let more = bytes.saturating_sub(self.bytes);
        let total = self.room.total;
        let fits = |used: u64| used.checked_add(more).filter(|after| *after <= total);
        if more > 0 && self.room.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_err() {
            return Err(refusal(bytes, total));
        }
        self.bytes += more;
        Ok(())
    }

    /// These bytes; the room is theirs until nobody has them any more.
    pub fn keep(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Kept { bytes, _reserved: self })
    }
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.room.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn refusal(bytes: u64, total: u64) -> Error {
    let total_mb = total / 1_000_000;
    if bytes > total {
        let text = format!(
            "the body must be held to be signed or completed, and all such bodies together may have {total_mb} MB \
             (--held-total-mb)"
        );
        return Error::refused("payload_too_large", text);
    }
    Error::NoRoom(format!(
        "the body must be held to be signed or completed, and other calls hold most of the {total_mb} MB that all such \
         bodies together may have (--held-total-mb)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back_and_never_more_than_there_is() {
        let room = Room::new(10);
        let (mut one, mut two) = (room.reserve(), room.reserve());
        one.grow_to(6).unwrap();
        one.grow_to(3).unwrap();
        two.grow_to(4).unwrap();
        assert!(matches!(two.grow_to(5), Err(Error::NoRoom(text)) if text.contains("--held-total-mb")));
        assert_eq!(room.used(), 10, "what two has stays");
        drop(one);
        two.grow_to(10).unwrap();
        assert!(matches!(two.grow_to(11), Err(Error::Refused { code: "payload_too_large", .. })));
        drop(two);
        assert_eq!(room.used(), 0);
        let mut three = room.reserve();
        three.grow_to(3).unwrap();
        let kept = three.keep(Bytes::from_static(b"abc"));
        let part = kept.slice(1..);
        drop(kept);
        assert_eq!((&part[..], room.used()), (&b"bc"[..], 3));
        drop(part);
        assert_eq!(room.used(), 0);
    }
}

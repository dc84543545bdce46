//! Unpacks a gzip body (RFC 1952) while it streams, for callers who say `Decompress: true` (contract §3.5).

use bytes::{Buf as _, Bytes};
use egress::EgressError;
use flate2::{Decompress, FlushDecompress, Status};

/// What is unpacked at once: a small answer can hold gigabytes of zeros, and only this much of them is in memory.
const PIECE: usize = 32 << 10;
/// The largest window of the format.
const WINDOW_BITS: u8 = 15;

/// A stream of gzip members being unpacked.
pub struct Gunzip {
    stream: Decompress,
    packed: Bytes,
    member: Member,
}

/// Where in a gzip member the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    /// Before the first byte.
    NotBegun,
    /// Inside: an end of the body here is damage.
    Inside,
    /// After its last byte; another one may follow.
    Ended,
    /// After a byte that begins a member, and perhaps only looks so.
    Perhaps,
    /// After the last member, in what is none: zeros that pad the answer, or rubbish. It is thrown away, as gzip(1)
    /// and Node's zlib do.
    Over,
}

/// The first two bytes of every member (RFC 1952 §2.3.1).
const MAGIC: [u8; 2] = [0x1f, 0x8b];

impl Gunzip {
    /// At the beginning of a body.
    pub fn new() -> Self {
        Self { stream: Decompress::new_gzip(WINDOW_BITS), packed: Bytes::new(), member: Member::NotBegun }
    }

    /// Takes the next packed bytes; only when [`Self::next`] has nothing more.
    pub fn push(&mut self, packed: Bytes) {
        self.packed = packed;
    }

    /// The next unpacked piece; `None` when more packed bytes are needed.
    ///
    /// # Errors
    /// `BadAnswer` when the bytes are no gzip.
    pub fn next(&mut self) -> Result<Option<Bytes>, EgressError> {
        loop {
            if !self.between_members()? {
                return Ok(None);
            }
            let mut piece = Vec::with_capacity(PIECE);
            let (in_before, out_before) = (self.stream.total_in(), self.stream.total_out());
            let status = self
                .stream
                .decompress_vec(&self.packed, &mut piece, FlushDecompress::None)
                .map_err(|_| damaged("is no gzip"))?;
            let read = usize::try_from(self.stream.total_in() - in_before).unwrap_or(self.packed.len());
            self.packed.advance(read);
            if read > 0 {
                self.member = Member::Inside;
            }
            if status == Status::StreamEnd {
                self.member = Member::Ended;
            }
            if !piece.is_empty() {
                return Ok(Some(piece.into()));
            }
            let moved = read > 0 || self.stream.total_out() > out_before;
            if self.packed.is_empty() || !moved {
                return Ok(None);
            }
        }
    }

    /// Looks at what follows a member; false when nothing of what was pushed is left to unpack.
    fn between_members(&mut self) -> Result<bool, EgressError> {
        if self.member == Member::Ended && !self.packed.is_empty() {
            self.member = if self.packed.get_u8() == MAGIC[0] { Member::Perhaps } else { Member::Over };
        }
        if self.member == Member::Perhaps && !self.packed.is_empty() {
            self.member = if self.packed[0] == MAGIC[1] { Member::Inside } else { Member::Over };
            if self.member == Member::Inside {
                self.stream = Decompress::new_gzip(WINDOW_BITS);
                let begun = self.stream.decompress_vec(&MAGIC[..1], &mut Vec::new(), FlushDecompress::None);
                begun.map_err(|_| damaged("is no gzip"))?;
            }
        }
        if self.member == Member::Over {
            self.packed.clear();
        }
        Ok(!matches!(self.member, Member::Perhaps | Member::Over))
    }

    /// Says whether the body may end here.
    ///
    /// # Errors
    /// `BadAnswer` inside a member.
    pub fn finish(&self) -> Result<(), EgressError> {
        match self.member {
            Member::Inside => Err(damaged("ends in the middle of its gzip")),
            Member::NotBegun | Member::Ended | Member::Perhaps | Member::Over => Ok(()),
        }
    }
}

fn damaged(how: &str) -> EgressError {
    EgressError::BadAnswer { reason: format!("the body says it is gzip and {how}") }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(clear: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(clear).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8], cut: usize) -> Result<Vec<u8>, EgressError> {
        let (mut gunzip, mut out) = (Gunzip::new(), Vec::new());
        for chunk in packed.chunks(cut) {
            gunzip.push(Bytes::copy_from_slice(chunk));
            while let Some(piece) = gunzip.next()? {
                assert!(piece.len() <= PIECE);
                out.extend_from_slice(&piece);
            }
        }
        gunzip.finish().map(|()| out)
    }

    #[test]
    fn members_come_out_however_they_are_cut() {
        let clear: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut packed = gzip(&clear);
        packed.extend(gzip(b"second"));
        for cut in [1, 7, 1000, packed.len()] {
            let out = unpack(&packed, cut).unwrap();
            assert!(out == [&clear[..], b"second"].concat(), "cut every {cut}");
        }
        assert_eq!(unpack(&[], 1).unwrap(), b"", "an answer without a body");
        assert_eq!(unpack(&gzip(b""), 3).unwrap(), b"");
    }

    #[test]
    fn what_follows_the_last_member_is_thrown_away() {
        let whole = gzip(b"text");
        let half = &gzip(b"more")[..9];
        for rest in [&[0; 512][..], b"\r\n", b"rubbish", &[0x1f], &[0x1f, 0], &[0, 0x1f, 0x8b]] {
            for cut in [1, 3, 4096] {
                let packed = [&whole[..], rest].concat();
                assert_eq!(unpack(&packed, cut).unwrap(), b"text", "{rest:?} cut every {cut}");
            }
        }
        // What begins as a member must be one, whole.
        for rest in [half, &[0x1f, 0x8b, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7][..]] {
            for cut in [1, 4096] {
                assert!(unpack(&[&whole[..], rest].concat(), cut).is_err(), "{rest:?} cut every {cut}");
            }
        }
    }

    #[test]
    fn a_bomb_is_unpacked_piece_by_piece() {
        assert_eq!(unpack(&gzip(&vec![0; 20 << 20]), usize::MAX).unwrap().len(), 20 << 20);
    }

    #[test]
    fn damage_is_an_error() {
        let packed = gzip(b"some text that is packed");
        for bytes in [&packed[..packed.len() - 3], b"not gzip at all"] {
            assert!(matches!(unpack(bytes, 5), Err(EgressError::BadAnswer { .. })));
        }
        let mut flipped = packed;
        let last = flipped.len() - 1;
        flipped[last - 5] ^= 1;
        assert!(unpack(&flipped, 64).is_err(), "the checksum is checked");
    }
}

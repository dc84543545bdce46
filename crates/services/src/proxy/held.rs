//! Request bodies that must be known before they are sent: in memory up to 10 MiB, beyond that in a file without a
//! name.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_lc_rs::digest;
use bytes::{Bytes, BytesMut};
use domain::entropy::to_hex;
use egress::Body;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::task::{JoinHandle, spawn_blocking};

use super::room::{Reserved, Room};
use crate::error::Error;

/// Kept in memory at most.
const IN_MEMORY: usize = 10 << 20;
/// Taken at most.
const LONGEST: u64 = 1 << 30;
/// Read from the file at once.
const PIECE: u64 = 64 << 10;

/// A body at hand: can be sent as often as needed.
#[derive(Debug)]
pub struct Held {
    content: Content,
    sha256: digest::Digest,
    /// What it takes of the room, until nobody has it any more.
    _reserved: Option<Reserved>,
}

#[derive(Debug)]
enum Content {
    Memory(Bytes),
    File(Arc<File>, u64),
}

impl Held {
    /// Takes a body whole. One that tells its length gets its room at once, so that two do not stop each other half-way.
    ///
    /// # Errors
    /// It broke off, is longer than 1 GiB, or there is no room for it.
    pub async fn take(mut body: Body, room: &Room) -> Result<Self, Error> {
        let mut reserved = room.reserve();
        if let Some(length) = body.size_hint().exact().filter(|length| *length <= LONGEST) {
            reserved.grow_to(length)?;
        }
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut memory = BytesMut::new();
        let mut file: Option<tokio::fs::File> = None;
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Error::refused("invalid_body", "the request body broke off"))?;
            let Ok(data) = frame.into_data() else { continue };
            length += data.len() as u64;
            if length > LONGEST {
                let text = "a body that must be signed may not be longer than 1 GiB";
                return Err(Error::refused("payload_too_large", text));
            }
            reserved.grow_to(length)?;
            hash.update(&data);
            if file.is_none() && memory.len() + data.len() <= IN_MEMORY {
                memory.extend_from_slice(&data);
                continue;
            }
            let writer = match &mut file {
                Some(file) => file,
                None => file.insert(spill(&memory).await.map_err(no_room)?),
            };
            writer.write_all(&data).await.map_err(no_room)?;
        }
        let content = match file {
            None => Content::Memory(memory.freeze()),
            Some(mut file) => {
                file.flush().await.map_err(no_room)?;
                Content::File(Arc::new(file.into_std().await), length)
            }
        };
        Ok(Self { content, sha256: hash.finish(), _reserved: Some(reserved) })
    }

    /// A body made of these bytes.
    pub fn of(bytes: Bytes) -> Self {
        let sha256 = digest::digest(&digest::SHA256, &bytes);
        Self { content: Content::Memory(bytes), sha256, _reserved: None }
    }

    /// A body to send.
    pub fn body(&self) -> Body {
        match &self.content {
            Content::Memory(bytes) => Body::from(bytes.clone()),
            Content::File(file, length) => {
                Body::stream(FileBody { file: file.clone(), at: 0, length: *length, reading: None })
            }
        }
    }

    /// Its SHA-256 in hexadecimal.
    pub fn sha256_hex(&self) -> String {
        to_hex(self.sha256.as_ref())
    }

    /// Its bytes; `None` when they are too many for memory.
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Memory(bytes) => Some(bytes),
            Content::File(..) => None,
        }
    }
}

/// A file that nobody can find and that goes with its last handle.
async fn spill(memory: &[u8]) -> io::Result<tokio::fs::File> {
    let file = spawn_blocking(tempfile::tempfile).await.map_err(io::Error::other)??;
    let mut file = tokio::fs::File::from_std(file);
    file.write_all(memory).await?;
    Ok(file)
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
fn no_room(failure: io::Error) -> Error {
    tracing::error!(%failure, "a body that must be signed could not be put into a temporary file");
    Error::NoRoom("the body must be signed and there is no room to keep it meanwhile".to_owned())
}

/// A body read from a file, piece by piece.
struct FileBody {
    file: Arc<File>,
    at: u64,
    length: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.at >= this.length {
            return Poll::Ready(None);
        }
        let reading = this.reading.get_or_insert_with(|| {
            let (file, at) = (this.file.clone(), this.at);
            let count = PIECE.min(this.length - at) as usize;
            spawn_blocking(move || {
                let mut piece = vec![0; count];
                file.read_exact_at(&mut piece, at).map(|()| Bytes::from(piece))
            })
        });
        let read = std::task::ready!(Pin::new(reading).poll(cx));
        this.reading = None;
        let piece = read.map_err(io::Error::other).flatten()?;
        this.at += piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.length
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length - self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_body_goes_through_a_file_and_comes_out_twice() {
        let long: Vec<u8> = (0..IN_MEMORY + 100_000).map(|at| (at % 251) as u8).collect();
        let pieces = long.chunks(70_000).map(Bytes::copy_from_slice).collect::<Vec<_>>();
        let frames = pieces.into_iter().map(|piece| Ok::<_, io::Error>(Frame::data(piece)));
        let stream = http_body_util::StreamBody::new(futures_util::stream::iter(frames));
        let held = Held::take(Body::stream(stream), &Room::new(LONGEST)).await.unwrap();
        assert!(held.bytes().is_none());
        assert_eq!(held.sha256_hex(), to_hex(digest::digest(&digest::SHA256, &long).as_ref()));
        for _ in 0..2 {
            let body = held.body();
            assert_eq!(body.size_hint().exact(), Some(long.len() as u64));
            assert!(body.collect().await.unwrap().to_bytes() == long);
        }
    }

    #[tokio::test]
    async fn a_short_body_stays_in_memory() {
        let room = Room::new(3);
        let held = Held::take(Body::from("abc".to_owned()), &room).await.unwrap();
        assert_eq!(held.bytes().unwrap(), &Bytes::from_static(b"abc"));
        assert!(Held::take(Body::empty(), &room).await.unwrap().body().is_empty());
        let second = Held::take(Body::from("d".to_owned()), &room).await;
        assert!(matches!(second, Err(Error::NoRoom(_))), "the first still holds its room");
        drop(held);
        Held::take(Body::from("d".to_owned()), &room).await.unwrap();
        assert_eq!(room.used(), 0);
    }
}

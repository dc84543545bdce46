//! Open workbooks and sessions on them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::book::{Book, BookError};
use crate::files::{FileError, Files, Stamp, fresh_seed};

/// Idle life of a session that saves; Microsoft, "Work with Excel in Graph": about 5 minutes.
const PERSISTENT_LIFE_MS: i64 = 5 * 60 * 1000;
/// Idle life of a session that does not save: about 7 minutes.
const SCRATCH_LIFE_MS: i64 = 7 * 60 * 1000;
/// Sessions on one workbook at a time.
const MAX_SESSIONS: usize = 25;

type SharedBook = Arc<Mutex<Book>>;

/// Parsed workbooks by item id, and sessions by id.
#[derive(Default)]
pub(crate) struct Books {
    open: Mutex<HashMap<String, SharedBook>>,
    sessions: Mutex<HashMap<String, Session>>,
    /// Session id and number of polls, by operation id.
    operations: Mutex<HashMap<String, (String, u32)>>,
}

/// A workbook session.
#[derive(Clone)]
pub(crate) struct Session {
    item_id: String,
    pub persists: bool,
    used_ms: i64,
    /// The private copy of a session that does not save.
    scratch: Option<SharedBook>,
}

/// Why a session header is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionError {
    /// Unknown or closed: a client drops it.
    NotFound,
    /// Timed out: a client makes a new one.
    Expired,
    TooMany,
}

impl Books {
    /// Forgets the parsed workbook, because the file's content was replaced.
    pub fn forget(&self, item_id: &str) {
        lock(&self.open).remove(item_id);
    }

    /// Begins a session.
    pub fn create_session(
        &self,
        item_id: &str,
        scratch: Option<Book>,
        now_ms: i64,
    ) -> Result<String, SessionError> {
        let mut sessions = lock(&self.sessions);
        sessions.retain(|_, session| session.alive(now_ms));
        if sessions.values().filter(|session| session.item_id == item_id).count() >= MAX_SESSIONS {
            return Err(SessionError::TooMany);
        }
        let id = format!("cluster=SANDBOX&session={}&usid={}", fresh_seed(), fresh_seed());
        let session = Session {
            item_id: item_id.to_owned(),
            persists: scratch.is_none(),
            used_ms: now_ms,
            scratch: scratch.map(|book| Arc::new(Mutex::new(book))),
        };
        sessions.insert(id.clone(), session);
        Ok(id)
    }

    /// Finds a session and marks it used.
    pub fn session(&self, id: &str, item_id: &str, now_ms: i64) -> Result<Session, SessionError> {
        let mut sessions = lock(&self.sessions);
        let Some(session) = sessions.get_mut(id).filter(|session| session.item_id == item_id) else {
            return Err(SessionError::NotFound);
        };
        if !session.alive(now_ms) {
            return Err(SessionError::Expired);
        }
        session.used_ms = now_ms;
        Ok(session.clone())
    }

    /// Records that a session is made in the background; gives the operation's id.
    pub fn begin_operation(&self, session_id: &str) -> String {
        let id = fresh_seed();
        lock(&self.operations).insert(id.clone(), (session_id.to_owned(), 0));
        id
    }

    /// The session that an operation makes, and how often it was asked for before.
    pub fn poll_operation(&self, id: &str) -> Option<(String, u32)> {
        let mut operations = lock(&self.operations);
        let (session, polls) = operations.get_mut(id)?;
        *polls += 1;
        Some((session.clone(), *polls - 1))
    }

    pub fn close_session(&self, id: &str) {
        lock(&self.sessions).remove(id);
    }
}

impl Session {
    fn alive(&self, now_ms: i64) -> bool {
        let life = if self.persists { PERSISTENT_LIFE_MS } else { SCRATCH_LIFE_MS };
        now_ms - self.used_ms <= life
    }
}

impl Files {
    fn shared_book(&self, item_id: &str) -> Result<SharedBook, BookError> {
        if let Some(book) = lock(&self.books.open).get(item_id) {
            return Ok(Arc::clone(book));
        }
        let content = self.content(item_id).map_err(unreadable)?;
        let mut book = Book::open(&content)?;
        book.object_ids = self.item(item_id).map_err(unreadable)?.object_ids;
        let book = Arc::new(Mutex::new(book));
        // Two readers may have parsed at once; the first in stays, so that both see one document.
        Ok(Arc::clone(lock(&self.books.open).entry(item_id.to_owned()).or_insert(book)))
    }

    /// A copy of the workbook for a session that does not save.
    pub fn scratch_book(&self, item_id: &str) -> Result<Book, BookError> {
        let book = self.shared_book(item_id)?;
        let copy = lock(&book).clone();
        Ok(copy)
    }

    /// Reads the workbook, the session's own copy if it has one.
    pub fn read_book<T>(
        &self,
        item_id: &str,
        session: Option<&Session>,
        read: impl FnOnce(&Book) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        let book = match session.and_then(|session| session.scratch.clone()) {
            Some(scratch) => scratch,
            None => self.shared_book(item_id)?,
        };
        let guard = lock(&book);
        read(&guard)
    }

    /// Changes the workbook, calculates, and stores the file (unless the session does not save); then `answer` reads
    /// the result. A refused change leaves the workbook as it was.
    pub fn write_book<W, T>(
        &self,
        item_id: &str,
        session: Option<&Session>,
        stamp: &Stamp,
        write: impl FnOnce(&mut Book) -> Result<W, BookError>,
        answer: impl FnOnce(&Book, W) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        let scratch = session.and_then(|session| session.scratch.clone());
        let persists = scratch.is_none();
        let shared = match scratch {
            Some(scratch) => scratch,
            None => self.shared_book(item_id)?,
        };
        let mut guard = lock(&shared);
        let mut next = guard.clone();
        let written = write(&mut next)?;
        next.recalculate()?;
        let answer = answer(&next, written)?;
        if persists {
            let bytes = next.save()?;
            self.store_book(item_id, bytes, stamp, next.object_ids.clone()).map_err(unreadable)?;
        }
        *guard = next;
        Ok(answer)
    }
}

fn unreadable(error: FileError) -> BookError {
    match error {
        FileError::NotFound => BookError::NotFound,
        other => BookError::Unwritable(other.to_string()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The one writer of an SQLite file: whatever is queued when it looks becomes one commit, one fsync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::sqlite::{closed, error};
use crate::error::StoreError;

/// Called with the fate of the commit that the job was part of.
pub(super) type After = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Runs inside the open transaction, or hears why there is none; its error undoes this job and no other.
pub(super) type Job =
    Box<dyn FnOnce(Result<&mut Connection, StoreError>) -> (Result<(), StoreError>, After) + Send>;

/// Queued jobs; a writer waits when the queue is full.
const QUEUE: usize = 1024;
/// Jobs in one commit: enough to hide the fsync, few enough that nobody waits long.
const GROUP: usize = 256;

enum Message {
    Run(Job),
    Stop,
}

/// A handle to the writer's thread.
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(connection, jobs))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    pub(super) async fn send(&self, job: Job) -> Result<(), StoreError> {
        self.queue.send(Message::Run(job)).await.map_err(|_| closed())
    }

    /// Lets the queue drain and joins the thread.
    pub(super) async fn stop(&self) {
        // A writer that is gone already has stopped.
        let _ = self.queue.send(Message::Stop).await;
        let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn run(mut connection: Connection, mut jobs: mpsc::Receiver<Message>) {
    let mut stopping = false;
    while !stopping {
        let Some(first) = jobs.blocking_recv() else { break };
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Run(job) => group.push(job),
                Message::Stop => {
                    stopping = true;
                    break;
                }
            }
            if group.len() < GROUP {
                next = jobs.try_recv().ok();
            }
        }
        if !group.is_empty() {
            commit(&mut connection, group);
        }
    }
}

/// Runs a group in one transaction and answers every job after the commit.
fn commit(connection: &mut Connection, group: Vec<Job>) {
    let grouped = group.len() > 1;
    if let Err(reason) = batch(connection, "BEGIN IMMEDIATE") {
        return refuse(group, &reason);
    }
    let mut answers: Vec<After> = Vec::with_capacity(group.len());
    let mut jobs = group.into_iter();
    let mut keep = false;
    let mut fate = Ok(());
    for job in jobs.by_ref() {
        match run_one(connection, job, grouped) {
            Ok((outcome, after)) => {
                answers.push(after);
                keep |= outcome.is_ok();
                // A full disk or an I/O error makes SQLite undo the whole transaction.
                if connection.is_autocommit() {
                    fate = outcome.and(Err(StoreError::Other("the transaction was undone".to_owned())));
                    break;
                }
            }
            Err(reason) => {
                fate = Err(reason);
                break;
            }
        }
    }
    if fate.is_ok() {
        fate = batch(connection, if keep || grouped { "COMMIT" } else { "ROLLBACK" });
    }
    if !connection.is_autocommit() {
        // Only after a failed COMMIT; were this to fail too, the next BEGIN says so.
        let _ = batch(connection, "ROLLBACK");
    }
    answers.into_iter().for_each(|after| after(fate.clone()));
    if let Err(reason) = fate {
        refuse(jobs, &reason);
    }
}

/// Runs one job under a savepoint of its own, so that its failure leaves its neighbours alone.
fn run_one(
    connection: &mut Connection,
    job: Job,
    grouped: bool,
) -> Result<(Result<(), StoreError>, After), StoreError> {
    if grouped {
        batch(connection, "SAVEPOINT job")?;
    }
    // A panic is a defect of one job; the writer must outlive it. Its caller sees a dropped answer.
    let (outcome, after) =
        catch_unwind(AssertUnwindSafe(|| job(Ok(&mut *connection)))).unwrap_or_else(|_| {
            let ignore: After = Box::new(|_| ());
            (Err(StoreError::Other("a transaction panicked".to_owned())), ignore)
        });
    if grouped && !connection.is_autocommit() {
        if outcome.is_err() {
            batch(connection, "ROLLBACK TO job")?;
        }
        batch(connection, "RELEASE job")?;
    }
    Ok((outcome, after))
}

/// Answers jobs that cannot run.
fn refuse(group: impl IntoIterator<Item = Job>, reason: &StoreError) {
    for job in group {
        let (_, after) = job(Err(reason.clone()));
        after(Err(reason.clone()));
    }
}

fn batch(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    statement.raw_execute().map(drop).map_err(error)
}

//! The workers of one node.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::{Clock, Entropy};
use futures_util::FutureExt as _;
use store::{Dialect, LifeWatch, Store, StoreError, Task, TaskEnd, TaskLease};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::handler::{Handler, Outcome, after_failure};

/// A lease outlives its task's limit by this much, so that a holder notes its end before anybody else begins.
const GRACE: Duration = Duration::from_secs(10);
/// Between two looks at who lives (`store::LifeWatch`).
const LIVES: Duration = Duration::from_millis(500);
/// Schedules fired in one transaction.
const SCHEDULES: u32 = 64;

/// What the workers need.
pub struct Options {
    /// The database.
    pub store: Store,
    /// Wall-clock time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// This node among those that use the database, the same after a restart; ends with `/`.
    pub home: String,
    /// This start of the node: `home` and something new.
    pub owner: String,
    /// The longest time between two looks at the database: notices may be lost.
    pub poll: Duration,
    /// How long running tasks may go on after the signal to stop.
    pub drain: Duration,
    /// Who does what.
    pub handlers: Vec<Arc<dyn Handler>>,
}

/// The workers of one node. [`Service::run`] is supervised by whoever awaits it.
pub struct Service {
    options: Arc<Options>,
    counts: Arc<Counters>,
}

/// What the workers have done so far; cheap to clone.
#[derive(Clone, Default)]
pub struct Handle(Arc<Counters>);

#[derive(Default)]
struct Counters {
    done: AtomicU64,
    failed: AtomicU64,
    dead: AtomicU64,
    lost: AtomicU64,
}

/// Ends of tasks on this node since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ended well.
    pub done: u64,
    /// Failed and to be repeated.
    pub failed: u64,
    /// Failed for good.
    pub dead: u64,
    /// Ended after their lease had gone to somebody else.
    pub lost: u64,
}

impl Handle {
    /// The counts now.
    pub fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counters { done, failed, dead, lost } = &*self.0;
        Counts { done: read(done), failed: read(failed), dead: read(dead), lost: read(lost) }
    }
}

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ran {
    /// Schedules that made a task.
    pub fired: u64,
    /// Tasks taken and run to their end.
    pub tasks: u64,
}

/// The running tasks of one handler.
#[derive(Default)]
struct Crew {
    running: u32,
    /// Whether there may be more to take.
    hungry: bool,
}

impl Service {
    /// The workers and a view of what they do.
    pub fn new(options: Options) -> (Self, Handle) {
        let counts = Arc::<Counters>::default();
        (Self { options: Arc::new(options), counts: counts.clone() }, Handle(counts))
    }

    /// Fires what is due, takes what is due, and runs it to its end.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run_once(&self) -> Result<Ran, StoreError> {
        let mut ran = Ran { fired: self.fire().await?, tasks: 0 };
        let mut running = JoinSet::new();
        for handler in &self.options.handlers {
            for task in self.claim(handler, handler.kind().at_once).await? {
                ran.tasks += 1;
                running.spawn(work(self.options.clone(), self.counts.clone(), handler.clone(), task));
            }
        }
        while running.join_next().await.is_some() {}
        Ok(ran)
    }

    /// Works until `drain`, then lets running tasks end within their time and gives the others back.
    pub async fn run(self, drain: CancellationToken) {
        let mut state = Working::new(self.options.handlers.len());
        let mut wakes = self.options.store.task_wakes();
        self.free().await;
        let mourning = self.mourn();
        tokio::pin!(mourning);
        while !drain.is_cancelled() {
            let pause = match self.take(&mut state).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "tasks could not be taken and are looked for again");
                    self.options.poll
                }
            };
            tokio::select! {
                () = drain.cancelled() => break,
                ended = state.running.join_next_with_id(), if !state.running.is_empty() => state.ended(ended),
                changed = wakes.changed() => {
                    state.feed();
                    if changed.is_err() {
                        tokio::time::sleep(self.options.poll).await;
                    }
                }
                () = tokio::time::sleep(pause) => state.feed(),
                () = &mut mourning => {}
            }
        }
        self.drain(state).await;
    }

    /// Tasks that this node held before it died wait for nobody's lease.
    async fn free(&self) {
        let Options { store, clock, home, owner, .. } = &*self.options;
        match store.free_tasks(home, owner, clock.now_ms()).await {
            Ok(0) => {}
            Ok(freed) => tracing::info!(freed, "tasks of this node's former start are taken up again"),
            Err(error) => tracing::warn!(%error, "tasks of this node's former start wait for their leases"),
        }
    }

    /// Frees what dead nodes held, for ever; on SQLite there is one node, which [`Self::free`] served.
    async fn mourn(&self) {
        let Options { store, clock, .. } = &*self.options;
        if store.dialect() == Dialect::Sqlite {
            std::future::pending::<()>().await;
        }
        let mut watch = LifeWatch::default();
        loop {
            tokio::time::sleep(LIVES).await;
            if let Err(error) = bury(&mut watch, store, clock.now_ms()).await {
                tracing::debug!(%error, "nobody could tell which nodes live");
            }
        }
    }

    async fn fire(&self) -> Result<u64, StoreError> {
        let Options { store, clock, entropy, .. } = &*self.options;
        let now_ms = clock.now_ms();
        match store.next_schedule_at().await? {
            Some(at_ms) if at_ms <= now_ms => {}
            _ => return Ok(0),
        }
        // Up to a quarter of a second: nodes and schedules do not march in step.
        let mut chance = [0; SCHEDULES as usize];
        entropy.fill(&mut chance);
        let spread = chance.iter().map(|byte| i64::from(*byte)).collect();
        store.fire_schedules(now_ms, SCHEDULES, spread).await
    }

    async fn claim(&self, handler: &Arc<dyn Handler>, limit: u32) -> Result<Vec<Task>, StoreError> {
        let Options { store, clock, owner, .. } = &*self.options;
        let kind = handler.kind();
        let now_ms = clock.now_ms();
        let lease_ms = i64::try_from((kind.limit + GRACE).as_millis()).unwrap_or(i64::MAX / 2);
        store.claim_tasks(kind.name, owner, now_ms, now_ms + lease_ms, limit).await
    }

    /// Takes what there is room for; how long nothing can be due then.
    async fn take(&self, state: &mut Working) -> Result<Duration, StoreError> {
        self.fire().await?;
        let now_ms = self.options.clock.now_ms();
        let mut next_ms = self.options.store.next_schedule_at().await?.unwrap_or(i64::MAX);
        for (index, handler) in self.options.handlers.iter().enumerate() {
            let kind = handler.kind();
            let room = kind.at_once.saturating_sub(state.crews[index].running);
            if room == 0 || !state.crews[index].hungry {
                continue;
            }
            let tasks = self.claim(handler, room).await?;
            state.crews[index].hungry = tasks.len() == room as usize;
            for task in tasks {
                state.start(index, &self.options, &self.counts, handler, task);
            }
            next_ms = next_ms.min(self.options.store.next_task_at(kind.name).await?.unwrap_or(i64::MAX));
        }
        let wait_ms = u64::try_from(next_ms.saturating_sub(now_ms)).unwrap_or_default();
        Ok(Duration::from_millis(wait_ms.max(5)).min(self.options.poll))
    }

    async fn drain(&self, mut state: Working) {
        let deadline = tokio::time::sleep(self.options.drain);
        tokio::pin!(deadline);
        while !state.running.is_empty() {
            tokio::select! {
                ended = state.running.join_next_with_id() => state.ended(ended),
                () = &mut deadline => break,
            }
        }
        state.running.shutdown().await;
        let now_ms = self.options.clock.now_ms();
        for (_, lease) in state.held.into_values() {
            if let Err(error) = self.options.store.end_task(lease, TaskEnd::Postpone { at_ms: now_ms }).await
            {
                tracing::warn!(%error, "a task was not given back; it is taken up when its lease ends");
            }
        }
    }
}

async fn bury(watch: &mut LifeWatch, store: &Store, now_ms: i64) -> Result<(), StoreError> {
    let holders = store.lives_with_tasks().await?;
    for life in watch.over(store, &holders).await? {
        let freed = store.free_tasks_of(life, now_ms).await?;
        if freed > 0 {
            tracing::info!(freed, "tasks of a node that died are taken up again");
        }
    }
    Ok(())
}

/// What runs on this node.
struct Working {
    running: JoinSet<()>,
    crews: Vec<Crew>,
    held: HashMap<Id, (usize, TaskLease)>,
}

impl Working {
    fn new(handlers: usize) -> Self {
        let crews = (0..handlers).map(|_| Crew { running: 0, hungry: true }).collect();
        Self { running: JoinSet::new(), crews, held: HashMap::new() }
    }

    fn feed(&mut self) {
        self.crews.iter_mut().for_each(|crew| crew.hungry = true);
    }

    fn start(
        &mut self,
        index: usize,
        options: &Arc<Options>,
        counts: &Arc<Counters>,
        handler: &Arc<dyn Handler>,
        task: Task,
    ) {
        let lease = task.lease;
        let working = work(options.clone(), counts.clone(), handler.clone(), task);
        let id = self.running.spawn(working).id();
        self.held.insert(id, (index, lease));
        self.crews[index].running += 1;
    }

    fn ended(&mut self, ended: Option<Result<(Id, ()), tokio::task::JoinError>>) {
        let id = match ended {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => return,
        };
        if let Some((index, _)) = self.held.remove(&id) {
            self.crews[index].running -= 1;
        }
    }
}

/// Runs one task and notes its end.
async fn work(options: Arc<Options>, counts: Arc<Counters>, handler: Arc<dyn Handler>, task: Task) {
    let kind = handler.kind();
    let running = AssertUnwindSafe(handler.run(task.clone())).catch_unwind();
    let outcome = match tokio::time::timeout(kind.limit, running).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Outcome::Failed("the task broke off; the server's log has the place".to_owned()),
        Err(_) => Outcome::Failed(format!("the task took longer than {} s", kind.limit.as_secs())),
    };
    let now_ms = options.clock.now_ms();
    let end = match outcome {
        Outcome::Done => TaskEnd::Done,
        Outcome::Failed(error) => after_failure(&kind.retry, &task, error, now_ms, &*options.entropy),
        Outcome::Hopeless(error) => TaskEnd::Dead { at_ms: now_ms, error },
        Outcome::Later(at_ms) => TaskEnd::Postpone { at_ms },
        Outcome::Ended => {
            counts.done.fetch_add(1, Ordering::Relaxed);
            return;
        }
    };
    let count = match &end {
        TaskEnd::Done | TaskEnd::Postpone { .. } => &counts.done,
        TaskEnd::Retry { error, .. } => {
            tracing::debug!(kind = kind.name, task = task.lease.id, %error, "a task failed and is tried again");
            &counts.failed
        }
        TaskEnd::Dead { error, .. } => {
            tracing::error!(kind = kind.name, task = task.lease.id, %error, "a task failed for good");
            &counts.dead
        }
    };
    count.fetch_add(1, Ordering::Relaxed);
    match options.store.end_task(task.lease, end).await {
        Ok(true) => {}
        Ok(false) => {
            counts.lost.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(kind = kind.name, task = task.lease.id, "a task ended after its lease was lost");
        }
        Err(error) => {
            tracing::warn!(kind = kind.name, task = task.lease.id, %error, "a task's end was not noted; it runs again");
        }
    }
}

//! Workers over real databases: each task once, failures repeated, nothing lost at a stop.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{Clock, Entropy};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use scheduler::{Handle, Handler, Kind, NewTask, Options, Outcome, RetryPolicy, Schedule, Service, Task};
use serde_json::json;
use store::Store;
use testkit::databases::FreshDatabase;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const NOW: i64 = 1_700_000_000_000;

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

struct Middle;

impl Entropy for Middle {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(128);
    }
}

/// Does what the payload says and remembers it.
#[derive(Default)]
struct Worker {
    running: Mutex<HashSet<i64>>,
    ran: Mutex<Vec<(i64, i64)>>,
    twice: AtomicU64,
}

impl Handler for Worker {
    fn kind(&self) -> Kind {
        Kind {
            name: "work",
            at_once: 8,
            limit: Duration::from_secs(2),
            retry: RetryPolicy { first_ms: 1_000, factor: 2, longest_ms: 60_000, give_up_ms: 10_000 },
        }
    }

    fn run(&self, task: Task) -> BoxFuture<'_, Outcome> {
        async move {
            let id = task.lease.id;
            if !self.running.lock().unwrap().insert(id) {
                self.twice.fetch_add(1, Ordering::SeqCst);
            }
            self.ran.lock().unwrap().push((id, task.attempts));
            tokio::task::yield_now().await;
            let outcome = match task.payload["do"].as_str().unwrap() {
                "fail" => Outcome::Failed("no luck".to_owned()),
                "despair" => Outcome::Hopeless("never".to_owned()),
                "panic" => {
                    self.running.lock().unwrap().remove(&id);
                    panic!("on purpose")
                }
                "hang" => std::future::pending().await,
                _ => Outcome::Done,
            };
            self.running.lock().unwrap().remove(&id);
            outcome
        }
        .boxed()
    }
}

fn node(store: &Store, worker: &Arc<Worker>, clock: &Arc<Hand>, start: &str) -> (Service, Handle) {
    let home = start.split_inclusive('/').next().unwrap().to_owned();
    Service::new(Options {
        store: store.clone(),
        clock: clock.clone(),
        entropy: Arc::new(Middle),
        home,
        owner: start.to_owned(),
        poll: Duration::from_millis(200),
        drain: Duration::from_secs(1),
        handlers: vec![worker.clone()],
    })
}

fn task(what: &str) -> NewTask {
    NewTask { kind: "work".to_owned(), dedup: None, payload: json!({"do": what}), due_at_ms: NOW }
}

fn parts() -> (Arc<Worker>, Arc<Hand>) {
    (Arc::default(), Arc::new(Hand(AtomicI64::new(NOW))))
}

async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !reached().await {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn failures_are_repeated_and_then_buried() {
    let database = FreshDatabase::sqlite().unwrap();
    let store = database.open().await.unwrap();
    let (worker, clock) = parts();
    let (service, handle) = node(&store, &worker, &clock, "n/1");
    let tasks = ["fine", "fail", "despair", "panic"].map(task).to_vec();
    store.enqueue_tasks(tasks, NOW).await.unwrap();
    assert_eq!(service.run_once().await.unwrap().tasks, 4);
    let counts = handle.counts();
    assert_eq!((counts.done, counts.failed, counts.dead), (1, 2, 1));
    assert_eq!(service.run_once().await.unwrap().tasks, 0, "a pause comes before the next try");
    // 1 s, 2 s and 4 s after one another; the next pause would end past the ten seconds of a life.
    for (pause_ms, tasks) in [(1_100, 2), (2_100, 2), (4_100, 2), (9_000, 0)] {
        clock.0.fetch_add(pause_ms, Ordering::SeqCst);
        assert_eq!(service.run_once().await.unwrap().tasks, tasks);
    }
    let dead = store.dead_tasks(9).await.unwrap();
    let mut errors: Vec<_> = dead.iter().map(|one| (one.attempts, one.last_error.clone().unwrap())).collect();
    errors.sort();
    assert_eq!(errors[0], (1, "never".to_owned()));
    assert_eq!(errors[1], (4, "no luck".to_owned()));
    assert!(errors[2].1.contains("broke off"), "{errors:?}");
}

#[tokio::test]
async fn workers_wake_for_work_and_give_back_what_hangs() {
    let database = FreshDatabase::sqlite().unwrap();
    let store = database.open().await.unwrap();
    let (worker, clock) = parts();
    let (service, handle) = node(&store, &worker, &clock, "n/1");
    let stop = CancellationToken::new();
    let running = tokio::spawn(service.run(stop.clone()));
    let schedule =
        Schedule { name: "s".into(), kind: "work".into(), payload: json!({"do": "fine"}), every_ms: 60_000 };
    store.set_schedule(&schedule, NOW).await.unwrap();
    store.enqueue_tasks((0..50).map(|_| task("fine")).collect(), NOW).await.unwrap();
    until("all work", async || handle.counts().done == 51).await;
    store.enqueue_tasks(vec![task("hang")], NOW).await.unwrap();
    until("the hanging one", async || worker.running.lock().unwrap().len() == 1).await;
    stop.cancel();
    running.await.unwrap();
    let given_back = store.claim_tasks("work", "n/2", NOW, NOW + 1, 9).await.unwrap();
    assert_eq!((given_back.len(), given_back[0].attempts), (1, 1), "the stop does not count as a try");
}

#[tokio::test]
async fn what_a_dead_start_held_is_taken_up_by_the_next() {
    let database = FreshDatabase::sqlite().unwrap();
    let store = database.open().await.unwrap();
    store.enqueue_tasks(vec![task("fine")], NOW).await.unwrap();
    // Claimed by a process that was killed: the lease has a minute to go.
    assert_eq!(store.claim_tasks("work", "n/1", NOW, NOW + 60_000, 9).await.unwrap().len(), 1);
    let (worker, clock) = parts();
    let (service, handle) = node(&store, &worker, &clock, "n/2");
    let stop = CancellationToken::new();
    let running = tokio::spawn(service.run(stop.clone()));
    until("the task of the dead", async || handle.counts().done == 1).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_two_nodes_never_run_one_task_at_the_same_time() {
    const TASKS: usize = 500;
    let database = FreshDatabase::postgres().unwrap();
    let (one, two) = (database.open().await.unwrap(), database.open().await.unwrap());
    let (worker, clock) = parts();
    let stop = CancellationToken::new();
    let mut running = Vec::new();
    let mut handles = Vec::new();
    for (store, name) in [(&one, "a/1"), (&two, "b/1")] {
        let (service, handle) = node(store, &worker, &clock, name);
        let (listening, cancel) = (store.clone(), stop.clone());
        running.push(tokio::spawn(async move { listening.run_listener(cancel).await }));
        running.push(tokio::spawn(service.run(stop.clone())));
        handles.push(handle);
    }
    for _ in 0..TASKS / 10 {
        one.enqueue_tasks((0..10).map(|_| task("fine")).collect(), NOW).await.unwrap();
    }
    until("all work", async || {
        handles.iter().map(|handle| handle.counts().done).sum::<u64>() >= TASKS as u64
    })
    .await;
    stop.cancel();
    for one in running {
        one.await.unwrap();
    }
    assert_eq!(worker.twice.load(Ordering::SeqCst), 0);
    let ran = worker.ran.lock().unwrap();
    let tasks: HashSet<_> = ran.iter().map(|(id, _)| *id).collect();
    assert_eq!((ran.len(), tasks.len()), (TASKS, TASKS), "each exactly once");
    let shares: Vec<u64> = handles.iter().map(|handle| handle.counts().done).collect();
    assert!(shares.iter().all(|share| *share > 0), "both nodes work: {shares:?}");
}

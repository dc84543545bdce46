use std::time::Duration;

use domain::operation::{HistogramBucket, Message, Operation, OperationFilter, OperationState, StatusFilter};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use store::{Dialect, Hearing, LogEntry, LogEvent, Outcome, Span};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, NOW};

crate::on_both!(
    written_and_read_whole,
    finished_once,
    filters_and_paging,
    followed_oldest_first,
    text_is_indexed_later,
    beginnings_of_few_and_of_many_words,
    rare_ones_are_found_beyond_a_stretch,
    histograms_count_what_the_list_shows,
    changes_are_told_after_commit,
    reaped_by_age_and_size,
    running_ones_time_out,
    one_environment_never_sees_another,
);

fn operation(at_ms: i64, name: &str) -> Operation {
    Operation {
        id: format!("{at_ms:013}_{name}"),
        kind: "proxy".to_owned(),
        action: "call".to_owned(),
        state: OperationState::Success,
        integration: Some("excel".to_owned()),
        connection: Some("c1".to_owned()),
        provider: Some("microsoft-excel".to_owned()),
        status: Some(200),
        summary: format!("GET https://graph.microsoft.com/v1.0/me/drive/{name}"),
        error: None,
        created_at_ms: at_ms,
        ended_at_ms: Some(at_ms + 5),
        duration_us: Some(5123),
        detail: to_raw_value(&json!({"request": {"method": "GET"}})).ok(),
    }
}

fn message(sequence: i64, text: &str) -> Message {
    Message {
        sequence,
        level: "info".to_owned(),
        kind: "http".to_owned(),
        text: text.to_owned(),
        detail: Some(json!({"status": 429})),
        created_at_ms: NOW + sequence,
        duration_us: None,
    }
}

fn entry(f: &Fixture, operation: Operation) -> LogEntry {
    LogEntry::Operation { scope: f.scope, operation: Box::new(operation), messages: vec![] }
}

async fn append(f: &Fixture, operations: Vec<Operation>) {
    let entries = operations.into_iter().map(|operation| entry(f, operation)).collect();
    f.store.append_log(entries).await.unwrap();
}

async fn names(f: &Fixture, filter: OperationFilter) -> Vec<String> {
    let filter = OperationFilter { limit: if filter.limit == 0 { 100 } else { filter.limit }, ..filter };
    let found = f.store.list_operations(f.scope, &filter).await.unwrap();
    found.into_iter().map(|operation| operation.id.split('_').nth(1).unwrap().to_owned()).collect()
}

async fn written_and_read_whole(f: Fixture) {
    let written = operation(NOW, "a");
    let messages = vec![message(2, "second"), message(1, "first \0 nul")];
    let entries = vec![
        LogEntry::Message { scope: f.scope, operation_id: written.id.clone(), message: message(3, "later") },
        LogEntry::Operation { scope: f.scope, operation: Box::new(written.clone()), messages },
        LogEntry::Message { scope: f.scope, operation_id: "nobody".to_owned(), message: message(1, "lost") },
    ];
    f.store.append_log(entries.clone()).await.unwrap();
    let (read, messages) = f.store.operation(f.scope, &written.id).await.unwrap().unwrap();
    assert_eq!(format!("{read:?}"), format!("{written:?}"));
    let texts: Vec<_> = messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["first \u{fffd} nul", "second", "later"]);
    assert_eq!(messages[0].detail, Some(json!({"status": 429})));
    assert!(f.store.operation(f.scope, "nobody").await.unwrap().is_none());
    f.store.append_log(Vec::new()).await.unwrap();
}

async fn finished_once(f: Fixture) {
    let running = Operation {
        state: OperationState::Running,
        ended_at_ms: None,
        connection: None,
        status: None,
        ..operation(NOW, "a")
    };
    let id = running.id.clone();
    let finish = |state, error: &str| LogEntry::Finish {
        scope: f.scope,
        operation_id: id.clone(),
        outcome: Box::new(Outcome {
            state,
            status: Some(400),
            summary: None,
            error: Some(error.to_owned()),
            integration: None,
            connection: Some("c9".to_owned()),
            provider: None,
            ended_at_ms: NOW + 7,
            duration_us: Some(7000),
            detail: None,
        }),
    };
    f.store.append_log(vec![entry(&f, running.clone())]).await.unwrap();
    f.store.append_log(vec![finish(OperationState::Failed, "first")]).await.unwrap();
    f.store.append_log(vec![finish(OperationState::Success, "second")]).await.unwrap();
    let (read, _) = f.store.operation(f.scope, &id).await.unwrap().unwrap();
    assert_eq!((read.state, read.error.as_deref()), (OperationState::Failed, Some("first")));
    assert_eq!((read.status, read.connection.as_deref()), (Some(400), Some("c9")));
    let text = |detail: Option<Box<RawValue>>| detail.map(|detail| detail.get().to_owned());
    assert_eq!((read.summary, text(read.detail)), (running.summary, text(running.detail)));
    assert_eq!((read.ended_at_ms, read.duration_us), (Some(NOW + 7), Some(7000)));
}

async fn filters_and_paging(f: Fixture) {
    let auth = Operation {
        kind: "auth".to_owned(),
        action: "refresh_token".to_owned(),
        state: OperationState::Failed,
        connection: Some("c2".to_owned()),
        ..operation(NOW + 1, "b")
    };
    let other = Operation { integration: Some("sharepoint".to_owned()), ..operation(NOW + 2, "c") };
    append(&f, vec![operation(NOW, "a"), auth, other]).await;
    let empty = OperationFilter::default;
    let some = |text: &str| Some(text.to_owned());
    let cases = [
        (empty(), vec!["c", "b", "a"]),
        (OperationFilter { limit: 2, ..empty() }, vec!["c", "b"]),
        (OperationFilter { before: Some(format!("{}_b", NOW + 1)), ..empty() }, vec!["a"]),
        (OperationFilter { integration: some("excel"), ..empty() }, vec!["b", "a"]),
        (OperationFilter { connection: some("c2"), ..empty() }, vec!["b"]),
        (OperationFilter { kinds: vec!["proxy".into()], ..empty() }, vec!["c", "a"]),
        (OperationFilter { kinds: vec!["auth:refresh_token".into(), "x".into()], ..empty() }, vec!["b"]),
        (
            OperationFilter { states: vec![OperationState::Failed, OperationState::Running], ..empty() },
            vec!["b"],
        ),
        (OperationFilter { from_ms: Some(NOW + 1), to_ms: Some(NOW + 2), ..empty() }, vec!["b"]),
        (OperationFilter { to_ms: Some(NOW), ..empty() }, vec![]),
        (OperationFilter { connection: some("c\0"), ..empty() }, vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(names(&f, filter.clone()).await, expected, "{filter:?}");
    }
}

async fn followed_oldest_first(f: Fixture) {
    append(&f, vec![operation(NOW, "a"), operation(NOW + 1, "b"), operation(NOW + 2, "c")]).await;
    let follow = OperationFilter { after: Some(format!("{NOW}_a")), limit: 1, ..Default::default() };
    assert_eq!(names(&f, follow).await, ["b"]);
    // The same operation twice is written once.
    append(&f, vec![operation(NOW, "a")]).await;
    assert_eq!(names(&f, OperationFilter::default()).await.len(), 3);
}

async fn text_is_indexed_later(f: Fixture) {
    let detail = json!({"response": {"headers": {"request-id": "8ab3c1d2-0123-4567-89ab-0123456789ab"}}});
    let failed = Operation {
        error: Some("AADSTS700082: expired".to_owned()),
        status: Some(429),
        detail: to_raw_value(&detail).ok(),
        ..operation(NOW + 1, "b")
    };
    let entries = vec![
        entry(&f, operation(NOW, "Budget")),
        LogEntry::Operation {
            scope: f.scope,
            operation: Box::new(failed),
            messages: vec![message(1, "Éclair")],
        },
    ];
    f.store.append_log(entries).await.unwrap();
    let text = |text: &str| OperationFilter { text: Some(text.to_owned()), ..Default::default() };
    assert!(names(&f, text("graph")).await.is_empty());
    assert_eq!(f.store.index_text(100).await.unwrap(), 2);
    assert_eq!(f.store.index_text(100).await.unwrap(), 0);
    for (query, expected) in [
        ("graph.microsoft.com", vec!["b", "Budget"]),
        ("budg", vec!["Budget"]),
        ("/DRIVE/budget", vec!["Budget"]),
        ("aadsts700082", vec!["b"]),
        ("éclair", vec!["b"]),
        ("udget", vec![]),
        ("drive nonsense", vec![]),
        ("\" OR 1=1 --", vec![]),
        ("...", vec![]),
        ("' | ! & <-> :* \"", vec![]),
        ("8ab3c1d2-0123-4567-89ab-0123456789ab", vec!["b"]),
        ("8AB3C1D2-01", vec!["b"]),
        ("0123456789ab", vec![]),
        ("429", vec!["b"]),
    ] {
        assert_eq!(names(&f, text(query)).await, expected, "{query}");
    }
    let id = format!("{:013}_Budget", NOW);
    let late = LogEntry::Message { scope: f.scope, operation_id: id, message: message(9, "throttled") };
    f.store.append_log(vec![late]).await.unwrap();
    assert_eq!(f.store.index_text(1).await.unwrap(), 1);
    assert_eq!(names(&f, text("throttled graph")).await, ["Budget"]);
}

/// Few words with a beginning are looked for one by one on SQLite, many by the beginning.
async fn beginnings_of_few_and_of_many_words(f: Fixture) {
    let many = (0..300).map(|index| operation(NOW + index, &format!("zq{index:03}")));
    let last = operation(NOW + 300, "Écran");
    append(&f, many.chain([last]).collect()).await;
    f.store.index_text(1_000).await.unwrap();
    let found = async |text: &str| {
        let filter = OperationFilter { text: Some(text.to_owned()), limit: 1_000, ..Default::default() };
        f.store.list_operations(f.scope, &filter).await.unwrap().len()
    };
    for (text, expected) in [
        ("zq", 300),
        ("zq1", 100),
        ("zq29", 10),
        ("zq299", 1),
        ("zq3", 0),
        ("graph zq0", 100),
        ("écr", 1),
        ("zz", 0),
    ] {
        assert_eq!(found(text).await, expected, "{text}");
    }
}

/// More than a walk looks at, so that rare ones come from the index; ids and `seq` are in different orders.
async fn rare_ones_are_found_beyond_a_stretch(f: Fixture) {
    const ALL: i64 = 21_500;
    let one = |index: i64| {
        // Recorded in another order than begun.
        let at = index ^ 1;
        let rare = at % 500 == 7;
        Operation {
            state: if rare { OperationState::Failed } else { OperationState::Success },
            status: Some(if rare { 503 } else { 200 }),
            integration: Some(if at < 10 { "old-one" } else { "excel" }.to_owned()),
            kind: if at == 3 { "auth" } else { "proxy" }.to_owned(),
            // Ten a millisecond.
            ..operation(NOW + at / 10, &format!("{at:06}"))
        }
    };
    for first in (0..ALL).step_by(500) {
        append(&f, (first..first + 500).map(one).collect()).await;
    }
    f.store.index_text(u64::MAX).await.unwrap();
    let expected = |fits: &dyn Fn(i64) -> bool| -> Vec<String> {
        (0..ALL).rev().filter(|at| fits(*at)).map(|at| format!("{at:06}")).collect()
    };
    let rare = expected(&|at| at % 500 == 7);
    let empty = OperationFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let failed = || OperationFilter { states: vec![OperationState::Failed], ..empty() };
    let cases = [
        (failed(), rare.clone()),
        (OperationFilter { statuses: vec![StatusFilter::Class(5)], ..empty() }, rare.clone()),
        (
            OperationFilter { statuses: vec![StatusFilter::Exactly(503)], text: text("graph"), ..failed() },
            rare.clone(),
        ),
        (OperationFilter { statuses: vec![StatusFilter::Exactly(404)], ..empty() }, vec![]),
        (OperationFilter { integration: text("old-one"), ..empty() }, expected(&|at| at < 10)),
        (
            OperationFilter { integration: text("old-one"), text: text("get"), ..failed() },
            expected(&|at| at == 7),
        ),
        (OperationFilter { kinds: vec!["auth".into()], ..empty() }, expected(&|at| at == 3)),
        (OperationFilter { text: text("graph 000003"), ..empty() }, expected(&|at| at == 3)),
        (
            OperationFilter { text: text("00002"), kinds: vec!["proxy:call".into()], ..empty() },
            expected(&|at| (20..30).contains(&at)),
        ),
        (
            OperationFilter { from_ms: Some(NOW + 1), to_ms: Some(NOW + 2), text: text("graph"), ..empty() },
            expected(&|at| (10..20).contains(&at)),
        ),
    ];
    for (filter, expected) in cases {
        // Whole, and page by page.
        assert_eq!(
            names(&f, OperationFilter { limit: 1000, ..filter.clone() }).await,
            expected,
            "{filter:?}"
        );
        let mut paged = Vec::new();
        let mut before = None;
        loop {
            let page = OperationFilter { limit: 7, before: before.clone(), ..filter.clone() };
            let found = f.store.list_operations(f.scope, &page).await.unwrap();
            let Some(last) = found.last() else { break };
            before = Some(last.id.clone());
            paged.extend(found.iter().map(|one| one.id.split('_').nth(1).unwrap().to_owned()));
        }
        assert_eq!(paged, expected, "{filter:?}");
    }
    let frequent = OperationFilter { text: text("graph"), states: vec![OperationState::Success], ..empty() };
    assert_eq!(names(&f, OperationFilter { limit: 3, ..frequent }).await, ["021499", "021498", "021497"]);
    let deep = Some(format!("{:013}_010000", NOW + 1000));
    let deep = OperationFilter { text: text("graph"), before: deep, limit: 3, ..empty() };
    assert_eq!(names(&f, deep).await, ["009999", "009998", "009997"]);
    let follow = OperationFilter {
        text: text("graph"),
        after: Some(format!("{:013}_021495", NOW + 2149)),
        limit: 2,
        ..empty()
    };
    assert_eq!(names(&f, follow).await, ["021496", "021497"]);
}

async fn histograms_count_what_the_list_shows(f: Fixture) {
    const MINUTE: i64 = 60_000;
    let begin = NOW / MINUTE * MINUTE;
    let of = |state, minute: i64, name: &str| Operation {
        state,
        integration: Some(if name.starts_with('x') { "other" } else { "excel" }.to_owned()),
        ..operation(begin + minute * MINUTE + 5, name)
    };
    let running = Operation { kind: "auth".to_owned(), ..of(OperationState::Running, 2, "r") };
    let finish = LogEntry::Finish {
        scope: f.scope,
        operation_id: running.id.clone(),
        outcome: Box::new(Outcome {
            state: OperationState::Failed,
            status: None,
            summary: None,
            error: None,
            integration: None,
            connection: None,
            provider: None,
            ended_at_ms: begin,
            duration_us: None,
            detail: None,
        }),
    };
    let first = of(OperationState::Success, 0, "a");
    append(
        &f,
        vec![
            first.clone(),
            // Told twice, counted once.
            first,
            of(OperationState::Failed, 0, "b"),
            of(OperationState::Success, 1, "xc"),
            running,
            of(OperationState::Timeout, 2, "d"),
        ],
    )
    .await;
    f.store.append_log(vec![finish]).await.unwrap();
    f.store.index_text(100).await.unwrap();
    let some = |text: &str| Some(text.to_owned());
    let empty = OperationFilter::default;
    let by_minute = Span { from_ms: begin, step_ms: MINUTE, steps: 3 };
    let by_second = Span { from_ms: begin, step_ms: 1000, steps: 180 };
    let cases = [
        (empty(), vec![(2, 1), (1, 0), (2, 2)]),
        (OperationFilter { integration: some("other"), ..empty() }, vec![(0, 0), (1, 0), (0, 0)]),
        (OperationFilter { kinds: vec!["auth".into()], ..empty() }, vec![(0, 0), (0, 0), (1, 1)]),
        (
            OperationFilter { kinds: vec!["proxy:call".into(), "x".into()], ..empty() },
            vec![(2, 1), (1, 0), (1, 1)],
        ),
        (OperationFilter { states: vec![OperationState::Success], ..empty() }, vec![(1, 0), (1, 0), (0, 0)]),
        (OperationFilter { states: vec![OperationState::Failed], ..empty() }, vec![(1, 1), (0, 0), (1, 1)]),
        (OperationFilter { connection: some("c1"), ..empty() }, vec![(2, 1), (1, 0), (2, 2)]),
        (OperationFilter { connection: some("c2"), ..empty() }, vec![(0, 0), (0, 0), (0, 0)]),
        (OperationFilter { text: some("graph"), ..empty() }, vec![(2, 1), (1, 0), (2, 2)]),
        (OperationFilter { text: some("xc"), ..empty() }, vec![(0, 0), (1, 0), (0, 0)]),
        (OperationFilter { text: some("..."), ..empty() }, vec![(0, 0), (0, 0), (0, 0)]),
    ];
    for (filter, expected) in cases {
        let counted = f.store.operation_histogram(f.scope, &filter, by_minute).await.unwrap();
        assert!(counted.exact);
        let found: Vec<_> = counted.buckets.iter().map(|bucket| (bucket.total, bucket.failed)).collect();
        assert_eq!(found, expected, "{filter:?}");
        assert_eq!(counted.buckets[1].at_ms, begin + MINUTE);
        let finer = f.store.operation_histogram(f.scope, &filter, by_second).await.unwrap();
        let sum = |buckets: &[HistogramBucket]| buckets.iter().map(|bucket| bucket.total).sum::<i64>();
        assert_eq!(sum(&finer.buckets), sum(&counted.buckets), "{filter:?}");
    }
    f.store.reap_log(begin + 10 * MINUTE, 9 * MINUTE - 5, i64::MAX, 100).await.unwrap();
    let left = f.store.operation_histogram(f.scope, &empty(), by_minute).await.unwrap();
    assert_eq!(left.buckets[0].total, 2, "the minute of what went last stays, later ones too");
}

async fn changes_are_told_after_commit(f: Fixture) {
    let other = f.another_node().await;
    let cancel = CancellationToken::new();
    let listening = tokio::spawn({
        let (other, cancel) = (other.clone(), cancel.clone());
        async move { other.run_listener(cancel).await }
    });
    let postgres = f.store.dialect() == Dialect::Postgres;
    let deadline = Instant::now() + Duration::from_secs(20);
    while postgres && other.hearing() == Hearing::Lost {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    let (mut here, mut there) = (f.store.log_events(), other.log_events());
    append(&f, vec![operation(NOW, "a"), operation(NOW + 1, "b")]).await;
    let mut receivers = vec![&mut here];
    if postgres {
        receivers.push(&mut there);
    }
    for receiver in receivers {
        let LogEvent::Changed(ranges) = receiver.recv().await.unwrap() else { panic!("lost") };
        let mut ids = Vec::new();
        for &(first, last) in ranges.iter() {
            let found = f.store.log_range(first, last).await.unwrap();
            assert!(found.iter().all(|(scope, _)| *scope == f.scope));
            ids.extend(found.into_iter().map(|(_, one)| one.id));
        }
        assert_eq!(ids, [operation(NOW, "a").id, operation(NOW + 1, "b").id]);
    }
    cancel.cancel();
    listening.await.unwrap();
}

async fn reaped_by_age_and_size(f: Fixture) {
    let big = "x".repeat(1000);
    let operations = (0..10).map(|index| Operation {
        summary: format!("old{index} {big}"),
        ..operation(NOW + index, &index.to_string())
    });
    append(&f, operations.collect()).await;
    let first = format!("{NOW:013}_0");
    let late = LogEntry::Message { scope: f.scope, operation_id: first.clone(), message: message(1, &big) };
    f.store.append_log(vec![late]).await.unwrap();
    f.store.index_text(100).await.unwrap();
    let unlimited = i64::MAX;
    let full = f.store.reap_log(NOW + 3, 10_000, unlimited, 100).await.unwrap();
    assert_eq!((full.operations, full.more), (0, false));
    assert!(full.bytes_left > 11_000, "{full:?}");
    let step = f.store.reap_log(NOW + 3, 0, unlimited, 2).await.unwrap();
    assert_eq!((step.operations, step.more), (2, true));
    assert!(full.bytes_left - step.bytes_left > 3000, "the attached message counts: {step:?}");
    assert!(f.store.operation(f.scope, &first).await.unwrap().is_none());
    let step = f.store.reap_log(NOW + 3, 0, unlimited, 2).await.unwrap();
    assert_eq!((step.operations, step.more), (1, false));
    let step = f.store.reap_log(NOW, 1000, 4000, 100).await.unwrap();
    assert!(step.bytes_left <= 4000 && step.operations == 4, "{step:?}");
    assert_eq!(names(&f, OperationFilter::default()).await, ["9", "8", "7"]);
    let text = |text: &str| OperationFilter { text: Some(text.to_owned()), ..Default::default() };
    assert_eq!(names(&f, text("old9")).await, ["9"]);
    assert!(names(&f, text("old1")).await.is_empty());
    // Neither what is there already nor what belongs to nobody is counted.
    append(&f, vec![operation(NOW + 9, "9")]).await;
    let lost = LogEntry::Message { scope: f.scope, operation_id: first, message: message(1, "lost") };
    f.store.append_log(vec![lost]).await.unwrap();
    let all = f.store.reap_log(NOW + 100, 0, 0, 100).await.unwrap();
    assert_eq!((all.operations, all.bytes_left), (3, 0), "the account is exact");
}

async fn running_ones_time_out(f: Fixture) {
    let running = |at_ms, name: &str| Operation {
        state: OperationState::Running,
        ended_at_ms: None,
        ..operation(at_ms, name)
    };
    append(&f, vec![running(NOW, "a"), running(NOW + 10, "b"), operation(NOW, "c")]).await;
    assert_eq!(f.store.expire_running(NOW + 10, NOW + 99, 9).await.unwrap(), 1);
    let timed_out = OperationFilter { states: vec![OperationState::Timeout], ..Default::default() };
    assert_eq!(names(&f, timed_out).await, ["a"]);
}

async fn one_environment_never_sees_another(f: Fixture) {
    append(&f, vec![operation(NOW, "a")]).await;
    let elsewhere = f.other_scope().await;
    let id = operation(NOW, "a").id;
    assert!(f.store.operation(elsewhere, &id).await.unwrap().is_none());
    let all = OperationFilter { limit: 9, ..Default::default() };
    assert!(f.store.list_operations(elsewhere, &all).await.unwrap().is_empty());
    let intruder = LogEntry::Message { scope: elsewhere, operation_id: id.clone(), message: message(1, "x") };
    f.store.append_log(vec![intruder]).await.unwrap();
    assert!(f.store.operation(f.scope, &id).await.unwrap().unwrap().1.is_empty());
}

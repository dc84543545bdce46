//! Tasks, schedules and deliveries.

use serde_json::json;
use store::{
    DELIVERY_TASK, DeliveryFilter, DeliveryState, FollowUp, MOST_COUNTED, NewDelivery, NewTask, Schedule,
    TaskCount, TaskEnd, Try,
};

use crate::fixture::{Fixture, NOW, new_connection};

crate::on_both!(
    a_task_is_taken_once_and_fenced,
    the_dead_are_kept_and_revived,
    the_former_start_s_tasks_are_free_at_once,
    schedules_fire_once_and_do_not_pile_up,
    what_a_write_causes_is_stored_with_it_or_not_at_all,
    tasks_are_counted_by_kind,
    a_long_queue_is_not_counted_to_its_end,
    deliveries_are_noted_replayed_and_purged,
    deliveries_are_found_by_every_filter_through_an_index,
);

const LEASE: i64 = 30_000;

fn task(dedup: Option<&str>) -> NewTask {
    NewTask {
        kind: "k".to_owned(),
        dedup: dedup.map(str::to_owned),
        payload: json!({"a": [1, "ü"]}),
        due_at_ms: NOW,
    }
}

async fn a_task_is_taken_once_and_fenced(f: Fixture) {
    f.store.enqueue_tasks(vec![task(Some("one")), task(Some("one")), task(None)], NOW).await.unwrap();
    assert_eq!(f.store.next_task_at("k").await.unwrap(), Some(NOW));
    assert!(f.store.claim_tasks("k", "n/1", NOW - 1, NOW, 9).await.unwrap().is_empty(), "not due yet");
    assert!(f.store.claim_tasks("other", "n/1", NOW, NOW, 9).await.unwrap().is_empty());
    let first = f.store.claim_tasks("k", "n/1", NOW, NOW + LEASE, 1).await.unwrap();
    assert_eq!((first.len(), first[0].attempts, &first[0].payload), (1, 1, &json!({"a": [1, "ü"]})));
    let rest = f.store.claim_tasks("k", "m/1", NOW, NOW + LEASE, 9).await.unwrap();
    assert_eq!(rest.len(), 1, "the name was given once, and a held task is not taken");
    // The lease runs out: somebody else takes it, and the late end of the first holder counts for nothing.
    let again = f.store.claim_tasks("k", "m/1", NOW + LEASE, NOW + 2 * LEASE, 1).await.unwrap();
    assert_eq!((again[0].lease.id, again[0].attempts), (first[0].lease.id, 2));
    assert!(!f.store.end_task(first[0].lease, TaskEnd::Done).await.unwrap());
    let retry = TaskEnd::Retry { at_ms: NOW + 5 * LEASE, error: "no".to_owned() };
    assert!(f.store.end_task(again[0].lease, retry).await.unwrap());
    assert!(f.store.end_task(rest[0].lease, TaskEnd::Done).await.unwrap());
    let third = f.store.claim_tasks("k", "m/1", NOW + 5 * LEASE, NOW + 6 * LEASE, 9).await.unwrap();
    assert_eq!((third[0].attempts, third[0].last_error.as_deref()), (3, Some("no")));
    assert!(f.store.end_task(third[0].lease, TaskEnd::Postpone { at_ms: NOW }).await.unwrap());
    let fourth = f.store.claim_tasks("k", "m/1", NOW, NOW + LEASE, 9).await.unwrap();
    assert_eq!(fourth[0].attempts, 3, "a claim that was given back does not count");
    assert_eq!(f.store.count_tasks().await.unwrap(), (1, 0));
}

async fn the_dead_are_kept_and_revived(f: Fixture) {
    f.store.enqueue_tasks(vec![task(Some("one"))], NOW).await.unwrap();
    let held = f.store.claim_tasks("k", "n/1", NOW, NOW + LEASE, 9).await.unwrap();
    let dead = TaskEnd::Dead { at_ms: NOW + 1, error: "over".to_owned() };
    assert!(f.store.end_task(held[0].lease, dead).await.unwrap());
    assert!(f.store.claim_tasks("k", "n/1", NOW + 9 * LEASE, NOW, 9).await.unwrap().is_empty());
    f.store.enqueue_tasks(vec![task(Some("one"))], NOW).await.unwrap();
    assert_eq!(f.store.count_tasks().await.unwrap(), (1, 1), "a dead task does not keep its name");
    let listed = f.store.dead_tasks(9).await.unwrap();
    assert_eq!(listed[0].last_error.as_deref(), Some("over"));
    assert!(f.store.revive_task(listed[0].lease.id, NOW + 2).await.unwrap());
    assert!(!f.store.revive_task(listed[0].lease.id, NOW + 2).await.unwrap());
    for again in f.store.claim_tasks("k", "n/1", NOW + 2, NOW + LEASE, 9).await.unwrap() {
        let dead = TaskEnd::Dead { at_ms: NOW + 3, error: "over".to_owned() };
        assert!(f.store.end_task(again.lease, dead).await.unwrap());
    }
    assert_eq!(f.store.purge_dead_tasks(NOW + 3, 9).await.unwrap(), 0);
    assert_eq!(f.store.purge_dead_tasks(NOW + 4, 1).await.unwrap(), 1);
    assert_eq!(f.store.count_tasks().await.unwrap(), (0, 1));
}

async fn tasks_are_counted_by_kind(f: Fixture) {
    assert_eq!(f.store.task_counts().await.unwrap(), []);
    let of = |kind: &str, due_at_ms: i64| NewTask { kind: kind.to_owned(), due_at_ms, ..task(None) };
    f.store
        .enqueue_tasks(vec![of("a", NOW), of("a", NOW + 7), of("a", NOW + 9), of("b", NOW)], NOW)
        .await
        .unwrap();
    f.store.claim_tasks("a", "n/1", NOW, NOW + LEASE, 1).await.unwrap();
    let held = f.store.claim_tasks("b", "n/1", NOW, NOW + LEASE, 1).await.unwrap();
    let count = |kind: &str, waiting, running, failed, next_due_at_ms| TaskCount {
        kind: kind.to_owned(),
        waiting,
        running,
        failed,
        next_due_at_ms,
    };
    let counted = f.store.task_counts().await.unwrap();
    assert_eq!(counted, [count("a", 2, 1, 0, Some(NOW + 7)), count("b", 0, 1, 0, None)]);
    let dead = TaskEnd::Dead { at_ms: NOW, error: "over".to_owned() };
    assert!(f.store.end_task(held[0].lease, dead).await.unwrap());
    assert_eq!(f.store.task_counts().await.unwrap()[1], count("b", 0, 0, 1, None));
}

async fn a_long_queue_is_not_counted_to_its_end(f: Fixture) {
    let of = |kind: &str, due_at_ms: i64| NewTask { kind: kind.to_owned(), due_at_ms, ..task(None) };
    let many = (0..MOST_COUNTED + 50).map(|index| of("b", NOW + index)).chain([of("a", NOW + 3)]);
    f.store.enqueue_tasks(many.collect(), NOW).await.unwrap();
    f.store.claim_tasks("b", "n/1", NOW, NOW + LEASE, 1).await.unwrap();
    let counted = f.store.task_counts().await.unwrap();
    let of_kind =
        |index: usize| (counted[index].kind.as_str(), counted[index].waiting, counted[index].running);
    assert_eq!((of_kind(0), of_kind(1)), (("a", 1, 0), ("b", MOST_COUNTED, 1)));
    assert_eq!(counted[1].next_due_at_ms, Some(NOW + 1));
    let figures = f.store.figures(NOW + 2).await.unwrap();
    assert_eq!((figures.tasks_waiting, figures.tasks_running), (MOST_COUNTED, 1));
    assert_eq!(figures.oldest_due_at_ms, Some(NOW + 1));
    assert_eq!(f.store.figures(NOW).await.unwrap().oldest_due_at_ms, None);
}

async fn the_former_start_s_tasks_are_free_at_once(f: Fixture) {
    f.store.enqueue_tasks(vec![task(None), task(None), task(None)], NOW).await.unwrap();
    for owner in ["home/1", "home/2", "homely/1"] {
        f.store.claim_tasks("k", owner, NOW, NOW + LEASE, 1).await.unwrap();
    }
    assert_eq!(f.store.free_tasks("home/", "home/2", NOW).await.unwrap(), 1);
    assert_eq!(f.store.claim_tasks("k", "home/2", NOW, NOW + LEASE, 9).await.unwrap().len(), 1);
}

async fn schedules_fire_once_and_do_not_pile_up(f: Fixture) {
    let schedule =
        Schedule { name: "s".to_owned(), kind: "k".to_owned(), payload: json!({"n": 1}), every_ms: 1_000 };
    f.store.set_schedule(&schedule, NOW).await.unwrap();
    f.store.set_schedule(&schedule, NOW + 99_999).await.unwrap();
    assert_eq!(f.store.next_schedule_at().await.unwrap(), Some(NOW), "a known schedule keeps its moment");
    assert_eq!(f.store.fire_schedules(NOW - 1, 9, vec![]).await.unwrap(), 0);
    let fires = (0..4).map(|_| {
        let store = f.store.clone();
        tokio::spawn(async move { store.fire_schedules(NOW, 9, vec![7]).await.unwrap() })
    });
    let mut fired = 0;
    for one in fires.collect::<Vec<_>>() {
        fired += one.await.unwrap();
    }
    assert_eq!(fired, 1);
    assert_eq!(f.store.next_schedule_at().await.unwrap(), Some(NOW + 1_007));
    assert_eq!(f.store.fire_schedules(NOW + 2_000, 9, vec![]).await.unwrap(), 1);
    let held = f.store.claim_tasks("k", "n/1", NOW + 2_000, NOW + LEASE, 9).await.unwrap();
    assert_eq!((held.len(), &held[0].payload), (1, &json!({"n": 1})), "one open task a schedule");
    f.store.set_schedule(&Schedule { every_ms: 5_000, ..schedule }, NOW + 50).await.unwrap();
    assert_eq!(f.store.next_schedule_at().await.unwrap(), Some(NOW + 50), "a new pace begins anew");
    f.store.remove_schedule("s").await.unwrap();
    assert_eq!(f.store.next_schedule_at().await.unwrap(), None);
}

fn delivery(id: &str) -> NewDelivery {
    NewDelivery {
        id: id.to_owned(),
        event_id: format!("msg-{id}"),
        event: "auth.creation".to_owned(),
        integration: Some("excel".to_owned()),
        connection: Some("c1".to_owned()),
        url: "https://hooks.example/".to_owned(),
        body: "{\"a\":1}".to_owned(),
    }
}

fn follow_up(id: &str) -> FollowUp {
    FollowUp { tasks: vec![task(Some(id))], deliveries: vec![delivery(id)] }
}

async fn what_a_write_causes_is_stored_with_it_or_not_at_all(f: Fixture) {
    let mut wakes = f.store.task_wakes();
    wakes.mark_unchanged();
    let (connection, _) = f
        .store
        .upsert_connection_and(f.scope, new_connection("c1"), NOW, |stored, what| {
            assert_eq!((stored.id.as_str(), what), ("c1", store::Upserted::Created));
            follow_up("made")
        })
        .await
        .unwrap();
    assert!(wakes.has_changed().unwrap());
    let mut missing = new_connection("c2");
    missing.integration = crate::fixture::key("absent");
    let refused = f.store.upsert_connection_and(f.scope, missing, NOW, |_, _| follow_up("no")).await;
    assert!(refused.is_err());
    let elsewhere = f.other_scope().await;
    let row = connection.row;
    assert!(f.store.delete_connection_and(elsewhere, row, follow_up("no"), NOW).await.is_err());
    f.store.delete_connection_and(f.scope, row, follow_up("gone"), NOW).await.unwrap();
    let all = DeliveryFilter { limit: 9, ..DeliveryFilter::default() };
    let listed = f.store.list_deliveries(f.scope, &all).await.unwrap();
    let ids: Vec<&str> = listed.iter().map(|one| one.new.id.as_str()).collect();
    assert_eq!(ids, ["gone", "made"], "newest first, and they outlive their connection");
    assert!(f.store.list_deliveries(elsewhere, &all).await.unwrap().is_empty());
    assert_eq!(f.store.claim_tasks("k", "n/1", NOW, NOW + LEASE, 9).await.unwrap().len(), 2);
}

async fn deliveries_are_noted_replayed_and_purged(f: Fixture) {
    f.store.follow_up(f.scope, follow_up("one"), NOW).await.unwrap();
    f.store.follow_up(f.scope, follow_up("one"), NOW).await.unwrap();
    let claim = async |now_ms: i64| {
        let held = f.store.claim_tasks(DELIVERY_TASK, "n/1", now_ms, now_ms + LEASE, 9).await.unwrap();
        assert_eq!(held.len(), 1);
        held.into_iter().next().unwrap()
    };
    let stored = async || f.store.delivery(f.scope, "one").await.unwrap().unwrap();
    let one = Try { at_ms: NOW, took_ms: 5, status: Some(500), error: Some("said 500".to_owned()) };
    let held = claim(NOW).await;
    let retry = TaskEnd::Retry { at_ms: NOW + 10, error: "said 500".to_owned() };
    assert!(f.store.note_try(held.lease, stored().await, one.clone(), retry).await.unwrap());
    let found = stored().await;
    assert_eq!((found.state, found.attempts, found.status), (DeliveryState::Pending, 1, Some(500)));
    assert_eq!((found.next_at_ms, found.ended_at_ms, found.tries.len()), (Some(NOW + 10), None, 1));
    let late = held.lease;
    let held = claim(NOW + 10).await;
    assert!(!f.store.note_try(late, found.clone(), one.clone(), TaskEnd::Done).await.unwrap());
    let dead = TaskEnd::Dead { at_ms: NOW + 11, error: "said 410".to_owned() };
    assert!(f.store.note_try(held.lease, found, one.clone(), dead).await.unwrap());
    assert_eq!(stored().await.state, DeliveryState::Failed);
    assert_eq!(f.store.count_tasks().await.unwrap(), (1, 0), "the delivery itself tells that it failed");
    let elsewhere = f.other_scope().await;
    assert_eq!(
        f.store.delivery(elsewhere, "one").await.unwrap(),
        None,
        "another environment has no such delivery"
    );
    assert!(f.store.delivery_to_send("one").await.unwrap().is_some());
    assert!(!f.store.replay_delivery(elsewhere, "one", NOW + 20).await.unwrap());
    assert!(f.store.replay_delivery(f.scope, "one", NOW + 20).await.unwrap());
    assert!(f.store.replay_delivery(f.scope, "one", NOW + 21).await.unwrap());
    let held = claim(NOW + 21).await;
    let ok = Try { status: Some(204), error: None, ..one };
    assert!(f.store.note_try(held.lease, stored().await, ok, TaskEnd::Done).await.unwrap());
    let found = stored().await;
    assert_eq!((found.state, found.attempts, found.error), (DeliveryState::Delivered, 3, None));
    let filter = |state| DeliveryFilter {
        state: Some(state),
        connection: Some("c1".to_owned()),
        limit: 9,
        ..DeliveryFilter::default()
    };
    assert_eq!(f.store.list_deliveries(f.scope, &filter(DeliveryState::Delivered)).await.unwrap().len(), 1);
    assert!(f.store.list_deliveries(f.scope, &filter(DeliveryState::Failed)).await.unwrap().is_empty());
    assert_eq!(f.store.purge_deliveries(NOW, 9).await.unwrap(), 0);
    assert_eq!(f.store.purge_deliveries(NOW + 1, 9).await.unwrap(), 1);
}

async fn deliveries_are_found_by_every_filter_through_an_index(f: Fixture) {
    for number in 0..6 {
        let new = NewDelivery {
            event: ["auth.creation", "auth.refresh"][number % 2].to_owned(),
            connection: Some(format!("c{}", number % 3)),
            ..delivery(&number.to_string())
        };
        f.store.follow_up(f.scope, FollowUp { tasks: vec![], deliveries: vec![new] }, NOW).await.unwrap();
    }
    let some = |text: &str| Some(text.to_owned());
    let pending = Some(DeliveryState::Pending);
    let filter = || DeliveryFilter { limit: 9, ..DeliveryFilter::default() };
    let cases = [
        (filter(), "543210"),
        (DeliveryFilter { limit: 2, ..filter() }, "54"),
        (DeliveryFilter { connection: some("c1"), ..filter() }, "41"),
        (DeliveryFilter { event: some("auth.refresh"), ..filter() }, "531"),
        (DeliveryFilter { state: pending, ..filter() }, "543210"),
        (DeliveryFilter { state: Some(DeliveryState::Failed), ..filter() }, ""),
        (DeliveryFilter { connection: some("c1"), event: some("auth.refresh"), ..filter() }, "1"),
        (DeliveryFilter { connection: some("c1"), state: pending, ..filter() }, "41"),
        (DeliveryFilter { event: some("auth.refresh"), state: pending, ..filter() }, "531"),
        (
            DeliveryFilter {
                event: some("auth.refresh"),
                connection: some("c2"),
                state: pending,
                ..filter()
            },
            "5",
        ),
        (DeliveryFilter { connection: some("c\0"), ..filter() }, ""),
    ];
    for (filter, expected) in cases {
        let found = f.store.list_deliveries(f.scope, &filter).await.unwrap();
        let ids: String = found.iter().map(|one| one.new.id.as_str()).collect();
        assert_eq!(ids, expected, "{filter:?}");
        if f.store.dialect() == store::Dialect::Sqlite && filter.connection != some("c\0") {
            let plan = f.store.explain_deliveries(f.scope, &filter).await.unwrap();
            assert!(plan.iter().any(|step| step.contains("COVERING INDEX")), "{filter:?}: {plan:#?}");
        }
    }
    let before = f.store.list_deliveries(f.scope, &filter()).await.unwrap()[3].seq;
    let page = DeliveryFilter { before: Some(before), ..filter() };
    assert_eq!(f.store.list_deliveries(f.scope, &page).await.unwrap().len(), 2);
}

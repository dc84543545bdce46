//! Measures the store on a fresh SQLite file, or the database of `MEASURE_URL`:
//! `cargo run --release -p store --example measure -- [CONNECTIONS] [DELIVERIES]`.
//!
//! The comparisons with a bar are in the `bench` crate; this one is for whoever changes a statement.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::connect::OAuthState;
use domain::connection::EndUser;
use domain::integration::{Integration, IntegrationSettings};
use domain::operation::{Operation, OperationState};
use domain::{ConnectionId, EnvironmentName, IntegrationKey, ProviderName, Scope, Sealed};
use serde_json::json;
use store::{
    ConnectionFilter, DatabaseUrl, DeliveryFilter, DeliveryState, FollowUp, LogEntry, NewConnection,
    NewDelivery, Store, StoreError, StoreOptions,
};
use tokio::time::Instant;

const WRITERS: usize = 64;
const BATCH: usize = 500;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse::<usize>())?;
    let folder = tempfile::tempdir()?;
    let url = match std::env::var("MEASURE_URL") {
        Ok(url) => url.parse()?,
        Err(_) => DatabaseUrl::Sqlite(folder.path().join("measure.db")),
    };
    let store = Store::open(StoreOptions::new(url)).await?;
    let scope = prepare(&store).await?;
    writes(&store, scope, count).await?;
    point_reads(&store, scope, count).await?;
    for tag in [None, Some("pro"), Some("rare")] {
        lists(&store, scope, count, tag).await?;
    }
    log(&store, scope, 100).await?;
    let count = std::env::args().nth(2).map_or(Ok(1_000_000), |text| text.parse::<usize>())?;
    deliveries(&store, scope, count).await?;
    retention(&store, scope, count / 5).await?;
    Ok(())
}

async fn prepare(store: &Store) -> Result<Scope, Box<dyn std::error::Error>> {
    let name = EnvironmentName::parse("dev")?;
    let scope = Scope { environment: store.get_or_create_environment(&name, "uuid", 1).await?.id };
    let integration = Integration {
        id: "integration".to_owned(),
        key: IntegrationKey::parse("excel")?,
        provider: ProviderName::parse("microsoft-excel")?,
        display_name: None,
        client_id: None,
        client_secret: None,
        scopes: Vec::new(),
        settings: IntegrationSettings::default(),
        created_at_ms: 1,
        updated_at_ms: 1,
    };
    store.insert_integration(scope, &integration).await?;
    Ok(scope)
}

fn connection(index: usize) -> NewConnection {
    let id = format!("connection-{index}");
    let plan = if index.is_multiple_of(1000) { "rare" } else { "pro" };
    NewConnection {
        integration: IntegrationKey::parse("excel").expect("a constant"),
        id: ConnectionId::parse(&id).expect("letters and digits"),
        seal_id: format!("seal-{index}"),
        // The size of Entra ID's access and refresh tokens together, as stored.
        credentials: Sealed::from_bytes(vec![7; 3500]),
        expires_at_ms: Some(1),
        config: serde_json::Map::from_iter([("tenant".to_owned(), json!("contoso.onmicrosoft.com"))]),
        metadata: None,
        tags: Some(BTreeMap::from([("plan".to_owned(), plan.to_owned())])),
        end_user: Some(EndUser { id: format!("user-{index}"), ..EndUser::default() }),
        webhook_url_override: None,
        ends_at_ms: None,
    }
}

async fn writes(store: &Store, scope: Scope, count: usize) -> Result<(), StoreError> {
    let begin = Instant::now();
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for index in (writer..count).step_by(WRITERS) {
                store.upsert_connection(scope, connection(index), index as i64).await?;
            }
            Ok::<(), StoreError>(())
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.map_err(|error| StoreError::Other(error.to_string()))??;
    }
    rate("connections written, 64 writers", count, begin.elapsed());
    Ok(())
}

async fn point_reads(store: &Store, scope: Scope, count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let key = IntegrationKey::parse("excel")?;
    let reads = 50_000;
    let begin = Instant::now();
    for read in 0..reads {
        let id = ConnectionId::parse(&format!("connection-{}", read * 7919 % count))?;
        store.connection(scope, &key, &id).await?.ok_or("lost")?;
    }
    rate("connections read by id, uniformly, one caller", reads, begin.elapsed());
    Ok(())
}

async fn lists(store: &Store, scope: Scope, count: usize, tag: Option<&str>) -> Result<(), StoreError> {
    let mut times = Vec::new();
    for sample in 0..300_usize {
        let filter = ConnectionFilter {
            tags: tag.iter().map(|value| ("plan".to_owned(), (*value).to_owned())).collect(),
            limit: 100,
            offset: (sample * 7919 % count) as u64,
            ..ConnectionFilter::default()
        };
        let begin = Instant::now();
        store.list_connections(scope, &filter).await?;
        times.push(begin.elapsed());
    }
    times.sort();
    println!("list of 100, tag {tag:?}: p50 {:?}, p99 {:?}, max {:?}", times[150], times[297], times[299]);
    Ok(())
}

async fn log(store: &Store, scope: Scope, batches: usize) -> Result<(), StoreError> {
    let begin = Instant::now();
    for batch in 0..batches {
        let entries = (0..BATCH).map(|index| LogEntry::Operation {
            scope,
            operation: Box::new(operation(batch * BATCH + index)),
            messages: Vec::new(),
        });
        store.append_log(entries.collect()).await?;
    }
    rate("operations logged in batches of 500", batches * BATCH, begin.elapsed());
    let begin = Instant::now();
    let indexed = store.index_text(u64::MAX).await?;
    rate("operations indexed for text", usize::try_from(indexed).unwrap_or_default(), begin.elapsed());
    Ok(())
}

fn operation(index: usize) -> Operation {
    Operation {
        id: format!("{index:013}_abcdefgh"),
        kind: "proxy".to_owned(),
        action: "call".to_owned(),
        state: OperationState::Success,
        integration: Some("excel".to_owned()),
        connection: Some(format!("connection-{}", index % 100)),
        provider: Some("microsoft-excel".to_owned()),
        status: Some(200),
        summary: format!("GET https://graph.microsoft.com/v1.0/me/drive/items/{index}/workbook/worksheets"),
        error: None,
        created_at_ms: index as i64,
        ended_at_ms: Some(index as i64),
        duration_us: Some(1234),
        detail: serde_json::value::to_raw_value(
            &json!({"request": {"method": "GET", "headers": {"accept": "application/json"}}}),
        )
        .ok(),
    }
}

/// A log of webhooks with each filter of the list, and the queue's counts with as many tasks.
async fn deliveries(store: &Store, scope: Scope, count: usize) -> Result<(), StoreError> {
    let begin = Instant::now();
    for batch in 0..count / BATCH {
        let deliveries = (0..BATCH).map(|index| delivery(batch * BATCH + index)).collect();
        store.follow_up(scope, FollowUp { deliveries, ..FollowUp::default() }, batch as i64).await?;
    }
    rate("webhooks with their tasks stored in batches of 500", count, begin.elapsed());
    let some = |text: &str| Some(text.to_owned());
    let (pending, failed) = (Some(DeliveryState::Pending), Some(DeliveryState::Failed));
    let rare = some("auth.refresh");
    let filter = || DeliveryFilter { limit: 100, ..DeliveryFilter::default() };
    for (name, filter) in [
        ("nothing", filter()),
        ("a connection", DeliveryFilter { connection: some("connection-77"), ..filter() }),
        ("a common event", DeliveryFilter { event: some("auth.creation"), ..filter() }),
        ("a rare event", DeliveryFilter { event: rare.clone(), ..filter() }),
        ("the state of all", DeliveryFilter { state: pending, ..filter() }),
        ("a state of none", DeliveryFilter { state: failed, ..filter() }),
        ("a rare event in a state of none", DeliveryFilter { event: rare, state: failed, ..filter() }),
        (
            "a common event in a state of none",
            DeliveryFilter { event: some("auth.creation"), state: failed, ..filter() },
        ),
    ] {
        let mut times = Vec::new();
        for sample in 0..100_usize {
            let filter =
                DeliveryFilter { before: Some((sample * 7919 % count + 1) as i64), ..filter.clone() };
            let begin = Instant::now();
            store.list_deliveries(scope, &filter).await?;
            times.push(begin.elapsed());
        }
        times.sort();
        println!("list of 100 webhooks by {name}: p50 {:?}, p99 {:?}", times[50], times[99]);
    }
    let begin = Instant::now();
    let counts = store.task_counts().await?;
    println!("the queue's counts with {} tasks: {:?}", counts[0].waiting, begin.elapsed());
    Ok(())
}

fn delivery(index: usize) -> NewDelivery {
    NewDelivery {
        id: format!("del_{index:020}"),
        event_id: format!("msg_{index:020}"),
        event: if index.is_multiple_of(10_000) { "auth.refresh" } else { "auth.creation" }.to_owned(),
        integration: Some("excel".to_owned()),
        connection: Some(format!("connection-{}", index % 10_000)),
        url: "https://hooks.example/sheetbend".to_owned(),
        body: format!("{{\"connectionId\":\"{index}\",\"padding\":\"{}\"}}", "x".repeat(450)),
    }
}

/// What one step of retention takes, which is what a writer waits at most; old webhooks and expired states.
async fn retention(store: &Store, scope: Scope, count: usize) -> Result<(), StoreError> {
    let state = |index: usize| OAuthState {
        state_hash: format!("{index:064}"),
        environment: scope.environment,
        integration: IntegrationKey::parse("excel").expect("a constant"),
        cookie_hash: format!("{index:064}"),
        payload: Sealed::from_bytes(vec![7; 400]),
        expires_at_ms: index as i64,
    };
    for first in (0..count).step_by(BATCH) {
        let states: Vec<OAuthState> = (first..first + BATCH).map(state).collect();
        futures_util::future::try_join_all(states.iter().map(|state| store.insert_oauth_state(state)))
            .await?;
    }
    let (mut deleted, mut steps, begin) = (0, Vec::new(), Instant::now());
    loop {
        let step = Instant::now();
        let gone = store.purge_oauth_states(i64::MAX, 1_000).await?;
        steps.push(step.elapsed());
        deleted += gone;
        if gone < 1_000 {
            break;
        }
    }
    steps.sort();
    println!("{deleted} states deleted in {:?}, longest step {:?}", begin.elapsed(), steps[steps.len() - 1]);
    let (mut deleted, mut steps, begin) = (0, Vec::new(), Instant::now());
    for _ in 0..count / 1_000 {
        let step = Instant::now();
        deleted += store.purge_deliveries(i64::MAX, 1_000).await?;
        steps.push(step.elapsed());
    }
    steps.sort();
    println!(
        "{deleted} webhooks deleted in {:?}, longest step {:?}",
        begin.elapsed(),
        steps[steps.len() - 1]
    );
    Ok(())
}

fn rate(what: &str, count: usize, took: Duration) {
    let each = took.as_secs_f64() * 1e6 / count.max(1) as f64;
    println!("{what}: {count} in {took:?}, {each:.1} µs each, {:.0} a second", 1e6 / each);
}

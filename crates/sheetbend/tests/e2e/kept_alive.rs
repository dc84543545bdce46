//! Credentials that nobody uses are kept alive, broken ones are told, and ends are warned of: days in a moment, on a
//! clock that the test moves.

use crate::harness;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use domain::credentials::{
    ApiKeyCredentials, Credentials, FormFields, OAuth2Credentials, RawAnswer, TwoStepCredentials,
};
use domain::{ConnectionId, Secret};
use harness::house::House;
use harness::receiver::Receiver;
use harness::upstream::{Upstream, answer};
use serde_json::{Map, json};
use services::connect::keep::{self, NewAuthorization};
use services::credentials::account::OpenIntegration;
use services::credentials::keeper::Force;
use services::jobs::alive::AliveSettings;
use services::jobs::expiry::{self, Ending};
use services::jobs::{JobSettings, schedules, workers};
use services::{Retention, Services};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A token endpoint that answers a new token, or the status that it is told.
async fn endpoint(status: Arc<AtomicU16>) -> Upstream {
    Upstream::start(move |_, _| {
        let json = [("Content-Type", "application/json")];
        match status.load(Ordering::SeqCst) {
            200 => {
                let body = json!({"access_token": "new", "expires_in": 3600, "token_type": "Bearer"});
                answer("200 OK", &json, body.to_string().as_bytes())
            }
            400 => answer("400 Bad", &json, br#"{"error":"invalid_grant"}"#),
            other => answer(&format!("{other} No"), &json, b"{}"),
        }
    })
    .await
}

async fn keep(house: &House, id: &str, credentials: Credentials, receiver: Option<String>) {
    let new = NewAuthorization {
        integration: OpenIntegration::load(&house.context, house.scope, &house.key).await.unwrap(),
        id: ConnectionId::parse(id).unwrap(),
        credentials,
        config: Map::new(),
        metadata: None,
        end_user: None,
        tags: BTreeMap::new(),
        webhook_url_override: receiver,
    };
    keep::keep(&house.context, new).await.unwrap();
}

fn tokens(house: &House) -> Credentials {
    Credentials::OAuth2(OAuth2Credentials {
        access_token: Secret::new("old"),
        refresh_token: Some(Secret::new("refresh")),
        expires_at_ms: Some(house.context.now_ms() + HOUR),
        client_override: None,
        raw: RawAnswer(Map::new()),
    })
}

/// Runs everything that is due, through the schedules, as the server does.
async fn work(house: &House, services: &Services) {
    let settings = JobSettings {
        retention: Retention { max_age_ms: 15 * DAY, max_bytes: i64::MAX / 2, audit_ms: i64::MAX / 2 },
        alive: AliveSettings { idle_ms: DAY },
        poll: Duration::from_secs(1),
        drain: Duration::from_secs(1),
    };
    schedules(&house.context).await.unwrap();
    let (service, _) = workers(services, settings);
    loop {
        let ran = service.run_once().await.unwrap();
        if ran.tasks == 0 && ran.fired == 0 {
            return;
        }
    }
}

#[tokio::test]
async fn idle_tokens_are_refreshed_once_a_day_and_not_all_at_once() {
    const CONNECTIONS: usize = 60;
    let upstream = endpoint(Arc::new(AtomicU16::new(200))).await;
    let house = House::beside(&upstream).await;
    let services = Services::new(house.context.clone());
    for index in 0..CONNECTIONS {
        keep(&house, &format!("c{index}"), tokens(&house), None).await;
    }
    let mut asked = Vec::new();
    for _ in 0..72 {
        house.later(HOUR);
        work(&house, &services).await;
        asked.push(upstream.seen().len());
    }
    assert_eq!(asked[20], 0, "nothing is due before a day of rest");
    assert!((2 * CONNECTIONS..=3 * CONNECTIONS).contains(&asked[71]), "{asked:?}");
    let most = asked.windows(2).map(|two| two[1] - two[0]).max().unwrap();
    assert!(most < CONNECTIONS, "they are spread: {asked:?}");
    assert!(upstream.seen()[0].line().starts_with("POST /token"));
}

#[tokio::test]
async fn a_dead_grant_is_told_and_left_alone() {
    let upstream = endpoint(Arc::new(AtomicU16::new(400))).await;
    let receiver = Receiver::start().await;
    let house = House::beside(&upstream).await;
    let services = Services::new(house.context.clone());
    keep(&house, "c1", tokens(&house), Some(receiver.url())).await;
    for _ in 0..10 {
        house.later(DAY);
        work(&house, &services).await;
    }
    assert_eq!(upstream.seen().len(), 1, "nobody asks with a dead token again");
    let told = receiver.wait_for(2).await;
    let operations: Vec<_> = told.iter().map(|seen| seen.json()["operation"].clone()).collect();
    assert_eq!(operations, ["creation", "refresh"]);
    let id = ConnectionId::parse("c1").unwrap();
    let found = house.context.store.connection(house.scope, &house.key, &id).await.unwrap().unwrap();
    assert!(found.health.error.unwrap().needs_reconnect);
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_less_and_less_and_nothing_is_lost() {
    let status = Arc::new(AtomicU16::new(503));
    let upstream = endpoint(status.clone()).await;
    let house = House::beside(&upstream).await;
    let services = Services::new(house.context.clone());
    keep(&house, "c1", tokens(&house), None).await;
    for _ in 0..10 * 24 {
        house.later(HOUR);
        work(&house, &services).await;
    }
    let tries = upstream.seen().len();
    assert!((5..=20).contains(&tries), "{tries} tries in ten days");
    let id = ConnectionId::parse("c1").unwrap();
    let account = services.accounts.get(house.scope, &house.key, &id).await.unwrap();
    assert!(account.connection.health.error.is_some());
    // Nothing was destroyed: when the provider is back, a caller's refresh works and the visits go on.
    status.store(200, Ordering::SeqCst);
    services.keeper.refresh(&account, Force::Yes).await.unwrap();
    assert_eq!(upstream.seen().len(), tries + 1);
    for _ in 0..3 {
        house.later(DAY);
        work(&house, &services).await;
    }
    assert!(upstream.seen().len() >= tries + 3, "{}", upstream.seen().len());
    let account = services.accounts.get(house.scope, &house.key, &id).await.unwrap();
    assert!(account.connection.health.error.is_none());
}

#[tokio::test]
async fn a_key_that_the_provider_stops_taking_is_told_and_heals_by_itself() {
    let status = Arc::new(AtomicU16::new(200));
    let upstream = endpoint(status.clone()).await;
    let receiver = Receiver::start().await;
    let definition = format!(
        "raw:\n  display_name: Raw\n  auth_mode: API_KEY\n  proxy:\n    base_url: http://127.0.0.1:{}\n    \
         headers:\n      x-key: ${{apiKey}}\n    verification:\n      method: GET\n      endpoints:\n        - /keys/${{credentials.apiKey}}\n",
        upstream.port
    );
    let house = House::with_definition(&upstream, &definition).await;
    let services = Services::new(house.context.clone());
    const KEY: &str = "key 0123456789";
    let key = Credentials::ApiKey(ApiKeyCredentials { api_key: Secret::new(KEY) });
    keep(&house, "c1", key, Some(receiver.url())).await;
    let after_two_days = async |answers: u16| {
        status.store(answers, Ordering::SeqCst);
        for _ in 0..2 {
            house.later(DAY);
            work(&house, &services).await;
        }
        let id = ConnectionId::parse("c1").unwrap();
        let found = house.context.store.connection(house.scope, &house.key, &id).await.unwrap().unwrap();
        let told = found.health.error.as_ref().map(|problem| problem.cause.clone()).unwrap_or_default();
        assert!(!told.contains("0123456789"), "{told}");
        found.health.error.map(|problem| problem.code)
    };
    assert_eq!(after_two_days(200).await, None);
    assert!(upstream.seen()[0].line().starts_with("GET /keys/key%200123456789 "));
    assert_eq!(upstream.seen()[0].header("x-key"), KEY);
    assert_eq!(after_two_days(503).await, None, "a provider that is down says nothing about the key");
    assert_eq!(after_two_days(401).await.as_deref(), Some("connection_test_failed"));
    assert_eq!(after_two_days(200).await, None);
    let told: Vec<_> = receiver.seen().iter().map(|seen| seen.json()["operation"].clone()).collect();
    assert_eq!(told, ["creation", "refresh"]);
    let described = receiver.seen()[1].json()["error"]["description"].clone();
    assert!(described.as_str().unwrap().contains("/keys/REDACTED answered 401"), "{described}");
}

/// A certificate that ends `days` after the house's clock.
fn certificate(house: &House, days: i64) -> Credentials {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    let end = (house.context.now_ms() + days * DAY).div_euclid(1000);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(end).unwrap());
    let pem = params.self_signed(&key).unwrap().pem();
    Credentials::TwoStep(TwoStepCredentials {
        fields: FormFields::from_iter([("certificate".to_owned(), Secret::new(pem))]),
        token: Secret::default(),
        expires_at_ms: None,
        refresh_token: None,
        refresh_token_expires_at_ms: None,
        raw: RawAnswer::default(),
    })
}

#[tokio::test]
async fn ends_are_warned_of_at_thirty_fourteen_seven_and_one_day() {
    let house = House::build().await;
    let now_ms = house.context.now_ms();
    keep(&house, "cert", certificate(&house, 10), None).await;
    let changes = services::integrations::IntegrationChanges {
        secret_expires_at_ms: Some(Some(now_ms + 40 * DAY)),
        ..Default::default()
    };
    services::integrations::update(&house.context, house.scope, &house.key, changes).await.unwrap();
    let listed = expiry::expiring(&house.context, 60).await.unwrap();
    let what: Vec<_> = listed.iter().map(|one| (one.what, one.days_left(now_ms))).collect();
    assert_eq!(what, [(Ending::Certificate, 10), (Ending::ClientSecret, 40)]);
    assert_eq!(listed[0].connection.as_ref().unwrap().as_str(), "cert");
    assert_eq!(expiry::expiring(&house.context, 20).await.unwrap().len(), 1);
    let mut given = Vec::new();
    for day in 0..45 {
        for _ in 0..2 {
            let count = expiry::warn(&house.context).await.unwrap();
            given.extend((0..count).map(|_| day));
        }
        house.later(DAY);
    }
    // The certificate: 10 days left (14), then 7, 1 and its end; the secret: 30, 14, 7, 1 and its end.
    assert_eq!(given, [0, 3, 9, 10, 10, 26, 33, 39, 40]);
    // Another secret has no known end.
    let changes = services::integrations::IntegrationChanges {
        client_secret: Some(Secret::new("another")),
        ..Default::default()
    };
    services::integrations::update(&house.context, house.scope, &house.key, changes).await.unwrap();
    assert_eq!(expiry::expiring(&house.context, 0).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_older_than_it_may_be_goes() {
    let house = House::build().await;
    let services = Services::new(house.context.clone());
    let receiver = Receiver::start().await;
    keep(&house, "c1", Credentials::None, Some(receiver.url())).await;
    work(&house, &services).await;
    let listed = async || {
        let all = store::DeliveryFilter { limit: 9, ..store::DeliveryFilter::default() };
        house.context.store.list_deliveries(house.scope, &all).await.unwrap().len()
    };
    house.later(15 * DAY);
    work(&house, &services).await;
    assert_eq!(listed().await, 1);
    house.later(1 + DAY);
    work(&house, &services).await;
    assert_eq!(listed().await, 0);
}

/// A few thousand, or with `SHEETBEND_FULL_LOAD=1` as many as bench stores.
#[tokio::test]
async fn many_connections_are_visited_once_and_spread_over_hours() {
    let full = std::env::var("SHEETBEND_FULL_LOAD").is_ok_and(|full| full == "1");
    let count: u64 = if full { 100_000 } else { 2_000 };
    let upstream = endpoint(Arc::new(AtomicU16::new(200))).await;
    let house = House::beside(&upstream).await;
    let services = Services::new(house.context.clone());
    let store = &house.context.store;
    for first in (0..count).step_by(100) {
        let some = (first..first + 100).map(|index| {
            let house = &house;
            async move { keep(house, &format!("c{index}"), tokens(house), None).await }
        });
        futures_util::future::join_all(some).await;
    }
    // All were stored at one moment, and an hour later all are due at one moment.
    house.later(HOUR);
    let (mut passes, mut busiest) = (Vec::new(), Duration::ZERO);
    let idle = loop {
        let (before, began) = (store.count_statements(), tokio::time::Instant::now());
        work(&house, &services).await;
        let statements = store.count_statements() - before;
        if statements < 100 {
            break statements;
        }
        passes.push(statements);
        busiest = busiest.max(began.elapsed());
        house.later(120_000);
    };
    let each = passes.iter().sum::<u64>() / count;
    println!(
        "{count} visits in {} passes, {each} statements each, longest pass {busiest:?}; idle: {idle}",
        passes.len()
    );
    assert!(upstream.seen().is_empty(), "all rest, nobody is asked");
    assert!(each <= 8, "{each} statements a visit");
    // When they are visited next: a tenth earlier or later than a day after they were stored.
    let (now_ms, mut next) = (house.context.now_ms(), Vec::new());
    for step in 0..30 * 6 {
        let mut due = 0;
        loop {
            let claimed = store.claim_checks(now_ms + step * 600_000, i64::MAX / 2, 1_000).await.unwrap();
            due += claimed.len() as u64;
            if claimed.is_empty() {
                break;
            }
        }
        next.push(due);
    }
    assert_eq!(next.iter().sum::<u64>(), count, "each has one next visit");
    let (busy, most) = (next.iter().filter(|due| **due > 0).count() as u64, *next.iter().max().unwrap());
    println!("next visits spread over {busy} steps of ten minutes, at most {most} in one");
    assert!(busy >= 24, "they come within {busy} steps of ten minutes");
    assert!(most * 10 < count, "{most} of {count} within ten minutes");
}

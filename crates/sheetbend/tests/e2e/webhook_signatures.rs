//! Webhooks as their receivers verify them, and the environment's settings, with the use-cases in this process.

use crate::harness;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::credentials::Credentials;
use domain::webhook::WebhookSettings;
use domain::{ConnectionId, Secret};
use harness::house::House;
use harness::outside::node;
use harness::receiver::Receiver;
use serde_json::{Map, json};
use services::connect::keep::{self, NewAuthorization};
use services::credentials::account::OpenIntegration;
use services::jobs::{JobSettings, workers};
use services::webhooks::{settings, signing};
use services::{Retention, Services};

async fn configure(house: &House, webhooks: &WebhookSettings) {
    let (environment, webhooks) = (house.scope.environment, webhooks.clone());
    let change = move |all: &mut Map<_, _>| settings::write(all, &webhooks);
    house.context.store.change_environment_settings(environment, change, 1).await.unwrap();
}

async fn connect(house: &House, id: &str, own_url: Option<String>) {
    let new = NewAuthorization {
        integration: OpenIntegration::load(&house.context, house.scope, &house.key).await.unwrap(),
        id: ConnectionId::parse(id).unwrap(),
        credentials: Credentials::None,
        config: Map::new(),
        metadata: None,
        end_user: None,
        tags: BTreeMap::from([("ä".to_owned(), "\"quoted\" 😀".to_owned())]),
        webhook_url_override: own_url,
    };
    keep::keep(&house.context, new).await.unwrap();
}

/// Runs all that is due.
async fn work(house: &House) {
    let settings = JobSettings {
        retention: Retention { max_age_ms: i64::MAX / 2, max_bytes: i64::MAX / 2, audit_ms: i64::MAX / 2 },
        alive: services::jobs::alive::AliveSettings { idle_ms: 24 * 3_600_000 },
        poll: Duration::from_secs(1),
        drain: Duration::from_secs(1),
    };
    let (service, _) = workers(&Services::new(house.context.clone()), settings);
    while service.run_once().await.unwrap().tasks > 0 {}
}

#[tokio::test]
async fn an_environment_s_settings_say_who_is_told() {
    let house = House::build().await;
    let (first, second, own) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    connect(&house, "untold", None).await;
    let mut webhooks = WebhookSettings {
        primary_url: Some(first.url()),
        secondary_url: Some(second.url()),
        ..WebhookSettings::default()
    };
    configure(&house, &webhooks).await;
    connect(&house, "both", None).await;
    connect(&house, "own", Some(own.url())).await;
    webhooks.on_auth_creation = false;
    configure(&house, &webhooks).await;
    connect(&house, "quiet", None).await;
    connect(&house, "quiet", None).await;
    work(&house).await;
    let told = |receiver: &Receiver| -> Vec<String> {
        let one = |seen: &harness::upstream::Seen| {
            format!(
                "{} {}",
                seen.json()["connectionId"].as_str().unwrap(),
                seen.json()["operation"].as_str().unwrap()
            )
        };
        let mut told: Vec<_> = receiver.seen().iter().map(one).collect();
        told.sort();
        told
    };
    assert_eq!(told(&first), ["both creation", "quiet override"]);
    assert_eq!(told(&second), told(&first));
    assert_eq!(told(&own), ["own creation"]);
    let ids = |receiver: &Receiver| -> std::collections::BTreeSet<String> {
        receiver.seen().iter().map(|seen| seen.header("webhook-id")).collect()
    };
    assert_eq!(ids(&first), ids(&second), "one id an event, whoever receives it");
}

#[tokio::test]
async fn a_receiver_that_stays_down_is_spared_and_given_up_after_a_day() {
    let house = House::build().await;
    let receiver = Receiver::start().await;
    receiver.answer(500);
    connect(&house, "c1", Some(receiver.url())).await;
    work(&house).await;
    for _ in 0..400 {
        house.later(5 * 60_000);
        work(&house).await;
    }
    let all = store::DeliveryFilter { limit: 9, ..store::DeliveryFilter::default() };
    let found = house.context.store.list_deliveries(house.scope, &all).await.unwrap().remove(0);
    assert_eq!(found.state, store::DeliveryState::Failed);
    let tries = receiver.seen().len();
    assert!((10..=20).contains(&tries), "{tries} tries");
    let hours = (found.ended_at_ms.unwrap() - found.created_at_ms) / 3_600_000;
    assert!((18..=24).contains(&hours), "given up after {hours} hours");
    assert_eq!(house.context.store.count_tasks().await.unwrap(), (0, 0));
    receiver.answer(200);
    assert!(
        house
            .context
            .store
            .replay_delivery(house.scope, &found.new.id, house.context.now_ms())
            .await
            .unwrap()
    );
    work(&house).await;
    assert_eq!(receiver.seen().len(), tries + 1);
}

async fn verified(receiver: &Receiver, secret_key: &str, signing_key: Option<&str>, key: &Secret) {
    let requests: Vec<_> = receiver.seen().iter().map(harness::upstream::Seen::as_request).collect();
    assert!(!requests.is_empty());
    let options = json!({
        "secret_key": secret_key, "signing_key": signing_key, "requests": requests,
        "standard_secret": signing::standard_secret(key).expose(),
    });
    node("webhooks.mjs", &options).await;
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_the_sdk_and_standard_webhooks_verify_what_we_sign() {
    // The standardwebhooks package compares with the clock of its machine.
    let house = House::build().await;
    house.set_to_now();
    let receiver = Receiver::start().await;
    connect(&house, "c1", Some(receiver.url())).await;
    connect(&house, "c1", Some(receiver.url())).await;
    work(&house).await;
    let key = signing::signing_key(&house.context, house.scope).await.unwrap();
    let api_key = "sb_dev_00000000000000000000000000";
    verified(&receiver, api_key, Some(key.expose()), &key).await;
    // After a rotation the old secret still verifies the Standard Webhooks header, the new one all of them.
    let newer = signing::rotate_signing_key(&house.context, house.scope).await.unwrap();
    assert_ne!(newer, key);
    let receiver = Receiver::start().await;
    connect(&house, "c2", Some(receiver.url())).await;
    work(&house).await;
    verified(&receiver, api_key, Some(newer.expose()), &newer).await;
    verified(&receiver, api_key, Some(newer.expose()), &key).await;
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_the_sdk_falls_back_to_the_api_key_where_both_are_one() {
    let house = House::build().await;
    house.set_to_now();
    let api_key = Secret::new("6f1c0b9e-3f0e-4c57-9d0e-6a9b3f1f2c11");
    signing::set_signing_key(&house.context, house.scope, api_key.clone()).await.unwrap();
    let receiver = Receiver::start().await;
    connect(&house, "c1", Some(receiver.url())).await;
    work(&house).await;
    verified(&receiver, api_key.expose(), None, &api_key).await;
    for bad in ["short", "with a space in the middle of it", &"x".repeat(513)] {
        assert!(signing::set_signing_key(&house.context, house.scope, Secret::new(bad)).await.is_err());
    }
}

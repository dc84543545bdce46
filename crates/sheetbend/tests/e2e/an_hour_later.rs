//! Time that no test can wait for: the use-cases in this process, on a clock that the test moves.

use crate::harness;

use std::collections::BTreeMap;

use domain::ConnectionId;
use domain::credentials::{Credentials, OAuth2Credentials, RawAnswer};
use harness::house::House;
use harness::upstream::Upstream;
use serde_json::Map;
use services::connect::callback::{self, CallbackRequest, Ending};
use services::connect::events::ConnectEvents;
use services::connect::keep::{self, NewAuthorization};
use services::connect::state::{self, LIFE_MS, Leg, Payload, Taken};
use services::credentials::account::OpenIntegration;
use services::credentials::codec;
use store::{Claim, Intent, NewCredentials, Written};

/// What this file does with a house.
trait Connecting {
    async fn issue(&self) -> state::Issued;
    async fn take(&self, issued: &state::Issued) -> Taken;
}

impl Connecting for House {
    async fn issue(&self) -> state::Issued {
        let log_id = self.context.log.new_id(self.context.now_ms());
        let payload = Payload {
            connection_id: "c".to_owned(),
            verifier: "v".repeat(64),
            nonce: "n".to_owned(),
            ..Payload::new(Leg::Code, &log_id, self.context.now_ms())
        };
        let state = state::new_state(&self.context);
        state::issue(&self.context, self.scope.environment, &self.key, &payload, state).await.unwrap()
    }

    async fn take(&self, issued: &state::Issued) -> Taken {
        state::take(&self.context, &issued.state, Some(&issued.cookie_value)).await.unwrap()
    }
}

#[tokio::test]
async fn a_state_lives_an_hour_and_not_a_millisecond_longer() {
    let house = House::build().await;
    let issued = house.issue().await;
    house.later(LIFE_MS - 1);
    assert!(matches!(house.take(&issued).await, Taken::Good { .. }));
    let issued = house.issue().await;
    house.later(LIFE_MS);
    assert!(matches!(house.take(&issued).await, Taken::Expired { .. }));
    assert!(matches!(house.take(&issued).await, Taken::Unknown), "it cannot come again either");
    // A clock that was set back revives nothing that was taken.
    house.later(-2 * LIFE_MS);
    assert!(matches!(house.take(&issued).await, Taken::Unknown));
}

#[tokio::test]
async fn an_expired_return_says_so_and_asks_nobody() {
    let house = House::build().await;
    let events = ConnectEvents::new(house.context.clone());
    let issued = house.issue().await;
    house.later(LIFE_MS + 1);
    let params = vec![("state".to_owned(), issued.state.clone()), ("code".to_owned(), "c".to_owned())];
    let request = CallbackRequest { params, cookie: Some(issued.cookie_value.clone()) };
    match callback::arrive(&house.context, &events, request).await.unwrap() {
        Ending::Failed { failure, .. } => {
            assert_eq!((failure.kind, failure.problem.code.as_str()), ("state_err", "state_expired"));
        }
        _ => panic!("it went on"),
    }
}

#[tokio::test]
async fn what_has_expired_is_cleared_away_and_nothing_else() {
    let house = House::build().await;
    let (old, fresh) = (house.issue().await, {
        house.later(LIFE_MS / 2);
        house.issue().await
    });
    house.later(LIFE_MS / 2 + 1);
    let services = services::Services::new(house.context.clone());
    let retention =
        services::Retention { max_age_ms: i64::MAX / 2, max_bytes: i64::MAX / 2, audit_ms: i64::MAX / 2 };
    services.keep_house(retention).await.unwrap();
    assert!(matches!(house.take(&old).await, Taken::Unknown));
    assert!(matches!(house.take(&fresh).await, Taken::Good { .. }));
}

fn tokens(access: &str, expires_at_ms: i64) -> Credentials {
    Credentials::OAuth2(OAuth2Credentials {
        access_token: domain::Secret::new(access),
        refresh_token: Some(domain::Secret::new("refresh")),
        expires_at_ms: Some(expires_at_ms),
        client_override: None,
        raw: RawAnswer(Map::new()),
    })
}

/// What the node answers callers with now.
async fn token(house: &House, services: &services::Services, id: &ConnectionId) -> String {
    let account = services.keeper.current(house.scope, &house.key, id).await.unwrap();
    match &account.credentials {
        Credentials::OAuth2(tokens) => tokens.access_token.expose().to_owned(),
        _ => panic!("other credentials"),
    }
}

/// The whole refresh of another node, whose notice does not arrive here.
async fn refreshed_elsewhere(house: &House, id: &ConnectionId, credentials: &Credentials) {
    let (other, now_ms) = (house.other_node().await, house.context.now_ms());
    let row = other.connection(house.scope, &house.key, id).await.unwrap().unwrap();
    let intent = Intent { owner: "other".to_owned(), operation_id: "o".to_owned(), at_ms: now_ms };
    let claim =
        other.claim_refresh(house.scope, row.row, row.credentials_version, intent, 30_000).await.unwrap();
    let Claim::Claimed { lease, .. } = claim else { panic!("not claimed: {claim:?}") };
    let place = vault::Place::new("connections", &row.seal_id, "credentials");
    let new = NewCredentials {
        credentials: house.context.vault.seal(&place, &codec::encode(credentials)).unwrap(),
        expires_at_ms: credentials.expires_at_ms(),
        config_changes: Map::new(),
    };
    assert!(matches!(other.complete_refresh(lease, new, now_ms).await.unwrap(), Written::Ok(_)));
}

#[tokio::test]
async fn a_token_that_another_node_renewed_is_used_although_its_notice_is_late() {
    let upstream = Upstream::start(|_, _| panic!("nobody is to be asked")).await;
    let house = House::beside(&upstream).await;
    let services = services::Services::new(house.context.clone());
    let id = ConnectionId::parse("c").unwrap();
    let new = NewAuthorization {
        integration: OpenIntegration::load(&house.context, house.scope, &house.key).await.unwrap(),
        id: id.clone(),
        credentials: tokens("old", house.context.now_ms() + LIFE_MS),
        config: Map::new(),
        metadata: None,
        end_user: None,
        tags: BTreeMap::new(),
        webhook_url_override: None,
    };
    keep::keep(&house.context, new).await.unwrap();
    assert_eq!(token(&house, &services, &id).await, "old");
    refreshed_elsewhere(&house, &id, &tokens("newer", house.context.now_ms() + 3 * LIFE_MS)).await;
    assert_eq!(token(&house, &services, &id).await, "old", "no notice came, and the old one still works");
    house.later(LIFE_MS + 1);
    assert_eq!(token(&house, &services, &id).await, "newer");
    assert!(upstream.seen().is_empty(), "the token endpoint was asked: {:?}", upstream.seen().len());
}

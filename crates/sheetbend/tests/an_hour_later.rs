//! Time that no test can wait for: the use-cases in this process, on a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::{Clock, Entropy, EnvironmentName, IntegrationKey, Scope};
use egress::{Egress, EgressOptions, FetchPolicy, PolicyClass, SendPolicy};
use services::connect::callback::{self, CallbackRequest, Ending};
use services::connect::events::ConnectEvents;
use services::connect::state::{self, LIFE_MS, Leg, Payload, Taken};
use services::context::{Context, LogProxy, NodeName, SandboxCloud, Settings, TOKEN_CALL};
use services::fault::FaultPoints;
use services::operations::Recorder;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;
use vault::{KeyMaterial, Keyring, Vault};

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

struct Random;

impl Entropy for Random {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

struct House {
    context: Arc<Context>,
    clock: Arc<HandClock>,
    scope: Scope,
    key: IntegrationKey,
    _dir: TempDir,
}

impl House {
    async fn build() -> Self {
        let dir = TempDir::new().unwrap();
        let url = store::DatabaseUrl::Sqlite(dir.path().join("sheetbend.db"));
        let store = store::Store::open(store::StoreOptions::new(url)).await.unwrap();
        let clock = Arc::new(HandClock(AtomicI64::new(1_800_000_000_000)));
        let entropy: Arc<dyn Entropy> = Arc::new(Random);
        let (log, recorder) = Recorder::new(store.clone(), clock.clone(), entropy.clone());
        tokio::spawn(recorder.run(tokio_util::sync::CancellationToken::new()));
        let send = SendPolicy {
            class: PolicyClass::Public,
            first_byte: Duration::from_secs(1),
            idle_body: Duration::from_secs(1),
            total: None,
        };
        let settings = Settings {
            public_url: "http://localhost:1".to_owned(),
            callback_url: "http://localhost:1/oauth/callback".to_owned(),
            node: NodeName { home: "home".to_owned(), start: "start".to_owned() },
            sandbox: SandboxCloud::Absent,
            proxy: send,
            token: FetchPolicy { class: PolicyClass::Public, max_bytes: 1 << 20, total: TOKEN_CALL },
            log_proxy: LogProxy::All,
        };
        let context = Arc::new(Context {
            catalog: catalog::Catalog::embedded().unwrap(),
            egress: Egress::new(EgressOptions::default()).unwrap(),
            background: TaskTracker::new(),
            key_making: tokio::sync::Semaphore::new(1),
            faults: FaultPoints::default(),
            vault: Vault::new(Keyring::new(vec![KeyMaterial::generate().unwrap()]).unwrap()),
            store,
            clock: clock.clone(),
            entropy,
            log,
            settings,
        });
        let name = EnvironmentName::parse("dev").unwrap();
        let environment =
            context.store.get_or_create_environment(&name, "e", context.now_ms()).await.unwrap();
        let scope = Scope { environment: environment.id };
        let key = IntegrationKey::parse("excel").unwrap();
        let changes = services::integrations::IntegrationChanges {
            client_id: Some("client".to_owned()),
            client_secret: Some(domain::Secret::new("secret")),
            ..Default::default()
        };
        services::integrations::create(&context, scope, "microsoft-excel", key.clone(), changes)
            .await
            .unwrap();
        Self { context, clock, scope, key, _dir: dir }
    }

    fn later(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

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
    let retention = services::Retention { max_age_ms: i64::MAX / 2, max_bytes: i64::MAX / 2 };
    services.keep_house(retention).await.unwrap();
    assert!(matches!(house.take(&old).await, Taken::Unknown));
    assert!(matches!(house.take(&fresh).await, Taken::Good { .. }));
}

//! A change of the encryption key: whole, resumable, beside other writers, and only when every process is ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::connect::OAuthState;
use domain::integration::{Integration, IntegrationSettings};
use domain::{Clock, ConnectionId, Entropy, EnvironmentName, IntegrationKey, ProviderName, Scope};
use egress::{Egress, EgressOptions, FetchPolicy, PolicyClass, SendPolicy};
use services::context::{Context, LogProxy, NodeName, SandboxCloud, Settings};
use services::error::Error;
use services::fault::FaultPoints;
use services::key_rotation::{self, CHECK_VALUE, KeyRotation, Step};
use services::operations::Recorder;
use services::webhooks::deliver::DeliverySettings;
use store::{NewConnection, NodeKeys, Store};
use testkit::databases::FreshDatabase;
use vault::{KeyMaterial, Keyring, Place, Vault};

#[derive(Default)]
struct Ports {
    now_ms: AtomicI64,
    drawn: AtomicI64,
}

impl Clock for Ports {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }
}

impl Entropy for Ports {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.iter_mut().zip(number.iter().cycle()).for_each(|(byte, part)| *byte = *part);
    }
}

/// A process on the database, with keys of its own.
async fn node(database: &FreshDatabase, name: &str, keys: &[&KeyMaterial]) -> (Arc<Context>, KeyRotation) {
    let store = database.open().await.unwrap();
    let vault = Vault::new(Keyring::new(keys.iter().map(|&key| key.clone()).collect()).unwrap());
    store.meta_or_insert(CHECK_VALUE, &vault.check_value().unwrap()).await.unwrap();
    let ports = Arc::new(Ports { now_ms: AtomicI64::new(1_000_000), drawn: AtomicI64::default() });
    let (log, _writer) = Recorder::new(store.clone(), ports.clone(), ports.clone());
    let limits = Duration::from_secs(1);
    let settings = Settings {
        public_url: "http://localhost".to_owned(),
        callback_url: "http://localhost/oauth/callback".to_owned(),
        node: NodeName { home: name.to_owned(), start: "1".to_owned() },
        sandbox: SandboxCloud::Absent,
        proxy: SendPolicy::default(),
        token: FetchPolicy { class: PolicyClass::Public, max_bytes: 1, total: limits },
        log_proxy: LogProxy::All,
        oidc: None,
        webhooks: DeliverySettings { class: PolicyClass::Public, timeout: limits, give_up_ms: 1 },
    };
    let context = Arc::new(Context {
        store,
        vault,
        catalog: catalog::Catalog::embedded().unwrap().into(),
        egress: Egress::new(EgressOptions::default()).unwrap(),
        clock: ports.clone(),
        entropy: ports,
        log,
        background: Default::default(),
        key_making: tokio::sync::Semaphore::new(1),
        held: services::proxy::room::Room::new(1 << 30),
        counts: Default::default(),
        faults: FaultPoints::default(),
        settings,
    });
    key_rotation::follow(&context).await.unwrap();
    (context.clone(), KeyRotation::new(context))
}

/// An environment with an integration, connections and a state; the row ids of their places by what they hold.
async fn fill(context: &Context, connections: usize) -> Scope {
    let store = &context.store;
    let name = EnvironmentName::parse("dev").unwrap();
    let environment = store.get_or_create_environment(&name, "uuid", 0).await.unwrap();
    let scope = Scope { environment: environment.id };
    let seal = |place: Place<'_>, text: &str| context.vault.seal(&place, text.as_bytes()).unwrap();
    let integration = Integration {
        id: "i".to_owned(),
        key: IntegrationKey::parse("excel").unwrap(),
        provider: ProviderName::parse("microsoft-excel").unwrap(),
        display_name: None,
        client_id: None,
        client_secret: Some(seal(Place::new("integrations", "i", "client_secret"), "client")),
        scopes: Vec::new(),
        settings: IntegrationSettings::default(),
        created_at_ms: 0,
        updated_at_ms: 0,
    };
    store.insert_integration(scope, &integration).await.unwrap();
    for index in 0..connections {
        connect(context, scope, index, "first").await;
    }
    let payload = seal(Place::new("oauth_states", "s", "payload"), "state");
    let state = OAuthState {
        state_hash: "s".to_owned(),
        environment: environment.id,
        integration: integration.key,
        cookie_hash: "c".to_owned(),
        payload,
        expires_at_ms: i64::MAX,
    };
    store.insert_oauth_state(&state).await.unwrap();
    scope
}

async fn connect(context: &Context, scope: Scope, index: usize, text: &str) {
    let seal_id = format!("seal-{index}-{text}");
    let place = Place::new("connections", &seal_id, "credentials");
    let new = NewConnection {
        integration: IntegrationKey::parse("excel").unwrap(),
        id: ConnectionId::parse(&format!("c{index}")).unwrap(),
        credentials: context.vault.seal(&place, text.as_bytes()).unwrap(),
        seal_id,
        expires_at_ms: None,
        config: Default::default(),
        metadata: None,
        tags: None,
        end_user: None,
        webhook_url_override: None,
        ends_at_ms: None,
    };
    context.store.upsert_connection(scope, new, 0).await.unwrap();
}

/// What a connection's credentials are, opened by a vault of the test's choice.
async fn opened(store: &Store, vault: &Vault, scope: Scope, index: usize) -> String {
    let key = IntegrationKey::parse("excel").unwrap();
    let id = ConnectionId::parse(&format!("c{index}")).unwrap();
    let found = store.connection(scope, &key, &id).await.unwrap().unwrap();
    let place = Place::new("connections", &found.seal_id, "credentials");
    String::from_utf8(vault.open(&place, &found.credentials).unwrap().to_vec()).unwrap()
}

#[track_caller]
fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    match outcome {
        Err(Error::Refused { code, .. }) => code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_rotation_that_was_killed_goes_on_and_leaves_the_new_key_alone() {
    let database = FreshDatabase::sqlite().unwrap();
    let (old, new) = (KeyMaterial::generate().unwrap(), KeyMaterial::generate().unwrap());
    let (context, rotation) = node(&database, "one", &[&old]).await;
    let scope = fill(&context, 1_200).await;
    assert_eq!(rotation.step().await.unwrap(), Step::Idle);
    assert_eq!(code(rotation.begin(new.id()).await), "unknown_key");
    context.vault.learn(&new).unwrap();
    rotation.begin(new.id()).await.unwrap();
    assert_eq!(rotation.begin(new.id()).await.unwrap().ended_at_ms, None, "begun again it goes on");
    assert_eq!(code(rotation.begin(old.id()).await), "rotation_under_way");
    assert_eq!(rotation.step().await.unwrap(), Step::More);
    // Half-way: values of both keys, each readable; new ones are the new key's.
    connect(&context, scope, 1_100, "second").await;
    for index in [0, 1_100, 1_199] {
        let wanted = if index == 1_100 { "second" } else { "first" };
        assert_eq!(opened(&context.store, &context.vault, scope, index).await, wanted);
    }
    drop((context, rotation));

    // The successor's configuration still names the old key first.
    let (context, rotation) = node(&database, "one", &[&old, &new]).await;
    assert_eq!(context.vault.sealing_key(), new.id(), "the database knows which key seals");
    let mut steps = 0;
    while rotation.step().await.unwrap() == Step::More {
        steps += 1;
        assert!(steps < 50, "{:?}", rotation.progress());
    }
    let ended = rotation.rotation().await.unwrap().unwrap();
    assert!(ended.ended_at_ms.is_some() && ended.to == new.id().to_string());
    assert_eq!(rotation.step().await.unwrap(), Step::Idle);
    assert!(rotation.counts().await.unwrap().iter().all(|one| one.key == new.id()));
    let alone = Vault::new(Keyring::new(vec![new]).unwrap());
    let check = context.store.meta(CHECK_VALUE).await.unwrap().unwrap();
    alone.verify_check_value(&check).unwrap();
    for index in 0..1_200 {
        let wanted = if index == 1_100 { "second" } else { "first" };
        assert_eq!(opened(&context.store, &alone, scope, index).await, wanted);
    }
}

#[tokio::test]
async fn every_process_knows_the_key_before_it_seals_and_the_end_waits_for_all() {
    let database = FreshDatabase::sqlite().unwrap();
    let (old, new) = (KeyMaterial::generate().unwrap(), KeyMaterial::generate().unwrap());
    let (context, rotation) = node(&database, "one", &[&old, &new]).await;
    fill(&context, 3).await;
    let other = |known: &[&KeyMaterial], sealing: &KeyMaterial| NodeKeys {
        node: "two".to_owned(),
        known: known.iter().map(|key| key.id().to_string()).collect(),
        sealing: sealing.id().to_string(),
        seen_at_ms: context.now_ms(),
    };
    let tell = async |keys: NodeKeys| context.store.tell_node_keys(&keys).await.unwrap();
    tell(other(&[&old], &old)).await;
    let Err(refused) = rotation.begin(new.id()).await else { panic!("begun") };
    assert!(refused.to_string().contains("two"), "the message names who lacks it: {refused}");
    assert_eq!(context.vault.sealing_key(), old.id());
    tell(other(&[&old, &new], &old)).await;
    rotation.begin(new.id()).await.unwrap();
    let walk = async || {
        let mut last = Step::More;
        for _ in 0..50 {
            last = rotation.step().await.unwrap();
            if last != Step::More {
                break;
            }
        }
        last
    };
    assert_eq!(walk().await, Step::Waiting, "the other process may still seal with the old key");
    tell(other(&[&old, &new], &new)).await;
    assert_eq!(walk().await, Step::Ended);
}

#[tokio::test]
async fn what_does_not_open_stays_as_it_is_and_is_counted() {
    let database = FreshDatabase::sqlite().unwrap();
    let [lost, old, new] = [(); 3].map(|()| KeyMaterial::generate().unwrap());
    let (context, rotation) = node(&database, "one", &[&old, &new]).await;
    let scope = fill(&context, 2).await;
    let (stranger, _) = node(&database, "one", &[&lost]).await;
    connect(&stranger, scope, 1, "unreadable").await;
    rotation.begin(new.id()).await.unwrap();
    let mut last = Step::More;
    while last == Step::More {
        last = rotation.step().await.unwrap();
    }
    assert_eq!((last, rotation.progress().unreadable), (Step::Ended, 1));
    let counts = rotation.counts().await.unwrap();
    let kept: Vec<_> = counts.iter().filter(|one| one.key != new.id()).collect();
    assert!(kept.len() == 1 && kept[0].key == lost.id() && kept[0].count == 1, "{kept:?}");
}

//! The use-cases in this process, on a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::{Clock, Entropy, EnvironmentName, IntegrationKey, Scope};
use egress::{Egress, EgressOptions, FetchPolicy, PolicyClass, SendPolicy};
use services::context::{Context, LogProxy, NodeName, SandboxCloud, Settings, TOKEN_CALL};
use services::fault::FaultPoints;
use services::operations::Recorder;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;
use vault::{KeyMaterial, Keyring, Vault};

/// A clock that stands until it is moved.
pub struct HandClock(AtomicI64);

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

/// Use-cases over a database of their own, with the integration `excel`.
pub struct House {
    pub context: Arc<Context>,
    pub clock: Arc<HandClock>,
    pub scope: Scope,
    pub key: IntegrationKey,
    _dir: TempDir,
}

impl House {
    /// Builds everything.
    pub async fn build() -> Self {
        Self::build_with(catalog::Catalog::embedded().unwrap(), Vec::new(), "microsoft-excel").await
    }

    /// As [`Self::build`], with `upstream` as the provider of the integration.
    pub async fn beside(upstream: &super::upstream::Upstream) -> Self {
        let dir = TempDir::new().unwrap();
        let file = upstream.definition(dir.path());
        let text = std::fs::read_to_string(&file).unwrap();
        let catalog = catalog::Catalog::embedded().unwrap().with_file("raw.yaml", &text).unwrap();
        let exempt = egress::HostPort::new(std::net::IpAddr::from([127, 0, 0, 1]), upstream.port);
        Self::build_with(catalog, vec![exempt], "raw").await
    }

    /// As [`Self::beside`], with a definition of the test's own, named `raw`.
    pub async fn with_definition(upstream: &super::upstream::Upstream, definition: &str) -> Self {
        let catalog = catalog::Catalog::embedded().unwrap().with_file("raw.yaml", definition).unwrap();
        let exempt = egress::HostPort::new(std::net::IpAddr::from([127, 0, 0, 1]), upstream.port);
        Self::build_with(catalog, vec![exempt], "raw").await
    }

    async fn build_with(
        catalog: catalog::Catalog,
        exemptions: Vec<egress::HostPort>,
        provider: &str,
    ) -> Self {
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
            oidc: None,
            webhooks: services::webhooks::deliver::DeliverySettings {
                class: PolicyClass::PublicOrLoopback,
                timeout: Duration::from_secs(1),
                give_up_ms: 24 * 3_600_000,
            },
        };
        let context = Arc::new(Context {
            catalog: catalog.into(),
            egress: Egress::new(EgressOptions { exemptions, ..EgressOptions::default() }).unwrap(),
            background: TaskTracker::new(),
            key_making: tokio::sync::Semaphore::new(1),
            held: services::proxy::room::Room::new(1 << 30),
            counts: Default::default(),
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
        services::integrations::create(&context, scope, provider, key.clone(), changes).await.unwrap();
        Self { context, clock, scope, key, _dir: dir }
    }

    /// Another node's store on the same database; on SQLite nobody is told of what it writes.
    pub async fn other_node(&self) -> store::Store {
        let url = store::DatabaseUrl::Sqlite(self._dir.path().join("sheetbend.db"));
        store::Store::open(store::StoreOptions::new(url)).await.unwrap()
    }

    /// Moves the clock.
    pub fn later(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the clock to the machine's.
    pub fn set_to_now(&self) {
        let now = std::fs::metadata(self._dir.path()).unwrap().modified().unwrap();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        self.clock.0.store(i64::try_from(since.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

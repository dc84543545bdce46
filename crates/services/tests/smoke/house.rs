//! Every use-case in this process, with the fake internet behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use catalog::Catalog;
use domain::{Clock, Entropy, EnvironmentName, Scope};
use egress::{
    Egress, EgressOptions, FetchPolicy, OutboundProxies, PolicyClass, SendPolicy, SystemRoots, TrustProxy,
};
use services::Services;
use services::context::{Context, LogProxy, NodeName, SandboxCloud, Settings, TOKEN_CALL};
use services::fault::FaultPoints;
use services::operations::Recorder;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;
use vault::{KeyMaterial, Keyring, Vault};

use crate::fake::Fake;

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

pub struct House {
    pub services: Services,
    pub fake: Fake,
    pub scope: Scope,
    _dir: TempDir,
}

impl House {
    pub async fn build(catalog: Catalog) -> Self {
        let dir = TempDir::new().unwrap();
        let fake = Fake::start(dir.path()).await;
        let url = store::DatabaseUrl::Sqlite(dir.path().join("sheetbend.db"));
        let store = store::Store::open(store::StoreOptions::new(url)).await.unwrap();
        let clock = Arc::new(HandClock(AtomicI64::new(1_800_000_000_000)));
        let entropy: Arc<dyn Entropy> = Arc::new(Random);
        let (log, recorder) = Recorder::new(store.clone(), clock.clone(), entropy.clone());
        tokio::spawn(recorder.run(tokio_util::sync::CancellationToken::new()));
        let limit = Duration::from_secs(10);
        let settings = Settings {
            public_url: "https://sheetbend.example".to_owned(),
            callback_url: "https://sheetbend.example/oauth/callback".to_owned(),
            node: NodeName { home: "home".to_owned(), start: "start".to_owned() },
            sandbox: SandboxCloud::Absent,
            proxy: SendPolicy {
                class: PolicyClass::Public,
                first_byte: limit,
                idle_body: limit,
                total: None,
            },
            token: FetchPolicy { class: PolicyClass::Public, max_bytes: 1 << 20, total: TOKEN_CALL },
            log_proxy: LogProxy::All,
            oidc: None,
            webhooks: services::webhooks::deliver::DeliverySettings {
                class: PolicyClass::Public,
                timeout: Duration::from_secs(1),
                give_up_ms: 0,
            },
        };
        let proxy = format!("http://127.0.0.1:{}", fake.port);
        let options = EgressOptions {
            extra_ca_files: vec![fake.ca_file.clone()],
            system_roots: SystemRoots::Ignore,
            proxies: OutboundProxies::from_values(None, Some(&proxy), None).unwrap(),
            trust_proxy: TrustProxy::Yes,
            ..EgressOptions::default()
        };
        let context = Arc::new(Context {
            catalog: catalog.into(),
            egress: Egress::new(options).unwrap(),
            background: TaskTracker::new(),
            key_making: tokio::sync::Semaphore::new(1),
            held: services::proxy::room::Room::new(1 << 30),
            counts: Default::default(),
            faults: FaultPoints::default(),
            vault: Vault::new(Keyring::new(vec![KeyMaterial::generate().unwrap()]).unwrap()),
            store,
            clock,
            entropy,
            log,
            settings,
        });
        let name = EnvironmentName::parse("dev").unwrap();
        let environment =
            context.store.get_or_create_environment(&name, "e", context.now_ms()).await.unwrap();
        Self {
            services: Services::new(context),
            fake,
            scope: Scope { environment: environment.id },
            _dir: dir,
        }
    }
}

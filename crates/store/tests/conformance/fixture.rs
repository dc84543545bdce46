//! A fresh database with an environment and an integration.

use std::collections::BTreeMap;

use domain::connection::{Connection, EndUser, Organization};
use domain::integration::{Integration, IntegrationSettings};
use domain::{ConnectionId, EnvironmentName, IntegrationKey, ProviderName, Scope, Sealed};
use serde_json::{Map, Value};
use store::{DatabaseUrl, NewConnection, Store};
use testkit::databases::FreshDatabase;
use testkit::postgres::TestPostgres;

/// The moment all tests begin at, Unix milliseconds.
pub const NOW: i64 = 1_700_000_000_000;

/// A fresh database; gone when dropped.
pub struct Fixture {
    pub store: Store,
    pub scope: Scope,
    pub url: DatabaseUrl,
    database: FreshDatabase,
}

impl Fixture {
    pub async fn sqlite() -> Self {
        Self::open(FreshDatabase::sqlite().unwrap()).await
    }

    pub async fn postgres() -> Self {
        Self::open(FreshDatabase::postgres().unwrap()).await
    }

    async fn open(database: FreshDatabase) -> Self {
        let store = database.open().await.unwrap();
        let name = EnvironmentName::parse("dev").unwrap();
        let environment = store.get_or_create_environment(&name, "uuid-dev", NOW).await.unwrap();
        let scope = Scope { environment: environment.id };
        store.insert_integration(scope, &integration("excel")).await.unwrap();
        Self { store, scope, url: database.url().clone(), database }
    }

    /// Another store on the same database, as another node would open it.
    pub async fn another_node(&self) -> Store {
        self.database.open().await.unwrap()
    }

    /// The PostgreSQL server behind it.
    pub fn server(&self) -> &TestPostgres {
        self.database.server().expect("a test of PostgreSQL")
    }

    /// Another environment.
    pub async fn other_scope(&self) -> Scope {
        let name = EnvironmentName::parse("prod").unwrap();
        let environment = self.store.get_or_create_environment(&name, "uuid-prod", NOW).await.unwrap();
        Scope { environment: environment.id }
    }

    /// A new connection on `excel`.
    pub async fn connection(&self, id: &str) -> Connection {
        self.store.upsert_connection(self.scope, new_connection(id), NOW).await.unwrap().0
    }
}

pub fn key(text: &str) -> IntegrationKey {
    IntegrationKey::parse(text).unwrap()
}

pub fn connection_id(text: &str) -> ConnectionId {
    ConnectionId::parse(text).unwrap()
}

pub fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub fn integration(unique_key: &str) -> Integration {
    Integration {
        id: format!("id-{unique_key}"),
        key: key(unique_key),
        provider: ProviderName::parse("microsoft-excel").unwrap(),
        display_name: None,
        client_id: Some("client".to_owned()),
        client_secret: Some(Sealed::from_bytes(vec![0, 159, 255])),
        scopes: vec!["Files.ReadWrite".to_owned(), "offline_access".to_owned()],
        settings: IntegrationSettings { cloud: Some("sandbox".to_owned()), ..Default::default() },
        created_at_ms: NOW,
        updated_at_ms: NOW,
    }
}

pub fn end_user(id: &str) -> EndUser {
    EndUser {
        id: id.to_owned(),
        email: Some(format!("{id}@Example.com")),
        display_name: Some("Zoë 100%_\\".to_owned()),
        tags: tags(&[("plan", "x")]),
        organization: Some(Organization { id: "org-1".to_owned(), display_name: None }),
    }
}

pub fn new_connection(id: &str) -> NewConnection {
    NewConnection {
        integration: key("excel"),
        id: connection_id(id),
        seal_id: format!("seal-{id}"),
        credentials: Sealed::from_bytes(vec![1, 0, 2]),
        expires_at_ms: Some(NOW + 3_600_000),
        config: object(serde_json::json!({"tenant": "contoso"})),
        metadata: None,
        tags: Some(tags(&[("plan", "pro"), ("region", "eu")])),
        end_user: Some(end_user("u1")),
        webhook_url_override: None,
        ends_at_ms: None,
    }
}

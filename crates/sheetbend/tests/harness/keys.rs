//! API keys with some rights only.

use super::Server;

/// A key of the first environment with these scopes, put beside the running server.
pub async fn narrow_key(server: &Server, key: &str, scopes: &[&str]) {
    let url = store::DatabaseUrl::Sqlite(server.data_dir.join("sheetbend.db"));
    let beside = store::Store::open(store::StoreOptions::new(url)).await.unwrap();
    let scope = domain::Scope { environment: domain::EnvironmentId(1) };
    let new = store::NewApiKey {
        id: format!("id-of-{key}"),
        name: key.to_owned(),
        hash: services::api_keys::hash(key),
        prefix: "sb_".to_owned(),
        grants: domain::permission::Grants::new(scopes.iter().map(|&one| one.to_owned()).collect()),
    };
    beside.insert_api_key(scope, new, 0).await.unwrap();
    beside.close().await;
}

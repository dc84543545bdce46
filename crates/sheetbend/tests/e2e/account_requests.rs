//! What a definition asks the vendor around a connection: what is learnt of a new account, how an installation is proved,
//! what is told before a connection goes.

use crate::harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use harness::connect::connections_of;
use harness::upstream::{Seen, Upstream, answer};
use harness::visitor::Visitor;
use harness::{Answer, Server, Start};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Setting {
    upstream: Upstream,
    server: Server,
    /// Whether the vendor answers requests before a deletion with an error.
    broken: Arc<AtomicBool>,
    _dir: TempDir,
}

fn definitions(port: u16) -> String {
    let base = format!("http://127.0.0.1:{port}");
    format!(
        r#"
sites:
  display_name: Sites
  auth_mode: OAUTH2
  authorization_url: {base}/authorize
  token_url: {base}/token
  connection_config:
    area: {{type: string, title: Area, description: The area, optional: true}}
    siteId: {{type: string, title: Site, description: The site, automated: true, pattern: '^[a-z0-9]+$'}}
  post_connection:
    - request: {{url: /sites}}
      items: data.sites
      matching: {{name: '${{connectionConfig.area}}.sites.example', kind: crm}}
      config: {{siteId: id, plan: plan.name}}
      required: true
    - request: {{url: /me, method: POST, data: {{ask: who}}}}
      config: {{owner: 'users.0.name'}}
    - request: {{url: /orgs}}
      items: ''
      several: none
      config: {{org: id}}
  pre_connection_deletion:
    - {{url: '/tokens/${{credentials.refresh_token}}', method: DELETE}}
    - {{url: /revoke, method: POST, body_format: form, data: {{token: '${{accessToken}}'}}}}
  proxy:
    base_url: {base}/api
    headers: {{x-site: '${{connectionConfig.siteId}}'}}
shop:
  display_name: Shop
  auth_mode: INSTALL_PLUGIN
  auth_type: BASIC
  redirect_uri_metadata: [website_id]
  installation_proof:
    request: {{url: /installs}}
    items: data
    matching: {{website_id: '${{connectionConfig.website_id}}', token: '${{callback.token}}'}}
  proxy: {{base_url: {base}/api}}
shop-unproved:
  display_name: Shop
  auth_mode: INSTALL_PLUGIN
  auth_type: BASIC
  redirect_uri_metadata: [website_id]
  proxy: {{base_url: {base}/api}}
"#
    )
}

fn respond(seen: &Seen, broken: bool) -> Vec<u8> {
    let path = seen.line().split(' ').nth(1).unwrap().to_owned();
    let told = match path.as_str() {
        "/token" => json!({"access_token": "token-1", "refresh_token": "refresh/1", "expires_in": 3600}),
        "/api/sites" => json!({"data": {"sites": [
            {"id": "old", "name": "north.sites.example", "kind": "wiki", "plan": {"name": "free"}},
            {"id": "n1", "name": "North.sites.example", "kind": "crm", "plan": {"name": "pro"}},
            {"id": "s1", "name": "south.sites.example", "kind": "crm", "plan": {"name": "free"}},
            {"id": "evil/../x", "name": "evil.sites.example", "kind": "crm", "plan": {"name": "free"}},
        ]}}),
        "/api/me" => json!({"users": [{"name": "Ada"}]}),
        "/api/orgs" => json!([{"id": 1}, {"id": 2}]),
        "/api/installs" => {
            json!({"data": [{"website_id": "w1", "token": "proof-1"}, {"website_id": "w2", "token": "proof-2"}]})
        }
        _ if broken => return answer("500 Oops", &[], b""),
        _ => json!({}),
    };
    answer("200 OK", &[("Content-Type", "application/json")], told.to_string().as_bytes())
}

impl Setting {
    async fn start() -> Self {
        let broken = Arc::new(AtomicBool::new(false));
        let told = broken.clone();
        let upstream = Upstream::start(move |_, seen| respond(seen, told.load(Ordering::SeqCst))).await;
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("sites.yaml");
        std::fs::write(&file, definitions(upstream.port)).unwrap();
        let exempt = format!("127.0.0.1:{}", upstream.port);
        let arguments = ["--provider-file", file.to_str().unwrap(), "--exempt", &exempt];
        let server = Start::dev().args(&arguments).start();
        let client = json!({"type": "OAUTH2", "client_id": "c", "client_secret": "s"});
        let sites = json!({"provider": "sites", "unique_key": "sites", "credentials": client});
        server.api("POST", "/integrations", Some(sites)).await.ok();
        for key in ["shop", "shop-unproved"] {
            let link = format!("http://127.0.0.1:{}/install?ref=us", upstream.port);
            let custom = json!({"username": "plugin-1", "password": "plugin key 1", "app_link": link});
            let body = json!({"provider": key, "unique_key": key, "custom": custom});
            server.api("POST", "/integrations", Some(body)).await.ok();
        }
        Self { upstream, server, broken, _dir: dir }
    }

    /// Leaves for the vendor and comes back with `query` beside the state; the result page.
    async fn walk(&self, key: &str, params: &str, query: &str) -> Answer {
        let mut visitor = Visitor::new(&self.server);
        let begun = visitor.begin(key, json!({"end_user": {"id": "u"}}), params).await;
        assert_eq!(begun.status, 302, "{}", begun.text());
        let away: url::Url = begun.header("location").parse().unwrap();
        let state = away.query_pairs().find(|(name, _)| name == "state" || name == "payload").unwrap();
        let back = format!("{}/oauth/callback?{}={}&{query}", self.server.url(), state.0, state.1);
        visitor.get(&back).await
    }

    async fn shown(&self, key: &str) -> Value {
        let id = connections_of(&self.server, "u").await[0]["connection_id"].as_str().unwrap().to_owned();
        self.server.api("GET", &format!("/connections/{id}?provider_config_key={key}"), None).await.ok()
    }

    fn asked(&self) -> Vec<String> {
        let all = self.upstream.seen();
        all.iter().map(|seen| seen.line().trim_end_matches(" HTTP/1.1").to_owned()).collect()
    }
}

#[tokio::test]
async fn what_calls_need_is_learnt_before_the_connection_is_stored_and_the_vendor_is_told_of_its_end() {
    let setting = Setting::start().await;
    let page = setting.walk("sites", "&params[area]=north", "code=x").await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    assert_eq!(setting.asked(), ["POST /token", "GET /api/sites", "POST /api/me", "GET /api/orgs"]);
    let seen = setting.upstream.seen();
    assert_eq!(seen[1].header("authorization"), "Bearer token-1");
    assert_eq!(
        (seen[2].json(), seen[2].header("content-type")),
        (json!({"ask": "who"}), "application/json".into())
    );
    let shown = setting.shown("sites").await;
    let wanted = json!({"area": "north", "siteId": "n1", "plan": "pro", "owner": "Ada"});
    assert_eq!(shown["connection_config"], wanted, "of several organisations none is taken");
    let id = shown["connection_id"].as_str().unwrap();
    setting.server.proxy("GET", "/thing", "sites", id).await.ok();
    assert_eq!(setting.upstream.seen().last().unwrap().header("x-site"), "n1");
    let story = harness::eventually("the story", async || {
        let found = setting.server.api("GET", "/operations?type=auth&state=success", None).await.ok();
        // The demo's connections may stand in the log before it.
        let own = found["data"].as_array()?.iter().find(|one| one["connection"] == id)?;
        let operation = own["id"].as_str()?;
        Some(setting.server.api("GET", &format!("/operations/{operation}"), None).await.ok().to_string())
    })
    .await;
    assert!(story.contains("nobody said which") && story.contains("learnt"), "{story}");
    // Before it goes; what the vendor answers does not matter.
    setting.broken.store(true, Ordering::SeqCst);
    let before = setting.asked().len();
    let path = format!("/connections/{id}?provider_config_key=sites");
    setting.server.api("DELETE", &path, None).await.ok();
    assert_eq!(setting.asked().split_off(before), ["DELETE /api/tokens/refresh%2F1", "POST /api/revoke"]);
    assert_eq!(setting.upstream.seen().last().unwrap().body, b"token=token-1");
    assert!(connections_of(&setting.server, "u").await.is_empty());
    setting.server.calm();
}

#[tokio::test]
async fn an_account_without_what_calls_need_is_not_connected_and_what_somebody_said_is_not_asked() {
    let setting = Setting::start().await;
    for (area, told) in [("west", "none that fits"), ("evil", "Site:")] {
        let page = setting.walk("sites", &format!("&params[area]={area}"), "code=x").await;
        assert!(page.text().contains("could not be learnt") && page.text().contains(told), "{}", page.text());
        assert_eq!(page.status, 400);
    }
    assert!(connections_of(&setting.server, "u").await.is_empty());
    let session = json!({"end_user": {"id": "u"}, "integrations_config_defaults": {"sites":
        {"connection_config": {"siteId": "given", "plan": "given", "owner": "given", "org": "given"}}}});
    let mut visitor = Visitor::new(&setting.server);
    let begun = visitor.begin("sites", session, "").await;
    let away: url::Url = begun.header("location").parse().unwrap();
    let (_, state) = away.query_pairs().find(|(name, _)| name == "state").unwrap();
    let before = setting.asked().len();
    let page = visitor.get(&format!("{}/oauth/callback?state={state}&code=x", setting.server.url())).await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    assert_eq!(setting.asked().split_off(before), ["POST /token"]);
    assert_eq!(setting.shown("sites").await["connection_config"]["siteId"], "given");
}

#[tokio::test]
async fn a_plugin_connects_only_where_the_vendor_confirms_who_installed_it() {
    let setting = Setting::start().await;
    // The place is not the page's to choose, and a callback without the vendor's own word proves nothing.
    for (params, query) in [
        ("&params[website_id]=w1", "website_id=w1"),
        ("", "website_id=w1&token=proof-2"),
        ("", "website_id=w3&token=proof-1"),
        ("", "website_id=w1&token="),
    ] {
        let page = setting.walk("shop", params, query).await;
        assert!(page.text().contains("did not confirm"), "{query}: {}", page.text());
    }
    let page = setting.walk("shop", "", "token=proof-1").await;
    assert!(page.text().contains("no website_id"), "{}", page.text());
    assert!(connections_of(&setting.server, "u").await.is_empty());
    let page = setting.walk("shop", "", "website_id=w1&token=proof-1").await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    let shown = setting.shown("shop").await;
    assert_eq!(shown["connection_config"], json!({"website_id": "w1"}));
    let keys = json!({"type": "BASIC", "username": "plugin-1", "password": "plugin key 1"});
    assert_eq!(shown["credentials"], keys);
    let id = shown["connection_id"].as_str().unwrap();
    setting.server.proxy("GET", "/thing", "shop", id).await.ok();
    let basic = "Basic cGx1Z2luLTE6cGx1Z2luIGtleSAx";
    assert_eq!(setting.upstream.seen().last().unwrap().header("authorization"), basic);
    // Whose definition does not say how: refused before the browser leaves.
    let mut visitor = Visitor::new(&setting.server);
    let refused = visitor.begin("shop-unproved", json!({"end_user": {"id": "u"}}), "").await;
    assert!(refused.text().contains("installation_proof"), "{}", refused.text());
    let integration = setting.server.api("GET", "/integrations/shop?include=credentials", None).await.text();
    assert!(!integration.contains("plugin key"), "{integration}");
    setting.server.calm();
}

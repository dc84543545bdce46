//! Installed apps (APP, CUSTOM) against a small GitHub that verifies every JWT with npm `jose`.

use crate::harness;

use harness::outside::{Serving, free_port};
use harness::visitor::Visitor;
use harness::{Answer, Server, Start};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Setting {
    _dir: TempDir,
    server: Server,
    github: Serving,
}

impl Setting {
    async fn new(mode: &str, more: Value) -> Self {
        let port = free_port();
        let own = format!("http://localhost:{port}");
        let mut options = json!({"setup_url": format!("{own}/app-auth/connect"),
            "callback_url": format!("{own}/oauth/callback"), "login_first": mode == "CUSTOM"});
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let github = Serving::node("github_app.mjs", &options);
        let base = github.text("base");
        let app_token =
            format!("{base}/app/installations/${{connectionConfig.installation_id}}/access_tokens");
        let token_url = match mode {
            "APP" => format!("  token_url: {app_token}\n"),
            _ => format!("  token_url:\n    OAUTH2: {base}/login/oauth/access_token\n    APP: {app_token}\n"),
        };
        let definition = format!(
            "knots:\n  display_name: Knots\n  auth_mode: {mode}\n  \
             authorization_url: ${{connectionConfig.appPublicLink}}/installations/new\n{token_url}  proxy:\n    \
             base_url: {base}\n  connection_config:\n    appPublicLink:\n      type: string\n      title: Page\n      \
             description: The app's page\n      automated: true\n    installation_id:\n      type: string\n      \
             title: Installation\n      description: Its id\n      automated: true\n"
        );
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("knots.yaml");
        std::fs::write(&file, definition).unwrap();
        let exempt = github.exempt("base");
        let mut arguments = vec!["--provider-file", file.to_str().unwrap()];
        arguments.extend(exempt.iter().map(String::as_str));
        let server = Start::dev().listen(&format!("127.0.0.1:{port}")).args(&arguments).start();
        let mut credentials = json!({"type": mode, "app_id": github.text("app_id"),
            "app_link": github.text("app_link"), "private_key": github.text("private_key")});
        if mode == "CUSTOM" {
            credentials["client_id"] = json!(github.text("client_id"));
            credentials["client_secret"] = json!(github.text("client_secret"));
        }
        let body = json!({"provider": "knots", "unique_key": "knots", "credentials": credentials});
        server.api("POST", "/integrations", Some(body)).await.ok();
        Self { _dir: dir, server, github }
    }

    /// Installs the app; the vendor's redirect back, not followed.
    async fn installed(&self) -> (Visitor<'_>, String) {
        let mut visitor = Visitor::new(&self.server);
        let session = json!({"end_user": {"id": "u"}, "allowed_integrations": ["knots"]});
        let begun = visitor.begin("knots", session, "").await;
        assert_eq!(begun.status, 302, "{}", begun.text());
        let back = visitor.get(begun.header("location")).await;
        (visitor, back.header("location").to_owned())
    }

    async fn connections(&self) -> Vec<Value> {
        let list = self.server.api("GET", "/connections?integrationId=knots", None).await.ok();
        list["connections"].as_array().unwrap().clone()
    }

    async fn whole(&self, refresh: &str) -> Answer {
        let id = self.connections().await[0]["connection_id"].as_str().unwrap().to_owned();
        self.server.api("GET", &format!("/connections/{id}?provider_config_key=knots{refresh}"), None).await
    }
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_an_installation_becomes_a_connection_whose_token_is_minted_again() {
    let setting = Setting::new("APP", json!({})).await;
    let (mut visitor, back) = setting.installed().await;
    let page = visitor.get(&back).await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    let first = setting.whole("").await.ok();
    assert_eq!(first["credentials"]["type"], "APP", "{first}");
    assert_eq!(first["connection_config"]["installation_id"], "101", "{first}");
    let second = setting.whole("&force_refresh=true").await.ok();
    assert_ne!(first["credentials"]["access_token"], second["credentials"]["access_token"]);
    let id = first["connection_id"].as_str().unwrap();
    let called = setting.server.proxy("GET", "/installation/repositories", "knots", id).await;
    assert_eq!(called.json()["repositories"][0]["installation"], "101", "{}", called.text());
    let state = setting.github.control("base", "state").await;
    assert_eq!((&state["refused"], &state["minted"]), (&json!([]), &json!(["101", "101"])), "{state}");
    let shown = setting.server.api("GET", "/integrations/knots?include=credentials", None).await.ok();
    assert_eq!(shown["data"]["credentials"]["app_id"], "4711", "{shown}");
    setting.server.calm();
}

/// The installation's id is a number in a URL: that of somebody else must not open their account.
#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_an_installation_of_somebody_else_s_is_not_connected() {
    let setting = Setting::new("APP", json!({})).await;
    setting.github.control("base", "install?id=7&age_s=86400").await;
    let (mut visitor, back) = setting.installed().await;
    let forged = back.replace("installation_id=101", "installation_id=7");
    let page = visitor.get(&forged).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("installed there before"), "{}", page.text());
    assert!(setting.connections().await.is_empty());
    // The state was taken: the right id does not come through with it afterwards.
    assert_eq!(visitor.get(&back).await.status, 404);
    for odd in ["7%2F..%2F8", "abc", "123456789012345678901"] {
        let (mut visitor, back) = setting.installed().await;
        let id = url::Url::parse(&back)
            .unwrap()
            .query_pairs()
            .find(|(key, _)| key == "installation_id")
            .unwrap()
            .1
            .into_owned();
        let page = visitor
            .get(&back.replace(&format!("installation_id={id}"), &format!("installation_id={odd}")))
            .await;
        assert!(!page.text().contains("is connected"), "{odd}: {}", page.text());
    }
    let state = setting.github.control("base", "state").await;
    assert_eq!(state["minted"], json!([]), "{state}");
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_the_set_up_url_answers_as_the_contract_says() {
    let setting = Setting::new("APP", json!({})).await;
    let setup = format!("{}/app-auth/connect", setting.server.url());
    let get = async |query: &str, headers: &[(&str, &str)]| {
        setting.server.send("GET", &format!("{setup}{query}"), headers, "").await
    };
    assert_eq!(get("", &[]).await.status, 400);
    assert_eq!(get("?installation_id=1&setup_action=request", &[]).await.status, 400);
    let back =
        get("?installation_id=1&setup_action=update", &[("referer", "https://github.example/apps")]).await;
    assert_eq!((back.status.as_u16(), back.header("location")), (302, "https://github.example/apps"));
    let page = get("?installation_id=1&setup_action=install", &[("referer", "javascript:alert(1)")]).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (200, ""));
    assert_eq!(get("?installation_id=1&setup_action=install&state=unknown", &[]).await.status, 404);
    // An installation that an owner must approve is no connection yet.
    let (mut visitor, back) = setting.installed().await;
    let asked = format!("{}&setup_action=request", back.replace("setup_action=install", "x=y"));
    let page = visitor.get(&asked).await;
    assert_eq!(page.status, 400, "{}", page.text());
    assert!(page.text().contains("wrong_auth_mode"), "{}", page.text());
    assert!(setting.connections().await.is_empty());
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_an_app_with_its_user_has_both_tokens() {
    let setting = Setting::new("CUSTOM", json!({})).await;
    setting.github.control("base", "install?id=7&age_s=86400&user=somebody").await;
    let (mut visitor, back) = setting.installed().await;
    let forged = visitor.get(&back.replace("installation_id=101", "installation_id=7")).await;
    assert!(forged.text().contains("does not see installation 7"), "{}", forged.text());
    assert!(setting.connections().await.is_empty());

    let (mut visitor, back) = setting.installed().await;
    let page = visitor.get(&back).await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    let whole = setting.whole("&force_refresh=true").await.ok();
    assert_eq!(whole["credentials"]["type"], "CUSTOM", "{whole}");
    assert!(whole["credentials"]["app"]["access_token"].as_str().unwrap().starts_with("ghs_"), "{whole}");
    assert!(whole["credentials"]["user"]["access_token"].as_str().unwrap().starts_with("ghu_"), "{whole}");
    let id = whole["connection_id"].as_str().unwrap();
    let called = setting.server.proxy("GET", "/installation/repositories", "knots", id).await;
    assert_eq!(called.json()["repositories"][0]["installation"], "102", "{}", called.text());
    setting.server.calm();
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_a_requested_installation_works_once_it_is_approved() {
    let setting = Setting::new("CUSTOM", json!({"must_be_approved": true})).await;
    let (mut visitor, back) = setting.installed().await;
    let page = visitor.get(&back).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let row = &setting.connections().await[0];
    let id = row["connection_id"].as_str().unwrap().to_owned();
    let early = setting.server.proxy("GET", "/installation/repositories", "knots", &id).await;
    assert!(early.status.is_client_error(), "{}", early.text());
    assert!(early.text().contains("approval"), "{}", early.text());
    setting.github.control("base", "install?id=55&age_s=0&user=octocat").await;
    let whole = setting.whole("&force_refresh=true").await.ok();
    assert_eq!(whole["connection_config"]["installation_id"], "55", "{whole}");
    assert_eq!(whole["connection_config"].get("pending"), None, "{whole}");
    let called = setting.server.proxy("GET", "/installation/repositories", "knots", &id).await;
    assert_eq!(called.json()["repositories"][0]["installation"], "55", "{}", called.text());
}

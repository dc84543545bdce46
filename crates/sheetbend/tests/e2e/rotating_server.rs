//! npm `oidc-provider` as an OAuth server that gives a new refresh token each time and revokes all when an old one
//! comes again.

use crate::harness;

use std::path::Path;

use harness::outside::{Serving, free_port};
use harness::visitor::Visitor;
use harness::{Answer, Server, Start};
use serde_json::json;
use tempfile::TempDir;

struct Setting {
    dir: TempDir,
    listen: String,
    rotating: Serving,
}

impl Setting {
    fn new() -> Self {
        let port = free_port();
        let options = json!({"redirect_uri": format!("http://localhost:{port}/oauth/callback")});
        let rotating = Serving::node("oidc_provider.mjs", &options);
        let dir = TempDir::new().unwrap();
        let definition = format!(
            "rotating:\n  display_name: Rotating\n  auth_mode: OAUTH2\n  authorization_url: {}\n  token_url: {}\n  \
             default_scopes: [openid, offline_access, email]\n  authorization_params:\n    prompt: consent\n  \
             proxy:\n    base_url: {}\n",
            rotating.text("authorization_url"),
            rotating.text("token_url"),
            rotating.text("issuer"),
        );
        std::fs::write(dir.path().join("rotating.yaml"), definition).unwrap();
        Self { dir, listen: format!("127.0.0.1:{port}"), rotating }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn start(&self, stop_at: &str) -> Server {
        let file = self.path().join("rotating.yaml");
        let exempt = self.rotating.exempt("issuer");
        let mut arguments = vec!["--provider-file", file.to_str().unwrap()];
        arguments.extend(exempt.iter().map(String::as_str));
        Start::dev()
            .in_dir(self.path())
            .listen(&self.listen)
            .args(&arguments)
            .env("SHEETBEND_STOP_AT", stop_at)
            .start()
    }

    /// A connection made through the provider's own pages; its id.
    async fn connect(&self, server: &Server) -> String {
        let integration = json!({"provider": "rotating", "unique_key": "rotating", "credentials": {
            "type": "OAUTH2", "client_id": self.rotating.text("client_id"),
            "client_secret": self.rotating.text("client_secret")}});
        server.api("POST", "/integrations", Some(integration)).await.ok();
        let page = Visitor::new(server).connect("rotating", "ada").await;
        assert!(page.text().contains("is connected"), "{}", page.text());
        let list = server.api("GET", "/connections?integrationId=rotating", None).await.ok();
        list["connections"][0]["connection_id"].as_str().unwrap().to_owned()
    }
}

async fn refresh(server: &Server, id: &str) -> Answer {
    let path =
        format!("/connections/{id}?provider_config_key=rotating&force_refresh=true&refresh_token=true");
    server.api("GET", &path, None).await
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_each_refresh_stores_the_new_token_and_none_is_replayed() {
    let setting = Setting::new();
    let server = setting.start("");
    let id = setting.connect(&server).await;
    let me = server.proxy("GET", "/me", "rotating", &id).await;
    assert_eq!(me.json()["sub"], "ada", "{}", me.text());
    let mut tokens = std::collections::HashSet::new();
    for _ in 0..3 {
        let got = refresh(&server, &id).await.ok();
        assert!(tokens.insert(got["credentials"]["refresh_token"].to_string()), "not rotated: {got}");
    }
    setting.rotating.control("issuer", "delay?ms=200").await;
    let answers = futures_util::future::join_all((0..50).map(|_| refresh(&server, &id))).await;
    let stored: std::collections::HashSet<String> =
        answers.iter().map(|answer| answer.ok()["credentials"]["refresh_token"].to_string()).collect();
    assert_eq!(stored.len(), 1, "fifty callers, one refresh");
    let state = setting.rotating.control("issuer", "state").await;
    assert_eq!((&state["refused"], &state["revoked_families"]), (&json!([]), &json!(0)), "{state}");
    let refreshes = state["granted"].as_array().unwrap().iter().filter(|one| *one == "refresh_token").count();
    assert_eq!(refreshes, 4, "{state}");
    assert_eq!(server.proxy("GET", "/me", "rotating", &id).await.status, 200);
    server.calm();
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_a_refresh_that_was_cut_off_is_named_and_a_new_sign_in_mends_it() {
    let setting = Setting::new();
    let mut server = setting.start("refresh:before_call");
    let id = setting.connect(&server).await;
    let url = format!("{}/connections/{id}?provider_config_key=rotating&force_refresh=true", server.url());
    let authorization = format!("Bearer {}", server.key());
    let headers = [("authorization", authorization.as_str())];
    assert!(harness::request("GET", &url, &headers, "").await.is_none());
    server.wait();
    // Killed before the call: the token is unspent and works.
    let mut server = setting.start("refresh:answered");
    assert!(harness::request("GET", &url, &headers, "").await.is_none(), "dies with the answer in hand");
    server.wait();
    let server = setting.start("");
    let error = refresh(&server, &id).await.refused(424, "invalid_credentials");
    assert_eq!(error["payload"]["code"], "interrupted_refresh", "{error}");
    assert_eq!(error["payload"]["actor"], "user");
    let list = server.api("GET", "/connections?integrationId=rotating", None).await.ok();
    assert_eq!(list["connections"][0]["errors"][0]["code"], "interrupted_refresh", "{list}");
    assert_eq!(list["connections"][0]["errors"][0]["needs_reconnect"], true);
    let body = json!({"connection_id": id, "integration_id": "rotating"});
    let made = server.api("POST", "/connect/sessions/reconnect", Some(body)).await.ok();
    let mut visitor = Visitor::new(&server);
    let token = made["data"]["token"].as_str().unwrap();
    let begun =
        visitor.get(&format!("{}/oauth/connect/rotating?connect_session_token={token}", server.url())).await;
    let returned = visitor.sign_in(&begun, "ada").await;
    assert_eq!(visitor.get(&returned.url).await.status, 200);
    assert_eq!(refresh(&server, &id).await.ok()["errors"], json!([]));
    server.calm();
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_an_answer_lost_on_the_way_is_tried_once_more_and_told() {
    let setting = Setting::new();
    let server = setting.start("");
    let id = setting.connect(&server).await;
    setting.rotating.control("issuer", "fail?status=503&times=1").await;
    refresh(&server, &id).await.refused(424, "invalid_credentials");
    refresh(&server, &id).await.ok();
    setting.rotating.control("issuer", "drop?times=1").await;
    let lost = refresh(&server, &id).await.refused(424, "invalid_credentials");
    assert_eq!(lost["payload"]["actor"], "nobody", "{lost}");
    let told = refresh(&server, &id).await.refused(424, "invalid_credentials");
    assert_eq!(told["payload"]["code"], "interrupted_refresh", "{told}");
    server.calm();
}

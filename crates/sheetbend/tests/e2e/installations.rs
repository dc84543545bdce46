//! Authorizations that begin at the vendor: the person installs the app there, a signed webhook brings the code.

use crate::harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use harness::connect::{connections_of, session_of};
use harness::outside;
use harness::receiver::Receiver;
use harness::socket::Socket;
use harness::upstream::{Seen, Upstream, answer};
use harness::visitor::Visitor;
use harness::{Answer, Server, Start};
use serde_json::{Value, json};
use tempfile::TempDir;

const SECRET: &str = "the-app-s-secret";
const UUID: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// A vendor in Sentry's manner, and a server that knows it.
struct House {
    _dir: TempDir,
    vendor: Upstream,
    down: Arc<AtomicBool>,
    server: Server,
    environment: String,
}

impl House {
    async fn new() -> Self {
        let down = Arc::new(AtomicBool::new(false));
        let is_down = down.clone();
        let vendor = Upstream::start(move |number, seen| match is_down.load(Ordering::SeqCst) {
            true => answer("503 Service Unavailable", &[], b""),
            false => respond(number, seen),
        })
        .await;
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("vendor.yaml");
        std::fs::write(&file, definition(vendor.port)).unwrap();
        let exempt = format!("127.0.0.1:{}", vendor.port);
        let server =
            Start::dev().args(&["--provider-file", file.to_str().unwrap(), "--exempt", &exempt]).start();
        for (key, custom) in
            [("apps", json!({})), ("linked", json!({"app_link": "https://vendor.example/install"}))]
        {
            let body = json!({"provider": "vendor-app", "unique_key": key, "custom": custom,
                "credentials": {"type": "OAUTH2", "client_id": "the-app", "client_secret": SECRET}});
            server.api("POST", "/integrations", Some(body)).await.ok();
        }
        let environment = server.api("GET", "/environment", None).await.ok();
        let environment = environment["data"]["uuid"].as_str().unwrap().to_owned();
        Self { _dir: dir, vendor, down, server, environment }
    }

    /// What the SDK sends for `nango.auth(key, {installation: 'outbound', …})`.
    async fn wait_for(&self, token: &str, actor: &str, more: &str) -> Answer {
        let url = format!(
            "{}/auth/oauth-outbound/apps?connect_session_token={token}&params[actor]={actor}{more}",
            self.server.url()
        );
        self.server.send("POST", &url, &[("content-type", "application/json")], "").await
    }

    /// The vendor's webhook, signed with `secret`.
    async fn tell(&self, key: &str, body: &Value, secret: &str) -> Answer {
        let body = body.to_string();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body.as_bytes());
        let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let url = format!("{}/webhook/{}/{key}", self.server.url(), self.environment);
        let headers = [("content-type", "application/json"), ("vendor-signature", tag.as_str())];
        self.server.send("POST", &url, &headers, body).await
    }

    /// The operations of the log that failed, by their messages.
    async fn failures(&self) -> String {
        for _ in 0..100 {
            let listed = self.server.api("GET", "/operations?state=failed", None).await.text();
            if listed.contains("The vendor told of an installation") {
                return listed;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        String::new()
    }
}

fn respond(number: usize, seen: &Seen) -> Vec<u8> {
    let json =
        |body: Value| answer("200 OK", &[("Content-Type", "application/json")], body.to_string().as_bytes());
    if seen.line().contains("/authorizations/") {
        let end = "2099-01-01T00:00:00.000Z";
        return json(
            json!({"id": "38", "token": format!("token-{number}"), "refreshToken": format!("next-{number}"),
            "expiresAt": end, "state": null}),
        );
    }
    json(json!({"authorization": seen.header("authorization")}))
}

fn definition(port: u16) -> String {
    let base = format!("http://127.0.0.1:{port}");
    format!(
        r"
vendor-app:
  display_name: Vendor's apps
  auth_mode: OAUTH2
  installation: outbound
  token_url: {base}/installations/${{connectionConfig.installation.uuid}}/authorizations/
  body_format: json
  token_response: {{token: token, refresh_token: refreshToken, token_expiration: expiresAt, token_expiration_strategy: expireAt}}
  authorization_code_param_in_webhook: data.installation.code
  webhook_response_metadata: [installation.uuid]
  installation_webhook:
    signature: {{header: Vendor-Signature, key: client_secret}}
    says: {{action: created}}
    matching: {{actor.id: '${{connectionConfig.actor}}'}}
  connection_config:
    actor: {{type: string, title: User ID, description: Who installs, pattern: '^[0-9]{{1,20}}$'}}
    installation.uuid: {{type: string, title: Installation, description: Its id, pattern: '^[0-9a-f-]{{36}}$', automated: true}}
  proxy: {{base_url: {base}/api}}
"
    )
}

fn installed(actor: Value) -> Value {
    json!({"action": "created", "actor": {"id": actor, "type": "user"}, "installation": {"uuid": UUID},
        "data": {"installation": {"status": "pending", "code": "the-code", "uuid": UUID}}})
}

#[tokio::test]
async fn the_webhook_of_an_installation_ends_the_authorization_that_waits_for_its_account() {
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let settings = json!({"webhooks": {"primary_url": receiver.url(), "on_auth_creation": true}});
    house.server.api("PATCH", "/environment", Some(settings)).await.ok();
    let (mut socket, name) = Socket::named(&house.server).await;
    let token = session_of(&house.server, "u").await;
    let waiting = house.wait_for(&token, "7", &format!("&ws_client_id={name}")).await.ok();
    assert_eq!((&waiting["providerConfigKey"], &waiting["isPending"]), (&json!("apps"), &json!(true)));
    assert!(connections_of(&house.server, "u").await.is_empty(), "nothing is connected yet");

    let told = house.tell("apps", &installed(json!(7)), SECRET).await;
    assert_eq!((told.status.as_u16(), told.text().as_str()), (200, r#"{"status":"success"}"#));
    let message = socket.message().await;
    assert_eq!(message["message_type"], "success", "{message}");
    assert_eq!(message["connection_id"], waiting["connectionId"]);
    let event = receiver.wait_for(1).await.remove(0).json();
    assert_eq!((&event["operation"], &event["success"]), (&json!("creation"), &json!(true)), "{event}");

    let redeemed = house.vendor.seen().remove(0);
    assert!(
        redeemed.line().starts_with(&format!("POST /installations/{UUID}/authorizations/")),
        "{}",
        redeemed.head
    );
    let sent = json!({"grant_type": "authorization_code", "code": "the-code", "client_id": "the-app",
        "client_secret": SECRET});
    assert_eq!(redeemed.json(), sent, "no redirect URI, no verifier: there was no browser");
    let id = waiting["connectionId"].as_str().unwrap();
    let called = house.server.proxy("GET", "/0/projects/", "apps", id).await;
    assert_eq!(called.json()["authorization"], "Bearer token-0", "{}", called.text());
    let path = format!("/connections/{id}?provider_config_key=apps&force_refresh=true&refresh_token=true");
    let fresh = house.server.api("GET", &path, None).await.ok();
    assert_eq!(fresh["credentials"]["access_token"], "token-2", "{fresh}");
    assert_eq!(fresh["credentials"]["refresh_token"], "next-2");
    assert_eq!(fresh["credentials"]["expires_at"], "2099-01-01T00:00:00.000Z");
    assert_eq!(fresh["connection_config"], json!({"actor": "7", "installation.uuid": UUID}));
    let renewed = house.vendor.seen().remove(2).json();
    assert_eq!(
        (&renewed["grant_type"], &renewed["refresh_token"]),
        (&json!("refresh_token"), &json!("next-0"))
    );
    house.server.calm();
}

#[tokio::test]
async fn a_webhook_that_is_not_the_vendor_s_changes_nothing() {
    let house = House::new().await;
    let token = session_of(&house.server, "u").await;
    house.wait_for(&token, "7", "").await.ok();
    let body = installed(json!(7));
    house.tell("apps", &body, "another secret").await.refused(401, "webhook_invalid_signature");
    house.tell("apps", &body, "").await.refused(401, "webhook_invalid_signature");
    let url = |environment: &str, key: &str| format!("{}/webhook/{environment}/{key}", house.server.url());
    let post = async |url: String, body: String| house.server.send("POST", &url, &[], body).await;
    let own = &house.environment;
    post(url(own, "apps"), body.to_string()).await.refused(401, "webhook_missing_signature");
    post(url(UUID, "apps"), body.to_string()).await.refused(404, "unknown_environment");
    post(url(own, "none"), body.to_string()).await.refused(404, "unknown_provider_config");
    post(url(own, "apps"), "x".repeat(300_000)).await.refused(413, "request_too_large");
    assert_eq!(
        post(url(own, "microsoft-excel"), body.to_string()).await.status,
        204,
        "nothing waits for those"
    );
    let got = house.server.send("GET", &url(own, "apps"), &[], "").await;
    assert_eq!(got.status, 405, "{}", got.text());
    // Signed, and about nothing that anybody waits for: answered as the vendor expects.
    for other in [json!({"action": "deleted", "actor": {"id": 7}}), json!([]), json!({"action": "created"})] {
        assert_eq!(house.tell("apps", &other, SECRET).await.status, 200, "{other}");
    }
    assert_eq!(house.tell("apps", &installed(json!(8)), SECRET).await.status, 200, "somebody else's");
    assert_eq!(house.tell("linked", &body, SECRET).await.status, 200, "another integration's");
    assert!(house.failures().await.contains("nobody waits for its account"));
    assert!(connections_of(&house.server, "u").await.is_empty());
    assert!(house.vendor.seen().is_empty(), "no code was redeemed");
    house.server.calm();
}

#[tokio::test]
async fn what_two_people_wait_for_nobody_gets() {
    let house = House::new().await;
    let (mut ada, of_ada) = Socket::named(&house.server).await;
    let (mut eve, of_eve) = Socket::named(&house.server).await;
    let first = session_of(&house.server, "ada").await;
    let second = session_of(&house.server, "eve").await;
    house.wait_for(&first, "7", &format!("&ws_client_id={of_ada}")).await.ok();
    house.wait_for(&second, "7", &format!("&ws_client_id={of_eve}")).await.ok();
    assert_eq!(house.tell("apps", &installed(json!("7")), SECRET).await.status, 200);
    for socket in [&mut ada, &mut eve] {
        let message = socket.message().await;
        assert_eq!(message["message_type"], "error", "{message}");
        assert_eq!(message["problem"]["code"], "ambiguous_installation", "{message}");
    }
    // A session waits for one account at a time: who tries many numbers waits for the last.
    for actor in ["1", "2", "3"] {
        house.wait_for(&second, actor, "").await.ok();
    }
    for actor in [1, 2] {
        house.tell("apps", &installed(json!(actor)), SECRET).await.ok();
    }
    assert!(house.failures().await.contains("nobody waits"));
    assert!(house.vendor.seen().is_empty(), "no code was redeemed");
    house.server.calm();
}

#[tokio::test]
async fn what_cannot_be_awaited_is_refused() {
    let house = House::new().await;
    let token = session_of(&house.server, "u").await;
    house.wait_for(&token, "seven", "").await.refused(400, "invalid_body");
    house.wait_for(&token, "", "").await.refused(400, "invalid_body");
    // What the vendor's webhook says is not the page's to say.
    house.wait_for(&token, "7", "&params[installation.uuid]=../evil").await.refused(400, "invalid_body");
    let url =
        format!("{}/auth/oauth-outbound/microsoft-excel?connect_session_token={token}", house.server.url());
    house.server.send("POST", &url, &[], "").await.refused(400, "invalid_auth_mode");
    let body = json!({"provider": "vendor-app", "unique_key": "bare",
        "credentials": {"type": "OAUTH2", "client_id": "the-app", "client_secret": SECRET}});
    house.server.api("POST", "/integrations", Some(body)).await.ok();
    // A window needs a page to go to.
    let mut visitor = Visitor::new(&house.server);
    let session = json!({"end_user": {"id": "u"}});
    let refused = visitor.begin("bare", session.clone(), "&params[actor]=7").await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("custom.app_link"), "{}", refused.text());
    let begun = visitor.begin("linked", session, "&params[actor]=7").await;
    assert_eq!((begun.status.as_u16(), begun.header("location")), (302, "https://vendor.example/install"));
    house.tell("linked", &installed(json!(7)), SECRET).await.ok();
    for _ in 0..200 {
        if !connections_of(&house.server, "u").await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the window's authorization was not finished: {}", house.server.stderr());
}

#[tokio::test]
async fn a_vendor_that_is_down_for_a_while_loses_no_code() {
    let mut house = House::new().await;
    house.down.store(true, Ordering::SeqCst);
    let token = session_of(&house.server, "u").await;
    house.wait_for(&token, "7", "").await.ok();
    house.tell("apps", &installed(json!(7)), SECRET).await.ok();
    for _ in 0..200 {
        if !house.vendor.seen().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!house.vendor.seen().is_empty(), "the code was tried at once");
    // Told again meanwhile: it waits for nothing any more.
    house.tell("apps", &installed(json!(7)), SECRET).await.ok();
    house.down.store(false, Ordering::SeqCst);
    for _ in 0..200 {
        if !connections_of(&house.server, "u").await.is_empty() {
            house.server.stop();
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the code was not redeemed: {}", house.server.stderr());
}

/// The published frontend's way, unmodified: `installation: 'outbound'`, and no credentials.
#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_the_published_frontend_begins_an_installation() {
    let house = House::new().await;
    let token = session_of(&house.server, "sdk").await;
    let options = json!({"credentials": {}, "params": {"actor": "7"}, "installation": "outbound"});
    let form = json!({"name": "begun", "integration": "apps", "session_token": token, "options": options});
    let begun = json!({"host": house.server.url(), "forms": [form]});
    let facts = outside::node("nango_forms.mjs", &begun).await;
    house.tell("apps", &installed(json!(7)), SECRET).await.ok();
    for _ in 0..200 {
        if let [connection] = connections_of(&house.server, "sdk").await.as_slice() {
            assert_eq!(connection["connection_id"], facts["begun"], "{facts}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the installation was not connected: {}", house.server.stderr());
}

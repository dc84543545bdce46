//! How vendors depart from RFC 6749, each as a definition of its own, against npm `oauth2-mock-server`.

use crate::harness;

use harness::outside::{Serving, free_port};
use harness::visitor::Visitor;
use harness::{Answer, Server, Start};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Definitions by name; each gets the mock's URLs unless it has its own.
const DEFINITIONS: &[(&str, &str)] = &[
    ("plain", ""),
    ("header", "  authorization_method: header\n"),
    ("both-json", "  token_request_auth_method: basic\n  body_format: json\n"),
    ("commas", "  scope_separator: ','\n"),
    ("no-pkce", "  disable_pkce: true\n"),
    ("user-token", "  alternate_access_token_response_path: authed_user\n  scope_separator: ','\n"),
    (
        "metadata",
        "  redirect_uri_metadata: [realmId, not-there]\n  token_response_metadata: [instance_url, team.id, flag]\n",
    ),
    ("refresh-url", "  refresh_url: BASE/token?refresh=1\n  refresh_params:\n    extra: of-refresh\n"),
    ("own-code", "  authorization_code_param_in_callback: spapi_code\n  disable_pkce: true\n"),
    ("fragment", "  authorization_url_fragment: /oauth/authorize\n"),
    ("renamed", "  authorization_url_replacements:\n    client_id: client_key\n    response_type: ''\n"),
    ("verbatim", "  scope_separator: '+'\n  authorization_url_skip_encode: [scopes]\n"),
    (
        "params",
        "  authorization_params:\n    access_type: offline\n    nonce: ${random}\n    \
                account: ${connectionConfig.account}\n  token_params:\n    context: of-token\n",
    ),
];

struct Setting {
    _dir: TempDir,
    server: Server,
    mock: Serving,
}

impl Setting {
    fn new() -> Self {
        let port = free_port();
        let mock = Serving::node("oauth2_mock.mjs", &json!({}));
        let base = mock.text("issuer");
        let mut file = String::new();
        for (name, more) in DEFINITIONS {
            file.push_str(&format!(
                "{name}:\n  display_name: {name}\n  auth_mode: OAUTH2\n  authorization_url: {base}/authorize\n  \
                 token_url: {base}/token\n{}  proxy:\n    base_url: {base}\n",
                more.replace("BASE", base)
            ));
        }
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("quirks.yaml");
        std::fs::write(&path, file).unwrap();
        let exempt = mock.exempt("issuer");
        let mut arguments = vec!["--provider-file", path.to_str().unwrap()];
        arguments.extend(exempt.iter().map(String::as_str));
        let server = Start::dev().listen(&format!("127.0.0.1:{port}")).args(&arguments).start();
        Self { _dir: dir, server, mock }
    }

    async fn integrate(&self, provider: &str) {
        let known = self.server.api("GET", &format!("/integrations/{provider}"), None).await;
        if known.status == 200 {
            return;
        }
        let body = json!({"provider": provider, "unique_key": provider, "credentials": {"type": "OAUTH2",
            "client_id": "the client", "client_secret": "se+cret", "scopes": "one,two"}});
        self.server.api("POST", "/integrations", Some(body)).await.ok();
    }

    async fn answer(&self, query: &str) {
        self.mock.control("issuer", &format!("answer?{query}")).await;
    }

    /// Begins; where the browser is sent.
    async fn begin(&self, provider: &str, session: Value, query: &str) -> (Visitor<'_>, Answer) {
        self.integrate(provider).await;
        let mut visitor = Visitor::new(&self.server);
        let mut body = json!({"end_user": {"id": provider}, "allowed_integrations": [provider]});
        body.as_object_mut().unwrap().extend(session.as_object().unwrap().clone());
        let begun = visitor.begin(provider, body, query).await;
        assert_eq!(begun.status, 302, "{}", begun.text());
        (visitor, begun)
    }

    /// Connects; the callback's page.
    async fn connect(&self, provider: &str, session: Value, query: &str) -> Answer {
        let (mut visitor, begun) = self.begin(provider, session, query).await;
        let returned = visitor.sign_in(&begun, "").await;
        visitor.get(&returned.url).await
    }

    /// The connection after a forced refresh or as it is.
    async fn connection(&self, provider: &str, query: &str) -> Value {
        let list = self.server.api("GET", &format!("/connections?integrationId={provider}"), None).await.ok();
        let id = list["connections"][0]["connection_id"].as_str().unwrap_or_else(|| panic!("none: {list}"));
        let path = format!("/connections/{id}?provider_config_key={provider}&refresh_token=true{query}");
        self.server.api("GET", &path, None).await.ok()
    }

    /// The token requests so far.
    async fn tokens(&self) -> Vec<Value> {
        self.mock.control("issuer", "state").await["tokens"].as_array().unwrap().clone()
    }
}

fn query_of(answer: &Answer) -> Vec<(String, String)> {
    let url = url::Url::parse(answer.header("location")).unwrap();
    url.query_pairs().into_owned().collect()
}

fn get<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_clients_prove_themselves_as_the_definition_says() {
    let setting = Setting::new();
    // RFC 6749 §2.3.1: form-encoded, then base64 of `the+client:se%2Bcret`.
    let basic = "Basic dGhlK2NsaWVudDpzZSUyQmNyZXQ=";
    for (provider, authorization, in_body, kind) in [
        ("plain", "", json!("se+cret"), "application/x-www-form-urlencoded"),
        ("header", basic, Value::Null, "application/x-www-form-urlencoded"),
        ("both-json", basic, json!("se+cret"), "application/json"),
    ] {
        let page = setting.connect(provider, json!({}), "").await;
        assert!(page.text().contains("is connected"), "{provider}: {}", page.text());
        setting.connection(provider, "&force_refresh=true").await;
        let tokens = setting.tokens().await;
        let (redeemed, refreshed) = (&tokens[tokens.len() - 2], &tokens[tokens.len() - 1]);
        for request in [redeemed, refreshed] {
            assert_eq!(request["authorization"], authorization, "{provider}: {request}");
            assert_eq!(request["body"]["client_secret"], in_body, "{provider}: {request}");
            assert_eq!(request["type"], kind, "{provider}: {request}");
        }
        assert_eq!(redeemed["body"]["grant_type"], "authorization_code");
        assert_eq!(redeemed["body"]["code_verifier"].as_str().map(str::len), Some(64), "the mock checked it");
        assert_eq!(refreshed["body"]["grant_type"], "refresh_token");
        let before = format!("refresh-{}", tokens.len() - 1);
        assert_eq!(refreshed["body"]["refresh_token"], before, "the rotated one: {refreshed}");
    }
    setting.server.calm();
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_authorize_urls_are_written_as_the_definition_says() {
    let setting = Setting::new();
    let query = query_of(&setting.begin("commas", json!({}), "").await.1);
    assert_eq!(get(&query, "scope"), Some("one,two"));
    assert_eq!(get(&query, "code_challenge_method"), Some("S256"));
    let query = query_of(&setting.begin("no-pkce", json!({}), "").await.1);
    assert_eq!((get(&query, "code_challenge"), get(&query, "scope")), (None, Some("one two")));
    let query = query_of(&setting.begin("renamed", json!({}), "").await.1);
    assert_eq!(get(&query, "client_key"), Some("the client"));
    assert_eq!((get(&query, "client_id"), get(&query, "response_type")), (None, None));
    let begun = setting.begin("verbatim", json!({}), "").await.1;
    assert!(begun.header("location").contains("scope=one+two"), "{}", begun.header("location"));
    let begun = setting.begin("fragment", json!({}), "").await.1;
    let base = setting.mock.text("issuer");
    let expected = format!("{base}/authorize#/oauth/authorize?response_type=code&client_id=the+client");
    assert!(begun.header("location").starts_with(&expected), "{}", begun.header("location"));
    let own =
        json!({"integrations_config_defaults": {"params": {"authorization_params": {"prompt": "login"}}}});
    let query = query_of(&setting.begin("params", own, "&params[account]=a%20b").await.1);
    assert_eq!((get(&query, "access_type"), get(&query, "account")), (Some("offline"), Some("a b")));
    assert_eq!((get(&query, "nonce").map(str::len), get(&query, "prompt")), (Some(36), Some("login")));
    let users =
        json!({"integrations_config_defaults": {"user-token": {"user_scopes": "chat:write,users:read"}}});
    let query = query_of(&setting.begin("user-token", users, "&user_scope=admin").await.1);
    assert_eq!(
        get(&query, "user_scope"),
        Some("chat:write,users:read"),
        "the backend's word, not the page's"
    );
    let query = query_of(&setting.begin("user-token", json!({}), "&user_scope=admin").await.1);
    assert_eq!(get(&query, "user_scope"), None);
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_what_callback_and_answer_bring_is_kept() {
    let setting = Setting::new();
    let change = r#"{"instance_url":"https://one.example","team":{"id":"T1"},"flag":true,"other":"no"}"#;
    let callback = r#"{"realmId":"91","strange":"x"}"#;
    setting.answer(&serde_urlencoded::to_string([("change", change), ("callback", callback)]).unwrap()).await;
    let page = setting.connect("metadata", json!({}), "").await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    let config = setting.connection("metadata", "").await["connection_config"].clone();
    assert_eq!(
        config,
        json!({"realmId": "91", "instance_url": "https://one.example", "team.id": "T1", "flag": true})
    );
    setting.answer("nest=authed_user").await;
    let page = setting.connect("user-token", json!({}), "").await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    let user = setting.connection("user-token", "").await;
    assert_eq!(
        user["credentials"]["access_token"],
        user["credentials"]["raw"]["authed_user"]["access_token"]
    );
    assert!(user["credentials"]["refresh_token"].as_str().unwrap().starts_with("refresh-"), "{user}");
    setting.answer("").await;
    // The mock has only one endpoint, so the other address is told by its query.
    let page = setting.connect("refresh-url", json!({}), "").await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    setting.connection("refresh-url", "&force_refresh=true").await;
    let last = setting.tokens().await.pop().unwrap();
    assert_eq!(
        (&last["url"], &last["body"]["extra"]),
        (&json!("/token?refresh=1"), &json!("of-refresh")),
        "{last}"
    );
    let code = r#"{"spapi_code":"the-other-code"}"#;
    setting.answer(&serde_urlencoded::to_string([("callback", code)]).unwrap()).await;
    setting.connect("own-code", json!({}), "").await;
    let last = setting.tokens().await.pop().unwrap();
    assert_eq!(last["body"]["code"], "the-other-code", "{last}");
    setting.server.calm();
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_lives_are_read_however_they_are_written() {
    let setting = Setting::new();
    let (mut number, mut seen) = (0, Vec::new());
    for life in
        [json!("3599"), json!(3599.9), json!(-5), json!(0), json!(1e300), json!({"a": 1}), Value::Null]
    {
        let change = json!({"expires_in": life}).to_string();
        setting.answer(&serde_urlencoded::to_string([("change", change)]).unwrap()).await;
        let page = setting.connect("plain", json!({}), "").await;
        assert!(page.text().contains("is connected"), "{life}: {}", page.text());
        number += 1;
        let list = setting.server.api("GET", "/connections?integrationId=plain", None).await.ok();
        assert_eq!(list["connections"].as_array().unwrap().len(), number, "{life}");
        seen.push(life);
    }
    assert_eq!(seen.len(), 7);
    setting.server.calm();
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_a_provider_that_gives_no_refresh_token_is_never_asked_again() {
    let setting = Setting::new();
    setting.answer(&serde_urlencoded::to_string([("change", r#"{"refresh_token":null}"#)]).unwrap()).await;
    setting.connect("plain", json!({}), "").await;
    let before = setting.tokens().await.len();
    let connection = setting.connection("plain", "&force_refresh=true").await;
    assert_eq!(connection["credentials"].get("refresh_token"), None, "{connection}");
    assert_eq!(setting.tokens().await.len(), before);
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_a_page_s_own_client_and_refresh_token_are_used_and_kept() {
    let setting = Setting::new();
    let own = "&credentials[oauth_client_id_override]=mine&credentials[oauth_client_secret_override]=my-secret\
               &credentials[oauth_refresh_token_override]=refresh-of-before";
    let page = setting.connect("plain", json!({}), own).await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    let connection = setting.connection("plain", "&force_refresh=true").await;
    assert_eq!(connection["connection_config"]["overrideTokenRefresh"], true, "{connection}");
    assert_eq!(connection["credentials"]["config_override"]["client_id"], "mine", "{connection}");
    let last = setting.tokens().await.pop().unwrap();
    assert_eq!(last["body"]["refresh_token"], "refresh-of-before", "{last}");
    assert_eq!(
        (&last["body"]["client_id"], &last["body"]["client_secret"]),
        (&json!("mine"), &json!("my-secret"))
    );
}

//! MCP servers: npm `oidc-provider` as authorization server and protected resource, its client registered by us.

use crate::harness;

use harness::outside::{Serving, free_port};
use harness::secure::Authority;
use harness::upstream::{Upstream, answer};
use harness::visitor::Visitor;
use harness::{Answer, Server, Start};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Setting {
    _dir: TempDir,
    server: Server,
    provider: Serving,
}

impl Setting {
    fn new(mut options: Value) -> Self {
        let port = free_port();
        options["redirect_uri"] = json!(format!("http://localhost:{port}/oauth/callback"));
        let provider = Serving::node("oidc_provider.mjs", &options);
        let dir = TempDir::new().unwrap();
        let (issuer, authorize, token) =
            (provider.text("issuer"), provider.text("authorization_url"), provider.text("token_url"));
        let definitions = format!(
            "any-mcp:\n  display_name: Any MCP server\n  auth_mode: MCP_OAUTH2_GENERIC\n  connection_config:\n    \
             mcp_server_url:\n      type: string\n      title: MCP server\n      description: Its address\n      \
             pattern: '^https?://[a-z0-9.:/-]+$'\n  proxy:\n    base_url: ${{connectionConfig.mcp_server_url}}\n\
             known-mcp:\n  display_name: Known MCP server\n  auth_mode: MCP_OAUTH2\n  client_registration: dynamic\n  \
             authorization_url: {authorize}\n  token_url: {token}\n  registration_url: {issuer}/reg\n  \
             default_scopes: [openid, offline_access]\n  \
             authorization_params:\n    resource: {issuer}/mcp\n  token_params:\n    resource: {issuer}/mcp\n  \
             refresh_params:\n    resource: {issuer}/mcp\n  proxy:\n    base_url: {issuer}\n"
        );
        let file = dir.path().join("mcp.yaml");
        std::fs::write(&file, definitions).unwrap();
        let exempt = provider.exempt("issuer");
        let mut arguments = vec!["--provider-file", file.to_str().unwrap()];
        arguments.extend(exempt.iter().map(String::as_str));
        let server = Start::dev().listen(&format!("127.0.0.1:{port}")).args(&arguments).start();
        Self { _dir: dir, server, provider }
    }

    async fn integrate(&self, provider: &str) -> Answer {
        let body = json!({"provider": provider, "unique_key": provider});
        self.server.api("POST", "/integrations", Some(body)).await
    }

    async fn begin(&self, integration: &str, query: &str) -> (Visitor<'_>, Answer) {
        let mut visitor = Visitor::new(&self.server);
        let session = json!({"end_user": {"id": "u"}, "allowed_integrations": [integration]});
        let begun = visitor.begin(integration, session, query).await;
        (visitor, begun)
    }

    async fn connection(&self, integration: &str) -> Value {
        let list =
            self.server.api("GET", &format!("/connections?integrationId={integration}"), None).await.ok();
        let id = list["connections"][0]["connection_id"].as_str().unwrap_or_else(|| panic!("none: {list}"));
        let path = format!(
            "/connections/{id}?provider_config_key={integration}&force_refresh=true&refresh_token=true"
        );
        self.server.api("GET", &path, None).await.ok()
    }

    async fn state(&self) -> Value {
        self.provider.control("issuer", "state").await
    }
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_a_server_that_a_person_names_is_discovered_joined_and_refreshed() {
    let setting = Setting::new(json!({"mcp": {"registration": true}}));
    setting.integrate("any-mcp").await.ok();
    let issuer = setting.provider.text("issuer").to_owned();
    let (mut visitor, begun) =
        setting.begin("any-mcp", &format!("&params[mcp_server_url]={issuer}/mcp")).await;
    assert_eq!(begun.status, 302, "{}", begun.text());
    let returned = visitor.sign_in(&begun, "ada").await;
    let page = visitor.get(&returned.url).await;
    assert!(page.text().contains("is connected"), "{}", page.text());
    let connection = setting.connection("any-mcp").await;
    let state = setting.state().await;
    assert_eq!(state["registered"].as_array().unwrap().len(), 1, "{state}");
    assert_eq!(state["granted"], json!(["authorization_code", "refresh_token"]), "{state}");
    let config = &connection["connection_config"];
    assert_eq!(config["oauth_resource_url"], format!("{issuer}/mcp"), "{connection}");
    assert_eq!(config["oauth_client_info"]["client_id"], state["registered"][0], "{connection}");
    assert_eq!(connection["credentials"]["type"], "OAUTH2", "{connection}");
    let id = connection["connection_id"].as_str().unwrap();
    let called = setting.server.proxy("GET", "/", "any-mcp", id).await;
    assert!(called.status == 200 || called.status == 404, "{}", called.text());
    let direct = setting.server.proxy("GET", "", "any-mcp", id).await;
    assert_eq!(direct.json()["client"], state["registered"][0], "{}", direct.text());
    // What the connection shows of its client has no secret.
    assert!(!config.to_string().contains("client_secret\":"), "{config}");
    setting.server.calm();
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_an_integration_registers_its_own_client_and_keeps_the_secret_sealed() {
    let setting = Setting::new(json!({"mcp": {"registration": true}}));
    setting.integrate("known-mcp").await.ok();
    let shown = setting.server.api("GET", "/integrations/known-mcp?include=credentials", None).await.ok();
    let client = shown["data"]["credentials"]["client_id"].as_str().unwrap().to_owned();
    assert_eq!(setting.state().await["registered"], json!([client]));
    for _ in 0..2 {
        let (mut visitor, begun) = setting.begin("known-mcp", "").await;
        let returned = visitor.sign_in(&begun, "ada").await;
        let page = visitor.get(&returned.url).await;
        assert!(page.text().contains("is connected"), "{}", page.text());
    }
    let connection = setting.connection("known-mcp").await;
    let state = setting.state().await;
    assert_eq!(state["registered"], json!([client]), "one client for all connections");
    assert_eq!(
        state["granted"],
        json!(["authorization_code", "authorization_code", "refresh_token"]),
        "{state}"
    );
    let id = connection["connection_id"].as_str().unwrap();
    let called = setting.server.proxy("GET", "/mcp", "known-mcp", id).await;
    assert_eq!(called.json()["client"], client.as_str(), "{}", called.text());
    let secret = shown["data"]["credentials"]["client_secret"].as_str().unwrap();
    let database = std::fs::read(setting.server.data_dir.join("sheetbend.db")).unwrap();
    assert!(!database.windows(secret.len()).any(|part| part == secret.as_bytes()), "the secret is in clear");
    setting.server.calm();
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_a_server_that_registers_nobody_makes_no_integration_and_no_connection() {
    let setting = Setting::new(json!({"mcp": {"registration": false}}));
    let refused = setting.integrate("known-mcp").await;
    assert!(refused.status.is_client_error() || refused.status.is_server_error(), "{}", refused.text());
    let listed = setting.server.api("GET", "/integrations/known-mcp", None).await;
    assert_eq!(listed.status, 404, "nothing is stored: {}", listed.text());
    setting.integrate("any-mcp").await.ok();
    let issuer = setting.provider.text("issuer").to_owned();
    let (_, begun) = setting.begin("any-mcp", &format!("&params[mcp_server_url]={issuer}/mcp")).await;
    assert_eq!(begun.status, 400, "{}", begun.text());
    assert!(begun.text().contains("https"), "says that our own address is not https: {}", begun.text());
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_a_server_that_names_a_stranger_s_authorization_server_is_refused() {
    // Its metadata name this machine's other port, which nobody exempted: the guard refuses to ask there.
    let elsewhere = format!("http://localhost:{}", free_port());
    let setting = Setting::new(json!({"mcp": {"registration": true, "elsewhere": elsewhere}}));
    setting.integrate("any-mcp").await.ok();
    let issuer = setting.provider.text("issuer").to_owned();
    for address in
        [format!("{issuer}/mcp"), format!("{elsewhere}/mcp"), "https://169.254.169.254/mcp".to_owned()]
    {
        let (_, begun) = setting.begin("any-mcp", &format!("&params[mcp_server_url]={address}")).await;
        assert!(
            begun.status.is_client_error() || begun.status.is_server_error(),
            "{address}: {}",
            begun.text()
        );
    }
    assert_eq!(setting.state().await["registered"], json!([]));
}

/// The client that is a document on our own address: the authorization server fetches it over https, trusts nobody's word
/// for it and registers nothing. Both ends have certificates of an authority that each was given, as a self-hoster does.
#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_our_metadata_document_is_our_client_over_https() {
    let dir = TempDir::new().unwrap();
    let authority = Authority::make(dir.path());
    let ca = authority.ca.to_str().unwrap();
    let options = json!({"tls": {"cert": authority.cert, "key": authority.key}, "mcp": {"documents": true}});
    let provider = Serving::node_with("oidc_provider.mjs", &options, &[("NODE_EXTRA_CA_CERTS", ca)]);
    let issuer = provider.text("issuer").to_owned();
    assert!(issuer.starts_with("https://"), "{issuer}");
    let definitions = format!(
        "any-mcp:\n  display_name: Any\n  auth_mode: MCP_OAUTH2_GENERIC\n  connection_config:\n    \
         mcp_server_url: {{type: string, title: MCP server, description: Its address, pattern: '^https://[a-z0-9.:/-]+$'}}\n  \
         proxy:\n    base_url: ${{connectionConfig.mcp_server_url}}\n\
         known-mcp:\n  display_name: Known\n  auth_mode: MCP_OAUTH2\n  client_registration: cimd\n  \
         authorization_url: {issuer}/auth\n  token_url: {issuer}/token\n  default_scopes: [openid, offline_access]\n  \
         authorization_params:\n    resource: {issuer}/mcp\n    prompt: consent\n  token_params:\n    \
         resource: {issuer}/mcp\n  refresh_params:\n    resource: {issuer}/mcp\n  proxy:\n    base_url: {issuer}\n"
    );
    let file = dir.path().join("mcp.yaml");
    std::fs::write(&file, definitions).unwrap();
    let exempt = provider.exempt("issuer");
    let mut arguments = vec!["--provider-file", file.to_str().unwrap(), "--extra-ca", ca];
    arguments.extend(exempt.iter().map(String::as_str));
    let server = Start::dev().secure(&authority).args(&arguments).start();
    assert!(server.url().starts_with("https://localhost:"), "{}", server.url());
    let environment = server.api("GET", "/environment", None).await.ok();
    let environment = environment["data"]["uuid"].as_str().unwrap().to_owned();
    let mut documents = Vec::new();
    // A key may hold spaces, and the document's address is a URL all the same.
    for (provider, key, path) in [("any-mcp", "any-mcp", ""), ("known-mcp", "known mcp", "/mcp")] {
        let body = json!({"provider": provider, "unique_key": key});
        server.api("POST", "/integrations", Some(body)).await.ok();
        let mut visitor = Visitor::new(&server);
        let session = json!({"end_user": {"id": key}, "allowed_integrations": [key]});
        let encoded = key.replace(' ', "%20");
        let begun = visitor.begin(&encoded, session, &format!("&params[mcp_server_url]={issuer}/mcp")).await;
        assert_eq!(begun.status, 302, "{}", begun.text());
        let document = format!("{}/oauth/client-metadata/{environment}/{encoded}", server.url());
        let away: url::Url = begun.header("location").parse().unwrap();
        assert!(away.query_pairs().any(|(name, value)| name == "client_id" && value == document), "{away}");
        let returned = visitor.sign_in(&begun, "ada").await;
        let page = visitor.get(&returned.url).await;
        assert!(page.text().contains("is connected"), "{}", page.text());
        let list = server.api("GET", &format!("/connections?endUserId={encoded}"), None).await.ok();
        let id = list["connections"][0]["connection_id"].as_str().unwrap().to_owned();
        let refreshed = format!("/connections/{id}?provider_config_key={encoded}&force_refresh=true");
        server.api("GET", &refreshed, None).await.ok();
        let called = server.proxy("GET", path, key, &id).await;
        assert_eq!(called.json()["client"], document.as_str(), "{}", called.text());
        documents.push(document);
    }
    let state = server.send("GET", &format!("{issuer}/_control/state"), &[], "").await.json();
    assert_eq!(state["fetched"], json!(documents), "each document was fetched from us: {state}");
    assert_eq!(state["registered"], json!([]), "{state}");
    let granted = json!(["authorization_code", "refresh_token", "authorization_code", "refresh_token"]);
    assert_eq!(state["granted"], granted, "{state}");
    server.calm();
}

#[tokio::test]
async fn a_registered_client_whose_secret_has_ended_registers_again() {
    let upstream = Upstream::start(|number, _| {
        // Since 2020, in the server's own words.
        let client = json!({"client_id": format!("client-{number}"), "client_secret": "s",
            "client_secret_expires_at": 1_600_000_000, "token_endpoint_auth_method": "client_secret_post"});
        answer("201 Created", &[("Content-Type", "application/json")], client.to_string().as_bytes())
    })
    .await;
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("mcp.yaml");
    let base = format!("http://127.0.0.1:{}", upstream.port);
    let definition = format!(
        "lapsing:\n  display_name: Lapsing\n  auth_mode: MCP_OAUTH2\n  client_registration: dynamic\n  \
         authorization_url: {base}/authorize\n  token_url: {base}/token\n  registration_url: {base}/reg\n  \
         proxy:\n    base_url: {base}\n"
    );
    std::fs::write(&file, definition).unwrap();
    let exempt = format!("127.0.0.1:{}", upstream.port);
    let arguments = ["--provider-file", file.to_str().unwrap(), "--exempt", &exempt];
    let server = Start::dev().args(&arguments).start();
    let body = json!({"provider": "lapsing", "unique_key": "lapsing"});
    server.api("POST", "/integrations", Some(body)).await.ok();
    for wanted in ["client-1", "client-2"] {
        let mut visitor = Visitor::new(&server);
        let begun = visitor.begin("lapsing", json!({"end_user": {"id": "u"}}), "").await;
        let away: url::Url = begun.header("location").parse().unwrap();
        assert!(away.query_pairs().any(|(name, value)| name == "client_id" && value == wanted), "{away}");
    }
}

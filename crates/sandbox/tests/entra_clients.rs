//! Applications acting as themselves: secrets, certificates, admin consent, and what SharePoint makes of them.

mod common;

use common::{CALLBACK, Fixture, claims, with};
use http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use sandbox::{CONTOSO, DAEMON_APP, FABRIKAM, MULTI_TENANT_APP, NORTHWIND};
use serde_json::{Value, json};

const SECRET: &str = "sandbox-secret-4-a";
const GRAPH: &str = "https://graph.microsoft.com/.default";
const SHAREPOINT: &str = "https://contoso.sharepoint.com/.default";
const BEARER_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn by_secret(scope: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", DAEMON_APP),
        ("client_secret", SECRET),
        ("scope", scope),
    ]
}

#[tokio::test]
async fn a_secret_buys_an_app_token() {
    let fixture = Fixture::open().await;
    let body = fixture.token(CONTOSO, &by_secret(GRAPH)).await.json();
    assert!(body["refresh_token"].is_null() && body["scope"].is_null());
    let read = claims(body["access_token"].as_str().unwrap());
    assert_eq!((&read["idtyp"], &read["appidacr"]), (&json!("app"), &json!("1")));
    assert!(read["roles"].as_array().unwrap().contains(&json!("Files.ReadWrite.All")));
    assert!(read["scp"].is_null());
    let fields = with(&by_secret(""), "resource", "https://graph.microsoft.com");
    let v1 = fixture.form(&format!("/{CONTOSO}/oauth2/token"), &fields, &[]).await.json();
    assert!(v1["expires_in"].is_string(), "{v1}");
    let token = v1["access_token"].as_str().unwrap();
    assert_ne!(fixture.call("graph.localhost", "/v1.0/users", token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn client_credentials_that_are_refused() {
    let fixture = Fixture::open().await;
    let good = by_secret(GRAPH);
    for shared in ["common", "organizations", "consumers"] {
        let multi = with(&with(&good, "client_id", MULTI_TENANT_APP), "client_secret", "sandbox-secret-2-a");
        fixture.token(shared, &multi).await.refused(400, "invalid_request", 9001023);
    }
    fixture.token("common", &good).await.refused(400, "invalid_request", 50194);
    fixture.token(FABRIKAM, &good).await.refused(400, "unauthorized_client", 700016);
    let ask = async |scope| fixture.token(CONTOSO, &with(&good, "scope", scope)).await;
    ask("https://graph.microsoft.com/Files.Read").await.refused(400, "invalid_scope", 1002012);
    ask("offline_access https://graph.microsoft.com/.default").await.refused(400, "invalid_scope", 1002012);
    ask("https://graph.microsoft.com/.default https://contoso.sharepoint.com/.default").await.refused(
        400,
        "invalid_scope",
        700022,
    );
    ask("https://tailspin.sharepoint.com/.default").await.refused(400, "invalid_resource", 500011);
    ask("").await.refused(400, "invalid_request", 900144);
    let multi = with(&with(&good, "client_id", MULTI_TENANT_APP), "client_secret", "sandbox-secret-2-a");
    fixture.token(NORTHWIND, &multi).await.refused(400, "unauthorized_client", 700016);
    let post_only = fixture.get(&format!("/{CONTOSO}/oauth2/v2.0/token")).await;
    post_only.refused(400, "invalid_request", 900561);
}

#[tokio::test]
async fn sharepoint_takes_no_token_bought_with_a_secret() {
    let fixture = Fixture::open().await;
    let graph = fixture.token(CONTOSO, &by_secret(GRAPH)).await.json();
    let sharepoint = fixture.token(CONTOSO, &by_secret(SHAREPOINT)).await.json();
    let web = "/_api/web";
    let host = "contoso.sharepoint.localhost";
    let answer = fixture.call(host, web, graph["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json(), json!({ "error_description": "Invalid issuer or signature." }));
    assert!(answer.header("www-authenticate").contains(&format!("realm=\"{CONTOSO}\"")));
    let answer = fixture.call(host, web, sharepoint["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.json(), json!({ "error_description": "Unsupported app only token." }));
    let answer =
        fixture.call("graph.localhost", "/v1.0/sites", sharepoint["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.json()["error"]["message"], "Access token validation failure. Invalid audience.");
}

/// A certificate and its key, made as an administrator would.
struct Certificate {
    pem: String,
    key: EncodingKey,
    x5t: String,
    x5t_s256: String,
}

impl Certificate {
    fn make() -> Self {
        use base64::Engine as _;
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let certificate =
            CertificateParams::new(vec!["daemon.example".to_owned()]).unwrap().self_signed(&key).unwrap();
        let thumb = |algorithm| {
            let digest = aws_lc_rs::digest::digest(algorithm, certificate.der());
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
        };
        Self {
            x5t: thumb(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY),
            x5t_s256: thumb(&aws_lc_rs::digest::SHA256),
            pem: certificate.pem(),
            key: EncodingKey::from_rsa_pem(key.serialize_pem().as_bytes()).unwrap(),
        }
    }

    fn sign(&self, algorithm: Algorithm, claims: &Value) -> String {
        let mut header = Header::new(algorithm);
        match algorithm {
            Algorithm::PS256 => header.x5t_s256 = Some(self.x5t_s256.clone()),
            _ => header.x5t = Some(self.x5t.clone()),
        }
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

fn assertion_claims(audience: &str) -> Value {
    let now = common::START_MS / 1000;
    json!({ "aud": audience, "iss": DAEMON_APP, "sub": DAEMON_APP, "jti": "j", "nbf": now, "exp": now + 600 })
}

fn by_assertion<'a>(assertion: &'a str, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", DAEMON_APP),
        ("client_assertion_type", BEARER_ASSERTION),
        ("client_assertion", assertion),
        ("scope", scope),
    ]
}

#[tokio::test]
async fn a_certificate_opens_sharepoint() {
    let fixture = Fixture::open().await;
    let certificate = Certificate::make();
    fixture.sandbox.register_certificate(DAEMON_APP, certificate.pem.as_bytes()).unwrap();
    let own = format!("{}/{CONTOSO}/oauth2/v2.0/token", fixture.login());
    let microsoft = format!("https://login.microsoftonline.com/{CONTOSO}/oauth2/v2.0/token");
    for (algorithm, audience) in
        [(Algorithm::PS256, &own), (Algorithm::RS256, &own), (Algorithm::PS256, &microsoft)]
    {
        let assertion = certificate.sign(algorithm, &assertion_claims(audience));
        let answer = fixture.token(CONTOSO, &by_assertion(&assertion, SHAREPOINT)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(claims(&token)["appidacr"], "2");
        let web = fixture.call("contoso.sharepoint.localhost", "/_api/web", &token).await;
        assert_ne!(web.status, StatusCode::UNAUTHORIZED, "{}", web.body);
        let web = fixture.call("fabrikam.sharepoint.localhost", "/_api/web", &token).await;
        assert_eq!(web.status, StatusCode::UNAUTHORIZED);
    }
    let v1 = format!("{}/{CONTOSO}/oauth2/token", fixture.login());
    let assertion = certificate.sign(Algorithm::RS256, &assertion_claims(&v1));
    let fields = with(&by_assertion(&assertion, ""), "resource", "https://contoso.sharepoint.com");
    let answer = fixture.form(&format!("/{CONTOSO}/oauth2/token"), &fields, &[]).await.json();
    assert_eq!(answer["resource"], "https://contoso.sharepoint.com", "{answer}");
}

#[tokio::test]
async fn assertions_that_are_refused() {
    let fixture = Fixture::open().await;
    let (certificate, stranger) = (Certificate::make(), Certificate::make());
    fixture.must("POST", &format!("apps/{DAEMON_APP}/certificates"), json!({ "pem": certificate.pem })).await;
    let audience = format!("{}/{CONTOSO}/oauth2/v2.0/token", fixture.login());
    let good = assertion_claims(&audience);
    let ask = async |assertion: &str| fixture.token(CONTOSO, &by_assertion(assertion, GRAPH)).await;
    ask(&stranger.sign(Algorithm::PS256, &good)).await.refused(401, "invalid_client", 700027);
    let forged = Certificate { key: stranger.key.clone(), ..Certificate::make() };
    let forged = Certificate { x5t_s256: certificate.x5t_s256.clone(), ..forged };
    ask(&forged.sign(Algorithm::PS256, &good)).await.refused(401, "invalid_client", 700027);
    let altered = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        certificate.sign(Algorithm::PS256, &claims)
    };
    let now = common::START_MS / 1000;
    ask(&altered("exp", json!(now - 301))).await.refused(401, "invalid_client", 700024);
    ask(&altered("nbf", json!(now + 301))).await.refused(401, "invalid_client", 700024);
    assert_eq!(
        ask(&altered("exp", json!(now - 299))).await.status,
        StatusCode::OK,
        "five minutes are forgiven"
    );
    assert_eq!(
        ask(&altered("nbf", json!(now + 299))).await.status,
        StatusCode::OK,
        "five minutes are forgiven"
    );
    ask(&altered("aud", json!("https://evil.example/token"))).await.refused(401, "invalid_client", 700023);
    let other_tenant = format!("{}/{FABRIKAM}/oauth2/v2.0/token", fixture.login());
    ask(&altered("aud", json!(other_tenant))).await.refused(401, "invalid_client", 700023);
    ask(&altered("iss", json!("somebody"))).await.refused(401, "invalid_client", 700021);
    let mut header = Header::new(Algorithm::PS256);
    header.x5c = Some(vec!["MIIB".into()]);
    let by_name = jsonwebtoken::encode(&header, &good, &certificate.key).unwrap();
    ask(&by_name).await.refused(401, "invalid_client", 700030);
    fixture.must("DELETE", &format!("apps/{DAEMON_APP}/certificates"), Value::Null).await;
    ask(&certificate.sign(Algorithm::PS256, &good)).await.refused(401, "invalid_client", 700027);
}

async fn admin_consent(fixture: &Fixture, path: &str, upn: &str, decision: &str) -> common::Params {
    let mut browser = fixture.browser();
    let page = browser.get(path).await;
    let consent = browser.pick(&page, upn).await;
    let (to, params) = browser.submit(&consent, &[("decision", decision)]).await.location();
    assert_eq!(to, CALLBACK);
    params
}

fn admin_link(path: &str) -> String {
    let query =
        [("client_id", MULTI_TENANT_APP), ("redirect_uri", CALLBACK), ("state", "s"), ("scope", GRAPH)];
    format!("{path}?{}", serde_urlencoded::to_string(query).unwrap())
}

#[tokio::test]
async fn admin_consent_opens_a_tenant_to_the_app() {
    let fixture = Fixture::open().await;
    let fields =
        with(&with(&by_secret(GRAPH), "client_id", MULTI_TENANT_APP), "client_secret", "sandbox-secret-2-a");
    fixture.token(NORTHWIND, &fields).await.refused(400, "unauthorized_client", 700016);
    let refused = admin_consent(
        &fixture,
        &admin_link("/organizations/v2.0/adminconsent"),
        "admin@northwind.example",
        "deny",
    )
    .await;
    assert_eq!((refused.get("error"), refused.get("admin_consent")), (Some("access_denied"), Some("True")));
    assert!(refused.get("error_description").unwrap().starts_with("AADSTS65004"));
    let granted = admin_consent(
        &fixture,
        &admin_link(&format!("/{NORTHWIND}/adminconsent")),
        "admin@northwind.example",
        "accept",
    )
    .await;
    assert_eq!((granted.get("admin_consent"), granted.get("tenant")), (Some("True"), Some(NORTHWIND)));
    assert_eq!((granted.get("state"), granted.get("scope")), (Some("s"), None));
    let body = fixture.token(NORTHWIND, &fields).await.json();
    let roles = claims(body["access_token"].as_str().unwrap())["roles"].clone();
    assert!(roles.as_array().unwrap().contains(&json!("Sites.ReadWrite.All")), "{roles}");
    let nora =
        common::code_of(&fixture, "common", MULTI_TENANT_APP, "nora@northwind.example", ".default").await;
    assert!(!nora.is_empty());
}

#[tokio::test]
async fn admin_consent_v2_names_its_scope_and_wants_an_admin() {
    let fixture = Fixture::open().await;
    let link = admin_link(&format!("/{FABRIKAM}/v2.0/adminconsent"));
    let granted = admin_consent(&fixture, &link, "admin@fabrikam.example", "accept").await;
    assert_eq!((granted.get("tenant"), granted.get("scope")), (Some(FABRIKAM), Some(GRAPH)));
    let mut browser = fixture.browser();
    let page = browser.get(&link).await;
    let stuck = browser.pick(&page, "alex@fabrikam.example").await;
    assert!(stuck.body.contains("Need admin approval"));
    let (_, forged) = browser.submit(&stuck, &[("decision", "accept")]).await.location();
    assert_eq!(forged.get("error"), Some("access_denied"));
    let unregistered = link.replace("oauth%2Fcallback", "elsewhere");
    fixture.get(&unregistered).await.error_page(50011);
}

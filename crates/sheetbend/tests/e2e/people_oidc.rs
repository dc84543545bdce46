//! Signing in with OpenID Connect, at npm `oidc-provider`.

use crate::harness;

use harness::desk::{Desk, PASSWORD, token_of};
use harness::outside::{Serving, free_port, node};
use harness::visitor::Visitor;
use harness::{Answer, Server, Start};
use serde_json::{Value, json};

const KEY: &str = "6f1c2a52-0d6d-4a41-9a52-7c9d4f3c1b2a";

struct Company {
    server: Server,
    issuer: Serving,
    owner: Desk,
}

impl Company {
    async fn open(auth_method: &str, more: &[&str]) -> Self {
        let port = free_port();
        let redirect = format!("http://localhost:{port}/internal/oidc/callback");
        let issuer = Serving::node(
            "oidc_provider.mjs",
            &json!({"redirect_uri": redirect, "auth_method": auth_method}),
        );
        let dir = tempfile::TempDir::new().unwrap();
        let secret = dir.path().join("secret");
        std::fs::write(&secret, format!("{}\n", issuer.text("client_secret"))).unwrap();
        let exempt = issuer.exempt("issuer");
        let mut words = vec![
            "--oidc-issuer",
            issuer.text("issuer"),
            "--oidc-client-id",
            issuer.text("client_id"),
            "--oidc-client-secret-file",
            secret.to_str().unwrap(),
            "--oidc-name",
            "Example ID",
        ];
        words.extend(exempt.iter().map(String::as_str));
        words.extend_from_slice(more);
        let server = Start::serve(KEY).listen(&format!("127.0.0.1:{port}")).args(&words).start();
        let mut owner = Desk::empty(&server);
        let link = setup_link(&server);
        let body = json!({"token": token_of(&link), "email": "boss@oidc.example", "name": "Boss", "password": PASSWORD});
        owner.enter(&server, "/internal/setup", body).await.ok();
        Self { server, issuer, owner }
    }

    /// A new browser goes to the issuer, signs in there as `id` and comes back; the callback's answer.
    async fn come(&self, id: &str) -> (Desk, Answer) {
        self.come_to(id, "").await
    }

    async fn come_to(&self, id: &str, query: &str) -> (Desk, Answer) {
        self.issuer.control("issuer", &format!("login?as={id}")).await;
        let mut browser = Visitor::new(&self.server);
        let start = format!("{}/internal/oidc/start{query}", self.server.url());
        let (mut url, mut answer) = (start.clone(), browser.get(&start).await);
        let callback = format!("{}/internal/oidc/callback", self.server.url());
        while !url.starts_with(&callback) {
            let to = answer.header("location");
            assert!(!to.is_empty(), "{url}: {} {}", answer.status, answer.text());
            url = url::Url::parse(&url).unwrap().join(to).unwrap().to_string();
            answer = browser.get(&url).await;
        }
        let mut desk = Desk::empty(&self.server);
        let mut set = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        if let Some(cookie) = set.rfind(|set| set.starts_with("sheetbend_session=")) {
            cookie.split(';').next().unwrap().clone_into(&mut desk.cookie);
        }
        (desk, answer)
    }

    async fn session(&self, desk: &Desk) -> Value {
        desk.call(&self.server, "GET", "/internal/session", None).await.ok()
    }
}

fn setup_link(server: &Server) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sheetbend"));
    command.args(["users", "setup-link", "--data-dir"]).arg(&server.data_dir);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_a_company_s_people_come_in_as_its_rules_say() {
    let rules = ["--oidc-admit", "oidc.example=support:dev"];
    let company = Company::open("client_secret_basic", &rules).await;
    let ways =
        Desk::empty(&company.server).call(&company.server, "GET", "/internal/sign-in", None).await.ok();
    assert_eq!(ways["oidc"], json!({"name": "Example ID"}));

    let (sue, answer) = company.come_to("sue", "?return=/app/logs%3Fstate%3Dfailed").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/app/logs?state=failed"));
    let session = company.session(&sue).await;
    assert_eq!(
        (&session["user"]["email"], &session["user"]["name"]),
        (&json!("sue@oidc.example"), &json!("sue of OIDC"))
    );
    assert_eq!(
        (&session["user"]["owner"], &session["environments"][0]["role"]),
        (&json!(false), &json!("support"))
    );
    let (again, _) = company.come("sue").await;
    assert_eq!(company.session(&again).await["user"]["id"], session["user"]["id"], "the same person");

    // Somebody who has an account by password is known by the verified address.
    let (boss, _) = company.come("boss").await;
    assert_eq!(company.session(&boss).await["user"]["owner"], true);
    let users = company.owner.call(&company.server, "GET", "/internal/users", None).await.ok();
    assert_eq!(users["data"].as_array().unwrap().len(), 2);

    let (nobody, answer) = company.come("unsure").await;
    assert!(answer.header("location").ends_with("/app/sign-in?error=oidc_unverified"), "{answer:?}");
    assert!(nobody.cookie.is_empty());
    for elsewhere in ["https://evil.example/", "//evil.example", "/app/../oauth", "/other", "/app/\\evil"] {
        let query = format!(
            "?return={}",
            url::form_urlencoded::byte_serialize(elsewhere.as_bytes()).collect::<String>()
        );
        let (_, answer) = company.come_to("sue", &query).await;
        assert_eq!(answer.header("location"), "/app/", "{elsewhere}");
    }
    let log =
        company.owner.call(&company.server, "GET", "/internal/audit?action=user.admit", None).await.ok();
    assert_eq!(log["data"][0]["target"], "sue@oidc.example");
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_strangers_and_other_browsers_stay_outside() {
    let company = Company::open("client_secret_post", &["--oidc-admit", "another.example=owner"]).await;
    let (_, answer) = company.come("eve").await;
    assert!(answer.header("location").ends_with("?error=oidc_not_invited"), "{answer:?}");
    let invitation = Some(json!({"email": "eve@oidc.example", "roles": {"dev": "developer"}}));
    assert_eq!(company.owner.call(&company.server, "POST", "/internal/users", invitation).await.status, 201);
    let (eve, _) = company.come("eve").await;
    assert_eq!(company.session(&eve).await["environments"][0]["role"], "developer");

    // A code that came to one browser is worth nothing in another, and nothing twice.
    let callback =
        format!("{}/internal/oidc/callback?code=stolen&state={}", company.server.url(), "0".repeat(64));
    let answer = company.server.send("GET", &callback, &[], "").await;
    assert!(answer.header("location").ends_with("?error=oidc_expired"), "{answer:?}");
    let mut browser = Visitor::new(&company.server);
    browser.get(&format!("{}/internal/oidc/start", company.server.url())).await;
    let answer = browser.get(&callback).await;
    assert!(answer.header("location").ends_with("?error=oidc_expired"), "the state is another's: {answer:?}");
    let refusals = company.issuer.control("issuer", "state").await;
    assert_eq!(refusals["refused"], json!([]), "no code was shown to the issuer but those that it gave");
    company.server.calm();
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_the_company_s_sign_in_leads_back_to_the_page_that_was_asked_for() {
    let company = Company::open("client_secret_post", &["--oidc-admit", "oidc.example=support:dev"]).await;
    let options = json!({"url": company.server.url(), "control": company.issuer.text("issuer")});
    node("dashboard_oidc.mjs", &options).await;
}

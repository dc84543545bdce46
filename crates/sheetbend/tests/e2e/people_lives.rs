//! People behind base paths, on two nodes, and after hours in which nobody did anything.

use crate::harness;

use harness::desk::{Desk, EMAIL, PASSWORD, enrolled, token_of, users};
use harness::house::House;
use harness::{Server, Start};
use serde_json::json;
use services::people::{ComeIn, People, PersonName, SignedIn, Visitor};

#[tokio::test]
async fn behind_a_base_path_and_https_the_cookie_stays_there() {
    let key = "6f1c2a52-0d6d-4a41-9a52-7c9d4f3c1b2a";
    let server = Start::serve(key)
        .args(&["--base-path", "/sb", "--public-url", "https://connect.example.com"])
        .start();
    let (done, link) = users(&server.data_dir, &["setup-link"]);
    assert!(done && link.starts_with("https://connect.example.com/sb/app/setup#token="), "{link}");
    let port = listening_port(&server);
    let url = format!("http://127.0.0.1:{port}/sb/internal/setup");
    let body =
        json!({"token": token_of(&link), "email": EMAIL, "name": "Ada", "password": PASSWORD}).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("sheetbend-csrf", "1"),
        ("origin", "https://connect.example.com"),
    ];
    let answer = server.send("POST", &url, &headers, body).await;
    assert_eq!(answer.ok()["next"], "done");
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("; Path=/sb/;") && cookie.ends_with("; Secure"), "{cookie}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_a_session_ended_on_one_node_is_refused_on_the_other() {
    let database = testkit::databases::FreshDatabase::postgres().unwrap();
    let store::DatabaseUrl::Postgres(url) = database.url().clone() else { panic!("no PostgreSQL") };
    let words = ["--database-url", &url, "--encryption-key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="];
    let key = "6f1c2a52-0d6d-4a41-9a52-7c9d4f3c1b2a";
    let (a, b) = (Start::serve(key).args(&words).start(), Start::serve(key).args(&words).start());
    let (done, link) = users(&a.data_dir, &["setup-link"]);
    assert!(done, "{link}");
    let body = json!({"token": token_of(&link), "email": EMAIL, "name": "Ada", "password": PASSWORD});
    let mut on_b = Desk::empty(&b);
    on_b.enter(&b, "/internal/setup", body.clone()).await.ok();
    let on_a = Desk { cookie: on_b.cookie.clone(), csrf: on_b.csrf.clone(), ..Desk::empty(&a) };
    on_a.call(&a, "GET", "/internal/session", None).await.ok();
    Desk::empty(&a).enter(&a, "/internal/setup", body).await.refused(400, "invalid_link");
    let (_, recovery) = enrolled(&a, &on_a).await;
    assert_eq!(recovery.len(), 10);
    assert_eq!(on_a.call(&a, "POST", "/internal/sign-out", Some(json!({}))).await.status, 204);
    let ended = tokio::time::Instant::now();
    while on_b.call(&b, "GET", "/internal/session", None).await.status != 401 {
        assert!(ended.elapsed() < std::time::Duration::from_secs(1), "still accepted");
    }
    on_b.call(&b, "GET", "/connections", None).await.refused(401, "not_signed_in");
}

/// What the process listens on: its public URL is somebody else's.
fn listening_port(server: &Server) -> String {
    let text = server.stderr();
    let at = text.find("127.0.0.1:").unwrap_or_else(|| panic!("{text}"));
    text[at + 10..].chars().take_while(char::is_ascii_digit).collect()
}

#[tokio::test]
async fn the_dashboard_s_page_runs_nothing_foreign_and_is_framed_by_nobody() {
    let server = Start::dev().start();
    let url = server.url();
    let root = server.send("GET", &format!("{url}/"), &[], "").await;
    assert_eq!((root.status.as_u16(), root.header("location")), (303, "/app/"));
    for path in ["/app/", "/app/logs?state=failed", "/app/connections/microsoft-excel/demo-excel"] {
        let page = server.send("GET", &format!("{url}{path}"), &[], "").await;
        assert_eq!(
            (page.status.as_u16(), page.header("content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        let policy = page.header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(
            (page.header("referrer-policy"), page.header("cache-control")),
            ("no-referrer", "no-cache")
        );
        assert!(!page.text().contains("<script>"), "nothing inline");
    }
    assert_eq!(server.send("GET", &format!("{url}/app/m/none.js"), &[], "").await.status, 404);
}

fn visitor() -> Visitor {
    Visitor { user_agent: "Browser".to_owned(), address: [192, 0, 2, 1].into(), token: None }
}

fn come(link: &domain::Secret) -> ComeIn {
    ComeIn {
        token: token_of(link.expose()).into(),
        name: Some(PersonName::parse("Ada").unwrap()),
        password: PASSWORD.to_owned().into(),
    }
}

async fn signed_in(people: &People) -> SignedIn {
    people.sign_in(EMAIL, &PASSWORD.to_owned().into(), &visitor()).await.unwrap()
}

#[tokio::test]
async fn links_and_sessions_end_by_themselves() {
    const HOUR: i64 = 3_600_000;
    let house = House::build().await;
    let people = People::new(house.context.clone());
    let stale = people.setup_link().await.unwrap().unwrap();
    house.later(HOUR);
    people.set_up(EMAIL, come(&stale), &visitor()).await.unwrap_err();
    let link = people.setup_link().await.unwrap().unwrap();
    house.later(HOUR - 1);
    let first = people.set_up(EMAIL, come(&link), &visitor()).await.unwrap();
    assert!(people.setup_link().await.unwrap().is_none());

    // Used every eleven hours it lives, left for twelve it does not.
    for _ in 0..5 {
        house.later(11 * HOUR);
        assert!(people.person(&first.token).await.unwrap().is_some());
    }
    house.later(12 * HOUR);
    assert!(people.person(&first.token).await.unwrap().is_none());
    // However busy, it ends after thirty days.
    let busy = signed_in(&people).await;
    for _ in 0..30 * 24 - 1 {
        house.later(HOUR);
        assert!(people.person(&busy.token).await.unwrap().is_some());
    }
    house.later(HOUR);
    assert!(people.person(&busy.token).await.unwrap().is_none());
    house.later(1);
    services::people::keep_house(&house.context).await.unwrap();
    let hash = services::api_keys::hash(busy.token.expose());
    assert!(house.context.store.find_user_session(&hash).await.unwrap().is_none(), "it is cleared away");

    let id = people.members().await.unwrap()[0].user.id.clone();
    let reset = people.reset_link(&id).await.unwrap();
    house.later(24 * HOUR);
    people.accept(come(&reset), &visitor()).await.unwrap_err();
    people.show_link(&token_of(reset.expose()).into()).await.unwrap_err();
}

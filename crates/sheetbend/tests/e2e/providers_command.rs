//! `sheetbend providers` and the operator's files under a running server.

use crate::harness;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::upstream::Upstream;
use harness::{Server, Start};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Outcome {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{}{}", self.stdout, self.stderr))
    }
}

fn providers(data_dir: &Path, arguments: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_sheetbend"))
        .args(["providers", "--data-dir"])
        .arg(data_dir)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Asks until the answer is as wanted; the server looks at its files every second.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn an_import_and_a_change_reach_a_running_server() {
    let upstream = Upstream::start(|_, _| b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec()).await;
    let dir = TempDir::new().unwrap();
    let base = format!("http://127.0.0.1:{}", upstream.port);
    let definition = |version: u32| {
        format!(
            "live:\n  display_name: Live\n  auth_mode: OAUTH2\n  authorization_url: {base}/a\n  token_url: {base}/t\n  \
             proxy:\n    base_url: {base}\n    headers: {{x-version: '{version}'}}\n"
        )
    };
    let data_dir = dir.path().join("data");
    let exempt = format!("127.0.0.1:{}", upstream.port);
    let server = Start::dev().in_dir(&data_dir).args(&["--exempt", &exempt]).start();
    assert_eq!(server.api("GET", "/providers/live", None).await.status, 404);

    let file = write(dir.path(), "live.yaml", &definition(1));
    let outcome = providers(&data_dir, &["import", &file, "--json"]);
    assert_eq!((outcome.code, &outcome.json()["imported"]), (0, &json!(["live"])), "{}", outcome.stderr);
    until("the import is taken up", async || server.api("GET", "/providers/live", None).await.status == 200)
        .await;
    let integration = json!({"provider": "live", "unique_key": "live",
        "credentials": {"type": "OAUTH2", "client_id": "c", "client_secret": "s"}});
    server.api("POST", "/integrations", Some(integration)).await.ok();
    let connection = json!({"provider_config_key": "live", "connection_id": "one",
        "credentials": {"type": "OAUTH2", "access_token": "t"}});
    server.api("POST", "/connections", Some(connection)).await.ok();
    assert_eq!(version_sent(&server, &upstream).await, "1");

    // The account is open and cached: a change must reach it too.
    let stored = data_dir.join("providers/live.yaml");
    std::fs::write(&stored, definition(22)).unwrap();
    until("the change is taken up", async || version_sent(&server, &upstream).await == "22").await;

    std::fs::write(&stored, definition(3).replace("display_name", "display_nmae")).unwrap();
    until("the mistake is told", async || server.stderr().contains("display_nmae")).await;
    let told = server.stderr();
    assert!(told.contains("live.yaml:2: live: unknown key `display_nmae`"), "{told}");
    assert_eq!(version_sent(&server, &upstream).await, "22", "what runs is untouched");
    server.calm();
}

async fn version_sent(server: &Server, upstream: &Upstream) -> String {
    upstream.forget();
    let headers = [
        ("authorization", format!("Bearer {}", server.key())),
        ("connection-id", "one".to_owned()),
        ("provider-config-key", "live".to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let url = format!("{}/proxy/x", server.url());
    let answer = server.send("GET", &url, &headers, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    upstream.seen()[0].header("x-version")
}

#[test]
fn bad_files_are_refused_with_file_line_and_reason_and_leave_nothing() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    let head = "a:\n  display_name: A\n  auth_mode: NONE\n";
    let mut laughs = String::from("x0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for n in 1..9 {
        laughs.push_str(&format!("x{n}: &x{n} [{}]\n", vec![format!("*x{}", n - 1); 10].join(", ")));
    }
    let deep = format!("a: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!("a:\n  b: {}\n", "x".repeat(50_000_000));
    for (name, text, parts) in [
        ("cycle.yaml", "a: {alias: b}\nb: {alias: a}\n".to_owned(), &["cycle.yaml:1: a: ", "a → b → a"][..]),
        ("key.yaml", format!("{head}  dcos: x\n"), &["key.yaml:4: a: ", "unknown key `dcos`"]),
        (
            "regex.yaml",
            format!("{head}  connection_config:\n    h:\n      title: H\n      pattern: '^('\n"),
            &["regex.yaml:7: a: connection_config.h.pattern", "not a regular expression"],
        ),
        ("laughs.yaml", laughs, &["laughs.yaml"]),
        ("deep.yaml", deep, &["deep.yaml"]),
        ("large.yaml", large, &["large.yaml", "larger than"]),
        ("broken.yaml", "a: [\n".to_owned(), &["broken.yaml:"]),
        ("mode.yaml", "a:\n  display_name: A\n  auth_mode: OAUTH9\n".to_owned(), &["mode.yaml:3: a: "]),
    ] {
        let file = write(dir.path(), name, &text);
        let outcome = providers(&data_dir, &["import", &file]);
        assert_eq!(outcome.code, 1, "{name}: {}", outcome.stdout);
        for part in parts {
            assert!(outcome.stderr.contains(part), "{name} {part}: {}", outcome.stderr);
        }
        assert!(outcome.stderr.len() < 2_000, "{name}: {} bytes of error", outcome.stderr.len());
        assert_eq!(providers(&data_dir, &["lint", &file]).code, 1, "{name}");
    }
    assert!(!data_dir.join("providers").exists());
    let missing = providers(&data_dir, &["import", "/nowhere.yaml"]);
    assert!(missing.code == 1 && missing.stderr.contains("/nowhere.yaml"), "{}", missing.stderr);
    assert_eq!(providers(&data_dir, &["import"]).code, 2, "a wrong command line");
}

#[test]
fn definitions_are_listed_shown_and_checked() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    let all = providers(&data_dir, &["list", "--json"]).json();
    assert!(all.as_array().unwrap().iter().any(|one| one["name"] == "microsoft-excel"));
    let some = providers(&data_dir, &["list", "excel", "--mode", "oauth2_cc", "--json"]).json();
    assert_eq!(some.as_array().unwrap().len(), 1, "{some}");
    let shown = providers(&data_dir, &["show", "microsoft-excel", "--json"]).json();
    assert_eq!(shown["definition"]["auth_mode"], "OAUTH2");
    let near = providers(&data_dir, &["show", "MicrosoftExcel"]);
    assert!(near.code == 1 && near.stderr.contains("did you mean `microsoft-excel`?"), "{}", near.stderr);
    assert!(providers(&data_dir, &["show", "microsoft-excel"]).stdout.contains("secret to"));

    let careless =
        "acme:\n  display_name: ''\n  auth_mode: API_KEY\n  proxy:\n    base_url: http://x.example\n";
    let file = write(dir.path(), "careless.yaml", careless);
    let linted = providers(&data_dir, &["lint", &file, "--json"]);
    assert_eq!(linted.code, 1);
    let found = linted.json();
    let of = |key: &str| found.as_array().unwrap().iter().find(|one| one["key"] == key).cloned();
    assert_eq!(of("display_name").unwrap()["line"], 2, "{found}");
    assert_eq!(of("proxy.verification").unwrap()["line"], 4, "{found}");
}

#[test]
fn an_import_keeps_what_is_shipped_unless_told_otherwise() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    let text = "# ours\nslick: {display_name: S, auth_mode: NONE}\n# theirs\nmicrosoft:\n  display_name: M\n  \
        auth_mode: NONE\nnote: {alias: microsoft}\n";
    let file = write(dir.path(), "mine.yaml", text);
    let outcome = providers(&data_dir, &["import", &file, "--json"]).json();
    assert_eq!(
        (&outcome["imported"], &outcome["kept_shipped"]),
        (&json!(["slick", "note"]), &json!(["microsoft"]))
    );
    let note = providers(&data_dir, &["show", "note", "--json"]).json();
    assert_eq!(note["auth_mode"], "OAUTH2", "an alias of the shipped one");
    let dry = providers(&data_dir, &["import", &file, "--replace", "--dry-run", "--json"]).json();
    assert_eq!(dry["imported"].as_array().unwrap().len(), 3);
    assert_eq!(providers(&data_dir, &["show", "microsoft", "--json"]).json()["auth_mode"], "OAUTH2");
    providers(&data_dir, &["import", &file, "--replace", "--only", "microsoft"]);
    assert_eq!(providers(&data_dir, &["show", "microsoft", "--json"]).json()["auth_mode"], "NONE");
    assert_eq!(providers(&data_dir, &["import", &file, "--only", "nobody"]).code, 1);
}

#[test]
fn the_field_s_file_is_imported_whole() {
    let shared = std::env::var_os("SHEETBEND_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let file = shared.join("contract/providers.yaml");
    if !file.exists() {
        eprintln!("skipped: no contract/providers.yaml in $SHEETBEND_SHARED or ../shared");
        return;
    }
    let dir = TempDir::new().unwrap();
    let outcome = providers(dir.path(), &["import", file.to_str().unwrap(), "--json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let report = outcome.json();
    let count = |key: &str| report[key].as_array().unwrap().len();
    assert_eq!(count("imported") + count("kept_shipped"), 981);
    println!("981 of 981: {} imported, {} shipped ones stay", count("imported"), count("kept_shipped"));
}

#[tokio::test]
async fn no_byte_goes_to_a_host_that_a_person_made_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let dir = TempDir::new().unwrap();
    let text = "typed:\n  display_name: Typed\n  auth_mode: OAUTH2\n  authorization_url: https://a.example/a\n  \
        token_url: https://${connectionConfig.host}/t\n  proxy:\n    base_url: https://a.example\n  \
        connection_config:\n    host:\n      title: Server\n      pattern: '^[a-z0-9.:-]+$'\n";
    let file = write(dir.path(), "typed.yaml", text);
    let (exempt, host) = (format!("localhost:{port}"), format!("localhost:{port}"));
    let server = Start::dev().args(&["--provider-file", &file, "--exempt", &exempt]).start();
    let integration = json!({"provider": "typed", "unique_key": "typed",
        "credentials": {"type": "OAUTH2", "client_id": "c", "client_secret": "s"}});
    server.api("POST", "/integrations", Some(integration)).await.ok();
    let connection = json!({"provider_config_key": "typed", "connection_id": "one",
        "connection_config": {"host": host},
        "credentials": {"type": "OAUTH2", "access_token": "t", "refresh_token": "r", "expires_at": "2020-01-01T00:00:00Z"}});
    let imported = server.api("POST", "/connections", Some(connection)).await;
    if imported.status.is_success() {
        let path = "/connections/one?provider_config_key=typed&force_refresh=true";
        let refused = server.api("GET", path, None).await;
        assert!(!refused.status.is_success(), "{}", refused.text());
        assert!(refused.text().contains("host decides"), "the setting is named: {}", refused.text());
    } else {
        assert!(imported.text().contains("host decides"), "{}", imported.text());
    }
    let arrived = tokio::time::timeout(Duration::from_millis(300), listener.accept()).await;
    assert!(arrived.is_err(), "somebody called");
    server.calm();
}

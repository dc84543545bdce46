//! `openapi.json` at the root of the repository is what the server describes, and the answers are as described.

use crate::harness;

use std::path::PathBuf;

use harness::connect::session_of;
use harness::outside::node;
use harness::vendor::Vendor;
use harness::{Server, Start, eventually};
use serde_json::{Map, Value, json};

fn golden() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json"))
}

#[test]
fn the_golden_copy_is_what_the_server_describes() {
    let printed =
        std::process::Command::new(env!("CARGO_BIN_EXE_sheetbend")).arg("openapi").output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let kept = std::fs::read_to_string(golden()).unwrap_or_default();
    assert!(
        printed == kept,
        "the API changed: `cargo run -- openapi > openapi.json`, and read the difference"
    );
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_a_linter_has_no_complaint() {
    node("openapi_lint.mjs", &json!({"file": golden()})).await;
}

#[tokio::test]
async fn answers_are_as_described() {
    let server = Start::dev().start();
    let shape = Shape::read();
    assert_eq!(server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await.status, 200);
    let session = json!({"end_user": {"id": "u", "email": "u@example.com"}, "organization": {"id": "o"}});
    let answer = server.api("POST", "/connect/sessions", Some(session)).await;
    shape.check("post", "/connect/sessions", "201", &answer.json());
    let imported = json!({"provider_config_key": "microsoft-excel", "connection_id": "i", "end_user": {"id": "u"},
        "credentials": {"type": "OAUTH2", "access_token": "a"}, "tags": {"plan": "free"}, "metadata": {"a": [1]}});
    let answer = server.api("POST", "/connections", Some(imported)).await;
    shape.check("post", "/connections", "201", &answer.json());
    for (path, asked) in [
        ("/health", "/health"),
        ("/ready", "/ready"),
        ("/webhooks/deliveries", "/webhooks/deliveries"),
        ("/providers", "/providers?search=excel"),
        ("/providers/{provider}", "/providers/microsoft-excel"),
        ("/integrations", "/integrations"),
        (
            "/integrations/{uniqueKey}",
            "/integrations/microsoft-excel?include=credentials&include=client&include=webhook",
        ),
        ("/connections", "/connections"),
        ("/connections/{connectionId}", "/connections/i?provider_config_key=microsoft-excel"),
        (
            "/connections/{connectionId}",
            "/connections/demo-excel?provider_config_key=microsoft-excel&force_refresh=true",
        ),
        (
            "/connections/{connectionId}/token",
            "/connections/demo-excel/token?provider_config_key=microsoft-excel",
        ),
    ] {
        let answer = server.api("GET", asked, None).await;
        assert_eq!(answer.status, 200, "{asked}: {}", answer.text());
        shape.check("get", path, "200", &answer.json());
    }
    the_log(&server, &shape).await;
    let unknown = server.api("GET", "/providers/none", None).await;
    shape.check("get", "/providers/{provider}", "404", &unknown.json());
    let invalid = server.api("POST", "/connect/sessions", Some(json!({"surprise": true}))).await;
    shape.check("post", "/connect/sessions", "400", &invalid.json());
    let stranger = server.send("GET", &format!("{}/connections", server.url()), &[], "").await;
    shape.check("get", "/connections", "401", &stranger.json());
}

#[tokio::test]
async fn what_a_connect_page_is_answered_is_as_described() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let shape = Shape::read();
    let token = session_of(&server, "someone").await;
    let bearer = format!("Bearer {token}");
    let url = format!("{}/connect/session", server.url());
    let session = server.send("GET", &url, &[("authorization", &bearer)], "").await;
    shape.check("get", "/connect/session", "200", &session.json());
    let headers = [("content-type", "application/json")];
    for (path, key, status, body) in [
        ("/connect/admin-link/{key}", "microsoft-excel", "200", json!({})),
        ("/connect/certificates/{key}", "sharepoint-online-v1", "200", json!({})),
        ("/auth/unauthenticated/{key}", "open", "200", json!({})),
        ("/api-auth/api-key/{key}", "keyed", "400", json!({"apiKey": ""})),
    ] {
        let url = format!("{}{}?connect_session_token={token}", server.url(), path.replace("{key}", key));
        let answer = server.send("POST", &url, &headers, body.to_string()).await;
        assert_eq!(answer.status.as_str(), status, "{path}: {}", answer.text());
        shape.check("post", path, status, &answer.json());
    }
}

async fn the_log(server: &Server, shape: &Shape) {
    let all = eventually("the log", async || {
        let all = server.api("GET", "/operations", None).await.json();
        (all["data"].as_array().unwrap().len() >= 2).then_some(all)
    })
    .await;
    shape.check("get", "/operations", "200", &all);
    for one in all["data"].as_array().unwrap() {
        let answer = server.api("GET", &format!("/operations/{}", one["id"].as_str().unwrap()), None).await;
        shape.check("get", "/operations/{id}", "200", &answer.json());
    }
}

/// The description, as far as shapes go: types, required and known properties, lists, maps, alternatives.
struct Shape(Value);

impl Shape {
    fn read() -> Self {
        Self(serde_json::from_str(&std::fs::read_to_string(golden()).unwrap()).unwrap())
    }

    fn check(&self, method: &str, path: &str, status: &str, answer: &Value) {
        let response = &self.0["paths"][path][method]["responses"][status];
        let schema = &response["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} {status} is not described");
        if let Err(problem) = self.fits(schema, answer, "answer") {
            panic!("{method} {path} {status}: {problem}\n{answer}");
        }
    }

    fn fits(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            return self.fits(&self.0["components"]["schemas"][name], value, at);
        }
        for alternatives in [&schema["oneOf"], &schema["allOf"]].into_iter().filter_map(Value::as_array) {
            let fitting = alternatives.iter().filter(|one| self.fits(one, value, at).is_ok()).count();
            let wanted = if schema["oneOf"].is_array() { 1 } else { alternatives.len() };
            if fitting < wanted {
                return Err(format!("{at} fits no alternative of {schema}: {value}"));
            }
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => return Ok(()),
        };
        if !types.iter().any(|kind| is_a(kind, value)) {
            return Err(format!("{at} is not {types:?} but {value}"));
        }
        match value {
            Value::Object(map) => self.object(schema, map, at),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .try_for_each(|(i, item)| self.fits(&schema["items"], item, &format!("{at}[{i}]"))),
            _ => Ok(()),
        }
    }

    fn object(&self, schema: &Value, map: &Map<String, Value>, at: &str) -> Result<(), String> {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in required {
            map.get(name).ok_or_else(|| format!("{at}.{name} is missing"))?;
        }
        for (name, value) in map {
            let known = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
            let known = known.ok_or_else(|| format!("{at}.{name} is not described"))?;
            self.fits(known, value, &format!("{at}.{name}"))?;
        }
        Ok(())
    }
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("an unknown type {other}"),
    }
}

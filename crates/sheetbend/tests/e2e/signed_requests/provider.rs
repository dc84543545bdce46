//! A provider that keeps every request, with connections of each kind that signs, and its judge.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::connect::session_of;
use crate::harness::outside::python;
use crate::harness::upstream::{Seen, Upstream, answer, unchunked};
use crate::harness::{Answer, Server, Start};

const ACCESS_KEY: &str = "AKIAOPERATOR00000001";
pub const SECRET_KEY: &str = "operator-secret-key-9876543210";
const SESSION_KEY: &str = "ASIASESSION000000001";
const SESSION_SECRET: &str = "session-secret-key-0123456789";
const SESSION_TOKEN: &str = "session-token-abcdef";
const TEMPLATE_TOKEN: &str = "template-token-1";

/// The provider with a server that knows it.
pub struct Fake {
    pub upstream: Upstream,
    pub server: Server,
    dir: TempDir,
}

/// An STS answer whose session ends so many seconds from now.
pub fn session_for(seconds: i64) -> Vec<u8> {
    let end = now() + seconds;
    let body = json!({"AssumeRoleResponse": {"AssumeRoleResult": {"Credentials": {
        "AccessKeyId": SESSION_KEY, "SecretAccessKey": SESSION_SECRET, "SessionToken": SESSION_TOKEN,
        "Expiration": end,
    }}}});
    answer("200 OK", &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

/// A token with its secret, labelled as the field's oldest servers do.
fn pair(token: &str, secret: &str, more: &str) -> Vec<u8> {
    let secret = secret.replace(' ', "+");
    let body = format!("oauth_token={token}&oauth_token_secret={secret}{more}");
    answer("200 OK", &[("Content-Type", "text/html; charset=utf-8")], body.as_bytes())
}

/// Unix seconds by the clock of the machine, as the server has it.
fn now() -> i64 {
    let printed = std::process::Command::new("date").arg("+%s").output().unwrap().stdout;
    String::from_utf8(printed).unwrap().trim().parse().unwrap()
}

impl Fake {
    /// A provider that says yes to everything.
    pub async fn quiet() -> Self {
        Self::start(|_, seen| match seen.line() {
            line if line.contains("/sts") => session_for(3600),
            line if line.contains("/request") => {
                pair("temporary", "temporary secret", "&oauth_callback_confirmed=true")
            }
            line if line.contains("/access") => pair("account", "account secret", "&screen_name=ada"),
            _ => answer("200 OK", &[], b"{}"),
        })
        .await
    }

    /// A provider that answers as told.
    pub async fn start(tell: impl Fn(usize, &Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start_with(&[], tell).await
    }

    /// The same beside further ports that the server may reach.
    pub async fn start_with(
        ports: &[u16],
        tell: impl Fn(usize, &Seen) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let upstream = Upstream::start(tell).await;
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("signing.yaml");
        std::fs::write(&file, definitions(upstream.port)).unwrap();
        let exempt: Vec<String> =
            ports.iter().chain([&upstream.port]).map(|port| format!("127.0.0.1:{port}")).collect();
        let mut arguments = vec!["--provider-file", file.to_str().unwrap()];
        exempt.iter().for_each(|one| arguments.extend(["--exempt", one.as_str()]));
        let server = Start::dev().args(&arguments).start();
        let client =
            |mode: &str| json!({"type": mode, "client_id": "client-1", "client_secret": "client secret&1"});
        let made = Self { upstream, server, dir };
        made.integrate("fake-tba", json!({"credentials": client("TBA")})).await;
        made.integrate("fake-templates", json!({"credentials": client("OAUTH2")})).await;
        made.integrate("fake-wsse", json!({})).await;
        for key in ["fake-oauth1", "fake-oauth1-query", "fake-oauth1-body"] {
            made.integrate(key, json!({"credentials": client("OAUTH1")})).await;
        }
        let settings = json!({"service": "execute-api", "defaultRegion": "eu-west-1", "awsAccessKeyId": ACCESS_KEY,
            "awsSecretAccessKey": SECRET_KEY, "stsEndpointUrl": format!("http://127.0.0.1:{}/sts/", made.upstream.port)});
        made.integrate("fake-aws", json!({"integration_config": settings})).await;
        made
    }

    async fn integrate(&self, key: &str, more: Value) {
        let mut body = json!({"provider": key, "unique_key": key});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.server.api("POST", "/integrations", Some(body)).await.ok();
    }

    /// Sends a form with a connect session.
    pub async fn post(&self, path: &str, query: &str, body: &Value) -> Answer {
        let token = session_of(&self.server, "signer").await;
        let url = format!("{}{path}?connect_session_token={token}{query}", self.server.url());
        self.server.send("POST", &url, &[("content-type", "application/json")], body.to_string()).await
    }

    async fn connected(&self, path: &str, query: &str, body: Value) -> String {
        let made = self.post(path, query, &body).await.ok();
        made["connectionId"].as_str().unwrap().to_owned()
    }

    pub async fn connect_tba(&self) -> String {
        let body = json!({"token_id": "token-1", "token_secret": "token secret+1"});
        self.connected("/auth/tba/fake-tba", "&params[accountId]=1234567-sb1", body).await
    }

    pub async fn connect_role(&self) -> String {
        let body = json!({"role_arn": "arn:aws:iam::123456789012:role/Demo"});
        self.connected("/auth/aws-sigv4/fake-aws", "&params[external_id]=customer:42", body).await
    }

    pub async fn connect_wsse(&self) -> String {
        let body = json!({"username": "user001", "password": "pass word", "type": "SIGNATURE"});
        self.connected("/auth/signature/fake-wsse", "", body).await
    }

    /// Leaves for the sign-in; its URL, the cookie and the callback that the provider was told.
    pub async fn leave(&self) -> (url::Url, String, String) {
        self.leave_as("fake-oauth1").await
    }

    async fn leave_as(&self, key: &str) -> (url::Url, String, String) {
        let token = session_of(&self.server, "signer").await;
        let url = format!("{}/oauth/connect/{key}?connect_session_token={token}", self.server.url());
        let left = self.server.send("GET", &url, &[], "").await;
        assert_eq!(left.status, 302, "{}", left.text());
        let cookie = left.header("set-cookie").split(';').next().unwrap().to_owned();
        let asked = self.upstream.seen().into_iter().rfind(|one| one.line().contains("/request")).unwrap();
        let callback = protocol_part(&asked, "oauth_callback");
        (left.header("location").parse().unwrap(), cookie, callback)
    }

    /// Comes back from the sign-in with these parameters.
    pub async fn come_back(&self, callback: &str, cookie: &str, query: &str) -> Answer {
        self.server.send("GET", &format!("{callback}&{query}"), &[("cookie", cookie)], "").await
    }

    pub async fn connect_oauth1(&self) -> String {
        self.connect_oauth1_as("fake-oauth1").await
    }

    pub async fn connect_oauth1_as(&self, key: &str) -> String {
        let (_, cookie, callback) = self.leave_as(key).await;
        let back = self.come_back(&callback, &cookie, "oauth_token=temporary&oauth_verifier=v-1").await;
        assert_eq!(back.status, 200, "{}", back.text());
        let all = self.server.api("GET", "/connections?endUserId=signer", None).await.ok();
        let all = all["connections"].as_array().unwrap().clone();
        let made = all.iter().find(|one| one["provider_config_key"] == key).unwrap();
        made["connection_id"].as_str().unwrap().to_owned()
    }

    /// Imports the connection `one` of the definition whose headers look at the request.
    pub async fn connect_templates(&self) {
        let body = json!({"connection_id": "one", "provider_config_key": "fake-templates",
            "credentials": {"type": "OAUTH2", "access_token": TEMPLATE_TOKEN}});
        self.server.api("POST", "/connections", Some(body)).await.ok();
    }

    /// Has every request that came in judged by code that nobody here wrote.
    pub async fn verify(&self) {
        let requests: Vec<Value> = self.upstream.seen().iter().map(|seen| self.judged(seen)).collect();
        assert!(requests.len() >= 10, "{}", requests.len());
        let count = requests.len();
        let file = self.dir.path().join("requests.json");
        std::fs::write(&file, serde_json::to_vec(&requests).unwrap()).unwrap();
        let facts = python("signed_requests.py", &json!({"file": file})).await;
        assert_eq!(facts["verified"], count);
    }

    fn judged(&self, seen: &Seen) -> Value {
        let mut words = seen.line().split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let chunked = seen.header("transfer-encoding").contains("chunked");
        let body = if chunked { unchunked(&seen.body) } else { seen.body.clone() };
        let headers: Vec<(&str, &str)> = seen
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name, value.trim()))
            .collect();
        let mut one = json!({
            "method": method, "url": format!("http://127.0.0.1:{}{target}", self.upstream.port),
            "headers": headers, "body": STANDARD.encode(body),
        });
        let kind = match target {
            path if path.starts_with("/tba") => json!({"kind": "oauth1", "client_key": "client-1",
                "client_secret": "client secret&1", "token": "token-1", "token_secret": "token secret+1",
                "realm": "1234567_SB1"}),
            path if path.starts_with("/oauth1") => {
                let (token, secret) = match path {
                    path if path.contains("/request") => (Value::Null, Value::Null),
                    path if path.contains("/access") => ("temporary".into(), "temporary secret".into()),
                    _ => (Value::from("account"), Value::from("account secret")),
                };
                json!({"kind": "oauth1", "client_key": "client-1", "client_secret": "client secret&1",
                    "token": token, "token_secret": secret})
            }
            path if path.starts_with("/sts") => json!({"kind": "sigv4", "access_key_id": ACCESS_KEY,
                "secret_access_key": SECRET_KEY, "region": "eu-west-1", "service": "sts"}),
            path if path.starts_with("/aws") => json!({"kind": "sigv4", "access_key_id": SESSION_KEY,
                "secret_access_key": SESSION_SECRET, "session_token": SESSION_TOKEN, "region": "eu-west-1",
                "service": "execute-api"}),
            path if path.starts_with("/wsse") => {
                json!({"kind": "wsse", "username": "user001", "password": "pass word"})
            }
            _ => json!({"kind": "sigv4", "access_key_id": "client-1", "secret_access_key": TEMPLATE_TOKEN,
                "region": "us-east-1", "service": "iam"}),
        };
        one.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        one
    }
}

/// A parameter of OAuth 1.0, wherever it stands.
pub fn protocol_part(seen: &Seen, name: &str) -> String {
    let in_header = match seen.header("authorization").is_empty() {
        true => String::new(),
        false => format!("{name}={}", super::oauth_part(seen, name)),
    };
    let query = seen.line().split(' ').nth(1).and_then(|path| path.split_once('?')).map(|(_, query)| query);
    let places = [in_header.as_bytes(), query.unwrap_or_default().as_bytes(), &seen.body];
    let found = places.iter().find_map(|place| {
        let mut pairs = url::form_urlencoded::parse(place);
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    });
    found.unwrap_or_else(|| panic!("no {name} in {}", seen.head))
}

fn definitions(port: u16) -> String {
    let base = format!("http://127.0.0.1:{port}");
    format!(
        r#"
fake-tba:
  display_name: Fake TBA
  auth_mode: TBA
  connection_config:
    accountId: {{type: string, title: Account, description: The account}}
  proxy: {{base_url: "{base}/tba"}}
fake-oauth1:
  display_name: Fake OAuth 1.0
  auth_mode: OAUTH1
  request_url: "{base}/oauth1/request"
  request_params: {{x_auth_access_type: "read & write"}}
  authorization_url: "{base}/oauth1/authorize"
  authorization_params: {{expiration: never}}
  token_url: "{base}/oauth1/access"
  token_response_metadata: [screen_name]
  signature_method: HMAC-SHA1
  proxy: {{base_url: "{base}/oauth1/api"}}
fake-oauth1-query:
  alias: fake-oauth1
  oauth_parameters_in: query
fake-oauth1-body:
  alias: fake-oauth1
  oauth_parameters_in: body
fake-wsse:
  display_name: Fake WSSE
  auth_mode: SIGNATURE
  signature: {{protocol: WSSE}}
  token: {{expires_in_ms: 300000}}
  credentials:
    username: {{type: string, title: Name, description: The name}}
    password: {{type: string, title: Secret, description: The secret}}
  proxy:
    base_url: "{base}/wsse"
    headers: {{x-wsse: "${{accessToken}}"}}
fake-aws:
  display_name: Fake AWS
  auth_mode: AWS_SIGV4
  integration_config:
    service: {{type: string, title: Service, description: The service}}
    defaultRegion: {{type: string, title: Region, description: The region, optional: true}}
    awsAccessKeyId: {{type: string, title: Key, description: The key, secret: true}}
    awsSecretAccessKey: {{type: string, title: Secret, description: The secret, secret: true}}
    stsEndpointUrl: {{type: string, title: STS, description: The endpoint, optional: true}}
  connection_config:
    region: {{type: string, title: Region, description: The region, optional: true}}
    service: {{type: string, title: Service, description: The service, automated: true}}
  credentials:
    role_arn: {{type: string, title: Role, description: The role}}
  proxy: {{base_url: "{base}/aws"}}
fake-templates:
  display_name: Fake templates
  auth_mode: OAUTH2
  authorization_url: "{base}/auth"
  token_url: "{base}/token"
  proxy:
    base_url: "{base}/templates"
    query: {{key: "${{accessToken}}"}}
    headers:
      x-amz-date: "${{now:YYYYMMDDTHHmmss[Z]}}"
      authorization: "${{awsSigV4(${{clientId}}, ${{accessToken}}, us-east-1, iam)}}"
      x-sum: "sha-256=:${{sha256Base64(${{bodyCanonicalParams}})}}:"
"#
    )
}

//! Definitions whose authorization begins at the vendor: the walk plays the vendor that sends the webhook.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::entropy::to_hex;
use domain::provider::{InstallationWebhook, OutboundInstallation, SignatureEncoding};
use http::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use services::Retention;
use services::connect::outbound;
use services::inbound::{self, Heard, Received};
use services::jobs::alive::AliveSettings;
use services::jobs::{JobSettings, workers};

use crate::walk::{CODE, SECRET, Walker, put, shown};

/// Waits, is told by a webhook, and goes on as every other walk.
pub async fn by_webhook(
    walker: &Walker<'_>,
    installation: &OutboundInstallation,
    webhook: &InstallationWebhook,
) -> Result<(), String> {
    let session = walker.session().await?;
    let services = &walker.house.services;
    let context = &services.context;
    let waiting = outbound::begin(context, &session, &walker.key, walker.config(), None)
        .await
        .map_err(|error| format!("wait: {}", shown(&error)))?;
    let body = Bytes::from(word_of(walker, installation, webhook).to_string());
    let environment = context.store.environments().await.unwrap();
    let environment = environment.iter().find(|one| one.id == walker.house.scope.environment).unwrap();
    let headers = signed(webhook, &body);
    let received = Received {
        environment: &environment.uuid,
        integration: walker.key.as_str(),
        headers: &headers,
        body: &body,
    };
    let heard = inbound::receive(context, &services.events, received).await;
    if heard.map_err(|error| format!("webhook: {}", shown(&error)))? != Heard::Taken {
        return Err("the webhook was not taken".to_owned());
    }
    let settings = JobSettings {
        retention: Retention { max_age_ms: 1, max_bytes: 1, audit_ms: 1 },
        alive: AliveSettings { idle_ms: 86_400_000 },
        poll: Duration::from_secs(1),
        drain: Duration::from_secs(1),
    };
    workers(services, settings).0.run_once().await.map_err(|error| error.to_string())?;
    let seen = walker.seen()?;
    match seen.first() {
        Some(redeemed) if redeemed.holds(CODE) && redeemed.holds(SECRET) => {}
        Some(other) => return Err(format!("the token request has no code or no client: {}", other.line)),
        None => return Err("the code was not redeemed".to_owned()),
    }
    walker.call_and_refresh(&waiting.connection, None).await
}

fn word_of(walker: &Walker<'_>, installation: &OutboundInstallation, webhook: &InstallationWebhook) -> Value {
    let config = walker.config();
    let values =
        |path: &str| config.get(path.strip_prefix("connectionConfig.")?)?.as_str().map(str::to_owned);
    let mut body = json!({});
    put(&mut body, &installation.code_at, json!(CODE));
    for path in &installation.metadata {
        put(&mut body, path, json!(walker.metadata(path)));
    }
    for (path, text) in &webhook.says {
        put(&mut body, path, json!(text));
    }
    for (path, template) in &webhook.matching {
        put(&mut body, path, json!(template.resolve(&values).unwrap_or_default()));
    }
    body
}

fn signed(webhook: &InstallationWebhook, body: &[u8]) -> HeaderMap {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), body);
    let written = match webhook.signature.encoding {
        SignatureEncoding::Hex => to_hex(tag.as_ref()),
        SignatureEncoding::Base64 => STANDARD.encode(tag.as_ref()),
    };
    let name = HeaderName::from_bytes(webhook.signature.header.as_bytes()).unwrap();
    HeaderMap::from_iter([(name, format!("{}{written}", webhook.signature.prefix).parse().unwrap())])
}

//! Integrations and ready connections against the sandbox; what is there already is reused.

use anyhow::Context as _;
use domain::connect::ConnectSession;
use domain::credentials::Credentials;
use domain::{ConnectionId, IntegrationKey, Scope, Secret};
use sandbox::{CONTOSO, DAEMON_APP, MULTI_AND_PERSONAL_APP, Sandbox, SignInRequest};
use serde_json::{Map, Value, json};
use services::connect::certificates;
use services::connect::direct;
use services::connect::form::Form;
use services::connect::keep::{self, NewAuthorization};
use services::context::Context;
use services::credentials::account::{Account, OpenIntegration};
use services::credentials::schemes::oauth2;
use services::credentials::token_answer;
use services::integrations::{self, IntegrationChanges};

use super::facts::{Facts, ReadyConnection};

/// The sandbox's secret of the app that `dev` uses; public, because the sandbox is.
const SECRET: &str = "sandbox-secret-3-a";
const USER: &str = "ada@contoso.example";

struct Delegated {
    ready: ReadyConnection,
    scopes: &'static [&'static str],
}

const DELEGATED: [Delegated; 2] = [
    Delegated {
        ready: ReadyConnection {
            integration: "microsoft-excel",
            provider: "microsoft-excel",
            connection: "demo-excel",
        },
        scopes: &["offline_access", "User.Read", "Files.ReadWrite"],
    },
    Delegated {
        ready: ReadyConnection {
            integration: "sharepoint-online",
            provider: "sharepoint-online",
            connection: "demo-sharepoint",
        },
        scopes: &["offline_access", "User.Read", "Files.ReadWrite.All", "Sites.ReadWrite.All"],
    },
];

const CERTIFICATE: ReadyConnection = ReadyConnection {
    integration: "sharepoint-online-v1",
    provider: "sharepoint-online-v1",
    connection: "demo-sharepoint-v1",
};

/// Makes what is missing.
pub async fn seed(
    context: &Context,
    scope: Scope,
    sandbox: &Sandbox,
    facts: &Facts,
) -> anyhow::Result<Vec<ReadyConnection>> {
    for app in [MULTI_AND_PERSONAL_APP, DAEMON_APP] {
        sandbox.add_redirect_uri(app, &facts.callback_url)?;
    }
    let mut ready = Vec::new();
    for one in DELEGATED {
        delegated(context, scope, sandbox, facts, &one).await.with_context(|| one.ready.integration)?;
        ready.push(one.ready);
    }
    by_certificate(context, scope, sandbox).await.context(CERTIFICATE.integration)?;
    ready.push(CERTIFICATE);
    Ok(ready)
}

/// The integration, made when absent.
async fn integration(
    context: &Context,
    scope: Scope,
    ready: &ReadyConnection,
    changes: IntegrationChanges,
) -> anyhow::Result<IntegrationKey> {
    let key = IntegrationKey::parse(ready.integration)?;
    if context.store.integration(scope, &key).await?.is_none() {
        let changes =
            IntegrationChanges { cloud: Some("sandbox".into()), rewrite_links: Some(true), ..changes };
        match integrations::create(context, scope, ready.provider, key.clone(), changes).await {
            Ok(_) => {}
            Err(services::error::Error::Invalid(issues)) => {
                let text: Vec<&str> = issues.iter().map(|issue| issue.message.as_str()).collect();
                anyhow::bail!("the integration cannot be made: {}", text.join("; "));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(key)
}

async fn exists(
    context: &Context,
    scope: Scope,
    key: &IntegrationKey,
    id: &ConnectionId,
) -> anyhow::Result<bool> {
    Ok(Account::load(context, scope, key, id).await.is_ok())
}

async fn delegated(
    context: &Context,
    scope: Scope,
    sandbox: &Sandbox,
    facts: &Facts,
    one: &Delegated,
) -> anyhow::Result<()> {
    let changes = IntegrationChanges {
        client_id: Some(MULTI_AND_PERSONAL_APP.to_owned()),
        client_secret: Some(Secret::new(SECRET)),
        scopes: Some(one.scopes.iter().map(|&scope| scope.to_owned()).collect()),
        ..IntegrationChanges::default()
    };
    let key = integration(context, scope, &one.ready, changes).await?;
    let id = ConnectionId::parse(one.ready.connection)?;
    if exists(context, scope, &key, &id).await? {
        return Ok(());
    }
    let login = facts.hosts.login();
    // Ada also consents to SharePoint, so that `?resource=sharepoint` and its `_api` work at the first try; the
    // tokens are for the first resource, Graph.
    let sharepoint = format!("{}/AllSites.Write", facts.hosts.sharepoint("contoso"));
    let asked = format!("{} {sharepoint}", one.scopes.join(" "));
    let request = SignInRequest { app_id: MULTI_AND_PERSONAL_APP, user: USER, scope: &asked, login: &login };
    let minted = sandbox.sign_in(&request)?;
    // Agreed to as well, so that this connection opens the tenant's SharePoint host (DESIGN §5 "Tokens and hosts").
    let sharepoint = format!("{}/AllSites.Write", facts.hosts.sharepoint("contoso"));
    sandbox.sign_in(&SignInRequest { scope: &sharepoint, ..request })?;
    let body = serde_json::to_vec(&minted.raw)?;
    let answer = token_answer::read(200, Some("application/json"), &body, context.now_ms())
        .map_err(|problem| anyhow::anyhow!(problem.cause))?;
    let mut config = Map::new();
    config.insert("tenantId".into(), Value::String(minted.tenant_id));
    let new = NewAuthorization {
        integration: OpenIntegration::load(context, scope, &key).await?,
        id,
        credentials: Credentials::OAuth2(oauth2::credentials(answer, None)),
        config,
        metadata: None,
        end_user: None,
        tags: Default::default(),
        webhook_url_override: None,
    };
    keep::keep(context, new).await?;
    Ok(())
}

/// SharePoint v1 wants a certificate: made here, registered there, proved by a token request.
async fn by_certificate(context: &Context, scope: Scope, sandbox: &Sandbox) -> anyhow::Result<()> {
    let key = integration(context, scope, &CERTIFICATE, IntegrationChanges::default()).await?;
    let id = ConnectionId::parse(CERTIFICATE.connection)?;
    if exists(context, scope, &key, &id).await? {
        return Ok(());
    }
    let now_ms = context.now_ms();
    let (private_key, certificate, _) =
        tokio::task::spawn_blocking(move || certificates::make(now_ms)).await??;
    sandbox.register_certificate(DAEMON_APP, certificate.as_bytes())?;
    let fields =
        json!({"clientId": DAEMON_APP, "privateKey": private_key.as_str(), "certificate": certificate});
    let params = json!({"tenantId": CONTOSO, "tenantName": "contoso"});
    let (Value::Object(fields), Value::Object(params)) = (fields, params) else { return Ok(()) };
    let session = ConnectSession {
        id: context.uuid(),
        environment: scope.environment,
        end_user: None,
        tags: Default::default(),
        allowed_integrations: Vec::new(),
        defaults: Default::default(),
        reconnect: None,
        connection: None,
        webhook_url_override: None,
        expires_at_ms: now_ms + 60_000,
        created_at_ms: now_ms,
    };
    let form = Form::TwoStep(fields);
    direct::connect_as(context, &session, &key, params, form, Some(id)).await?;
    Ok(())
}

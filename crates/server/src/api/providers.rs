//! `GET /providers`, `GET /providers/{provider}` (contract §2.1).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use catalog::Entry;
use domain::ProviderName;
use domain::provider::{Assertion, AssertionKey, Auth};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::SharedApp;
use crate::auth::{AnyKey, Granted, KeyOrSession};
use crate::error::ApiError;
use crate::openapi::shapes;
use crate::strict::{NoQuery, StrictQuery};

/// The query of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    search: Option<String>,
}

/// Lists the catalogue; `search` is a case-insensitive regular expression over the names.
#[utoipa::path(get, path = "/providers", tag = "providers", operation_id = "listProviders",
    params(("search" = Option<String>, Query, description = "Case-insensitive regular expression over the names")),
    responses((status = 200, description = "The definitions", body = shapes::ProvidersAnswer)))]
pub async fn list(
    State(app): State<SharedApp>,
    _: KeyOrSession,
    StrictQuery(query): StrictQuery<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let pattern = match query.search.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(
            regex::RegexBuilder::new(text)
                .case_insensitive(true)
                .size_limit(1 << 20)
                .build()
                .map_err(|_| ApiError::invalid_query("search", "not a valid regular expression"))?,
        ),
        None => None,
    };
    let entries = app.services.context.catalog.list();
    let matching = entries.into_iter().filter(|entry| {
        pattern.as_ref().is_none_or(|pattern| pattern.is_match(entry.provider.name.as_str()))
    });
    let data: Vec<Value> = matching.map(|entry| shown(&app, &entry)).collect();
    Ok(Json(json!({"data": data})))
}

/// One definition.
#[utoipa::path(get, path = "/providers/{provider}", tag = "providers", operation_id = "getProvider",
    params(("provider" = String, Path, description = "The provider's name")),
    responses((status = 200, description = "The definition", body = shapes::ProviderAnswer), (status = 404, description = "Unknown provider")))]
pub async fn get(
    State(app): State<SharedApp>,
    _: KeyOrSession,
    Path(name): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let entry = ProviderName::parse(&name).ok().and_then(|name| app.services.context.catalog.get(&name));
    match entry {
        Some(entry) => Ok(Json(json!({"data": shown(&app, &entry)}))),
        None => Err(unknown(&name)),
    }
}

/// The functions that come with a provider; there are none yet.
#[utoipa::path(get, path = "/providers/{provider}/templates", tag = "providers", operation_id = "listProviderTemplates",
    params(("provider" = String, Path, description = "The provider's name")),
    responses((status = 200, description = "The functions", body = shapes::TemplatesAnswer), (status = 404, description = "Unknown provider")))]
pub async fn templates(
    State(app): State<SharedApp>,
    _: Granted<AnyKey>,
    Path(name): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let known =
        ProviderName::parse(&name).is_ok_and(|name| app.services.context.catalog.get(&name).is_some());
    if known { Ok(Json(json!({"data": []}))) } else { Err(unknown(&name)) }
}

/// Every definition by name, for tools that read catalogues; open to all, as the definitions are.
pub async fn everything(State(app): State<SharedApp>) -> Json<Value> {
    let entries = app.services.context.catalog.list();
    Json(entries.into_iter().map(|entry| (entry.provider.name.to_string(), entry.raw.clone())).collect())
}

fn unknown(name: &str) -> ApiError {
    ApiError::not_found(format!("Unknown provider {name}"))
}

/// The definition with its logo, and what the connect page needs beyond the field's format.
fn shown(app: &SharedApp, entry: &Arc<Entry>) -> Value {
    let mut raw = entry.raw.clone();
    if let Value::Object(map) = &mut raw {
        map.insert("logo_url".into(), Value::String(logo(app, entry.provider.name.as_str())));
        if let Some(family) = &entry.provider.cloud_family {
            map.insert("cloud_family".into(), Value::String(family.clone()));
        }
        if let Auth::TwoStep(scheme) = &entry.provider.auth
            && let Some(Assertion::Certificate(assertion)) = &scheme.assertion
        {
            let kind = match assertion.key {
                AssertionKey::HeldOrGiven => "held_or_given",
                AssertionKey::Given => "given",
            };
            map.insert("certificate".into(), Value::String(kind.into()));
        }
    }
    raw
}

/// Where a provider's logo is.
pub fn logo(app: &SharedApp, provider: &str) -> String {
    format!("{}/images/template-logos/{provider}.svg", app.edge.public_url)
}

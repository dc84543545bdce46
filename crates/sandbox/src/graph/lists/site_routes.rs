//! `site` resources.

use serde_json::{Value, json};

use crate::sites::{Need, Site, SiteKey, iso};

use super::Call;
use super::answer::{GraphError, Outcome, ok};
use super::options::keep_selected;

pub(super) fn show(call: &Call<'_>, key: &SiteKey) -> Outcome {
    call.read(key, Need::Read, |site| {
        let mut body = site_json(call, site);
        body["@odata.context"] = call.context("sites/$entity").into();
        if call.options.expand("lists").is_some() {
            let lists = site.lists.iter().filter(|list| !list.hidden);
            body["lists"] = lists.map(|list| super::list_routes::list_json(call, site, list)).collect();
        }
        ok(&body)
    })
}

/// Subsites. Site collections under `/sites/` are not subsites of the root, and the seeded sites have none.
pub(super) fn children(call: &Call<'_>, key: &SiteKey) -> Outcome {
    call.read(key, Need::Read, |site| {
        let context = call.context(&format!("sites('{}')/sites", call.site_id(site)));
        ok(&json!({"@odata.context": context, "value": []}))
    })
}

/// `/sites?search=…` and `/sites/getAllSites`.
pub(super) fn search(call: &Call<'_>) -> Outcome {
    if call.method() != "GET" {
        return Err(GraphError::new(
            http::StatusCode::METHOD_NOT_ALLOWED,
            "notAllowed",
            "The method is not allowed.",
        ));
    }
    let all = call.request.path.to_ascii_lowercase().contains("getallsites");
    if all && call.request.principal.user_id.is_some() {
        return Err(GraphError::access_denied());
    }
    let text = match call.options.get("search") {
        Some(text) => text.trim_matches(['"', '*']).to_lowercase(),
        None if all || call.options.get("filter").is_some() => String::new(),
        None => return Err(GraphError::bad_request("A search term is required: /sites?search=")),
    };
    let fits = |site: &Site| {
        let found = format!("{} {} {}", site.title, site.description, site.path).to_lowercase();
        found.contains(&text)
    };
    let keys = call.world.sites.find(&call.request.principal.tenant_id, fits);
    if keys.is_empty() {
        return ok(&json!({"@odata.context": call.context("sites"), "value": []}));
    }
    let visible: Vec<Value> = keys
        .iter()
        .filter_map(|key| call.read(key, Need::Read, |site| Ok(site_json(call, site))).ok())
        .collect();
    if visible.is_empty() {
        return Err(GraphError::access_denied());
    }
    ok(&json!({"@odata.context": call.context("sites"), "value": visible}))
}

fn site_json(call: &Call<'_>, site: &Site) -> Value {
    let name = site.path.rsplit('/').next().unwrap_or_default();
    let mut body = json!({
        "createdDateTime": iso(site.created_ms),
        "description": site.description,
        "id": call.site_id(site),
        "lastModifiedDateTime": iso(site.modified_ms),
        "name": name,
        "webUrl": call.site_url(site),
        "displayName": site.title,
        "siteCollection": {"hostname": call.host.authority},
    });
    if site.path.is_empty() {
        body["root"] = json!({});
    }
    let select = call.options.select();
    if let Some(entity) = body.as_object_mut() {
        keep_selected(entity, select.as_deref(), &[]);
    }
    body
}

//! `sites`, lists and list items.

mod address;
mod answer;
mod columns;
mod delta;
mod drive;
mod item_json;
mod items;
mod list_routes;
mod options;
mod permissions;
mod site_routes;

use http::Method;

use crate::api::{ApiRequest, ApiResponse};
use crate::files::{Actor, Stamp};
use crate::sites::{Need, SharePointHost, Site, SiteKey, allows, file_stamp, person, sharepoint_name};
use crate::world::World;

use address::Address;
use answer::{GraphError, Outcome};
use options::Options;

pub(super) async fn handle(world: &World, request: ApiRequest) -> ApiResponse {
    let meta = answer::Meta::of(world, &request);
    match route(world, request).await {
        Ok(response) => response,
        Err(error) => error.response(&meta),
    }
}

/// What every handler of this room needs.
struct Call<'a> {
    world: &'a World,
    request: &'a ApiRequest,
    options: Options,
    host: SharePointHost,
    /// The signed-in user; `None` for an app as itself.
    caller: Option<Actor>,
}

async fn route(world: &World, request: ApiRequest) -> Outcome {
    let Some(tenant_name) = sharepoint_name(&request.principal.tenant_id) else {
        return Err(GraphError::bad_request("This API is not supported for MSA accounts"));
    };
    let host = SharePointHost::seen_from(&request.origin, tenant_name);
    let address = address::parse(&world.sites, &request.principal.tenant_id, &host, &request.path)?;
    let (key, rest) = match address {
        Address::All => {
            return site_routes::search(&Call::new(world, &request, host));
        }
        Address::One { key, rest } => (key, rest),
    };
    if let Some("drive" | "drives") = rest.first().map(String::as_str) {
        return drive::delegate(world, request, &key, &rest).await;
    }
    world.sites.sync_library(&world.files, &key, world.clock.now_ms());
    if let [lists, list, more @ ..] = rest.as_slice()
        && lists == "lists"
        && drive::is_in_list(more)
    {
        return drive::of_list(world, request, &key, list, more).await;
    }
    let call = Call::new(world, &request, host);
    let segments: Vec<&str> = rest.iter().map(String::as_str).collect();
    route_site(&call, &key, &segments)
}

fn route_site(call: &Call<'_>, key: &SiteKey, rest: &[&str]) -> Outcome {
    match (call.method(), rest) {
        ("GET", []) => site_routes::show(call, key),
        ("GET", ["sites"]) => site_routes::children(call, key),
        ("GET", ["columns"]) => columns::site_columns(call, key),
        ("GET", ["contentTypes"]) => columns::content_types(call, key, None),
        (_, ["permissions", more @ ..]) => permissions::route(call, key, more),
        ("GET", ["lists"]) => list_routes::list(call, key),
        ("POST", ["lists"]) => list_routes::create(call, key),
        (_, ["lists", list, more @ ..]) => route_list(call, key, list, more),
        _ => Err(GraphError::unknown_route(rest)),
    }
}

fn route_list(call: &Call<'_>, key: &SiteKey, list: &str, rest: &[&str]) -> Outcome {
    match (call.method(), rest) {
        ("GET", []) => list_routes::show(call, key, list),
        ("GET", ["columns"]) => columns::list_columns(call, key, list),
        ("POST", ["columns"]) => columns::add(call, key, list),
        ("GET", ["contentTypes"]) => columns::content_types(call, key, Some(list)),
        ("GET", ["items"]) => items::list(call, key, list),
        ("POST", ["items"]) => items::create(call, key, list),
        ("GET", ["items", delta]) if is_delta(delta) => delta::list(call, key, list),
        ("GET", ["items", id]) => items::show(call, key, list, id),
        ("PATCH", ["items", id]) => items::update(call, key, list, id),
        ("DELETE", ["items", id]) => items::delete(call, key, list, id),
        ("GET", ["items", id, "fields"]) => items::show_fields(call, key, list, id),
        ("PATCH", ["items", id, "fields"]) => items::update_fields(call, key, list, id),
        _ => Err(GraphError::unknown_route(rest)),
    }
}

fn is_delta(segment: &str) -> bool {
    segment == "delta" || segment.starts_with("delta(") || segment.starts_with("microsoft.graph.delta")
}

impl<'a> Call<'a> {
    fn new(world: &'a World, request: &'a ApiRequest, host: SharePointHost) -> Self {
        let caller = person(&world.directory, &request.principal);
        Self { world, request, options: Options::parse(&request.query), host, caller }
    }
}

impl Call<'_> {
    fn method(&self) -> &str {
        // HEAD is answered like GET; the edge drops the body.
        if self.request.method == Method::HEAD { "GET" } else { self.request.method.as_str() }
    }

    /// Looks at a site that the caller may use as needed.
    fn read<T>(
        &self,
        key: &SiteKey,
        need: Need,
        look: impl FnOnce(&Site) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        let checked = |site: &Site| {
            if allows(&self.request.principal, site, need) {
                look(site)
            } else {
                Err(GraphError::access_denied())
            }
        };
        self.world.sites.read(key, checked).unwrap_or_else(|| Err(GraphError::not_found("site")))
    }

    /// Changes a site that the caller may change as needed.
    fn change<T>(
        &self,
        key: &SiteKey,
        need: Need,
        edit: impl FnOnce(&mut Site) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        // Refusals must not write a snapshot.
        self.read(key, need, |_| Ok(()))?;
        self.world.sites.change(key, edit).unwrap_or_else(|| Err(GraphError::not_found("site")))
    }

    fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }

    /// The site user id of the caller.
    fn author(&self, site: &mut Site) -> u32 {
        site.ensure_user(self.caller.as_ref())
    }

    /// The drive item behind a library's list item, when it may be written.
    fn file_of(&self, key: &SiteKey, list: &str, id: u32) -> Result<Option<String>, GraphError> {
        self.read(key, Need::Write, |site| {
            let library = site.list(list).filter(|list| list.is_library());
            Ok(library.and_then(|_| site.drive_item_of(id)).map(str::to_owned))
        })
    }

    fn file_stamp(&self) -> Stamp {
        file_stamp(self.caller.as_ref(), &self.request.principal.app_id, self.now_ms())
    }

    fn body(&self) -> Result<serde_json::Value, GraphError> {
        serde_json::from_slice(&self.request.body)
            .map_err(|_| GraphError::bad_request("Unable to read JSON request payload."))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// This request's URL without its query.
    fn url(&self) -> String {
        format!("{}{}{}", self.request.origin, self.request.prefix, self.request.path)
    }

    fn context(&self, fragment: &str) -> String {
        format!("{}{}/$metadata#{fragment}", self.request.origin, self.request.prefix)
    }

    /// `contoso.sharepoint.localhost:3004,{site},{web}`.
    fn site_id(&self, site: &Site) -> String {
        format!("{},{},{}", self.host.authority, site.site_id, site.web_id)
    }

    fn site_url(&self, site: &Site) -> String {
        format!("{}{}", self.host.origin, site.path)
    }
}

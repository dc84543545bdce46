//! `web`, `site` and `webs`.

use serde_json::json;

use crate::sites::{Need, Site, iso};

use super::Call;
use super::entity::{Answer, Entity, Prop};
use super::error::{Outcome, SpError};
use super::target::Target;
use super::{fields, lists, users};

pub(super) fn act(call: &Call<'_>, target: &Target) -> Outcome<Answer> {
    match (call.verb.as_str(), target) {
        ("GET", Target::Web) => call.read(Need::Read, |site| call.one(web(call, site))),
        ("MERGE" | "PATCH", Target::Web) => rename(call),
        ("GET", Target::Site) => call.read(Need::Read, |site| call.one(site_entity(call, site))),
        // The seeded site collections have one web each.
        ("GET", Target::Webs) => call.read(Need::Read, |_| call.many(Vec::new())),
        _ => Err(SpError::not_allowed()),
    }
}

fn web(call: &Call<'_>, site: &Site) -> Entity {
    let mut web = Entity::new("SP.Web", "Web");
    web.deferred(&[
        "AllProperties",
        "AssociatedMemberGroup",
        "AssociatedOwnerGroup",
        "AssociatedVisitorGroup",
        "Author",
        "AvailableContentTypes",
        "AvailableFields",
        "ContentTypes",
        "CurrentUser",
        "Features",
        "Fields",
        "Folders",
        "Lists",
        "Navigation",
        "ParentWeb",
        "RecycleBin",
        "RegionalSettings",
        "RoleDefinitions",
        "RootFolder",
        "SiteGroups",
        "SiteUsers",
        "UserCustomActions",
        "Webs",
        "WebInfos",
    ]);
    let modified = iso(site.modified_ms);
    web.values([
        ("AllowRssFeeds", json!(true)),
        ("AlternateCssUrl", json!("")),
        ("AppInstanceId", json!("00000000-0000-0000-0000-000000000000")),
        ("Configuration", json!(0)),
        ("Created", json!(iso(site.created_ms))),
        ("CustomMasterUrl", json!(format!("{}/_catalogs/masterpage/seattle.master", site.path))),
        ("Description", json!(site.description)),
        ("EnableMinimalDownload", json!(false)),
        ("Id", json!(site.web_id)),
        ("IsMultilingual", json!(true)),
        ("Language", json!(1033)),
        ("LastItemModifiedDate", json!(modified)),
        ("LastItemUserModifiedDate", json!(modified)),
        ("MasterUrl", json!(format!("{}/_catalogs/masterpage/seattle.master", site.path))),
        ("NoCrawl", json!(false)),
        ("QuickLaunchEnabled", json!(true)),
        ("RecycleBinEnabled", json!(true)),
        ("ServerRelativeUrl", json!(site.server_relative_url())),
        ("SyndicationEnabled", json!(true)),
        ("Title", json!(site.title)),
        ("TreeViewEnabled", json!(false)),
        ("UIVersion", json!(15)),
        ("Url", json!(call.site_url())),
        ("WebTemplate", json!("STS")),
        ("WelcomePage", json!("SitePages/Home.aspx")),
    ]);
    web.path_value("ServerRelativePath", site.server_relative_url());
    web.path_value("ResourcePath", &call.site_url());
    if call.expands("Lists") {
        web.expand(
            "Lists",
            Prop::Many(site.lists.iter().map(|list| lists::entity(call, site, list)).collect()),
        );
    }
    if call.expands("CurrentUser") {
        web.expand("CurrentUser", Prop::One(Box::new(users::current(call, site))));
    }
    if call.expands("SiteUsers") {
        web.expand("SiteUsers", Prop::Many(site.users.iter().map(users::entity).collect()));
    }
    if call.expands("Fields") {
        web.expand("Fields", Prop::Many(fields::site_fields()));
    }
    web
}

fn site_entity(call: &Call<'_>, site: &Site) -> Entity {
    let mut entity = Entity::new("SP.Site", "Site");
    entity.deferred(&[
        "Audit",
        "EventReceivers",
        "Features",
        "Owner",
        "RecycleBin",
        "RootWeb",
        "UserCustomActions",
    ]);
    let root = site.server_relative_url();
    entity.values([
        ("AllowDesigner", json!(true)),
        ("Classification", json!("")),
        ("CompatibilityLevel", json!(15)),
        ("GroupId", json!("00000000-0000-0000-0000-000000000000")),
        ("HubSiteId", json!("00000000-0000-0000-0000-000000000000")),
        ("Id", json!(site.site_id)),
        ("IsHubSite", json!(false)),
        ("MaxItemsPerThrottledOperation", json!(crate::sites::THRESHOLD)),
        ("PrimaryUri", json!(call.site_url())),
        ("ReadOnly", json!(false)),
        ("ServerRelativeUrl", json!(root)),
        ("ShareByEmailEnabled", json!(false)),
        ("Url", json!(call.site_url())),
        ("WriteLocked", json!(false)),
    ]);
    entity.path_value("ServerRelativePath", root);
    if call.expands("RootWeb") {
        entity.expand("RootWeb", Prop::One(Box::new(web(call, site))));
    }
    entity
}

fn rename(call: &Call<'_>) -> Outcome<Answer> {
    let body = call.body()?;
    call.change(Need::Manage, |site| {
        if let Some(title) = body.get("Title").and_then(|title| title.as_str()) {
            title.clone_into(&mut site.title);
        }
        if let Some(text) = body.get("Description").and_then(|text| text.as_str()) {
            text.clone_into(&mut site.description);
        }
        site.modified_ms = call.now_ms();
        Ok(Answer::Empty(http::StatusCode::NO_CONTENT, None))
    })
}

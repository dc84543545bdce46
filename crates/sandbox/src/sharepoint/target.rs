//! What a path leads to.

use crate::sites::{LIBRARY_FOLDER, Site};

use super::error::{Outcome, SpError};
use super::file_path;
use super::path::Segment;

/// A resource or a method on one. Lists stand by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    ContextInfo,
    Web,
    Site,
    Webs,
    CurrentUser,
    Users,
    User(UserKey),
    /// The login name, when it does not stand in the body.
    EnsureUser(Option<String>),
    Lists,
    List(String),
    ListCall(String, Segment),
    Items(String),
    Item(String, u32),
    ItemCall(String, u32, Segment),
    Attachments(String, u32),
    FieldValues(String, u32),
    Fields(Option<String>),
    Field(Option<String>, String),
    Views(String),
    View(String),
    ContentTypes(Option<String>),
    RecycleBin,
    /// A recycle bin item, and whether to restore it.
    Recycled(String, bool),
    Search(Segment),
    /// Folders and files by server-relative path.
    Folder(String),
    FolderCall(String, Segment),
    Folders(String),
    Files(String),
    File(String),
    FileCall(String, Segment),
    FileValue(String),
    Property(Box<Target>, String),
    RawValue(Box<Target>),
}

/// The ways to name a site user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum UserKey {
    Id(u32),
    Email(String),
    LoginName(String),
}

/// Follows a path from the root of `_api`.
pub(super) fn resolve(site: &Site, segments: &[Segment], site_url: &str) -> Outcome<Target> {
    let Some((first, rest)) = segments.split_first() else { return Err(SpError::no_resource("_api")) };
    let name = first.name.to_ascii_lowercase();
    let mut target = match name.as_str() {
        "web" => Target::Web,
        "site" => Target::Site,
        "contextinfo" => Target::ContextInfo,
        "lists" => lists_segment(site, first, site_url)?,
        "search" | "microsoft.office.server.search.rest.searchservice" => return search(rest),
        _ => return Err(SpError::no_resource(&first.name)),
    };
    for segment in rest {
        target = step(site, target, segment, site_url)?;
    }
    Ok(target)
}

fn search(rest: &[Segment]) -> Outcome<Target> {
    match rest {
        [segment] if segment.is("query") || segment.is("postquery") => Ok(Target::Search(segment.clone())),
        _ => Err(SpError::no_resource("search")),
    }
}

fn step(site: &Site, from: Target, segment: &Segment, site_url: &str) -> Outcome<Target> {
    if segment.is("$value") {
        if let Target::File(path) = from {
            return Ok(Target::FileValue(path));
        }
        return Ok(Target::RawValue(Box::new(from)));
    }
    match from {
        Target::Web => web_step(site, segment, site_url),
        Target::Site if segment.is("rootweb") => Ok(Target::Web),
        Target::Site if segment.is("recyclebin") => web_step(site, segment, site_url),
        Target::Lists => in_lists(site, segment, site_url),
        Target::List(list) => list_step(site, list, segment),
        Target::Items(list) if segment.is("getbyid") => item(site, list, segment),
        Target::Item(list, id) => Ok(item_step(site, list, id, segment)),
        Target::Fields(list) => field(list, segment),
        Target::Views(list) if segment.is("getbytitle") || segment.is("getbyid") => Ok(Target::View(list)),
        Target::Users => user(segment),
        Target::Folder(path) => file_path::folder_step(site, path, segment),
        Target::Folders(path) => file_path::folders_step(path, segment),
        Target::Files(path) => file_path::files_step(path, segment),
        Target::File(path) => Ok(file_path::file_step(site, path, segment)),
        Target::RecycleBin => recycled(segment),
        Target::Recycled(id, false) if segment.is("restore") => Ok(Target::Recycled(id, true)),
        other => property(other, segment),
    }
}

fn property(owner: Target, segment: &Segment) -> Outcome<Target> {
    if segment.args.is_empty() {
        Ok(Target::Property(Box::new(owner), segment.name.clone()))
    } else {
        Err(SpError::no_resource(&segment.name))
    }
}

fn web_step(site: &Site, segment: &Segment, site_url: &str) -> Outcome<Target> {
    let name = segment.name.to_ascii_lowercase();
    Ok(match name.as_str() {
        "lists" => return lists_segment(site, segment, site_url),
        "getlist" => {
            let url = segment.text("strUrl").unwrap_or_default();
            return list_by_url(site, url).ok_or_else(|| SpError::no_list(url, site_url));
        }
        "defaultdocumentlibrary" => return list_named(site, "Documents", site_url),
        "webs" | "webinfos" | "getsubwebsfilteredforcurrentuser" => Target::Webs,
        "currentuser" => Target::CurrentUser,
        "siteusers" if segment.args.is_empty() => Target::Users,
        "siteusers" | "getuserbyid" => return user(segment),
        "ensureuser" => Target::EnsureUser(segment.text("logonName").map(str::to_owned)),
        "fields" if segment.args.is_empty() => Target::Fields(None),
        "contenttypes" => Target::ContentTypes(None),
        "getfolderbyserverrelativeurl" | "getfolderbyserverrelativepath" => {
            Target::Folder(file_path::given(site, segment)?)
        }
        "getfilebyserverrelativeurl" | "getfilebyserverrelativepath" | "getfilebyurl" => {
            Target::File(file_path::given(site, segment)?)
        }
        "getfolderbyid" => Target::Folder(file_path::by_id(site, segment)?),
        "getfilebyid" => Target::File(file_path::by_id(site, segment)?),
        "rootfolder" => Target::Folder(site.path.clone()),
        "folders" => return file_path::folders(site.path.clone(), segment),
        "recyclebin" if segment.args.is_empty() => Target::RecycleBin,
        "recyclebin" => Target::Recycled(segment.text("id").unwrap_or_default().to_owned(), false),
        _ => return property(Target::Web, segment),
    })
}

/// `lists`, `lists(guid'…')` or `lists('…')`.
fn lists_segment(site: &Site, segment: &Segment, site_url: &str) -> Outcome<Target> {
    match segment.text("id") {
        Some(id) => list_named(site, id, site_url),
        None => Ok(Target::Lists),
    }
}

fn in_lists(site: &Site, segment: &Segment, site_url: &str) -> Outcome<Target> {
    let name = segment.name.to_ascii_lowercase();
    let list = match name.as_str() {
        "getbytitle" => {
            let title = segment.text("title").unwrap_or_default();
            // Unlike elsewhere, the URL name does not count here.
            site.lists.iter().find(|list| list.title.eq_ignore_ascii_case(title)).map(|list| list.id.clone())
        }
        "getbyid" => return list_named(site, segment.text("id").unwrap_or_default(), site_url),
        _ => return property(Target::Lists, segment),
    };
    let title = segment.text("title").unwrap_or_default();
    list.map(Target::List).ok_or_else(|| SpError::no_list(title, site_url))
}

fn list_named(site: &Site, name: &str, site_url: &str) -> Outcome<Target> {
    let found = site.list(name).map(|list| Target::List(list.id.clone()));
    found.ok_or_else(|| SpError::no_list(name, site_url))
}

/// `/sites/x/Lists/Tasks` or `/sites/x/Shared Documents`; the host may stand before it.
fn list_by_url(site: &Site, url: &str) -> Option<Target> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map(|(_, path)| format!("/{path}"))?,
        None => format!("/{}", url.trim_start_matches('/')),
    };
    let inside =
        path.get(site.path.len()..).filter(|_| path.to_lowercase().starts_with(&site.path.to_lowercase()))?;
    let mut parts = inside.trim_matches('/').split('/');
    let first = parts.next()?;
    let name = if first.eq_ignore_ascii_case("lists") { parts.next()? } else { first };
    let found = site.lists.iter().find(|list| list.name.eq_ignore_ascii_case(name))?;
    Some(Target::List(found.id.clone()))
}

fn list_step(site: &Site, list: String, segment: &Segment) -> Outcome<Target> {
    let name = segment.name.to_ascii_lowercase();
    Ok(match name.as_str() {
        "items" if segment.args.is_empty() => Target::Items(list),
        "items" | "getitembyid" => return item(site, list, segment),
        "fields" if segment.args.is_empty() => Target::Fields(Some(list)),
        "fields" => return field(Some(list), segment),
        "views" if segment.args.is_empty() => Target::Views(list),
        "views" | "getview" | "defaultview" => Target::View(list),
        "rootfolder" if site.list(&list).is_some_and(crate::sites::List::is_library) => {
            Target::Folder(format!("{}/{LIBRARY_FOLDER}", site.path))
        }
        "contenttypes" => Target::ContentTypes(Some(list)),
        "getitems"
        | "renderlistdataasstream"
        | "renderlistdata"
        | "addvalidateupdateitemusingpath"
        | "recycle"
        | "getchanges" => Target::ListCall(list, segment.clone()),
        _ => return property(Target::List(list), segment),
    })
}

fn item(site: &Site, list: String, segment: &Segment) -> Outcome<Target> {
    let id = segment.number("id").or_else(|| segment.number("itemId"));
    let id = id.and_then(|id| u32::try_from(id).ok()).ok_or_else(SpError::no_item)?;
    let exists = site.list(&list).is_some_and(|list| list.item(id).is_some());
    if exists { Ok(Target::Item(list, id)) } else { Err(SpError::no_item()) }
}

fn item_step(site: &Site, list: String, id: u32, segment: &Segment) -> Target {
    let name = segment.name.to_ascii_lowercase();
    let path = || site.list(&list).and_then(|list| list.item(id)).map(|item| item.text("FileRef").to_owned());
    match name.as_str() {
        "file" => Target::File(path().unwrap_or_default()),
        "folder" => Target::Folder(path().unwrap_or_default()),
        "attachmentfiles" => Target::Attachments(list, id),
        "fieldvaluesastext" | "fieldvaluesashtml" | "fieldvaluesforedit" => Target::FieldValues(list, id),
        "parentlist" => Target::List(list),
        "recycle" | "validateupdatelistitem" | "deletewithparameters" => {
            Target::ItemCall(list, id, segment.clone())
        }
        _ => Target::Property(Box::new(Target::Item(list, id)), segment.name.clone()),
    }
}

fn field(list: Option<String>, segment: &Segment) -> Outcome<Target> {
    let by_name = ["fields", "getbytitle", "getbyinternalnameortitle", "getbyid"];
    let name = segment.text("title").filter(|_| by_name.iter().any(|name| segment.is(name)));
    match name {
        Some(name) => Ok(Target::Field(list, name.to_owned())),
        None => property(Target::Fields(list), segment),
    }
}

fn user(segment: &Segment) -> Outcome<Target> {
    let name = segment.name.to_ascii_lowercase();
    let key = match name.as_str() {
        "getbyemail" => segment.text("emailAddress").map(|email| UserKey::Email(email.to_owned())),
        "getbyid" | "getuserbyid" => {
            segment.number("id").and_then(|id| u32::try_from(id).ok()).map(UserKey::Id)
        }
        "siteusers" | "getbyloginname" => {
            segment.text("loginName").map(|login| UserKey::LoginName(login.to_owned()))
        }
        _ => None,
    };
    key.map(Target::User).ok_or_else(|| SpError::no_resource(&segment.name))
}

fn recycled(segment: &Segment) -> Outcome<Target> {
    match segment.text("id") {
        Some(id) if segment.is("getbyid") => Ok(Target::Recycled(id.to_owned(), false)),
        _ => Err(SpError::no_resource(&segment.name)),
    }
}

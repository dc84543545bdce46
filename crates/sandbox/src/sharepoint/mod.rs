//! SharePoint REST (`_api`).

mod atom;
mod batch;
mod caml;
mod changes;
mod collection;
mod context;
mod entity;
mod error;
mod fields;
mod file_entity;
mod file_path;
mod files;
mod flavour;
mod folders;
mod forms;
mod item_entity;
mod items;
mod list_data;
mod lists;
mod path;
mod query;
mod search;
mod target;
mod users;
mod web;

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value};

use crate::api::{ApiRequest, ApiResponse};
use crate::files::{Actor, Stamp};
use crate::sites::{Need, Site, SiteKey, allows, file_stamp, person};
use crate::world::World;

use entity::Answer;
use error::{Outcome, SpError};
use flavour::Flavour;
use query::QueryOptions;
use target::Target;

/// Answers one `_api` call.
pub(crate) async fn dispatch(world: &World, request: ApiRequest) -> ApiResponse {
    let mut response = answer(world, &request);
    response.headers.insert("dataserviceversion", HeaderValue::from_static("3.0"));
    response.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// One call without the headers that every response has; `$batch` enters here too.
fn answer(world: &World, request: &ApiRequest) -> ApiResponse {
    let flavour = Flavour::of(&request.headers);
    let Some(call) = Call::of(world, request, flavour) else {
        let error =
            SpError::new(StatusCode::NOT_FOUND, "-1, System.IO.FileNotFoundException", "404 FILE NOT FOUND");
        return flavour.render_error(&error);
    };
    match call.run() {
        Ok(answer) => flavour.render(&call.api_url(), answer),
        Err(error) => flavour.render_error(&error),
    }
}

/// What every handler of this room needs.
struct Call<'a> {
    world: &'a World,
    request: &'a ApiRequest,
    options: QueryOptions,
    key: SiteKey,
    flavour: Flavour,
    /// The verb that counts: `X-HTTP-Method` on a POST wins.
    verb: String,
    /// The signed-in user; `None` for an app as itself.
    caller: Option<Actor>,
}

impl<'a> Call<'a> {
    /// `None` when the URL names no site.
    fn of(world: &'a World, request: &'a ApiRequest, flavour: Flavour) -> Option<Self> {
        let prefix = request.prefix.trim_end_matches('/');
        let path =
            prefix.len().checked_sub("/_api".len()).and_then(|end| prefix.get(..end)).unwrap_or_default();
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let key = world
            .sites
            .find(&request.principal.tenant_id, |site| site.path.eq_ignore_ascii_case(&path))
            .pop()?;
        let tunnelled = request.headers.get("x-http-method").and_then(|value| value.to_str().ok());
        let verb = match tunnelled {
            Some(verb) if request.method == Method::POST => verb.to_ascii_uppercase(),
            _ if request.method == Method::HEAD => "GET".to_owned(),
            _ => request.method.as_str().to_owned(),
        };
        let caller = person(&world.directory, &request.principal);
        Some(Self {
            world,
            request,
            options: QueryOptions::parse(&request.query),
            key,
            flavour,
            verb,
            caller,
        })
    }

    fn run(&self) -> Outcome<Answer> {
        self.check_digest()?;
        let segments = path::parse(&self.request.path, &self.options).map_err(SpError::bad_query)?;
        if segments.len() == 1 && segments[0].is("$batch") {
            return batch::run(self);
        }
        self.world.sites.sync_library(&self.world.files, &self.key, self.now_ms());
        let target = self.read(Need::Read, |site| target::resolve(site, &segments, &self.site_url()))?;
        self.act(&target)
    }

    fn act(&self, target: &Target) -> Outcome<Answer> {
        match target {
            Target::ContextInfo => context::info(self),
            Target::Web | Target::Site | Target::Webs => web::act(self, target),
            Target::CurrentUser | Target::Users | Target::User(_) | Target::EnsureUser(_) => {
                users::act(self, target)
            }
            Target::Lists | Target::List(_) | Target::ListCall(..) => lists::act(self, target),
            Target::Items(_) | Target::Item(..) | Target::ItemCall(..) => items::act(self, target),
            Target::Attachments(list, id) => items::attachments(self, list, *id),
            Target::FieldValues(list, id) => items::field_values(self, list, *id),
            Target::Fields(_)
            | Target::Field(..)
            | Target::Views(_)
            | Target::View(_)
            | Target::ContentTypes(_) => fields::act(self, target),
            Target::RecycleBin => lists::recycle_bin(self),
            Target::Recycled(id, restore) => lists::recycled(self, id, *restore),
            Target::Search(segment) => search::act(self, segment),
            Target::Folder(_) | Target::FolderCall(..) | Target::Folders(_) => folders::act(self, target),
            Target::Files(_) | Target::File(_) | Target::FileCall(..) | Target::FileValue(_) => {
                files::act(self, target)
            }
            Target::Property(owner, name) => self.property(owner, name),
            Target::RawValue(owner) => self.raw_value(owner),
        }
    }

    /// `web/title`: one property of what stands before it.
    fn property(&self, owner: &Target, name: &str) -> Outcome<Answer> {
        self.expect("GET")?;
        let Answer::Entity(entity) = self.act(owner)? else { return Err(SpError::no_resource(name)) };
        let found = entity
            .props
            .into_iter()
            .chain(entity.on_request)
            .find(|(found, _)| found.eq_ignore_ascii_case(name));
        match found {
            Some((name, entity::Prop::Value(value))) => Ok(Answer::Scalar { name, value }),
            Some((_, entity::Prop::One(entity))) => Ok(Answer::Entity(*entity)),
            Some((_, entity::Prop::Many(entities))) => Ok(Answer::Collection { entities, next: None }),
            Some((name, entity::Prop::Scalars(_, values))) => {
                Ok(Answer::Scalar { name, value: values.into() })
            }
            Some((name, entity::Prop::Complex(_, pairs))) => {
                let value: Map<String, Value> =
                    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                Ok(Answer::Scalar { name, value: value.into() })
            }
            _ => Err(SpError::no_resource(name)),
        }
    }

    fn raw_value(&self, owner: &Target) -> Outcome<Answer> {
        let Answer::Scalar { value, .. } = self.act(owner)? else {
            return Err(SpError::no_resource("$value"));
        };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut headers = http::HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=utf-8"));
        Ok(Answer::Raw(ApiResponse { status: StatusCode::OK, headers, body: text.into() }))
    }

    /// A digest is not needed beside a bearer token; a malformed one is refused all the same.
    fn check_digest(&self) -> Outcome<()> {
        match self.header("x-requestdigest") {
            Some(digest) if !context::is_digest(digest) => Err(SpError::bad_digest()),
            _ => Ok(()),
        }
    }

    fn expect(&self, verb: &str) -> Outcome<()> {
        if self.verb == verb { Ok(()) } else { Err(SpError::not_allowed()) }
    }

    /// Looks at the site, which the caller may use as needed.
    fn read<T>(&self, need: Need, look: impl FnOnce(&Site) -> Outcome<T>) -> Outcome<T> {
        let checked = |site: &Site| {
            if allows(&self.request.principal, site, need) {
                look(site)
            } else {
                Err(SpError::access_denied())
            }
        };
        self.world.sites.read(&self.key, checked).unwrap_or_else(|| Err(SpError::no_resource("web")))
    }

    /// Changes the site, which the caller may change as needed.
    fn change<T>(&self, need: Need, edit: impl FnOnce(&mut Site) -> Outcome<T>) -> Outcome<T> {
        // Refusals must not write a snapshot.
        self.read(need, |_| Ok(()))?;
        self.world.sites.change(&self.key, edit).unwrap_or_else(|| Err(SpError::no_resource("web")))
    }

    fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }

    /// The site user id of the caller and the time, for stamping changes.
    fn stamp(&self, site: &mut Site) -> (u32, i64) {
        (site.ensure_user(self.caller.as_ref()), self.now_ms())
    }

    /// The same for changes of files.
    fn file_stamp(&self) -> Stamp {
        file_stamp(self.caller.as_ref(), &self.request.principal.app_id, self.now_ms())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as a JSON object; an empty body is an empty object.
    fn body(&self) -> Outcome<Map<String, Value>> {
        if self.request.body.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(body)) => Ok(body),
            _ => Err(SpError::bad_query("Invalid JSON. A token was not recognized in the JSON content.")),
        }
    }

    /// Whether the body is in the verbose flavour, which must name types.
    fn body_is_verbose(&self) -> bool {
        self.header("content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().replace(' ', "").contains("odata=verbose"))
    }

    /// `http://contoso.sharepoint.localhost:3004/sites/x`.
    fn site_url(&self) -> String {
        format!("{}{}", self.request.origin, self.key.path)
    }

    fn api_url(&self) -> String {
        format!("{}/_api", self.site_url())
    }
}

#[cfg(test)]
mod tests;

//! The three JSON flavours of `_api`, chosen by `Accept`.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::api::ApiResponse;

use super::atom;
use super::entity::{Answer, Entity, Prop};
use super::error::SpError;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Verbose,
    Minimal,
    NoMetadata,
    /// What callers get who do not ask for JSON.
    Atom,
}

impl Flavour {
    /// Reads the `Accept` header; the first JSON type in it decides.
    pub fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let accept = accept.to_ascii_lowercase().replace(' ', "");
        let json = accept
            .split(',')
            .find(|part| part.starts_with("application/json") || part.starts_with("text/json"));
        match json {
            None => Self::Atom,
            Some(kind) if kind.contains("odata=verbose") => Self::Verbose,
            Some(kind) if kind.contains("odata=nometadata") || kind.contains("odata.metadata=none") => {
                Self::NoMetadata
            }
            Some(_) => Self::Minimal,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Verbose => "application/json;odata=verbose;charset=utf-8",
            Self::Minimal => "application/json;odata=minimalmetadata;streaming=true;charset=utf-8",
            Self::NoMetadata => "application/json;odata=nometadata;streaming=true;charset=utf-8",
            Self::Atom => "application/atom+xml;type=feed;charset=utf-8",
        }
    }

    /// Writes an answer; `api` is the web's `…/_api` URL.
    pub fn render(self, api: &str, answer: Answer) -> ApiResponse {
        let (status, etag) = match &answer {
            Answer::Entity(entity) => (StatusCode::OK, entity.etag.clone()),
            Answer::Created(entity) => (StatusCode::CREATED, entity.etag.clone()),
            Answer::Empty(status, etag) => (*status, etag.clone()),
            _ => (StatusCode::OK, None),
        };
        let location = match &answer {
            Answer::Created(entity) => Some(format!("{api}/{}", entity.path)),
            _ => None,
        };
        let body = match answer {
            Answer::Raw(response) => return response,
            Answer::Empty(..) => None,
            answer if self == Self::Atom => Some(atom::render(api, answer)),
            answer => Some(self.json(api, answer).to_string()),
        };
        let mut headers = HeaderMap::new();
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        }
        for (name, value) in [(header::ETAG, etag), (header::LOCATION, location)] {
            if let Some(value) = value.and_then(|text| HeaderValue::from_str(&text).ok()) {
                headers.insert(name, value);
            }
        }
        ApiResponse { status, headers, body: body.map(Bytes::from).unwrap_or_default() }
    }

    pub fn render_error(self, error: &SpError) -> ApiResponse {
        let message = json!({"lang": "en-US", "value": error.message});
        let body = match self {
            Self::Verbose => json!({"error": {"code": error.code, "message": message}}).to_string(),
            Self::Minimal | Self::NoMetadata => {
                json!({"odata.error": {"code": error.code, "message": message}}).to_string()
            }
            Self::Atom => atom::error(error),
        };
        let mut headers = HeaderMap::new();
        let kind = if self == Self::Atom { "application/xml;charset=utf-8" } else { self.content_type() };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        ApiResponse { status: error.status, headers, body: Bytes::from(body) }
    }

    fn json(self, api: &str, answer: Answer) -> Value {
        match answer {
            Answer::Entity(entity) | Answer::Created(entity) => {
                let mut body = self.entity(api, &entity);
                if self == Self::Verbose {
                    return json!({"d": body});
                }
                if self == Self::Minimal {
                    body.insert(
                        "odata.metadata".to_owned(),
                        metadata(api, &entity.type_name, "/@Element").into(),
                    );
                }
                Value::Object(body)
            }
            Answer::Collection { entities, next } => self.collection(api, &entities, next),
            Answer::Scalar { name, value } => self.result(api, &name, value),
            Answer::Result { name, value } if self == Self::Verbose => json!({"d": {name: results(value)}}),
            Answer::Result { value: Value::Array(rows), .. } => json!({"value": rows}),
            Answer::Result { value, .. } => value,
            Answer::Empty(..) | Answer::Raw(_) => Value::Null,
        }
    }

    fn result(self, api: &str, name: &str, value: Value) -> Value {
        match self {
            Self::Verbose => json!({"d": {name: value}}),
            Self::Minimal => json!({"odata.metadata": format!("{api}/$metadata#Edm.Null"), "value": value}),
            _ => json!({"value": value}),
        }
    }

    fn collection(self, api: &str, entities: &[Entity], next: Option<String>) -> Value {
        let rows: Vec<Value> =
            entities.iter().map(|entity| Value::Object(self.entity(api, entity))).collect();
        let mut body = Map::new();
        if self == Self::Verbose {
            body.insert("results".to_owned(), rows.into());
            body.extend(next.map(|next| ("__next".to_owned(), next.into())));
            return json!({"d": body});
        }
        if self == Self::Minimal {
            let kind = entities.first().map_or("SP.ApiMetadata", |entity| entity.type_name.as_str());
            body.insert("odata.metadata".to_owned(), metadata(api, kind, "").into());
        }
        body.insert("value".to_owned(), rows.into());
        body.extend(next.map(|next| ("odata.nextLink".to_owned(), next.into())));
        Value::Object(body)
    }

    fn entity(self, api: &str, entity: &Entity) -> Map<String, Value> {
        let mut body = Map::new();
        let uri = format!("{api}/{}", entity.path);
        match self {
            Self::Verbose => {
                let mut about = json!({"id": uri, "uri": uri, "type": entity.type_name});
                if let Some(etag) = &entity.etag {
                    about["etag"] = etag.as_str().into();
                }
                body.insert("__metadata".to_owned(), about);
            }
            Self::Minimal => {
                body.insert("odata.type".to_owned(), entity.type_name.as_str().into());
                body.insert("odata.id".to_owned(), uri.as_str().into());
                body.extend(entity.etag.iter().map(|etag| ("odata.etag".to_owned(), etag.as_str().into())));
                body.insert("odata.editLink".to_owned(), entity.path.as_str().into());
            }
            _ => {}
        }
        for (name, prop) in &entity.props {
            let link = || format!("{uri}/{name}");
            if let Some(value) = self.prop(api, prop, link) {
                if let (Self::Minimal, Prop::One(_)) = (self, prop) {
                    body.insert(
                        format!("{name}@odata.navigationLinkUrl"),
                        format!("{}/{name}", entity.path).into(),
                    );
                }
                body.insert(name.clone(), value);
            }
        }
        body
    }

    fn prop(self, api: &str, prop: &Prop, link: impl Fn() -> String) -> Option<Value> {
        let verbose = self == Self::Verbose;
        Some(match prop {
            Prop::Value(value) => value.clone(),
            Prop::Scalars(kind, values) if verbose => {
                json!({"__metadata": {"type": format!("Collection({kind})")}, "results": values})
            }
            Prop::Scalars(_, values) => json!(values),
            Prop::Complex(kind, pairs) => {
                let mut body = Map::new();
                if verbose {
                    body.insert("__metadata".to_owned(), json!({"type": kind}));
                }
                body.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                Value::Object(body)
            }
            Prop::Deferred if verbose => json!({"__deferred": {"uri": link()}}),
            Prop::Deferred => return None,
            Prop::One(entity) => Value::Object(self.entity(api, entity)),
            Prop::Many(entities) => {
                let rows: Vec<Value> =
                    entities.iter().map(|entity| Value::Object(self.entity(api, entity))).collect();
                if verbose { json!({"results": rows}) } else { json!(rows) }
            }
        })
    }
}

fn metadata(api: &str, kind: &str, suffix: &str) -> String {
    let set = match kind.strip_prefix("SP.Data.") {
        Some(_) => {
            format!("SP.ListData.{}", kind.trim_start_matches("SP.Data.").replace("ListItem", "ListItems"))
        }
        None => format!("SP.ApiData.{}s", kind.trim_start_matches("SP.")),
    };
    format!("{api}/$metadata#{set}{suffix}")
}

/// Arrays as `{"results": […]}`, at every depth.
fn results(value: Value) -> Value {
    match value {
        Value::Array(rows) => json!({"results": rows.into_iter().map(results).collect::<Vec<_>>()}),
        Value::Object(body) => body.into_iter().map(|(name, value)| (name, results(value))).collect(),
        other => other,
    }
}

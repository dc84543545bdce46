//! Atom, which `_api` answers when nobody asks for JSON.

use std::fmt::Write as _;

use serde_json::Value;

use super::entity::{Answer, Entity, Prop};
use super::error::SpError;

const NAMESPACES: &str = "xmlns=\"http://www.w3.org/2005/Atom\" \
    xmlns:d=\"http://schemas.microsoft.com/ado/2007/08/dataservices\" \
    xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\"";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
const SCHEME: &str = "http://schemas.microsoft.com/ado/2007/08/dataservices/scheme";

pub(super) fn render(api: &str, answer: Answer) -> String {
    let mut out = DECLARATION.to_owned();
    match answer {
        Answer::Entity(entity) | Answer::Created(entity) => entry(&mut out, api, &entity, NAMESPACES),
        Answer::Collection { entities, next } => {
            let _ = write!(
                out,
                "<feed xml:base=\"{}/\" {NAMESPACES}><id>{}</id><title/>",
                escape(api),
                escape(api)
            );
            for entity in &entities {
                entry(&mut out, api, entity, "");
            }
            if let Some(next) = next {
                let _ = write!(out, "<link rel=\"next\" href=\"{}\"/>", escape(&next));
            }
            out.push_str("</feed>");
        }
        Answer::Scalar { name, value } => {
            let _ = write!(out, "<d:{name} {NAMESPACES}>{}</d:{name}>", escape(&text(&value)));
        }
        Answer::Result { name, value } => {
            let _ = write!(out, "<d:{name} {NAMESPACES}>");
            nested(&mut out, &value);
            let _ = write!(out, "</d:{name}>");
        }
        Answer::Empty(..) | Answer::Raw(_) => {}
    }
    out
}

pub(super) fn error(error: &SpError) -> String {
    format!(
        "{DECLARATION}<m:error xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\">\
         <m:code>{}</m:code><m:message xml:lang=\"en-US\">{}</m:message></m:error>",
        escape(&error.code),
        escape(&error.message)
    )
}

fn entry(out: &mut String, api: &str, entity: &Entity, namespaces: &str) {
    let etag = entity.etag.as_deref().map(|etag| format!(" m:etag=\"{}\"", escape(etag))).unwrap_or_default();
    let id = escape(&format!("{api}/{}", entity.path));
    let kind = escape(&entity.type_name);
    let _ = write!(
        out,
        "<entry {namespaces}{etag}><id>{id}</id><category term=\"{kind}\" scheme=\"{SCHEME}\"/>\
         <link rel=\"edit\" href=\"{}\"/><title/><content type=\"application/xml\"><m:properties>",
        escape(&entity.path)
    );
    for (name, prop) in &entity.props {
        property(out, name, prop);
    }
    out.push_str("</m:properties></content></entry>");
}

fn property(out: &mut String, name: &str, prop: &Prop) {
    match prop {
        Prop::Value(Value::Null) => {
            let _ = write!(out, "<d:{name} m:null=\"true\"/>");
        }
        Prop::Value(value) => {
            let kind = match value {
                Value::Bool(_) => " m:type=\"Edm.Boolean\"",
                Value::Number(number) if number.is_f64() => " m:type=\"Edm.Double\"",
                Value::Number(_) => " m:type=\"Edm.Int32\"",
                _ => "",
            };
            let _ = write!(out, "<d:{name}{kind}>{}</d:{name}>", escape(&text(value)));
        }
        Prop::Scalars(kind, values) => {
            let _ = write!(out, "<d:{name} m:type=\"Collection({kind})\">");
            for value in values {
                let _ = write!(out, "<d:element>{}</d:element>", escape(&text(value)));
            }
            let _ = write!(out, "</d:{name}>");
        }
        Prop::Complex(kind, pairs) => {
            let _ = write!(out, "<d:{name} m:type=\"{kind}\">");
            for (inner, value) in pairs {
                let _ = write!(out, "<d:{inner}>{}</d:{inner}>", escape(&text(value)));
            }
            let _ = write!(out, "</d:{name}>");
        }
        // Navigation stands in links, which no client of ours reads.
        Prop::Deferred | Prop::One(_) | Prop::Many(_) => {}
    }
}

fn nested(out: &mut String, value: &Value) {
    match value {
        Value::Object(body) => {
            for (name, value) in body {
                let _ = write!(out, "<d:{name}>");
                nested(out, value);
                let _ = write!(out, "</d:{name}>");
            }
        }
        Value::Array(rows) => {
            for row in rows {
                out.push_str("<d:element>");
                nested(out, row);
                out.push_str("</d:element>");
            }
        }
        scalar => out.push_str(&escape(&text(scalar))),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

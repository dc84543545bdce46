//! End users, organisations and tags as the wire writes them (contract §1.10).

use std::collections::BTreeMap;

use domain::connection::{EndUser, Organization};
use serde::Deserialize;
use serde_json::{Value, json};
use services::error::{Error, FieldIssue};

use crate::error::ApiError;

/// `end_user`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = EndUserInput)]
#[serde(deny_unknown_fields)]
pub struct EndUserBody {
    id: String,
    email: Option<String>,
    display_name: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// `organization`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = OrganizationInput)]
#[serde(deny_unknown_fields)]
pub struct OrganizationBody {
    id: String,
    display_name: Option<String>,
}

/// Checks and joins both.
pub fn end_user(body: EndUserBody, organization: Option<OrganizationBody>) -> Result<EndUser, ApiError> {
    let mut issues = Vec::new();
    length(&mut issues, &body.id, 1, &["end_user", "id"]);
    if let Some(email) = &body.email
        && !is_email(email)
    {
        issues.push(FieldIssue {
            code: "invalid_format",
            message: "Invalid email address".into(),
            path: path(&["end_user", "email"]),
        });
    }
    if let Some(name) = &body.display_name {
        length(&mut issues, name, 0, &["end_user", "display_name"]);
    }
    if let Some(organization) = &organization {
        length(&mut issues, &organization.id, 1, &["organization", "id"]);
    }
    for (key, value) in &body.tags {
        check_tag(&mut issues, key, value, &["end_user", "tags", key]);
    }
    if !issues.is_empty() {
        return Err(ApiError::invalid("invalid_body", issues));
    }
    Ok(EndUser {
        id: body.id,
        email: body.email,
        display_name: body.display_name,
        tags: body.tags,
        organization: organization.map(|own| Organization { id: own.id, display_name: own.display_name }),
    })
}

/// Checks explicit tags; keys come back lower-case.
pub fn tags(given: BTreeMap<String, String>, field: &str) -> Result<BTreeMap<String, String>, ApiError> {
    const MOST: usize = 10;
    let mut issues = Vec::new();
    if given.len() > MOST {
        issues.push(FieldIssue {
            code: "too_big",
            message: format!("at most {MOST} tags"),
            path: path(&[field]),
        });
    }
    let mut tags = BTreeMap::new();
    for (key, value) in given {
        check_tag(&mut issues, &key, &value, &[field, &key]);
        if key.eq_ignore_ascii_case("end_user_email") && !is_email(&value) {
            issues.push(FieldIssue {
                code: "invalid_format",
                message: "Invalid email address".into(),
                path: path(&[field, &key]),
            });
        }
        if tags.insert(key.to_lowercase(), value).is_some() {
            issues.push(FieldIssue::custom("two tags differ only in case", &[field, &key]));
        }
    }
    if issues.is_empty() { Ok(tags) } else { Err(Error::Invalid(issues).into()) }
}

fn check_tag(issues: &mut Vec<FieldIssue>, key: &str, value: &str, at: &[&str]) {
    let mut characters = key.chars();
    let starts = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    let plain = characters.all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    if !starts || !plain || key.len() > 64 {
        let message = "a tag key is a letter, then letters, digits, _ - . /, at most 64".to_owned();
        issues.push(FieldIssue { code: "invalid_key", message, path: path(at) });
    }
    length(issues, value, 1, at);
}

fn length(issues: &mut Vec<FieldIssue>, text: &str, least: usize, at: &[&str]) {
    const MOST: usize = 255;
    let count = text.chars().count();
    if count < least {
        issues.push(FieldIssue {
            code: "too_small",
            message: format!("at least {least} character"),
            path: path(at),
        });
    } else if count > MOST {
        issues.push(FieldIssue {
            code: "too_big",
            message: format!("at most {MOST} characters"),
            path: path(at),
        });
    }
}

fn path(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|&part| part.to_owned()).collect()
}

fn is_email(text: &str) -> bool {
    let shaped = text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains('@')
    });
    shaped && (5..=255).contains(&text.len()) && !text.contains(char::is_whitespace)
}

/// A webhook address: http(s), or `""` to clear it.
pub fn webhook_url(text: &str) -> Result<Option<String>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let good =
        url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    if good {
        Ok(Some(text.to_owned()))
    } else {
        Err(Error::field("Invalid URL", &["webhook_url_override"]).into())
    }
}

/// The end user as the wire shows them.
pub fn shown(end_user: Option<&EndUser>) -> Value {
    let Some(one) = end_user else { return Value::Null };
    json!({
        "id": one.id,
        "display_name": one.display_name,
        "email": one.email,
        "tags": one.tags,
        "organization": one.organization.as_ref().map(|own| json!({"id": own.id, "display_name": own.display_name})),
    })
}

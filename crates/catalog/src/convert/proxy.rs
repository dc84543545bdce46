//! The `proxy` block (contract §4.2) with our `hosts` and `resources`.

use domain::provider::{
    Cursor, Decompress, Discovery, InBodyHint, Link, Moment, Offset, OffsetStep, PageBy, Pagination,
    ProxyDefinition, RedirectHeaders, Resource, RetryHints, Verification,
};
use indexmap::IndexMap;
use regex::Regex;

use super::auth::Lack;
use super::file::{InBodyFile, PaginateFile, ProxyFile, ResourceFile, RetryFile, VerificationFile};
use super::tree::{optional, parameters, template, tree};

/// Methods that a verification request may have.
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS"];

pub(super) fn proxy(file: &ProxyFile) -> Result<ProxyDefinition, String> {
    Ok(ProxyDefinition {
        base_url: template("proxy.base_url", file.base_url.trim_end_matches('/'))?,
        headers: parameters("proxy.headers", &file.headers)?,
        query: parameters("proxy.query", &file.query)?,
        body: file.body.as_ref().map(|body| tree("proxy.body", body)).transpose()?,
        retry: retry(&file.retry)?,
        paginate: match file.paginate.as_ref().map(paginate).transpose() {
            Ok(paginate) => paginate,
            // Named by `ignored`: calls work, only nobody can page for the caller.
            Err(Lack::Missing(_)) => None,
            Err(Lack::Wrong(problem)) => return Err(problem),
        },
        verification: file.verification.as_ref().map(verification).transpose()?,
        decompress: if file.decompress { Decompress::Yes } else { Decompress::No },
        redirect_headers: if file.forward_headers_on_redirect {
            RedirectHeaders::Kept
        } else {
            RedirectHeaders::Dropped
        },
        connection_config: parameters("proxy.connection_config", &file.connection_config)?,
        hosts: file.hosts.iter().map(|host| template("proxy.hosts", host)).collect::<Result<_, _>>()?,
        resources: file
            .resources
            .iter()
            .map(|(name, file)| resource(name, file))
            .collect::<Result<_, _>>()?,
    })
}

fn retry(file: &RetryFile) -> Result<RetryHints, String> {
    Ok(RetryHints {
        after: file.after.clone(),
        at: file.at.clone(),
        error_codes: file.error_code.clone(),
        remaining: file.remaining.clone(),
        in_body: file.in_body.as_ref().map(in_body).transpose()?,
    })
}

/// The expression stands between slashes, as its own language writes it.
fn in_body(file: &InBodyFile) -> Result<InBodyHint, String> {
    let pattern = file.value.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).unwrap_or(&file.value);
    let regex = Regex::new(pattern).map_err(|_| "proxy.retry.in_body.value: is not a regular expression")?;
    if regex.captures_len() < 2 {
        return Err("proxy.retry.in_body.value: has no group for the moment".to_owned());
    }
    let says = match file.strategy.as_str() {
        "at" => Moment::At,
        "after" => Moment::After,
        other => return Err(format!("proxy.retry.in_body.strategy: `{other}` is neither at nor after")),
    };
    Ok(InBodyHint { path: file.path.clone(), pattern: pattern.to_owned(), says })
}

pub(super) fn paginate(file: &PaginateFile) -> Result<Pagination, Lack> {
    let needed = |key: &str, value: &Option<String>| {
        value.clone().ok_or_else(|| Lack::Missing(format!("`{key}` is missing")))
    };
    let by = match file.kind.as_str() {
        "cursor" => PageBy::Cursor(Cursor {
            path: needed("cursor_path_in_response", &file.cursor_path_in_response)?,
            parameter: needed("cursor_name_in_request", &file.cursor_name_in_request)?,
        }),
        "link" => {
            let link = Link {
                relation: file.link_rel_in_response_header.clone(),
                path: file.link_path_in_response_body.clone(),
            };
            if link.relation.is_none() && link.path.is_none() {
                return Err(Lack::Missing(
                    "a link is named by link_rel_in_response_header or by link_path_in_response_body"
                        .to_owned(),
                ));
            }
            PageBy::Link(link)
        }
        "offset" => PageBy::Offset(Offset {
            parameter: needed("offset_name_in_request", &file.offset_name_in_request)?,
            start: file.offset_start_value.unwrap_or(0),
            step: match file.offset_calculation_method.as_deref() {
                None | Some("by-response-size") => OffsetStep::Items,
                Some("per-page") => OffsetStep::Page,
                Some(other) => {
                    return Err(Lack::Wrong(format!(
                        "proxy.paginate.offset_calculation_method: `{other}` is neither by-response-size nor \
                         per-page"
                    )));
                }
            },
        }),
        other => {
            return Err(Lack::Wrong(format!(
                "proxy.paginate.type: `{other}` is not one of cursor, link and offset"
            )));
        }
    };
    Ok(Pagination {
        by,
        limit_name: file.limit_name_in_request.clone(),
        limit: file.limit,
        items_at: file.response_path.clone(),
        in_body: file.in_body,
    })
}

fn verification(file: &VerificationFile) -> Result<Verification, String> {
    let method = file.method.as_deref().unwrap_or("GET").to_ascii_uppercase();
    if !METHODS.contains(&method.as_str()) {
        return Err(format!("proxy.verification.method: `{method}` is not one of {}", METHODS.join(", ")));
    }
    if file.endpoints.is_empty() {
        return Err("proxy.verification.endpoints: is empty".to_owned());
    }
    Ok(Verification {
        method,
        endpoints: file
            .endpoints
            .iter()
            .map(|path| template("proxy.verification.endpoints", path))
            .collect::<Result<_, _>>()?,
        headers: parameters("proxy.verification.headers", &file.headers)?,
        data: file.data.as_ref().map(|data| tree("proxy.verification.data", data)).transpose()?,
        base_url: optional("proxy.verification.base_url_override", file.base_url_override.as_deref())?,
    })
}

/// `shown_resources`: each names a resource of the proxy block.
pub(super) fn shown(
    file: &IndexMap<String, String>,
    proxy: Option<&ProxyDefinition>,
) -> Result<Vec<(String, String)>, String> {
    let known =
        |name: &str| proxy.is_some_and(|proxy| proxy.resources.iter().any(|resource| resource.name == name));
    file.iter()
        .map(|(key, name)| match known(name) {
            true => Ok((key.clone(), name.clone())),
            false => Err(format!("shown_resources.{key}: `{name}` is not one of proxy.resources")),
        })
        .collect()
}

fn resource(name: &str, file: &ResourceFile) -> Result<Resource, String> {
    let key = |part: &str| format!("proxy.resources.{name}.{part}");
    Ok(Resource {
        name: name.to_owned(),
        origin: template(&key("origin"), &file.origin)?,
        scope: template(&key("scope"), &file.scope)?,
        discovery: file
            .discovery
            .as_ref()
            .map(|found| Discovery { path: found.path.clone(), url_at: found.url_at.clone() }),
    })
}

//! `post_connection` and `pre_connection_deletion`: what the field's scripts of these names do, as data.

use domain::provider::{AccountRequest, BodyFormat, InstallationProof, Lookup, Need, Several};
use domain::template::Piece;

use super::file::{AccountRequestFile, LookupFile, ProofFile};
use super::tree::{parameters, template, tree};

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];
/// Most requests of one list: a person waits for the first, a deletion for the second.
const MOST: usize = 5;

pub(super) fn lookups(files: &[LookupFile]) -> Result<Vec<Lookup>, String> {
    bounded("post_connection", files.len())?;
    files.iter().enumerate().map(|(n, file)| lookup(&format!("post_connection.{n}"), file)).collect()
}

pub(super) fn farewells(files: &[AccountRequestFile]) -> Result<Vec<AccountRequest>, String> {
    bounded("pre_connection_deletion", files.len())?;
    let each = files.iter().enumerate();
    each.map(|(n, file)| request(&format!("pre_connection_deletion.{n}"), file)).collect()
}

/// `installation_proof`: something of it must be what only the vendor could give to the browser.
pub(super) fn proof(file: &ProofFile) -> Result<InstallationProof, String> {
    const KEY: &str = "installation_proof";
    let matching = parameters(&format!("{KEY}.matching"), &file.matching)?;
    if !matching.iter().any(|(_, template)| template.paths().any(|path| path.starts_with("callback."))) {
        return Err(format!("{KEY}.matching: compares nothing with the callback (${{callback.…}})"));
    }
    Ok(InstallationProof {
        request: request(&format!("{KEY}.request"), &file.request)?,
        items_at: file.items.clone(),
        matching,
    })
}

fn bounded(key: &str, count: usize) -> Result<(), String> {
    if count > MOST { Err(format!("{key}: has more than {MOST} requests")) } else { Ok(()) }
}

fn lookup(key: &str, file: &LookupFile) -> Result<Lookup, String> {
    if file.config.is_empty() {
        return Err(format!("{key}.config: names nothing that is learnt"));
    }
    Ok(Lookup {
        request: request(key, &file.request)?,
        items_at: file.items.clone(),
        matching: parameters(&format!("{key}.matching"), &file.matching)?,
        several: match file.several.as_deref() {
            None | Some("first") => Several::First,
            Some("none") => Several::None,
            Some(other) => return Err(format!("{key}.several: `{other}` is neither first nor none")),
        },
        config: file.config.iter().map(|(name, path)| (name.clone(), path.clone())).collect(),
        need: if file.required { Need::Required } else { Need::Helpful },
    })
}

fn request(key: &str, file: &AccountRequestFile) -> Result<AccountRequest, String> {
    let method = file.method.as_deref().unwrap_or("GET").to_ascii_uppercase();
    if !METHODS.contains(&method.as_str()) {
        return Err(format!("{key}.method: `{method}` is not one of {}", METHODS.join(", ")));
    }
    let url = template(&format!("{key}.url"), &file.url)?;
    if url.alternatives().any(|pieces| !is_own(&pieces)) {
        return Err(format!(
            "{key}.url: is neither a path that begins with / nor an https URL of a literal host"
        ));
    }
    let format = match file.body_format.as_deref() {
        None | Some("json") => BodyFormat::Json,
        Some("form") => BodyFormat::Form,
        Some(other) => return Err(format!("{key}.body_format: `{other}` is neither json nor form")),
    };
    Ok(AccountRequest {
        method,
        url,
        headers: parameters(&format!("{key}.headers"), &file.headers)?,
        data: file.data.as_ref().map(|data| tree(&format!("{key}.data"), data)).transpose()?,
        format,
    })
}

/// Whether the place that the credentials go to is the base's, or the definition's own word.
fn is_own(pieces: &[Piece<'_>]) -> bool {
    let Some(Piece::Text(begin)) = pieces.first() else { return false };
    match begin.strip_prefix("https://") {
        // What follows the host must have begun before anybody's value does.
        Some(rest) => {
            rest.split_once('/').is_some_and(|(host, _)| !host.is_empty() && !host.contains(['@', '?', '#']))
        }
        None => begin.starts_with('/') && !begin.starts_with("//"),
    }
}

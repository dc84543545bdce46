//! Modes that begin with an installation at the vendor.

use domain::provider::{App, Custom, InstallPlugin, PluginCredentials};
use domain::template::Template;

use super::{Lack, oauth2, required_template};
use crate::convert::account_requests;
use crate::convert::file::ProviderFile;
use crate::read::Node;

pub(super) fn app(file: &ProviderFile, token_url: Template) -> Result<App, Lack> {
    Ok(App {
        installation_url: required_template("authorization_url", file.authorization_url.as_deref())?,
        token_url,
    })
}

/// An app and its user: `token_url` is a map with one address for each.
pub(super) fn custom(file: &ProviderFile) -> Result<Custom, Lack> {
    let of = |side: &str| {
        let url = match &file.token_url {
            Some(Node::Map(urls)) => match urls.get(side) {
                Some(Node::Text(url)) => Some(url.as_str()),
                _ => None,
            },
            _ => None,
        };
        required_template(&format!("token_url.{side}"), url)
    };
    Ok(Custom { app: app(file, of("APP")?)?, user: oauth2::oauth2(file, of("OAUTH2")?)? })
}

pub(super) fn plugin(file: &ProviderFile) -> Result<InstallPlugin, Lack> {
    match file.auth_type.as_deref() {
        Some("BASIC") => Ok(InstallPlugin {
            credentials: PluginCredentials::Basic,
            redirect_uri_metadata: file.redirect_uri_metadata.clone(),
            proof: file.installation_proof.as_ref().map(account_requests::proof).transpose()?,
        }),
        Some(other) => Err(Lack::Wrong(format!("auth_type: `{other}` is not BASIC"))),
        None => Err(Lack::Missing("`auth_type` is missing".to_owned())),
    }
}

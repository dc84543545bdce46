//! Modes that begin with an installation at the vendor.

use domain::provider::{
    App, Custom, InstallPlugin, InstallationWebhook, OutboundInstallation, PluginCredentials,
    SignatureEncoding, SignatureKey, WebhookSignature,
};
use domain::template::Template;

use super::{Lack, oauth2, required, required_template};
use crate::convert::account_requests;
use crate::convert::file::{InstallationWebhookFile, ProviderFile, WebhookSignatureFile};
use crate::convert::tree::parameters;
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

/// The installation of a code flow that begins at the vendor; `None` for one that begins here.
pub(super) fn outbound(file: &ProviderFile) -> Result<Option<OutboundInstallation>, Lack> {
    match file.installation.as_deref() {
        None => Ok(None),
        Some("outbound") => {
            let code = file.authorization_code_param_in_webhook.as_deref();
            Ok(Some(OutboundInstallation {
                code_at: required("authorization_code_param_in_webhook", code)?.to_owned(),
                metadata: file.webhook_response_metadata.clone(),
                webhook: file.installation_webhook.as_ref().map(webhook).transpose()?,
            }))
        }
        Some(other) => Err(Lack::Wrong(format!("installation: `{other}` is not outbound"))),
    }
}

fn webhook(file: &InstallationWebhookFile) -> Result<InstallationWebhook, String> {
    const KEY: &str = "installation_webhook.matching";
    let matching = parameters(KEY, &file.matching)?;
    // Without a value of the person's own every waiting authorization would fit every installation.
    if !matching
        .iter()
        .any(|(_, template)| template.paths().any(|path| path.starts_with("connectionConfig.")))
    {
        return Err(format!("{KEY}: compares nothing with the connection (${{connectionConfig.…}})"));
    }
    let says = file.says.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
    Ok(InstallationWebhook { signature: signature(&file.signature)?, says, matching })
}

fn signature(file: &WebhookSignatureFile) -> Result<WebhookSignature, String> {
    const KEY: &str = "installation_webhook.signature";
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if file.header.is_empty() || !file.header.bytes().all(is_name) {
        return Err(format!("{KEY}.header: `{}` is no header's name", file.header));
    }
    Ok(WebhookSignature {
        header: file.header.to_ascii_lowercase(),
        prefix: file.prefix.clone(),
        encoding: match file.encoding.as_deref() {
            None | Some("hex") => SignatureEncoding::Hex,
            Some("base64") => SignatureEncoding::Base64,
            Some(other) => return Err(format!("{KEY}.encoding: `{other}` is neither hex nor base64")),
        },
        key: match file.key.as_str() {
            "client_secret" => SignatureKey::ClientSecret,
            "webhook_secret" => SignatureKey::WebhookSecret,
            other => return Err(format!("{KEY}.key: `{other}` is neither client_secret nor webhook_secret")),
        },
    })
}

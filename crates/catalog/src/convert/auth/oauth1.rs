//! OAuth 1.0a and NetSuite's use of it.

use domain::provider::{OAuth1, ParametersIn, SignatureMethod, Tba};

use super::{Lack, method, required_template, scope_separator, token_url};
use crate::convert::file::ProviderFile;
use crate::convert::tree::{parameters, template};

/// NetSuite's account, which every signed header names.
const TBA_REALM: &str = "${connectionConfig.accountId}";

pub(super) fn oauth1(file: &ProviderFile) -> Result<OAuth1, Lack> {
    Ok(OAuth1 {
        request_url: required_template("request_url", file.request_url.as_deref())?,
        authorization_url: required_template("authorization_url", file.authorization_url.as_deref())?,
        token_url: token_url(file)?,
        request_params: parameters("request_params", &file.request_params)?,
        authorization_params: parameters("authorization_params", &file.authorization_params)?,
        token_params: parameters("token_params", &file.token_params)?,
        signature_method: signature_method(file, SignatureMethod::HmacSha1)?,
        parameters_in: match file.oauth_parameters_in.as_deref() {
            None | Some("header") => ParametersIn::Header,
            Some("query") => ParametersIn::Query,
            Some("body") => ParametersIn::Body,
            Some(other) => {
                return Err(Lack::Wrong(format!(
                    "oauth_parameters_in: `{other}` is not one of header, query and body"
                )));
            }
        },
        request_method: method("request_http_method", file.request_http_method.as_deref())?,
        token_method: method("token_http_method", file.token_http_method.as_deref())?,
        scope_separator: scope_separator(file),
        default_scopes: file.default_scopes.clone(),
        token_response_metadata: file.token_response_metadata.clone(),
        redirect_uri_metadata: file.redirect_uri_metadata.clone(),
    })
}

pub(super) fn tba(file: &ProviderFile) -> Result<Tba, Lack> {
    Ok(Tba {
        signature_method: signature_method(file, SignatureMethod::HmacSha256)?,
        realm: template("realm", file.realm.as_deref().unwrap_or(TBA_REALM))?,
    })
}

fn signature_method(file: &ProviderFile, default: SignatureMethod) -> Result<SignatureMethod, String> {
    match file.signature_method.as_deref() {
        None => Ok(default),
        Some(text) => SignatureMethod::parse(text).ok_or_else(|| {
            format!("signature_method: `{text}` is not one of HMAC-SHA1, HMAC-SHA256, RSA-SHA1 and PLAINTEXT")
        }),
    }
}

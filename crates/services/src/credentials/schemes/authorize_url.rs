//! The URL to which the browser is sent (RFC 6749 §4.1.1), and how vendors depart from it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::provider::{Encoding, OAuth2, Pkce};
use domain::template::Template;
use url::Url;

use super::{Party, SettingProblem};

/// What one authorization asks for, besides the definition.
#[derive(Debug)]
pub struct Authorization<'a> {
    /// The `state` parameter.
    pub state: &'a str,
    /// The PKCE verifier (RFC 7636 §4.1), used when the definition allows PKCE.
    pub verifier: &'a str,
    /// The `scope` parameter, already resolved by the provider's rules; `None` leaves it out.
    pub scope: Option<&'a str>,
    /// The definition's parameters with the connect session's over them.
    pub params: &'a [(String, Template)],
}

/// The S256 challenge of a verifier (RFC 7636 §4.2).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes()))
}

/// The URL to which the browser is sent. A parameter without value is left out, whatever the definition says: no server
/// needs one, some refuse it.
///
/// # Errors
/// A setting that the definition needs and nobody gave.
pub fn authorize_url(
    scheme: &OAuth2,
    party: &Party<'_>,
    request: &Authorization<'_>,
) -> Result<Url, SettingProblem> {
    if party.client.id.is_empty() {
        return Err(SettingProblem::NoClient);
    }
    let bad = || SettingProblem::BadUrl { what: "authorization URL" };
    let template = scheme.authorization_url.as_ref().ok_or_else(bad)?;
    let url = match scheme.authorize_style.base_url {
        Encoding::Encoded => party.url(template, "authorization URL")?,
        Encoding::Verbatim => party.url_verbatim(template, "authorization URL")?,
    };
    let params = params(scheme, party, request)?;
    written(scheme, url, &params).ok_or_else(bad)
}

fn params(
    scheme: &OAuth2,
    party: &Party<'_>,
    request: &Authorization<'_>,
) -> Result<Vec<(String, String)>, SettingProblem> {
    let mut params: Vec<(String, String)> = vec![
        ("response_type".into(), "code".into()),
        ("client_id".into(), party.client.id.clone()),
        ("redirect_uri".into(), party.redirect_uri.to_owned()),
        ("scope".into(), request.scope.unwrap_or_default().to_owned()),
        ("state".into(), request.state.to_owned()),
    ];
    for (name, template) in request.params {
        if let Some(value) = party.parameter(template)? {
            set(&mut params, name, value);
        }
    }
    if scheme.pkce == Pkce::S256 {
        set(&mut params, "code_challenge", challenge(request.verifier));
        set(&mut params, "code_challenge_method", "S256".into());
    }
    for (from, to) in &scheme.authorize_style.replacements {
        // `client_id` → `client_key`, also spelled `client_id=` → `app_id=`; to nothing means that it goes.
        let name = |text: &str| text.trim_end_matches('=').to_owned();
        match params.iter_mut().find(|(key, _)| *key == name(from)) {
            Some(slot) if to.is_empty() => slot.1.clear(),
            Some(slot) => slot.0 = name(to),
            None => {}
        }
    }
    params.retain(|(_, value)| !value.is_empty());
    Ok(params)
}

fn set(params: &mut Vec<(String, String)>, name: &str, value: String) {
    match params.iter_mut().find(|(key, _)| key == name) {
        Some(slot) => slot.1 = value,
        None => params.push((name.to_owned(), value)),
    }
}

/// Base and parameters as one URL, with the query behind a fragment where the page routes by fragment.
fn written(scheme: &OAuth2, mut url: Url, params: &[(String, String)]) -> Option<Url> {
    let verbatim = scheme.authorize_style.scopes == Encoding::Verbatim;
    let mut query = url.query().map(str::to_owned).unwrap_or_default();
    for (name, value) in params {
        if !query.is_empty() {
            query.push('&');
        }
        if name == "scope" && verbatim {
            // `a+b` stays `a+b`; only what would end the parameter is encoded.
            query.push_str("scope=");
            query.extend(value.chars().map(|c| if matches!(c, '&' | '#' | ' ') { '+' } else { c }));
        } else {
            query.push_str(
                &url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish(),
            );
        }
    }
    match &scheme.authorize_style.fragment {
        None => url.set_query(Some(&query)),
        Some(fragment) => {
            url.set_query(None);
            let route = fragment.trim_start_matches('#');
            url.set_fragment(Some(&format!("{route}?{query}")));
        }
    }
    Url::parse(url.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 Appendix B.
    #[test]
    fn the_challenge_is_rfc_7636_s() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}

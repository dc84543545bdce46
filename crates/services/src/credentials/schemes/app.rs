//! APP: an installed app signs a JWT, which buys a token of one installation.
//!
//! Source: GitHub, "Generating a JSON Web Token (JWT) for a GitHub App", "Generating an installation access token for
//! a GitHub App".

use domain::Secret;
use domain::credentials::AppCredentials;
use domain::provider::{App, BodyFormat, Expiry};
use domain::template::Template;
use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::{Party, SettingProblem, TokenRequest};
use crate::credentials::token_answer::{AnswerShape, TokenAnswer};

/// Life of an app's JWT, seconds; ten minutes at most are allowed.
const JWT_SECONDS: i64 = 540;
/// The JWT is dated back by so much, because clocks differ.
const DRIFT_SECONDS: i64 = 60;
/// What the vendor's documentation asks for.
const ACCEPT: &str = "application/vnd.github+json";

/// The app that signs.
pub struct AppIdentity<'a> {
    /// The app's id, or its client id.
    pub id: &'a str,
    /// Its key, PEM.
    pub private_key: &'a Secret,
}

#[derive(Serialize)]
struct Claims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

fn key(pem: &str) -> Option<EncodingKey> {
    // Pasted from an environment variable, line ends are often written out.
    EncodingKey::from_rsa_pem(pem.trim().replace("\\n", "\n").as_bytes()).ok()
}

/// Whether a text is an RSA private key that can sign.
pub fn is_private_key(pem: &str) -> bool {
    key(pem).is_some_and(|key| jsonwebtoken::encode(&Header::new(Algorithm::RS256), &(), &key).is_ok())
}

/// The app's own JWT.
///
/// # Errors
/// The app's id is missing, or its key cannot sign.
pub fn sign(app: &AppIdentity<'_>, now_ms: i64) -> Result<Secret, SettingProblem> {
    if app.id.is_empty() {
        return Err(SettingProblem::Missing("app_id".to_owned()));
    }
    let key = key(app.private_key.expose())
        .ok_or(SettingProblem::BadKey("the app's private key is not an RSA key in PEM form"))?;
    let now = now_ms.div_euclid(1000);
    let claims = Claims { iat: now - DRIFT_SECONDS, exp: now + JWT_SECONDS, iss: app.id };
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key)
        .map(Secret::from)
        .map_err(|_| SettingProblem::BadKey("the app's private key cannot sign"))
}

/// The request for a token of the installation that the connection config names.
///
/// # Errors
/// The installation is not known, or the key cannot sign.
pub fn request(
    scheme: &App,
    party: &Party<'_>,
    app: &AppIdentity<'_>,
    now_ms: i64,
) -> Result<TokenRequest, SettingProblem> {
    let mut request = TokenRequest::new(party.url(&scheme.token_url, "token URL")?.into(), BodyFormat::Json);
    request.bearer = Some(sign(app, now_ms)?);
    request.headers.push(("accept".to_owned(), Secret::new(ACCEPT)));
    request.shape = AnswerShape {
        access_token: "token".to_owned(),
        expiry: Some(Expiry::At("expires_at".to_owned())),
        ..AnswerShape::default()
    };
    Ok(request)
}

/// The request that asks the vendor what it knows of the installation: the token URL without its last segment.
///
/// # Errors
/// As [`request`].
pub fn installation_request(
    scheme: &App,
    party: &Party<'_>,
    app: &AppIdentity<'_>,
    now_ms: i64,
) -> Result<TokenRequest, SettingProblem> {
    let mut url = party.url(&scheme.token_url, "token URL")?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop();
    }
    let mut request = TokenRequest::new(url.into(), BodyFormat::Json);
    request.method = Method::GET;
    request.bearer = Some(sign(app, now_ms)?);
    request.headers.push(("accept".to_owned(), Secret::new(ACCEPT)));
    Ok(request)
}

/// The request that succeeds only if a user's token sees the installation: its repositories.
///
/// Source: GitHub REST API, "List repositories accessible to the user access token".
///
/// # Errors
/// The token URL is not known.
pub fn sees_installation_request(
    scheme: &App,
    party: &Party<'_>,
    user_token: &Secret,
    installation_id: &str,
) -> Result<TokenRequest, SettingProblem> {
    let mut request = of_user(scheme, party, user_token, &[installation_id, "repositories"])?;
    request.set("per_page", "1".to_owned());
    Ok(request)
}

/// The request for the installations that a user's token sees.
///
/// Source: GitHub REST API, "List app installations accessible to the user access token".
///
/// # Errors
/// The token URL is not known.
pub fn installations_request(
    scheme: &App,
    party: &Party<'_>,
    user_token: &Secret,
) -> Result<TokenRequest, SettingProblem> {
    let mut request = of_user(scheme, party, user_token, &[])?;
    request.set("per_page", "100".to_owned());
    Ok(request)
}

/// `…/app/installations/{id}/access_tokens` and `…/user/installations/…` have one root.
fn of_user(
    scheme: &App,
    party: &Party<'_>,
    user_token: &Secret,
    rest: &[&str],
) -> Result<TokenRequest, SettingProblem> {
    let nowhere = [("connectionConfig.installation_id", "0".to_owned())];
    let party =
        Party { extra: &nowhere, client: party.client.clone(), functions: party.functions.clone(), ..*party };
    let mut url = party.url(&scheme.token_url, "token URL")?;
    let segments: Vec<String> = url.path_segments().into_iter().flatten().map(str::to_owned).collect();
    let root = segments.iter().rposition(|segment| segment == "app").unwrap_or_default();
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(&segments[..root]).extend(["user", "installations"]).extend(rest);
    }
    let mut request = TokenRequest::new(url.into(), BodyFormat::Json);
    request.method = Method::GET;
    request.bearer = Some(user_token.clone());
    request.headers.push(("accept".to_owned(), Secret::new(ACCEPT)));
    Ok(request)
}

/// Where the browser goes to install the app.
///
/// # Errors
/// The app's page is not known.
pub fn installation_url(
    template: &Template,
    party: &Party<'_>,
    state: &str,
) -> Result<url::Url, SettingProblem> {
    let mut url = party.url(template, "installation URL")?;
    url.query_pairs_mut().append_pair("state", state);
    Ok(url)
}

/// The new credentials.
pub fn credentials(answer: TokenAnswer, app_id: &str, installation_id: &str) -> AppCredentials {
    AppCredentials {
        access_token: answer.access_token,
        expires_at_ms: answer.expires_at_ms,
        jwt: None,
        app_id: app_id.to_owned(),
        installation_id: installation_id.to_owned(),
        raw: answer.raw,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// An RSA key in the form that GitHub hands out (PKCS#1), and its public half.
    fn pair() -> (String, String) {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        (pair.serialize_pem(), pair.public_key_pem())
    }

    #[test]
    fn the_jwt_is_what_github_asks_for() {
        let (private, public) = pair();
        let now_ms = 1_795_219_200_000;
        for pem in [private.clone(), format!("  {}\n", private.replace('\n', "\\n"))] {
            let key = Secret::new(pem.as_str());
            let jwt = sign(&AppIdentity { id: "12345", private_key: &key }, now_ms).unwrap();
            let mut rules = jsonwebtoken::Validation::new(Algorithm::RS256);
            rules.validate_exp = false;
            rules.required_spec_claims.clear();
            let key = jsonwebtoken::DecodingKey::from_rsa_pem(public.as_bytes()).unwrap();
            let claims = jsonwebtoken::decode::<Value>(jwt.expose(), &key, &rules).unwrap().claims;
            assert_eq!(claims["iss"], "12345");
            let (from, to) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
            assert!(from < now_ms / 1000 && to - from <= 600, "{claims}");
        }
    }

    #[test]
    fn a_key_that_is_none_is_told_without_its_text() {
        let (private, _) = pair();
        assert!(is_private_key(&private));
        assert!(!is_private_key("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"));
        let key = Secret::new("not a key");
        let refused = sign(&AppIdentity { id: "1", private_key: &key }, 0).unwrap_err();
        assert!(!refused.to_string().contains("not a key"));
    }
}

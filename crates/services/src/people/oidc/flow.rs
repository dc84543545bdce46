//! Leaving for the issuer and coming back.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::{Sealed, Secret};
use egress::Body;
use http::header::{self, HeaderValue};
use http::{Method, Request};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::OidcSettings;
use super::issuer::{KnownIssuer, fetch, unusable};
use crate::credentials::claims;
use crate::credentials::mcp::metadata::secure;
use crate::credentials::schemes::oauth2::challenge;
use crate::error::Error;
use crate::people::{People, SignedIn, Visitor};

/// How long a sign-in at the issuer may take, milliseconds.
const LONGEST_MS: i64 = 10 * 60 * 1000;
/// Signatures that a key of the issuer's can check; never one that our own secret could make.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a browser that leaves takes along.
#[derive(Debug)]
pub struct Left {
    /// Where to.
    pub url: Url,
    /// For its cookie.
    pub cookie: Secret,
}

/// What a browser that comes back brings.
#[derive(Debug)]
pub struct Returned {
    /// `code`.
    pub code: Option<Secret>,
    /// `state`.
    pub state: String,
    /// `error`, when the issuer refused.
    pub error: Option<String>,
    /// The cookie.
    pub cookie: Secret,
}

/// What is remembered meanwhile.
#[derive(Serialize, Deserialize)]
struct Memory {
    state: String,
    nonce: String,
    verifier: String,
    ends_at_ms: i64,
    back_to: String,
}

fn place() -> vault::Place<'static> {
    vault::Place::new("sign-in", "oidc", "cookie")
}

impl People {
    /// The company's own sign-in, if one is set.
    pub fn oidc(&self) -> Option<&OidcSettings> {
        self.context.settings.oidc.as_ref()
    }

    fn oidc_settings(&self) -> Result<&OidcSettings, Error> {
        self.oidc().ok_or_else(|| Error::NotFound("No OpenID Connect issuer is set".to_owned()))
    }

    fn oidc_callback(&self) -> String {
        format!("{}/internal/oidc/callback", self.context.settings.public_url)
    }

    /// The issuer, asked at most once an hour, or now if `anew`.
    async fn issuer(&self, settings: &OidcSettings, anew: bool) -> Result<Arc<KnownIssuer>, Error> {
        let mut kept = self.issuer.lock().await;
        if let Some(known) = kept.as_ref().filter(|known| !anew && known.is_fresh(self.context.now_ms())) {
            return Ok(known.clone());
        }
        let known = Arc::new(KnownIssuer::read(&self.context, &settings.issuer).await?);
        *kept = Some(known.clone());
        Ok(known)
    }

    /// Sends a browser to the issuer; `back_to` is a path of ours.
    ///
    /// # Errors
    /// No issuer is set, or it cannot be asked.
    pub async fn leave_for_issuer(&self, back_to: &str) -> Result<Left, Error> {
        let settings = self.oidc_settings()?;
        let issuer = self.issuer(settings, false).await?;
        let context = &self.context;
        let random = || domain::entropy::hex(&*context.entropy, 32);
        let memory = Memory {
            state: random(),
            nonce: random(),
            verifier: random(),
            ends_at_ms: context.now_ms() + LONGEST_MS,
            back_to: back_to.to_owned(),
        };
        let mut url = secure(&issuer.description.authorization_endpoint).map_err(unusable)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &self.oidc_callback())
            .append_pair("scope", "openid email profile")
            .append_pair("state", &memory.state)
            .append_pair("nonce", &memory.nonce)
            .append_pair("code_challenge", &challenge(&memory.verifier))
            .append_pair("code_challenge_method", "S256");
        let text = serde_json::to_vec(&memory).map_err(|_| Error::Corrupt("a sign-in's memory"))?;
        let sealed = context.vault.seal(&place(), &text)?;
        Ok(Left { url, cookie: Secret::from(URL_SAFE_NO_PAD.encode(sealed.as_bytes())) })
    }

    /// Lets in whoever comes back, if the issuer vouches for them; where they wanted to go.
    ///
    /// # Errors
    /// It is not the browser that left, the issuer refused, or the person may not come in.
    pub async fn return_from_issuer(
        &self,
        returned: Returned,
        visitor: &Visitor,
    ) -> Result<(SignedIn, String), Error> {
        let settings = self.oidc_settings()?;
        let memory = self.remember(&returned)?;
        if let Some(error) = returned.error {
            tracing::warn!(error, "the OpenID Connect issuer refused a sign-in");
            return Err(refused("oidc_refused", "The company's sign-in refused."));
        }
        let code = returned
            .code
            .ok_or_else(|| refused("oidc_refused", "The company's sign-in came back without a code."))?;
        let issuer = self.issuer(settings, false).await?;
        let answer = self.redeem(settings, &issuer, &code, &memory).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let id_token = text("id_token").ok_or_else(|| unusable("it gave no id_token"))?;
        let mut claims = self.check(settings, issuer.clone(), id_token, &memory.nonce).await?;
        if !claims.contains_key("email") {
            let place = issuer.description.userinfo_endpoint.as_deref();
            if let (Some(place), Some(token)) = (place, text("access_token")) {
                let more: Map<String, Value> = fetch(&self.context, place, Some(token)).await?;
                // OpenID Connect Core §5.3.2: another person's answer must not be used.
                if more.get("sub") == claims.get("sub") {
                    claims.extend(more);
                }
            }
        }
        let user = self.vouched(settings, &issuer.description.issuer, &claims).await?;
        let signed_in = self.begin(&user.id, store::SessionStage::Full, visitor).await?;
        self.note_sign_in(&user, 200, "oidc").await?;
        Ok((signed_in, memory.back_to))
    }

    fn remember(&self, returned: &Returned) -> Result<Memory, Error> {
        let gone = || {
            refused(
                "oidc_expired",
                "This sign-in was not begun in this browser, or took too long. Begin again.",
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(returned.cookie.expose()).map_err(|_| gone())?;
        let clear = self.context.vault.open(&place(), &Sealed::from_bytes(bytes)).map_err(|_| gone())?;
        let memory: Memory = serde_json::from_slice(&clear).map_err(|_| gone())?;
        let same = aws_lc_rs::constant_time::verify_slices_are_equal(
            memory.state.as_bytes(),
            returned.state.as_bytes(),
        );
        match same.is_ok() && memory.ends_at_ms > self.context.now_ms() {
            true => Ok(memory),
            false => Err(gone()),
        }
    }

    async fn redeem(
        &self,
        settings: &OidcSettings,
        issuer: &KnownIssuer,
        code: &Secret,
        memory: &Memory,
    ) -> Result<Map<String, Value>, Error> {
        let callback = self.oidc_callback();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", &callback),
            ("code_verifier", &memory.verifier),
        ];
        let methods = &issuer.description.token_endpoint_auth_methods_supported;
        // RFC 8414 §2: what says nothing takes client_secret_basic.
        let basic = methods.is_empty() || methods.iter().any(|one| one == "client_secret_basic");
        let mut authorization = None;
        match &settings.client_secret {
            Some(secret) if basic => authorization = Some(basic_of(&settings.client_id, secret)),
            Some(secret) => {
                form.extend([("client_id", settings.client_id.as_str()), ("client_secret", secret.expose())])
            }
            None => form.push(("client_id", &settings.client_id)),
        }
        let body = serde_urlencoded::to_string(&form).map_err(unusable)?;
        let url = secure(&issuer.description.token_endpoint).map_err(unusable)?;
        let mut request = Request::new(Body::from(bytes::Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() =
            url.as_str().parse().map_err(|_| unusable("its token endpoint cannot be asked"))?;
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(mut value) = authorization.and_then(|text| HeaderValue::from_str(&text).ok()) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let answer = self.context.egress.fetch_bytes(request, &self.context.settings.token).await?;
        let status = answer.status();
        let body: Map<String, Value> = serde_json::from_slice(answer.body()).unwrap_or_default();
        if !status.is_success() {
            let error = body.get("error").and_then(Value::as_str).unwrap_or("without a reason");
            return Err(unusable(format!("its token endpoint answered {status} ({error})")));
        }
        Ok(body)
    }

    /// The claims of an id_token (OpenID Connect Core §3.1.3.7).
    async fn check(
        &self,
        settings: &OidcSettings,
        issuer: Arc<KnownIssuer>,
        token: &str,
        nonce: &str,
    ) -> Result<Map<String, Value>, Error> {
        let head =
            jsonwebtoken::decode_header(token).map_err(|_| unusable("its id_token is no signed token"))?;
        if !ALGORITHMS.contains(&head.alg) {
            return Err(unusable(format!(
                "its id_token is signed with {:?}, not with a key of its own",
                head.alg
            )));
        }
        let mut found = key(&issuer.keys, head.kid.as_deref());
        if found.is_none() {
            // It may have changed its keys since.
            found = key(&self.issuer(settings, true).await?.keys, head.kid.as_deref());
        }
        let found =
            found.ok_or_else(|| unusable("its id_token is signed with a key that it does not publish"))?;
        let mut rules = Validation::new(head.alg);
        rules.set_audience(&[&settings.client_id]);
        rules.set_issuer(&[&issuer.description.issuer]);
        // The end is judged below, by our own clock.
        rules.validate_exp = false;
        rules.required_spec_claims = ["iss", "aud", "sub", "exp"].map(str::to_owned).into();
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &found, &rules)
            .map_err(|error| unusable(format!("its id_token is not right: {error}")))?
            .claims;
        let expected =
            claims::Expected { client_id: &settings.client_id, nonce, now_ms: self.context.now_ms() };
        let party = claims::text(&claims, "azp").is_none_or(|azp| azp == settings.client_id);
        match claims::is_ours(&claims, expected) && party {
            true => Ok(claims),
            false => Err(refused(
                "oidc_refused",
                "The company's sign-in vouched for somebody else's visit. Begin again.",
            )),
        }
    }
}

fn key(keys: &JwkSet, id: Option<&str>) -> Option<DecodingKey> {
    let jwk = match id {
        Some(id) => keys.find(id)?,
        None => keys.keys.first().filter(|_| keys.keys.len() == 1)?,
    };
    DecodingKey::from_jwk(jwk).ok()
}

/// RFC 6749 §2.3.1: both are form-encoded first.
fn basic_of(id: &str, secret: &Secret) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret.expose()))))
}

/// A refusal that the sign-in page has words for.
pub(super) fn refused(code: &'static str, message: &'static str) -> Error {
    Error::NotSignedIn { code, message }
}

//! How a client application proves itself: secret, signed assertion, or not at all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::failure::Failure;
use super::jws::Parts;
use super::request::EntraRequest;
use crate::directory::{App, AppCertificate};
use crate::principal::ClientProof;
use crate::random;
use crate::web::{self, Params};
use crate::world::World;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Clock skew that Entra ID forgives on assertions.
const SKEW_S: i64 = 300;

/// The application a token request comes from, and how it proved itself.
pub(super) struct Client {
    pub app: App,
    pub proof: ClientProof,
}

/// Identifies and authenticates the client. Whether no proof suffices is the grant's decision.
pub(super) fn authenticate(world: &World, request: &EntraRequest, form: &Params) -> Result<Client, Failure> {
    let basic = basic(request);
    let id = form.get("client_id").or(basic.as_ref().map(|(id, _)| id.as_str()));
    let id = match (id, form.get("client_assertion")) {
        (Some(id), _) => id.to_owned(),
        (None, Some(assertion)) => subject_of(assertion).ok_or_else(|| Failure::missing("client_id"))?,
        (None, None) => return Err(Failure::missing("client_id")),
    };
    let app = world.directory.app(&id).ok_or_else(|| unknown_app(&id, &request.authority))?;
    let secret = form.get("client_secret").or(basic.as_ref().map(|(_, secret)| secret.as_str()));
    let proof = match (secret, form.get("client_assertion")) {
        (_, Some(assertion)) => {
            if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(Failure::missing("client_assertion_type"));
            }
            check_assertion(world, request, &app, assertion)?;
            ClientProof::Certificate
        }
        (Some(secret), None) => {
            check_secret(&app, secret, world.clock.now_ms())?;
            ClientProof::Secret
        }
        (None, None) => ClientProof::None,
    };
    Ok(Client { app, proof })
}

/// AADSTS700016.
pub(super) fn unknown_app(id: &str, authority: &str) -> Failure {
    Failure::new(
        700016,
        format!(
            "Application with identifier '{id}' was not found in the directory '{authority}'. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You may have sent your authentication request to the wrong tenant."
        ),
    )
}

/// AADSTS7000218.
pub(super) fn no_credential() -> Failure {
    Failure::new(
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    )
}

/// `Authorization: Basic`, whose parts are form-encoded (RFC 6749 §2.3.1).
fn basic(request: &EntraRequest) -> Option<(String, String)> {
    let (scheme, encoded) = web::header(&request.headers, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then_some(())?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| {
        percent_encoding::percent_decode_str(&part.replace('+', " "))
            .decode_utf8()
            .ok()
            .map(|text| text.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}

fn check_secret(app: &App, secret: &str, now_ms: i64) -> Result<(), Failure> {
    let hash = random::sha256_hex(secret.as_bytes());
    let Some(known) = app.secrets.iter().find(|known| known.sha256 == hash) else {
        return Err(Failure::new(
            7000215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
                 not the client secret ID, for a secret added to app '{}'.",
                app.id
            ),
        ));
    };
    match known.expires_ms.is_some_and(|end| now_ms >= end) {
        true => Err(Failure::new(
            7000222,
            format!(
                "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for \
                 your app, or consider using certificate credentials for added security.",
                app.id
            ),
        )),
        false => Ok(()),
    }
}

fn subject_of(assertion: &str) -> Option<String> {
    Parts::read(assertion)?.claims["sub"].as_str().map(str::to_owned)
}

fn check_assertion(world: &World, request: &EntraRequest, app: &App, assertion: &str) -> Result<(), Failure> {
    let unsigned = |why: &str| {
        Failure::new(
            700027,
            format!(
                "The certificate with identifier used to sign the client assertion is not \
            registered on application, or the assertion failed signature validation. [Reason - {why}]"
            ),
        )
    };
    let parts = Parts::read(assertion).ok_or_else(|| {
        Failure::new(50027, "JWT token is invalid or malformed: the client assertion cannot be read.")
    })?;
    let certificate = match registered(app, &parts) {
        Some(certificate) => certificate,
        None if parts.header["x5t"].is_null()
            && parts.header["x5t#S256"].is_null()
            && parts.header["x5c"].is_array() =>
        {
            return Err(Failure::new(
                700030,
                "Invalid certificate - subject name in certificate is not authorized. SubjectNames/SubjectAlternativeNames \
                 (up to 10) in token certificate are: none registered.",
            ));
        }
        None => return Err(unsigned("The key was not found.")),
    };
    if !parts.verify(&certificate.public_key_der()) {
        return Err(unsigned(
            "The key used is not the one registered, or the algorithm is neither PS256 nor RS256.",
        ));
    }
    check_assertion_claims(world, request, app, &parts)
}

fn registered<'a>(app: &'a App, parts: &Parts) -> Option<&'a AppCertificate> {
    let named = |name: &str| parts.header[name].as_str().map(|thumb| thumb.trim_end_matches('='));
    let (sha1, sha256) = (named("x5t"), named("x5t#S256"));
    app.certificates.iter().find(|certificate| match (sha256, sha1) {
        (Some(thumb), _) => certificate.x5t_s256 == thumb,
        (None, Some(thumb)) => certificate.x5t == thumb,
        (None, None) => false,
    })
}

fn check_assertion_claims(
    world: &World,
    request: &EntraRequest,
    app: &App,
    parts: &Parts,
) -> Result<(), Failure> {
    let is_app =
        |claim: &str| parts.claims[claim].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&app.id));
    if !(is_app("iss") && is_app("sub")) {
        return Err(Failure::new(
            700021,
            "Client assertion application identifier doesn't match 'client_id' parameter. Review the 'iss' and 'sub' claims.",
        ));
    }
    let audience = parts.claims["aud"].as_str().unwrap_or_default();
    if !audience_is_ours(world, request, audience) {
        return Err(Failure::new(
            700023,
            format!(
                "Client assertion audience claim does not match Realm issuer. Review the 'aud' claim ('{audience}')."
            ),
        ));
    }
    let now_s = world.clock.now_ms().div_euclid(1000);
    let seconds = |claim: &str| parts.claims[claim].as_f64().map(|seconds| seconds as i64);
    let starts = seconds("nbf").or_else(|| seconds("iat")).unwrap_or(now_s);
    match seconds("exp") {
        Some(ends) if now_s < ends + SKEW_S && now_s >= starts - SKEW_S => Ok(()),
        _ => Err(Failure::new(
            700024,
            "Client assertion is not within its valid time range. Current time is outside 'nbf' and 'exp' of the assertion.",
        )),
    }
}

/// The token endpoint of either version, or the tenant's issuer, on our own origin or Microsoft's.
fn audience_is_ours(world: &World, request: &EntraRequest, audience: &str) -> bool {
    let Ok(url) = url::Url::parse(audience) else { return false };
    let own = url::Url::parse(&request.origin).is_ok_and(|own| own.origin() == url.origin());
    let host = url.host_str().unwrap_or_default();
    let microsoft =
        url.scheme() == "https" && matches!(host, "login.microsoftonline.com" | "sts.windows.net");
    let mut path = url.path().trim_start_matches('/').splitn(2, '/');
    let authority = path.next().unwrap_or_default();
    let rest = path.next().unwrap_or_default().trim_end_matches('/');
    let same_tenant = match (world.directory.tenant(authority), world.directory.tenant(&request.authority)) {
        (Some(named), Some(asked)) => named.id == asked.id,
        _ => authority.eq_ignore_ascii_case(&request.authority),
    };
    let known_path = matches!(rest, "oauth2/v2.0/token" | "oauth2/token" | "v2.0" | "");
    (own || microsoft || crate::hosts::role(url.authority()) == crate::hosts::Role::Everything)
        && same_tenant
        && known_path
}

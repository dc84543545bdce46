//! TWO_STEP: a chain of token requests built from form fields.

use super::oauth2::ScopeRules;
use super::signed::JwtTemplate;
use super::token::{BodyFormat, Method, TokenLife};
use crate::template::{Template, TemplateTree};

/// A chain of token requests built from form fields, perhaps with an assertion that we sign.
#[derive(Debug, Clone)]
pub struct TwoStep {
    /// The first request. `${assertion}` stands for the signed assertion, `${token}` for the JWT, and
    /// `${resource.origin}` and `${resource.scope}` for the [`super::Resource`] that a token is minted for, without
    /// value otherwise.
    pub request: TokenStep,
    /// Further requests; `${stepN.path}` is the answer of the N-th request, counted from 1.
    pub additional_steps: Vec<TokenStep>,
    /// In place of the chain once there is a refresh token (`${refresh_token}`).
    pub refresh: Option<TokenStep>,
    /// Where the last answer carries what.
    pub answer: TokenAnswerPaths,
    /// How long a token lives where the answer does not say.
    pub token_life: TokenLife,
    /// How long before its end a token is renewed, seconds, in place of the usual margin.
    pub expiration_buffer_seconds: Option<u32>,
    /// Dotted paths of the answers (the last that has one wins) copied to `connection_config`.
    pub token_response_metadata: Vec<String>,
    /// How `${assertion}` (or `${credentials.assertion}`) is made.
    pub assertion: Option<Assertion>,
    /// How `${token}` is made.
    pub jwt: Option<JwtTemplate>,
    /// Used when the integration configures no scopes.
    pub default_scopes: Vec<String>,
    /// Rules on the scopes that an integration configures for it.
    pub scope_rules: ScopeRules,
}

/// One token request of a chain.
#[derive(Debug, Clone)]
pub struct TokenStep {
    /// Where it goes; may be an address that an earlier answer gave (`${step1.…}`).
    pub url: Template,
    /// The method.
    pub method: Method,
    /// Its headers.
    pub headers: Vec<(String, Template)>,
    /// Its fields, in the file's order; nested where the body is JSON or XML.
    pub params: Vec<(String, TemplateTree)>,
    /// Their encoding.
    pub body_format: BodyFormat,
}

/// Where the last answer of a chain carries what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenAnswerPaths {
    /// The token, dotted; empty means that the body itself is the token.
    pub token: String,
    /// Its life or its end.
    pub expiry: Option<Expiry>,
    /// The refresh token, dotted.
    pub refresh_token: Option<String>,
    /// Response headers that are kept (`set-cookie`: each cookie by name, and all joined as `_cookies`).
    pub headers: Vec<String>,
}

/// Where and how an answer says when the token ends; dotted paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expiry {
    /// A number of seconds.
    In(String),
    /// A moment.
    At(String),
}

/// A signed assertion.
#[derive(Debug, Clone)]
pub enum Assertion {
    /// A client assertion (RFC 7523 §2.2) as Entra ID wants it: PS256 with `x5t#S256`.
    Certificate(CertificateAssertion),
    /// A JWT with claims from the definition.
    Jwt(JwtAssertion),
    /// A SAML 2.0 bearer assertion (RFC 7522).
    Saml(Box<SamlAssertion>),
}

/// A client assertion signed with the key of a certificate (RFC 7523 §2.2): PS256 with `x5t#S256`.
#[derive(Debug, Clone)]
pub struct CertificateAssertion {
    /// `aud`: the token endpoint.
    pub audience: Template,
    /// `iss` and `sub`: the client id.
    pub issuer: Template,
    /// Life of one assertion, seconds; signed afresh for every token request.
    pub lifetime_seconds: u32,
    /// Whose key signs it.
    pub key: AssertionKey,
}

/// Whose key signs client assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionKey {
    /// A key pair made here when the person gives none; they register the certificate with the vendor.
    HeldOrGiven,
    /// Always a key that the person gives.
    Given,
}

/// A JWT with claims from the definition.
#[derive(Debug, Clone)]
pub struct JwtAssertion {
    /// The PEM key; one from `assertionOption.…` is used once and never stored, and so is what it signed kept.
    pub key: Template,
    /// Life, seconds.
    pub lifetime_seconds: u32,
    /// The header (`alg`, `kid`).
    pub header: TemplateTree,
    /// The claims besides `iat` and `exp`.
    pub payload: TemplateTree,
}

/// A SAML 2.0 bearer assertion (RFC 7522).
#[derive(Debug, Clone)]
pub struct SamlAssertion {
    /// The PEM key.
    pub key: Template,
    /// Life, seconds.
    pub lifetime_seconds: u32,
    /// `Issuer`.
    pub issuer: Template,
    /// `Audience`.
    pub audience: Template,
    /// `Recipient` of the subject confirmation.
    pub recipient: Template,
    /// `NameID` of the subject.
    pub name_identifier: Template,
    /// `SessionIndex` of the authentication statement.
    pub session_index: Option<Template>,
    /// The attribute statement.
    pub attributes: Vec<(String, Template)>,
}

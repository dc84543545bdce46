//! What every kind of token request has in common.

/// How the client proves itself to the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_id` and `client_secret` in the body (`client_secret_post`).
    Body,
    /// `Authorization: Basic` (`client_secret_basic`).
    Basic,
    /// Both: `authorization_method` absent and `token_request_auth_method: basic` (contract §7.5).
    BasicAndBody,
    /// The fields are called `username` and `password` (`token_request_auth_method: custom`).
    UsernamePassword,
    /// A JWT signed with the connection's `client_private_key` (RFC 7523 §2.2).
    PrivateKeyJwt,
}

/// The encoding of a token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
    /// Parameters in the URL's query, no body.
    Query,
    /// `application/xml`, an element for each key.
    Xml,
}

/// The method of a token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// POST.
    #[default]
    Post,
    /// GET.
    Get,
}

impl Method {
    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
        }
    }
}

/// The unit of `expires_in`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpiryUnit {
    /// Seconds (RFC 6749 §5.1).
    #[default]
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

/// How long a token lives where the answer does not say (`token_expires_in_ms`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenLife {
    /// Only what the answer says counts.
    #[default]
    AsAnswered,
    /// For ever: `token_expires_in_ms: 0`.
    Endless,
    /// So many milliseconds from the moment it was issued.
    Milliseconds(i64),
}

//! Authorizations that begin at the vendor and arrive by webhook (contract §4.1 `installation: outbound`).

use crate::template::Template;

/// An authorization whose code a webhook brings.
#[derive(Debug, Clone)]
pub struct OutboundInstallation {
    /// Dotted path of the code in the webhook's body.
    pub code_at: String,
    /// Dotted paths of the webhook's body copied to `connection_config`.
    pub metadata: Vec<String>,
    /// How the webhook is known and whose it is; without it nobody is connected.
    pub webhook: Option<InstallationWebhook>,
}

/// How an installation's webhook is known to be the vendor's, and to whom it belongs.
#[derive(Debug, Clone)]
pub struct InstallationWebhook {
    /// What only the vendor can make.
    pub signature: WebhookSignature,
    /// Dotted paths of the body with the text that an installation's webhook has there; others are left alone.
    pub says: Vec<(String, String)>,
    /// Dotted paths of the body with what the waiting authorization says there: all of it, or it is another's.
    pub matching: Vec<(String, Template)>,
}

/// An HMAC-SHA256 of a webhook's body, in a header.
#[derive(Debug, Clone)]
pub struct WebhookSignature {
    /// The header.
    pub header: String,
    /// What stands before the signature, for example `sha256=`.
    pub prefix: String,
    /// How it is written.
    pub encoding: SignatureEncoding,
    /// Which secret of the integration is the key.
    pub key: SignatureKey,
}

/// How the bytes of a signature are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureEncoding {
    /// Hexadecimal.
    Hex,
    /// Base64 with padding (RFC 4648 §4).
    Base64,
}

/// Which secret of the integration signs webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureKey {
    /// The OAuth client's.
    ClientSecret,
    /// The one that the operator entered for webhooks.
    WebhookSecret,
}

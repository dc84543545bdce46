//! The shapes of the operator's routes.

#![expect(dead_code, reason = "these types are only described, never built")]

use utoipa::ToSchema;

/// What `doctor` found.
#[derive(ToSchema)]
pub struct DoctorAnswer {
    findings: Vec<DoctorFinding>,
}

/// One thing that was looked at.
#[derive(ToSchema)]
pub struct DoctorFinding {
    check: String,
    /// `ok`, `warning` or `failure`.
    level: String,
    text: String,
    remedy: Option<String>,
}

/// What a backup wrote.
#[derive(ToSchema)]
pub struct BackupAnswer {
    data: BackupFacts,
}

/// A copy of the database.
#[derive(ToSchema)]
pub struct BackupFacts {
    database: String,
    bytes: u64,
    /// Encryption keys that it needs.
    key_ids: Vec<String>,
    created_at: String,
}

/// The encryption keys.
#[derive(ToSchema)]
pub struct KeysAnswer {
    keys: Vec<EncryptionKey>,
    rotation: Option<Rotation>,
}

/// An encryption key, by its id.
#[derive(ToSchema)]
pub struct EncryptionKey {
    id: String,
    /// `seals`, `opens`, or `missing` where something is sealed with a key that the server does not know.
    state: String,
    /// How many values it seals.
    values: u64,
}

/// The rotation that is under way, or was the last one.
#[derive(ToSchema)]
pub struct Rotation {
    to: String,
    began_at: String,
    ended_at: Option<String>,
}

/// A key that is known now.
#[derive(ToSchema)]
pub struct LearntAnswer {
    id: String,
}

/// A rotation that has begun.
#[derive(ToSchema)]
pub struct RotationAnswer {
    to: String,
    began_at: String,
    /// How much is sealed by any key.
    values: u64,
}

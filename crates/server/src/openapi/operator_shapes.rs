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

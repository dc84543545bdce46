//! What the directory knows, as one value that is written to disk whole.

use serde::{Deserialize, Serialize};

use super::model::{App, Consent, Tenant, User};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DirectoryState {
    pub tenants: Vec<Tenant>,
    pub users: Vec<User>,
    pub apps: Vec<App>,
    pub consents: Vec<Consent>,
}

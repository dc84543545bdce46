//! The operator's way in: every route, for whoever could open the socket in the data directory.

use axum::{Extension, Router};

use crate::app::SharedApp;
use crate::router;

/// Marks a request that came by the operator's socket, whose file only the server's own user can open: that is the
/// proof of every right.
#[derive(Debug, Clone, Copy)]
pub struct ByOperator;

/// Every route without a base path, each request marked as the operator's.
pub(crate) fn router(app: SharedApp) -> Router {
    router::without_base_path(app).layer(Extension(ByOperator))
}

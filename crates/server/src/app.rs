//! What the edge needs, shared by all handlers.

use std::sync::Arc;

use domain::Secret;
use ipnet::IpNet;
use services::Services;

use crate::metrics::Metrics;
use crate::rate_limit::RateLimits;

/// What the edge needs.
pub struct App {
    /// The use-cases.
    pub services: Services,
    /// Embedded pages.
    pub assets: web::Assets,
    /// Settings of the edge.
    pub edge: EdgeSettings,
    /// How often a caller may call; without it as often as they like.
    pub rate_limits: Option<RateLimits>,
    /// When it began.
    pub started: tokio::time::Instant,
    /// Counters for `/metrics`.
    pub metrics: Metrics,
}

/// Settings of the edge.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// Path in front of every route, for example `/sheetbend`; empty or without a trailing slash.
    pub base_path: String,
    /// Our address with the base path, without a trailing slash.
    pub public_url: String,
    /// Reverse proxies whose `X-Forwarded-*` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may read `/metrics` on the main listener; without it there is no such route.
    pub metrics_token: Option<Secret>,
    /// What our own listener speaks, `http` or `https`.
    pub scheme: &'static str,
    /// Longest body of a call that does not go through the proxy, bytes.
    pub body_limit: usize,
}

/// How handlers see it.
pub type SharedApp = Arc<App>;

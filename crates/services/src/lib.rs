//! The use-cases: credentials, connect, proxy, webhooks, and the log of what happened.

pub mod api_keys;
pub mod audit;
mod client_registration;
pub mod connect;
pub mod context;
pub mod counts;
pub mod credentials;
pub mod environments;
pub mod error;
pub mod fault;
pub mod inbound;
pub mod integration_form;
pub mod integration_secrets;
pub mod integrations;
pub mod jobs;
pub mod key_rotation;
pub mod operations;
pub mod operator;
pub mod people;
pub mod proxy;
mod services;
pub mod webhooks;

pub use services::{Retention, Services};

/// The store's nouns that cross the edge: filters, patches, summaries.
pub mod store {
    pub use ::store::{
        Actor, ApiKey, Audit, AuditFilter, Change, ConnectionFilter, ConnectionPatch, ConnectionSummary,
        Delivery, DeliveryFilter, DeliveryState, Dialect, JsonWrite, KeyOwner, LinkPurpose, MOST_COUNTED,
        RoleIn, SessionStage, Span, Standing, StoreError, TaskCount, Try, User, UserSession, passes,
    };
}

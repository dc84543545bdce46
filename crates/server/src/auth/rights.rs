//! The rights that routes ask for.

/// A right that a route needs; any one of the listed scopes gives it.
pub trait Right: Send + Sync + 'static {
    /// The scopes, any of which suffices.
    const ANY_OF: &'static [&'static str];
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident = [$($scope:literal),*];)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl Right for $name {
            const ANY_OF: &'static [&'static str] = &[$($scope),*];
        }
    )*};
}

rights! {
    /// Read one integration.
    ReadIntegration = ["environment:integrations:read", "environment:integrations:read_credentials"];
    /// Create integrations.
    CreateIntegration = ["environment:integrations:create"];
    /// Change integrations.
    UpdateIntegration = ["environment:integrations:update"];
    /// Delete integrations.
    DeleteIntegration = ["environment:integrations:delete"];
    /// List connections.
    ListConnections = ["environment:connections:list", "environment:connections:list_credentials"];
    /// Read one connection.
    ReadConnection = ["environment:connections:read", "environment:connections:read_credentials"];
    /// Read one connection with its credentials.
    ReadCredentials = ["environment:connections:read_credentials"];
    /// Import connections.
    CreateConnection = ["environment:connections:create"];
    /// Change connections.
    UpdateConnection = ["environment:connections:update"];
    /// Delete connections.
    DeleteConnection = ["environment:connections:delete"];
    /// Make connect sessions.
    WriteSessions = ["environment:connect_sessions:write"];
    /// Forward calls.
    UseProxy = ["environment:proxy"];
    /// Read the log.
    ReadLogs = ["environment:logs:read"];
    /// Any key of an environment.
    AnyKey = [];
    /// Read the variables.
    ReadVariables = ["environment:variables:read"];
    /// Replace the variables.
    UpdateVariables = ["environment:variables:update"];
    /// Read and rotate the key that webhooks are signed with.
    RotateSigningKey = ["environment:webhook_signing_key:rotate"];
    /// Read the environment's settings.
    ReadSettings = ["environment:settings:read", "environment:settings:update"];
    /// Change the environment's settings.
    UpdateSettings = ["environment:settings:update"];
    /// List environments.
    ListEnvironments = ["account:environments:list"];
    /// Make environments.
    CreateEnvironment = ["account:environments:create"];
    /// Delete environments.
    DeleteEnvironment = ["account:environments:delete"];
    /// List keys of any environment.
    ListKeys = ["account:environments:api_keys:list"];
    /// Make keys of any environment.
    CreateKey = ["account:environments:api_keys:create"];
    /// Revoke keys of any environment.
    DeleteKey = ["account:environments:api_keys:delete"];
    /// List and make keys of the account.
    CreateAccountKey = ["account:api_keys:create"];
    /// Revoke keys of the account.
    DeleteAccountKey = ["account:api_keys:delete"];
    /// Look after the installation.
    Operate = ["account:operate"];
    /// Send webhooks once more.
    ReplayWebhooks = ["environment:webhooks:replay"];
}

//! What Entra ID's AADSTS codes mean, who must act and how.
//!
//! Source: Microsoft, "Microsoft Entra authentication and authorization error codes"
//! (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>). Microsoft asks programs to react on
//! `error` and `suberror`; the number only chooses the words that a person reads.

use domain::connection::Actor;

/// One known code, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntraCode {
    /// The number after `AADSTS`.
    pub code: u32,
    /// Who must act.
    pub actor: Actor,
    /// What happened.
    pub cause: &'static str,
    /// What the actor must do.
    pub remedy: &'static str,
}

/// Looks a code up.
pub fn find(code: u32) -> Option<&'static EntraCode> {
    CODES.binary_search_by_key(&code, |entry| entry.code).ok().map(|index| &CODES[index])
}

/// Microsoft's page about a code.
pub fn link(code: u32) -> String {
    format!("https://login.microsoftonline.com/error?code={code}")
}

const fn user(code: u32, cause: &'static str, remedy: &'static str) -> EntraCode {
    EntraCode { code, actor: Actor::User, cause, remedy }
}

const fn admin(code: u32, cause: &'static str, remedy: &'static str) -> EntraCode {
    EntraCode { code, actor: Actor::Admin, cause, remedy }
}

const fn developer(code: u32, cause: &'static str, remedy: &'static str) -> EntraCode {
    EntraCode { code, actor: Actor::Developer, cause, remedy }
}

const fn nobody(code: u32, cause: &'static str, remedy: &'static str) -> EntraCode {
    EntraCode { code, actor: Actor::Nobody, cause, remedy }
}

const RECONNECT: &str = "Connect the account again.";
const WAIT: &str = "Nothing; it is retried by itself. If it lasts, look at Microsoft's service health.";
const MFA: &str = "Connect again and complete the extra verification when Microsoft asks for it.";
const POLICY: &str =
    "Change the Conditional Access policy, or sign in from a device and place that it allows.";
const DEVICE: &str = "Connect from a device that the organisation manages and that complies with its policy.";
const TENANT_URL: &str =
    "Set the connection's tenant to the organisation's GUID or domain instead of `common`.";
const REDIRECT: &str =
    "Register Sheetbend's redirect URI, letter for letter, as a Web platform in the app registration.";
const REGISTRATION: &str = "Correct the app registration's API permissions and grant consent again.";
const CERTIFICATE: &str =
    "Upload the certificate (.cer) of this connection to the app registration and try again.";
const OUR_REQUEST: &str =
    "Check the integration's scopes and parameters; if they are right, report this as a bug.";

/// Sorted by code.
const CODES: &[EntraCode] = &[
    user(
        16000,
        "The signed-in account belongs to another organisation.",
        "Sign in with an account of the right organisation.",
    ),
    developer(
        28000,
        "Scopes of more than one resource were asked for in one token request.",
        "Ask for the scopes of one resource only; Sheetbend mints tokens for further resources by itself.",
    ),
    developer(28002, "A scope is not valid for this resource.", "Correct the integration's scopes."),
    developer(28003, "No scope was asked for.", "Add at least one scope to the integration."),
    developer(
        50001,
        "The resource is not known in this tenant.",
        "Correct the resource's host; the tenant must also use that service.",
    ),
    developer(50011, "The redirect URI is not registered for the app.", REDIRECT),
    developer(50012, "The client assertion's certificate is not accepted.", CERTIFICATE),
    user(
        50020,
        "The account does not exist in this tenant.",
        "Use an account of the tenant, or have its administrator invite you as a guest.",
    ),
    nobody(50033, "Entra ID had a passing failure.", WAIT),
    user(
        50034,
        "The account does not exist in this tenant.",
        "Use an account of the tenant, or have its administrator invite you as a guest.",
    ),
    user(
        50053,
        "The account is locked, or the sign-in came from a blocked address.",
        "Wait and sign in again, or ask the administrator to unlock the account.",
    ),
    user(50055, "The password has expired.", "Change the password, then connect the account again."),
    admin(50057, "The account is disabled.", "Enable the account; then the user connects again."),
    user(50058, "Nobody is signed in.", RECONNECT),
    developer(50059, "The request does not say which tenant is meant.", TENANT_URL),
    user(50072, "The account must enrol for multi-factor authentication.", MFA),
    user(50074, "Multi-factor authentication is required.", MFA),
    user(50076, "Multi-factor authentication is required.", MFA),
    user(50078, "The multi-factor authentication has expired.", MFA),
    user(50079, "The account must enrol for multi-factor authentication.", MFA),
    user(50089, "The sign-in took too long.", RECONNECT),
    admin(
        50105,
        "The user is not assigned to the app.",
        "Assign the user (or a group of theirs) to the enterprise application.",
    ),
    user(50126, "The user name or password is wrong.", RECONNECT),
    developer(50128, "The tenant cannot be told from the request.", TENANT_URL),
    user(50132, "The session was revoked, or the password was changed.", RECONNECT),
    user(50133, "The session was revoked, or the password was changed.", RECONNECT),
    user(50158, "The organisation asks for an additional verification.", MFA),
    user(50173, "The grant was revoked, for example after a password reset.", RECONNECT),
    developer(50194, "A single-tenant app was used on the `common` endpoint.", TENANT_URL),
    developer(
        50196,
        "The same request was repeated too often.",
        "Wait some minutes; if it comes back, report this as a bug.",
    ),
    admin(53000, "The device does not comply with the organisation's policy.", DEVICE),
    admin(53001, "The device is not joined to the organisation.", DEVICE),
    admin(53002, "The app is not approved for this device.", POLICY),
    admin(53003, "A Conditional Access policy blocks this sign-in.", POLICY),
    user(54005, "The authorization code was already used.", RECONNECT),
    user(
        65001,
        "Nobody has consented to these permissions yet.",
        "Connect again and accept, or ask an administrator to grant consent for the organisation.",
    ),
    user(65004, "The user declined the permissions.", "Connect again and accept the permissions."),
    developer(65005, "The app registration lacks a permission that was asked for.", REGISTRATION),
    developer(70000, "The grant is not valid.", RECONNECT),
    developer(
        70001,
        "The app is not known in this tenant.",
        "Check the client id and the tenant; an administrator may have to consent first.",
    ),
    developer(
        70002,
        "The client secret is wrong.",
        "Paste the secret's VALUE (not its ID) into the integration.",
    ),
    user(70008, "The authorization code or refresh token has expired.", RECONNECT),
    developer(
        70011,
        "The scopes cannot be combined: `.default` does not go with scopes of a resource.",
        "Use either `.default` (with offline_access) or named scopes, not both.",
    ),
    user(70016, "The sign-in has not happened yet.", "Finish the sign-in."),
    user(70019, "The code has expired.", RECONNECT),
    user(70020, "The code has expired.", RECONNECT),
    user(70043, "The organisation's sign-in frequency ended the session.", RECONNECT),
    developer(
        90002,
        "The tenant does not exist in this cloud.",
        "Correct the tenant's GUID or domain, or choose the integration's right cloud.",
    ),
    nobody(90006, "Entra ID had a passing failure.", WAIT),
    developer(90009, "The app asks for a token to itself.", OUR_REQUEST),
    developer(90014, "A field is missing from the request.", OUR_REQUEST),
    nobody(90024, "Entra ID had a passing failure.", WAIT),
    nobody(90033, "Entra ID is not available for the moment.", WAIT),
    nobody(90055, "Too many requests: Entra ID throttles the tenant.", WAIT),
    user(
        90072,
        "The account does not exist in this tenant.",
        "Use an account of the tenant, or have its administrator invite you as a guest.",
    ),
    admin(
        90094,
        "An administrator must consent to these permissions.",
        "Open the admin consent link and accept for the organisation.",
    ),
    admin(
        90095,
        "An administrator must consent to these permissions; a request was offered.",
        "Open the admin consent link and accept for the organisation.",
    ),
    developer(90124, "The resource is not allowed on `common` or `consumers`.", TENANT_URL),
    developer(90130, "The app is not allowed on `common` or `consumers`.", TENANT_URL),
    developer(
        500011,
        "The resource is not present in the tenant.",
        "Correct the resource's host; the tenant must have used that service, and the app needs consent for it.",
    ),
    developer(500112, "The redirect URI differs between the two steps of the authorization.", REDIRECT),
    developer(500113, "The app registration has no redirect URI.", REDIRECT),
    user(501481, "The PKCE verifier does not fit the authorization.", RECONNECT),
    admin(530003, "The organisation wants a managed device.", DEVICE),
    admin(530032, "The organisation's security policy blocks this sign-in.", POLICY),
    admin(530035, "The organisation's security defaults block this sign-in.", POLICY),
    admin(
        650052,
        "The tenant has no licence or service for this resource.",
        "Enable the service for the tenant.",
    ),
    developer(650056, "The app registration is misconfigured.", REGISTRATION),
    developer(650057, "The resource is not among the app registration's permissions.", REGISTRATION),
    user(700005, "The code was issued for another tenant.", RECONNECT),
    developer(
        700011,
        "The app is not known in this tenant.",
        "Check the client id and the tenant; an administrator may have to consent first.",
    ),
    developer(
        700016,
        "The app is not known in this tenant.",
        "Check the client id and the tenant; an administrator may have to consent first.",
    ),
    developer(
        700022,
        "Scopes of more than one resource were asked for in one token request.",
        "Ask for the scopes of one resource only; Sheetbend mints tokens for further resources by itself.",
    ),
    developer(
        700024,
        "The client assertion is outside its validity.",
        "Set the server's clock right; a pasted assertion has to be made again.",
    ),
    developer(
        700025,
        "A public client sent a credential.",
        "Register the redirect URI as Web, and switch off public client flows.",
    ),
    developer(
        700027,
        "The client assertion's signature does not belong to a registered certificate.",
        CERTIFICATE,
    ),
    developer(700030, "The certificate's subject is not allowed.", CERTIFICATE),
    user(700082, "The refresh token expired after 90 days without use.", RECONNECT),
    developer(
        700084,
        "The refresh token belongs to a single-page-app redirect and lives 24 hours only.",
        "Register the redirect URI as Web instead of SPA, then the user connects again.",
    ),
    developer(900144, "A field is missing from the request body.", OUR_REQUEST),
    developer(900561, "The endpoint does not take this verb.", OUR_REQUEST),
    developer(900971, "The request names no redirect URI.", REDIRECT),
    developer(
        1002012,
        "A client-credentials scope must end in `/.default`.",
        "Set the integration's scope to `<resource>/.default`.",
    ),
    developer(7000112, "The app is disabled.", "Enable the enterprise application in the tenant."),
    developer(
        7000215,
        "The client secret is wrong; often the secret's ID was pasted instead of its value.",
        "Paste the secret's VALUE into the integration; make a new secret if it is no longer shown.",
    ),
    developer(
        7000218,
        "The app needs a client secret or certificate, and none was sent.",
        "Enter the client secret in the integration.",
    ),
    developer(
        7000222,
        "The client secret has expired.",
        "Make a new client secret and enter its value in the integration.",
    ),
    developer(9001023, "This grant is not allowed on `common` or `consumers`.", TENANT_URL),
    developer(9002313, "The request is malformed.", OUR_REQUEST),
    developer(
        9002325,
        "The redirect URI is registered for single-page apps.",
        "Register the redirect URI as Web.",
    ),
    developer(
        9002326,
        "The redirect URI is registered for single-page apps.",
        "Register the redirect URI as Web.",
    ),
    developer(
        9002327,
        "The redirect URI is registered for single-page apps.",
        "Register the redirect URI as Web.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_code_is_found() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(find(700_082).unwrap().actor, Actor::User);
        assert!(find(1).is_none());
    }
}

//! What a browser brings to `/oauth/callback`: read without a panic, the first value of a name counts, a state never
//! makes a cookie name that is more than a name, and what the provider says stays short.

use services::connect::callback::CallbackRequest;
use services::connect::state::cookie_name;

const NAMES: [&str; 9] = [
    "state",
    "payload",
    "customField",
    "code",
    "error",
    "error_description",
    "tenant",
    "admin_consent",
    "installation_id",
];

pub fn check(query: &str) {
    let params: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let request = CallbackRequest { params: params.clone(), cookie: None };
    for name in NAMES {
        let first = params.iter().find(|(key, value)| key == name && !value.is_empty());
        assert_eq!(request.param(name), first.map(|(_, value)| value.as_str()));
    }
    if let Some(state) = request.state() {
        let name = cookie_name(state);
        assert!(!name.contains([';', '=', ' ', '\r', '\n', ',']), "{name:?}");
    }
    if let Some(said) = request.provider_error() {
        assert!((1..=1_000).contains(&said.chars().count()), "{} characters", said.chars().count());
    }
}

//! What a browser brings to `/oauth/callback`: read without a panic, the first value of a name counts, and a state
//! never makes a cookie name that is more than a name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use services::connect::callback::CallbackRequest;
use services::connect::state::cookie_name;

fuzz_target!(|query: &str| {
    let params: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let request = CallbackRequest { params: params.clone(), cookie: None };
    for name in ["state", "code", "error", "error_description", "tenant", "admin_consent", "installation_id"] {
        let first = params.iter().find(|(key, value)| key == name && !value.is_empty());
        assert_eq!(request.param(name), first.map(|(_, value)| value.as_str()));
    }
    if let Some(state) = request.param("state") {
        let name = cookie_name(state);
        assert!(!name.contains([';', '=', ' ', '\r', '\n', ',']), "{name:?}");
    }
});

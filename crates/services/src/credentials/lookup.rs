//! What a definition's placeholders find among submitted fields.

use domain::credentials::FormFields;

/// A submitted field; `key.id` and `key.secret` are the halves of a `key` that was pasted as `id:secret` (Ghost's
/// Admin API keys).
pub fn field(fields: &FormFields, name: &str) -> Option<String> {
    if let Some(secret) = fields.get(name) {
        return Some(secret.expose().to_owned());
    }
    let (whole, half) = name.rsplit_once('.')?;
    let (id, secret) = fields.get(whole)?.expose().split_once(':')?;
    match half {
        "id" => Some(id.to_owned()),
        "secret" => Some(secret.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::Secret;

    use super::*;

    #[test]
    fn a_key_of_two_halves_is_taken_apart() {
        let fields: FormFields = [("privateKey", "abc:0123:45"), ("issuer.id", "given"), ("empty", "")]
            .map(|(name, value)| (name.to_owned(), Secret::new(value)))
            .into_iter()
            .collect();
        let found = |name| field(&fields, name);
        assert_eq!(found("privateKey.id").as_deref(), Some("abc"));
        assert_eq!(found("privateKey.secret").as_deref(), Some("0123:45"));
        assert_eq!(found("issuer.id").as_deref(), Some("given"));
        for none in ["privateKey.other", "empty", "empty.id", "issuer", ""] {
            assert_eq!(found(none), None, "{none}");
        }
    }
}

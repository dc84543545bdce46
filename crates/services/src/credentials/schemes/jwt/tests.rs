use domain::credentials::FormFields;
use domain::template::Template;
use serde_json::json;

use super::*;

const NOW_MS: i64 = 1_795_219_200_500;

fn tree(value: &Value) -> TemplateTree {
    match value {
        Value::String(text) => TemplateTree::Text(Template::parse(text).unwrap()),
        Value::Array(items) => TemplateTree::List(items.iter().map(tree).collect()),
        Value::Object(map) => {
            TemplateTree::Map(map.iter().map(|(key, value)| (key.clone(), tree(value))).collect())
        }
        other => TemplateTree::Literal(other.clone()),
    }
}

fn template(protocol: SigningProtocol, key: &str, header: &Value, payload: &Value) -> JwtTemplate {
    JwtTemplate {
        protocol,
        signing_key: Template::parse(key).unwrap(),
        hmac_secret_encoding: HmacSecretEncoding::Hex,
        life_ms: 300_000,
        header: tree(header),
        payload: tree(payload),
    }
}

fn values(path: &str) -> Option<String> {
    let fields: FormFields =
        [("key", "000102030405060708090a0b0c0d0e0f:0f0e0d"), ("scope", ""), ("plain", "s3cret")]
            .map(|(name, value)| (name.to_owned(), Secret::new(value)))
            .into_iter()
            .collect();
    crate::credentials::lookup::field(&fields, path.strip_prefix("credentials.")?)
}

fn parts(token: &Secret) -> (Value, Value) {
    let part = |text: &str| {
        let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
        serde_json::from_slice(&json).unwrap()
    };
    let mut pieces = token.expose().split('.');
    (part(pieces.next().unwrap()), part(pieces.next().unwrap()))
}

/// The shape of Ghost's Admin API tokens: `id:secret`, the secret in hexadecimal, `kid` and `aud`.
#[test]
fn claims_and_header_are_filled_and_what_has_no_value_is_left_out() {
    let header = json!({"alg": "HS256", "kid": "${credentials.key.id}"});
    let payload = json!({"aud": "/admin/", "scope": ["${credentials.scope}"], "sub": "${credentials.scope}"});
    let template = template(SigningProtocol::Hmac, "${credentials.key.secret}", &header, &payload);
    let signed = sign(&template, &values, NOW_MS).unwrap();
    let (header, claims) = parts(&signed.token);
    assert_eq!(header, json!({"alg": "HS256", "kid": "000102030405060708090a0b0c0d0e0f"}));
    assert_eq!(claims, json!({"aud": "/admin/", "iat": 1_795_219_200, "exp": 1_795_219_500}));
    assert_eq!(signed.expires_at_ms, 1_795_219_500_000, "it ends when its `exp` says");
    let key = jsonwebtoken::DecodingKey::from_secret(&[0x0f, 0x0e, 0x0d]);
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    rules.set_audience(&["/admin/"]);
    rules.validate_exp = false;
    jsonwebtoken::decode::<Value>(signed.token.expose(), &key, &rules).unwrap();
}

#[test]
fn a_secret_is_read_as_it_is_written() {
    let signs = |encoding, text: &str| {
        let template = JwtTemplate {
            hmac_secret_encoding: encoding,
            ..template(SigningProtocol::Hmac, text, &json!({}), &json!({"iss": "i"}))
        };
        sign(&template, &values, NOW_MS).map(|signed| signed.token)
    };
    let plain = signs(HmacSecretEncoding::Utf8, "${credentials.plain}").unwrap();
    assert_eq!(plain, signs(HmacSecretEncoding::Hex, "733363726574").unwrap());
    assert_eq!(plain, signs(HmacSecretEncoding::Base64, "czNjcmV0").unwrap());
    for (encoding, text) in [
        (HmacSecretEncoding::Hex, "${credentials.plain}"),
        (HmacSecretEncoding::Hex, "abc"),
        (HmacSecretEncoding::Base64, "***"),
    ] {
        let refused = signs(encoding, text).unwrap_err().to_string();
        assert!(!refused.contains("s3cret"), "{refused}");
    }
    let missing = signs(HmacSecretEncoding::Utf8, "${credentials.absent}").unwrap_err();
    assert_eq!(missing, SettingProblem::Missing("credentials.absent".to_owned()));
}

#[test]
fn an_algorithm_of_another_family_does_not_sign() {
    for (protocol, algorithm) in
        [(SigningProtocol::Hmac, "RS256"), (SigningProtocol::Hmac, "none"), (SigningProtocol::Rsa, "HS256")]
    {
        let template = template(protocol, "733363726574", &json!({"alg": algorithm}), &json!({}));
        assert!(sign(&template, &values, NOW_MS).is_err(), "{algorithm}");
    }
}

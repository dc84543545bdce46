use serde_json::json;

use super::*;

/// RFC 7515 Appendix A.1.1.
const A1_SECRET: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const A1: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7515 Appendix A.2.1.
const A2: &str = "eyJhbGciOiJSUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU\
    Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d\
    O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig\
    cN_IoypGlUPQGe77Rw";
/// The key of Appendix A.2 as PKCS #8 and that of A.3 as SEC 1.
const A2_KEY: &str = include_str!("rfc7515_a2.pem");
const A3_KEY: &str = include_str!("rfc7515_a3.pem");
/// The public half of A.3's key.
const A3_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const A3_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

fn signs(algorithm: &str, token: &str, key: &SigningKey) {
    let (message, expected) = token.rsplit_once('.').unwrap();
    let made = signature(algorithm, message.as_bytes(), key).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(made), expected);
}

#[test]
fn the_examples_of_rfc_7515_come_out() {
    let secret = URL_SAFE_NO_PAD.decode(A1_SECRET).unwrap();
    signs("HS256", A1, &SigningKey::Shared(Zeroizing::new(secret)));
    signs("RS256", A2, &SigningKey::Private(Secret::new(A2_KEY)));
}

#[test]
fn an_elliptic_signature_verifies_with_the_public_key_of_rfc_7515_a_3() {
    let header = json!({"alg": "ES256", "kid": "one"});
    let claims = json!({"iss": "joe", "exp": 1_300_819_380});
    let key = SigningKey::Private(Secret::new(A3_KEY));
    let token = sign(header.as_object().unwrap(), claims.as_object().unwrap(), &key).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    rules.validate_exp = false;
    let public = jsonwebtoken::DecodingKey::from_ec_components(A3_X, A3_Y).unwrap();
    let read = jsonwebtoken::decode::<Value>(token.expose(), &public, &rules).unwrap();
    assert_eq!((read.claims["iss"].as_str(), read.header.kid.as_deref()), (Some("joe"), Some("one")));
}

#[test]
fn a_key_that_does_not_fit_is_refused_and_none_is_no_algorithm() {
    let rsa = || SigningKey::Private(Secret::new(A2_KEY));
    let ec = || SigningKey::Private(Secret::new(A3_KEY));
    let shared = || SigningKey::Shared(Zeroizing::new(b"secret".to_vec()));
    let cases = [
        ("RS256", ec()),
        ("RS256", shared()),
        ("ES256", rsa()),
        ("ES384", ec()),
        ("EdDSA", rsa()),
        ("HS256", rsa()),
        ("HS256", SigningKey::Shared(Zeroizing::new(Vec::new()))),
        ("none", rsa()),
        ("none", shared()),
        ("", rsa()),
        (
            "RS256",
            SigningKey::Private(Secret::new("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")),
        ),
    ];
    for (algorithm, key) in cases {
        assert!(signature(algorithm, b"message", &key).is_err(), "{algorithm}");
    }
}

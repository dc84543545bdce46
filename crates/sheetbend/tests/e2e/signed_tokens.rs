//! Tokens that we sign, judged by a library that nobody here wrote.

use crate::harness;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Secret;
use harness::connect::session_of;
use harness::outside;
use harness::vendor::Vendor;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519,
    PKCS_RSA_SHA256, RsaKeySize,
};
use serde_json::{Value, json};
use services::credentials::schemes::jws::{self, SigningKey};

fn signed(algorithm: &str, key: &SigningKey) -> (Value, Value, String) {
    let header = json!({"alg": algorithm, "typ": "JWT", "kid": "key \u{e9} 1", "x5t#S256": "abc"});
    let claims = json!({"iss": "ö", "aud": ["a", "b"], "exp": 1_795_219_500, "scope": {"deep": [1.5, null]}});
    let token = jws::sign(header.as_object().unwrap(), claims.as_object().unwrap(), key).unwrap();
    (header, claims, token.expose().to_owned())
}

#[tokio::test]
#[ignore = "needs Python"]
async fn needs_python_jwcrypto_verifies_every_algorithm() {
    let pair = |algorithm| KeyPair::generate_for(algorithm).unwrap();
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let (p256, p384, p521) =
        (pair(&PKCS_ECDSA_P256_SHA256), pair(&PKCS_ECDSA_P384_SHA384), pair(&PKCS_ECDSA_P521_SHA512));
    let ed = pair(&PKCS_ED25519);
    let mut tokens = Vec::new();
    for (algorithm, pair) in [
        ("RS256", &rsa),
        ("RS384", &rsa),
        ("RS512", &rsa),
        ("PS256", &rsa),
        ("PS384", &rsa),
        ("PS512", &rsa),
        ("ES256", &p256),
        ("ES384", &p384),
        ("ES512", &p521),
        ("EdDSA", &ed),
    ] {
        let key = SigningKey::Private(Secret::from(pair.serialize_pem()));
        let (header, claims, token) = signed(algorithm, &key);
        tokens.push(json!({"name": algorithm, "token": token, "key": pair.public_key_pem(),
            "header": header, "claims": claims}));
    }
    let secret: Vec<u8> = (0..64).collect();
    for algorithm in ["HS256", "HS384", "HS512"] {
        let (header, claims, token) = signed(algorithm, &SigningKey::shared(secret.clone()));
        tokens.push(json!({"name": algorithm, "token": token, "secret": URL_SAFE_NO_PAD.encode(&secret),
            "header": header, "claims": claims}));
    }
    outside::python("jws_verify.py", &json!({"tokens": tokens})).await;
}

/// The key signs once and is not kept: the assertion is, and it buys the next token too.
#[tokio::test]
#[ignore = "needs Python"]
async fn needs_python_signxml_verifies_a_saml_assertion() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["us".to_owned()]).unwrap().self_signed(&key).unwrap();
    let token = session_of(&server, "saml").await;
    let url = format!("{}/auth/two-step/saml?connect_session_token={token}", server.url());
    let form = json!({"type": "TWO_STEP", "apiKey": "k<1>",
        "assertionOption": {"userName": "ada \"& co\"", "privateKey": key.serialize_pem()}});
    let made = server.send("POST", &url, &[("content-type", "application/json")], form.to_string()).await;
    let id = made.ok()["connectionId"].as_str().unwrap().to_owned();
    let assertion = |at: usize| {
        let body = vendor.seen("/saml")[at].body.clone();
        let mut fields = url::form_urlencoded::parse(&body);
        fields.find(|(name, _)| name == "assertion").unwrap().1.into_owned()
    };
    let sent = assertion(0);
    outside::python(
        "saml_verify.py",
        &json!({"assertion": sent, "certificate": certificate.pem(), "issuer": "our & own",
            "name": "ada \"& co\"", "audience": "www.vendor.example",
            "recipient": format!("http://127.0.0.1:{}/saml", vendor.upstream.port),
            "attributes": {"api_key": "k<1>", "use_email": "false"}}),
    )
    .await;
    let path = format!("/connections/{id}?provider_config_key=saml&force_refresh=true");
    let shown = server.api("GET", &path, None).await.ok()["credentials"].clone();
    assert_eq!(assertion(1), sent, "without the key there is no other");
    assert!(!shown.to_string().contains("PRIVATE KEY"), "{shown}");
    assert!(shown.get("assertionOption").is_none() && shown.get("assertionOption.privateKey").is_none());
}

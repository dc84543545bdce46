//! Vectors of RFC 5849 and of oauthlib's tests (BSD-3-Clause), which computed theirs with OpenSSL.

use super::*;

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const POST: Method = Method::POST;

/// RFC 5849 §3.4.1.1, as corrected by erratum 2550 and used in oauthlib's tests.
const BASE: &str = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D\
%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3D\
HMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7";

#[test]
fn the_base_string_of_rfc_5849() {
    let uri = uri("http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b");
    let signed = Signed { method: &POST, uri: &uri, form: Some(b"c2&a3=2+q"), protocol: &[] };
    let own = pairs(&[
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
    ]);
    assert_eq!(base_string(&signed, &own), BASE);
}

#[test]
fn base_uris_of_rfc_5849_and_oauthlib() {
    for (given, expected) in [
        ("http://EXAMPLE.COM:80/r%20v/X?id=123", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080/?q=1", "https://www.example.net:8080/"),
        ("http://wWW.eXAMPLE.cOM", "http://www.example.com/"),
        ("https://[123:db8:fd00:1000::5]:13000/", "https://[123:db8:fd00:1000::5]:13000/"),
        ("https://www.example.com:443/", "https://www.example.com/"),
        ("HTTP://www.example.com:443/", "http://www.example.com:443/"),
        ("HTTPS://www.example.com:80/", "https://www.example.com:80/"),
        ("http://www.example.com/foo/bar/", "http://www.example.com/foo/bar/"),
        ("https://www.example.com/path?foo=bar", "https://www.example.com/path"),
    ] {
        assert_eq!(base_uri(&uri(given)), expected, "{given}");
    }
}

const CLIENT_SECRET: &str = "ECrDNoq1VYzzzzzzzzzyAK7TwZNtPnkqatqZZZZ";
const TOKEN_SECRET: &str = "just-a-string    asdasd";

fn signature(method: SignatureMethod, client_secret: &str) -> Result<String, SettingProblem> {
    let (client_secret, token, secret) =
        (Secret::new(client_secret), Secret::new("t"), Secret::new(TOKEN_SECRET));
    let signer = Signer {
        client_id: "c",
        client_secret: &client_secret,
        token: Some((&token, &secret)),
        method,
        realm: None,
    };
    sign(&signer, BASE)
}

#[test]
fn shared_secrets_sign_as_openssl_does() {
    for (method, expected) in [
        (SignatureMethod::HmacSha1, "wsdNmjGB7lvis0UJuPAmjvX/PXw="),
        (SignatureMethod::HmacSha256, "wdfdHUKXHbOnOGZP8WFAWMSAmWzN3EVBWWgXGlC/Eo4="),
        (
            SignatureMethod::Plaintext,
            "ECrDNoq1VYzzzzzzzzzyAK7TwZNtPnkqatqZZZZ&just-a-string%20%20%20%20asdasd",
        ),
    ] {
        assert_eq!(signature(method, CLIENT_SECRET).unwrap(), expected);
    }
}

/// The key of oauthlib's tests: 1024 bits, as the field's older apps have.
const RSA_KEY: &str = include_str!("oauthlib_example_key.pem");

#[test]
fn rsa_keys_sign_as_openssl_does() {
    for (method, expected) in [
        (
            SignatureMethod::RsaSha1,
            "mFY2KOEnlYWsTvUA+5kxuBIcvBYXu+ljw9ttVJQxKduMueGSVPCB1tK1PlqVLK738HK0t19ecBJfb6rMxUwrriw+MlBO+jpojkZIWccw\
             1J4cAb4qu4M81DbpUAq4j/1w/QyTR4TWCODlEfN7Zfgy8+pf+TjiXfIwRC1jEWbuL1E=",
        ),
        (
            SignatureMethod::RsaSha256,
            "jqKl6m0WS69tiVJV8ZQ6aQEfJqISoZkiPBXRv6Al2+iFSaDpfeXjYm+Hbx6m1azRdrZ/35PM3cvuid3LwW/siAkzb0xQcGnTyAPH8YcG\
             WzmnKGY7LsB7fkqThchNxvRK/N7s9M1WMnfZZ+1dQbbwtTs1TG1+iexUcV7r3M7Heec=",
        ),
    ] {
        assert_eq!(signature(method, RSA_KEY).unwrap(), expected);
    }
    assert!(signature(SignatureMethod::RsaSha1, CLIENT_SECRET).is_err());
}

#[test]
fn the_header_of_a_first_leg_has_the_realm_and_the_callback_encoded() {
    let uri = uri("https://photos.example.net/initiate");
    let secret = Secret::new("kd94hf93k423kf44");
    let signer = Signer {
        client_id: "dpf43f3p2l4k3l03",
        client_secret: &secret,
        token: None,
        method: SignatureMethod::HmacSha1,
        realm: Some("Photos"),
    };
    let signed = Signed {
        method: &POST,
        uri: &uri,
        form: None,
        protocol: &[("oauth_callback", "http://printer.example.com/ready")],
    };
    let header = header(&signer, &signed, Occasion { timestamp: 137_131_200, nonce: "wIjqoxSZG" }).unwrap();
    let header = header.expose();
    assert!(
        header.starts_with("OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", "),
        "{header}"
    );
    assert!(header.contains("oauth_callback=\"http%3A%2F%2Fprinter.example.com%2Fready\""), "{header}");
    assert!(!header.contains("kd94hf93k423kf44"));
}

#[test]
fn bytes_that_are_no_utf_8_keep_their_value() {
    let uri = uri("https://h.example/?a=%FF%2b+b&&=x&c");
    let signed = Signed { method: &Method::GET, uri: &uri, form: None, protocol: &[] };
    assert_eq!(
        base_string(&signed, &[]),
        "GET&https%3A%2F%2Fh.example%2F&%3Dx%26a%3D%25FF%252B%2520b%26c%3D"
    );
}

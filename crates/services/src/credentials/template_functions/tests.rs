use domain::template::{Template, Values};

use super::*;

/// 2026-11-21T09:05:07.089Z.
const NOW_MS: i64 = 1_795_251_907_089;

struct Fixed(TemplateFunctions);

impl Values for Fixed {
    fn get(&self, path: &str) -> Option<String> {
        match path {
            "credentials.username" => Some("user".into()),
            "credentials.password" => Some("pa, ss".into()),
            other => self.0.get(other),
        }
    }

    fn call(&self, name: &str, arguments: &[String]) -> Option<String> {
        self.0.call(name, arguments)
    }
}

fn resolved(template: &str) -> String {
    let values = Fixed(TemplateFunctions::at(NOW_MS, "11111111-2222-4333-8444-555555555555".into()));
    Template::parse(template).unwrap().resolve(&values).unwrap()
}

#[test]
fn moments_read_as_in_the_field_s_templates() {
    for (template, expected) in [
        ("${now}", "2026-11-21T09:05:07.089Z"),
        ("${now:YYYYMMDDTHHmmss[Z]}", "20261121T090507Z"),
        ("${now:ddd, DD MMM YYYY HH:mm:ss ZZ}", "Sat, 21 Nov 2026 09:05:07 +0000"),
        ("${now:YYYY-MM-DDTHH:mm:ss}", "2026-11-21T09:05:07"),
        ("${now:X}|${now:x}", "1795251907|1795251907089"),
        ("${now+7:days:YYYY-MM-DD}", "2026-11-28"),
        ("${now-10:hours:dddd D/M/YY h:m:s A}", "Friday 20/11/26 11:5:7 PM"),
        ("${now+1:minutes:X}", "1795251967"),
    ] {
        assert_eq!(resolved(template), expected, "{template}");
    }
}

#[test]
fn an_absurd_shift_is_no_moment() {
    let functions = TemplateFunctions::at(NOW_MS, String::new());
    for what in ["+9999999999:days:X", "+1:fortnights:X", "+x:days:X", "+999999:years:X"] {
        assert_eq!(functions.call("now", &[what.to_owned()]), None, "{what}");
    }
}

/// Expected values by `openssl dgst`.
#[test]
fn digests_and_keyed_digests() {
    assert_eq!(resolved("Basic ${base64(${credentials.username}:x)}"), "Basic dXNlcjp4");
    assert_eq!(
        resolved("${sha256Hex(abc)}"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(resolved("${sha256Base64(abc)}"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    // RFC 2202 §3, second case: key "Jefe".
    assert_eq!(
        resolved("${hmacSha1Hex(what do ya want for nothing?, Jefe)}"),
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    );
    // A comma in the message or in the key's value changes nothing.
    let functions = TemplateFunctions::at(NOW_MS, String::new());
    let direct = functions.call("hmacSha1Hex", &["Sat, 21 Nov\nGET".into(), " pa, ss".into()]);
    let templated = resolved("${hmacSha1Hex(${now:ddd, DD MMM}\nGET, ${credentials.password})}");
    assert_eq!(Some(templated), direct);
}

/// The key pair of RFC 8410 §10: what its private half signs, its public half accepts.
#[test]
fn an_ed25519_signature_verifies() {
    let pem = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
               -----END PRIVATE KEY-----\n";
    let spki = STANDARD.decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=").unwrap();
    let functions = TemplateFunctions::at(NOW_MS, String::new());
    let signature = functions.call("ed25519Sign", &["a".into(), "b".into(), format!(" {pem}")]).unwrap();
    let public = &spki[spki.len() - 32..];
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, public);
    assert!(key.verify(b"a,b", &STANDARD.decode(signature).unwrap()).is_ok());
    assert!(functions.call("ed25519Sign", &["a".into(), "no key".into()]).is_none());
    let expected = format!("SHA256:{}", STANDARD.encode(digest::digest(&SHA256, &spki)));
    assert_eq!(functions.call("fingerprint", &[pem.to_owned()]), Some(expected));
}

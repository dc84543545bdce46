use domain::Secret;
use domain::credentials::{
    ApiKeyCredentials, AppCredentials, AwsSigV4Credentials, BasicCredentials, BillCredentials,
    ClientCredentialsToken, ClientOverride, Credentials, CustomCredentials, FormFields, JwtCredentials,
    McpCredentials, OAuth1Credentials, OAuth2Credentials, RawAnswer, RegisteredClient, SignatureCredentials,
    TbaCredentials, TwoStepCredentials,
};
use serde_json::{Value, json};

use super::{decode, encode};

fn raw() -> RawAnswer {
    RawAnswer(json!({"scope": "a b", "deep": {"list": [1, 2.5, null]}}).as_object().cloned().unwrap())
}

fn user() -> OAuth2Credentials {
    OAuth2Credentials {
        access_token: "access".into_secret(),
        refresh_token: Some("refresh".into_secret()),
        expires_at_ms: Some(1_795_219_200_000),
        client_override: Some(ClientOverride {
            client_id: "own".to_owned(),
            client_secret: "own secret".into_secret(),
        }),
        raw: raw(),
    }
}

fn app() -> AppCredentials {
    AppCredentials {
        access_token: "installation".into_secret(),
        expires_at_ms: Some(7),
        jwt: Some("jwt".into_secret()),
        app_id: "12".to_owned(),
        installation_id: "34".to_owned(),
        raw: raw(),
    }
}

trait IntoSecret {
    fn into_secret(self) -> Secret;
}

impl IntoSecret for &str {
    fn into_secret(self) -> Secret {
        Secret::new(self)
    }
}

fn fields() -> FormFields {
    [("privateKey.id", "one"), ("b", "two"), ("a", "")]
        .map(|(name, value)| (name.to_owned(), value.into_secret()))
        .into_iter()
        .collect()
}

fn basic() -> BasicCredentials {
    BasicCredentials { username: "user".into_secret(), password: String::new().as_str().into_secret() }
}

fn mcp() -> McpCredentials {
    let client = RegisteredClient {
        client_id: "registered".to_owned(),
        client_secret: None,
        auth_method: Some("none".to_owned()),
        raw: raw(),
    };
    McpCredentials { tokens: user(), client: Some(client) }
}

fn every_kind() -> Vec<Credentials> {
    let token = || "token".into_secret();
    let secret = || "secret".into_secret();
    vec![
        Credentials::OAuth1(OAuth1Credentials { token: token(), token_secret: secret(), raw: raw() }),
        Credentials::OAuth2(user()),
        Credentials::OAuth2(OAuth2Credentials { refresh_token: None, client_override: None, ..user() }),
        Credentials::OAuth2Cc(ClientCredentialsToken {
            token: token(),
            expires_at_ms: None,
            client_id: "id".to_owned(),
            client_secret: secret(),
            client_certificate: Some("certificate".into_secret()),
            client_private_key: None,
            raw: raw(),
        }),
        Credentials::ApiKey(ApiKeyCredentials { api_key: "key \u{e9} \"quoted\"".into_secret() }),
        Credentials::Basic(basic()),
        Credentials::Jwt(JwtCredentials { fields: fields(), token: token(), expires_at_ms: Some(1) }),
        Credentials::TwoStep(TwoStepCredentials {
            fields: fields(),
            token: token(),
            expires_at_ms: Some(1),
            refresh_token: Some("refresh".into_secret()),
            refresh_token_expires_at_ms: Some(2),
            raw: raw(),
        }),
        Credentials::Signature(SignatureCredentials {
            username: "user".into_secret(),
            password: secret(),
            token: token(),
            expires_at_ms: Some(1),
        }),
        Credentials::Bill(BillCredentials {
            username: "user".into_secret(),
            password: secret(),
            organization_id: "org".into_secret(),
            dev_key: "dev".into_secret(),
            session_id: "session".into_secret(),
            user_id: "006".to_owned(),
            expires_at_ms: Some(1),
            raw: raw(),
        }),
        Credentials::Tba(TbaCredentials {
            token_id: token(),
            token_secret: secret(),
            client_id: Some("id".to_owned()),
            client_secret: None,
        }),
        Credentials::AwsSigV4(AwsSigV4Credentials {
            role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
            region: "eu-west-1".to_owned(),
            service: "s3".to_owned(),
            external_id: None,
            access_key_id: "id".into_secret(),
            secret_access_key: secret(),
            session_token: token(),
            expires_at_ms: Some(1),
            raw: raw(),
        }),
        Credentials::App(app()),
        Credentials::Custom(CustomCredentials { app: app(), user: Some(user()) }),
        Credentials::Custom(CustomCredentials { app: app(), user: None }),
        Credentials::InstallPlugin(basic()),
        Credentials::McpOAuth2(McpCredentials { tokens: user(), client: None }),
        Credentials::McpOAuth2Generic(mcp()),
        Credentials::None,
    ]
}

/// `Debug` hides secrets, so equality is that of the stored bytes, and the kind is checked apart.
#[test]
fn every_kind_comes_back_as_it_was() {
    for credentials in every_kind() {
        let bytes = encode(&credentials);
        let read = decode(&bytes).unwrap_or_else(|_| panic!("{credentials:?}"));
        assert_eq!(read.mode(), credentials.mode());
        assert_eq!(read.expires_at_ms(), credentials.expires_at_ms());
        assert_eq!(read.access_token(), credentials.access_token());
        let text = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        assert_eq!(text(&encode(&read)), text(&bytes));
    }
}

#[test]
fn an_empty_field_is_kept_and_reads_as_absent() {
    let Ok(Credentials::Jwt(read)) = decode(&encode(&Credentials::Jwt(JwtCredentials {
        fields: fields(),
        token: "t".into_secret(),
        expires_at_ms: None,
    }))) else {
        panic!("not a JWT")
    };
    assert_eq!(read.fields.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["privateKey.id", "b", "a"]);
    assert_eq!(read.fields.get("privateKey.id").map(Secret::expose), Some("one"));
    assert!(read.fields.get("a").is_none());
}

/// What the first version wrote, byte for byte.
#[test]
fn what_was_stored_before_is_read() {
    let oauth2 = br#"{"type":"OAUTH2","access_token":"a","refresh_token":"r","expires_at_ms":5,"client_id":"i","client_secret":"s","raw":{"x":1}}"#;
    let Ok(Credentials::OAuth2(read)) = decode(oauth2) else { panic!("OAUTH2") };
    assert_eq!(read.client_override.map(|own| own.client_id).as_deref(), Some("i"));
    let bare = br#"{"type":"OAUTH2","access_token":"a","refresh_token":null,"expires_at_ms":null,"client_id":null,"client_secret":null,"raw":{}}"#;
    let Ok(Credentials::OAuth2(read)) = decode(bare) else { panic!("OAUTH2") };
    assert!(read.client_override.is_none() && read.refresh_token.is_none());
    let machine =
        br#"{"type":"OAUTH2_CC","token":"t","expires_at_ms":5,"client_id":"i","client_secret":"s","raw":{}}"#;
    assert!(matches!(decode(machine), Ok(Credentials::OAuth2Cc(own)) if own.client_certificate.is_none()));
    let form = br#"{"type":"TWO_STEP","fields":[["clientId","c"]],"token":"t","expires_at_ms":5,"raw":{}}"#;
    let Ok(Credentials::TwoStep(read)) = decode(form) else { panic!("TWO_STEP") };
    assert_eq!(read.field("clientId").map(Secret::expose), Some("c"));
    assert!(matches!(decode(br#"{"type":"NONE"}"#), Ok(Credentials::None)));
    assert!(decode(br#"{"type":"LATER"}"#).is_err());
    assert!(decode(b"\xff").is_err());
}

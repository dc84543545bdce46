//! Our own definitions against the field's of the same names: every difference is declared, with the vendor's page.

use std::path::PathBuf;

use catalog::{Catalog, Clouds, Entry};
use domain::provider::{Auth, ClientAuth, OAuth2, Pkce, Provider};
use domain::template::Template;

/// `$SHEETBEND_SHARED`, or `shared` beside the repository.
fn field_file() -> Option<PathBuf> {
    let shared = std::env::var_os("SHEETBEND_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    Some(shared.join("contract/providers.yaml")).filter(|file| file.exists())
}

/// What is compared, as text.
struct Facts(Vec<(&'static str, String)>);

impl Facts {
    fn of(entry: &Entry, clouds: &Clouds) -> Self {
        let provider = &entry.provider;
        let mut facts = Self(vec![("auth_mode", provider.auth.mode().to_string())]);
        let url = |template: &Template| in_global_cloud(template.source(), provider, clouds);
        match &provider.auth {
            Auth::OAuth2(auth) => facts.code_flow(auth, &url),
            Auth::McpOAuth2(auth) => facts.code_flow(&auth.oauth2, &url),
            Auth::Custom(auth) => facts.code_flow(&auth.user, &url),
            Auth::OAuth2Cc(auth) => {
                facts.add("token_url", url(&auth.token_url));
                facts.add("scope_separator", auth.scope_separator.clone());
                facts.add("client_auth", format!("{:?}", auth.client_auth));
            }
            Auth::OAuth1(auth) => {
                facts.add("authorization_url", url(&auth.authorization_url));
                facts.add("token_url", url(&auth.token_url));
            }
            Auth::TwoStep(auth) => facts.add("token_url", url(&auth.request.url)),
            Auth::App(auth) => facts.add("token_url", url(&auth.token_url)),
            Auth::Bill(auth) => facts.add("token_url", url(&auth.token_url)),
            // What it says, though it lacks something: `microsoft-admin` proves no tenant.
            Auth::Incomplete(_) => {
                let text =
                    |key: &str| entry.raw.get(key).and_then(|value| value.as_str()).unwrap_or_default();
                facts.add("authorization_url", text("authorization_url").to_owned());
                facts.add("token_url", text("token_url").to_owned());
                let pkce_off = entry.raw.get("disable_pkce").and_then(|value| value.as_bool());
                facts.add("disable_pkce", pkce_off.unwrap_or_default().to_string());
                facts.add("scope_separator", " ".to_owned());
                facts.add("client_auth", format!("{:?}", ClientAuth::Body));
            }
            _ => {}
        }
        if let Some(proxy) = &provider.proxy {
            facts.add("proxy.base_url", url(&proxy.base_url));
            let mut retry = proxy.retry.clone();
            retry.error_codes.sort();
            for headers in [&mut retry.after, &mut retry.at] {
                headers.iter_mut().for_each(|header| *header = header.to_ascii_lowercase());
            }
            facts.add("proxy.retry", format!("{retry:?}"));
            if let Some(paginate) = &proxy.paginate {
                facts.add("proxy.paginate", format!("{paginate:?}"));
            }
        }
        facts
    }

    fn code_flow(&mut self, auth: &OAuth2, url: &dyn Fn(&Template) -> String) {
        self.add("authorization_url", auth.authorization_url.as_ref().map(url).unwrap_or_default());
        self.add("token_url", url(&auth.token_url));
        self.add("disable_pkce", (auth.pkce == Pkce::Off).to_string());
        self.add("scope_separator", auth.scope_separator.clone());
        // Both is what the field's program sends for `basic`; a server reads one of them.
        let client_auth = match auth.client_auth {
            ClientAuth::BasicAndBody => ClientAuth::Basic,
            other => other,
        };
        self.add("client_auth", format!("{client_auth:?}"));
    }

    fn add(&mut self, key: &'static str, value: String) {
        self.0.push((key, value));
    }

    fn get(&self, key: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| value)
    }
}

/// A URL with the global cloud's hosts and without a slash at its end.
fn in_global_cloud(url: &str, provider: &Provider, clouds: &Clouds) -> String {
    let mut text = url.to_owned();
    let family = provider.cloud_family.as_deref().unwrap_or_default();
    if let Ok(cloud) = clouds.values(family, Clouds::DEFAULT) {
        for (name, value) in cloud.variables() {
            text = text.replace(&format!("${{cloud.{name}}}"), value);
        }
    }
    text.trim_end_matches('/').to_owned()
}

#[test]
fn every_difference_from_the_field_is_declared() {
    let Some(file) = field_file() else {
        eprintln!("skipped: no contract/providers.yaml in $SHEETBEND_SHARED or ../shared");
        return;
    };
    let own = Catalog::embedded().unwrap();
    let field = own.with_file("field.yaml", &std::fs::read_to_string(file).unwrap()).unwrap();
    let (mut compared, mut wrong) = (0, Vec::new());
    for entry in own.list() {
        let name = &entry.provider.name;
        let other = field.get(name).filter(|other| other.place.0 == "field.yaml");
        let Some(other) = other else {
            if !entry.differs.is_empty() {
                wrong.push(format!("{name}: `differs` without a counterpart"));
            }
            continue;
        };
        compared += 1;
        let (ours, theirs) = (Facts::of(entry, own.clouds()), Facts::of(other, own.clouds()));
        for key in catalog::DIFFERENCES {
            let declared = entry.differs.iter().any(|difference| difference.key == *key);
            let same = ours.get(key) == theirs.get(key);
            if same && declared {
                wrong.push(format!("{name}: {key} is declared under `differs` and does not differ"));
            }
            if !same && !declared {
                let (ours, theirs) = (ours.get(key), theirs.get(key));
                wrong.push(format!(
                    "{name}: {key} differs undeclared:\n    ours   {ours}\n    theirs {theirs}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} problems\n{}", wrong.len(), wrong.join("\n"));
    println!("{compared} of {} own definitions have a counterpart", own.list().len());
}

//! Every template of a definition, with the key it stands under.

use domain::provider::{
    AccountRequest, Assertion, Auth, ClientRegistration, JwtTemplate, OAuth2, Provider, ProxyDefinition,
    Resource, TokenStep, TwoStep,
};
use domain::template::{Template, TemplateTree};

/// Every template of a definition with its dotted key.
pub(crate) fn named(provider: &Provider) -> Vec<(String, &Template)> {
    let mut found = Found(Vec::new());
    found.auth(&provider.auth);
    if let Some(proxy) = &provider.proxy {
        found.proxy(proxy);
    }
    for (n, lookup) in provider.post_connection.iter().enumerate() {
        let key = format!("post_connection.{n}");
        found.account_request(&format!("{key}.request"), &lookup.request);
        found.params(&format!("{key}.matching"), &lookup.matching);
    }
    for (n, request) in provider.pre_connection_deletion.iter().enumerate() {
        found.account_request(&format!("pre_connection_deletion.{n}"), request);
    }
    found.0
}

struct Found<'a>(Vec<(String, &'a Template)>);

impl<'a> Found<'a> {
    fn one(&mut self, key: &str, template: &'a Template) {
        self.0.push((key.to_owned(), template));
    }

    fn each(&mut self, key: &str, templates: impl IntoIterator<Item = &'a Template>) {
        templates.into_iter().for_each(|template| self.one(key, template));
    }

    fn params(&mut self, key: &str, params: &'a [(String, Template)]) {
        params.iter().for_each(|(name, template)| self.one(&format!("{key}.{name}"), template));
    }

    fn tree(&mut self, key: &str, tree: &'a TemplateTree) {
        tree.templates().into_iter().for_each(|(path, template)| {
            self.0.push((if path.is_empty() { key.to_owned() } else { format!("{key}.{path}") }, template));
        });
    }

    fn auth(&mut self, auth: &'a Auth) {
        match auth {
            Auth::OAuth1(auth) => {
                self.one("request_url", &auth.request_url);
                self.one("authorization_url", &auth.authorization_url);
                self.one("token_url", &auth.token_url);
                self.params("request_params", &auth.request_params);
                self.params("authorization_params", &auth.authorization_params);
                self.params("token_params", &auth.token_params);
            }
            Auth::OAuth2(auth) => self.code_flow(auth),
            Auth::OAuth2Cc(auth) => {
                self.one("token_url", &auth.token_url);
                self.params("token_params", &auth.token_params);
                self.params("token_headers", &auth.token_headers);
            }
            Auth::Jwt(jwt) => self.jwt(jwt),
            Auth::TwoStep(auth) => self.two_step(auth),
            Auth::Bill(auth) => self.one("token_url", &auth.token_url),
            Auth::Tba(auth) => self.one("realm", &auth.realm),
            Auth::App(auth) => {
                self.one("authorization_url", &auth.installation_url);
                self.one("token_url", &auth.token_url);
            }
            Auth::Custom(auth) => {
                self.code_flow(&auth.user);
                self.one("token_url.APP", &auth.app.token_url);
            }
            Auth::McpOAuth2(auth) => {
                self.code_flow(&auth.oauth2);
                if let ClientRegistration::Dynamic { url, params } = &auth.registration {
                    self.one("registration_url", url);
                    self.tree("registration_params", params);
                }
            }
            Auth::McpOAuth2Generic(auth) => self.one("mcp_server_url", &auth.server_url),
            Auth::InstallPlugin(auth) => {
                if let Some(proof) = &auth.proof {
                    self.account_request("installation_proof.request", &proof.request);
                    self.params("installation_proof.matching", &proof.matching);
                }
            }
            Auth::ApiKey
            | Auth::Basic
            | Auth::None
            | Auth::Signature(_)
            | Auth::AwsSigV4
            | Auth::Incomplete(_) => {}
        }
    }

    fn code_flow(&mut self, auth: &'a OAuth2) {
        self.each("authorization_url", &auth.authorization_url);
        self.each("sign_in_url", &auth.sign_in_url);
        self.one("token_url", &auth.token_url);
        self.each("refresh_url", &auth.refresh_url);
        self.params("authorization_params", &auth.authorization_params);
        self.params("token_params", &auth.token_params);
        self.params("refresh_params", &auth.refresh_params);
        self.params("token_headers", &auth.token_headers);
        if let Some(webhook) = auth.installation.as_ref().and_then(|outbound| outbound.webhook.as_ref()) {
            self.params("installation_webhook.matching", &webhook.matching);
        }
    }

    fn jwt(&mut self, jwt: &'a JwtTemplate) {
        self.one("token.signing_key", &jwt.signing_key);
        self.tree("token.header", &jwt.header);
        self.tree("token.payload", &jwt.payload);
    }

    fn two_step(&mut self, auth: &'a TwoStep) {
        self.step("", &auth.request);
        for (n, step) in auth.additional_steps.iter().enumerate() {
            self.step(&format!("additional_steps.{n}."), step);
        }
        if let Some(refresh) = &auth.refresh {
            self.step("refresh.", refresh);
        }
        if let Some(jwt) = &auth.jwt {
            self.jwt(jwt);
        }
        match &auth.assertion {
            None => {}
            Some(Assertion::Certificate(assertion)) => {
                self.one("assertion.payload.aud", &assertion.audience);
                self.one("assertion.payload.iss", &assertion.issuer);
            }
            Some(Assertion::Jwt(assertion)) => {
                self.one("assertion.key", &assertion.key);
                self.tree("assertion.header", &assertion.header);
                self.tree("assertion.payload", &assertion.payload);
            }
            Some(Assertion::Saml(assertion)) => {
                self.one("assertion.key", &assertion.key);
                self.one("assertion.issuer", &assertion.issuer);
                self.one("assertion.audiences", &assertion.audience);
                self.one("assertion.recipient", &assertion.recipient);
                self.one("assertion.nameIdentifier", &assertion.name_identifier);
                self.each("assertion.sessionIndex", &assertion.session_index);
                self.params("assertion.attributes", &assertion.attributes);
            }
        }
    }

    fn step(&mut self, prefix: &str, step: &'a TokenStep) {
        self.one(&format!("{prefix}token_url"), &step.url);
        self.params(&format!("{prefix}token_headers"), &step.headers);
        for (name, tree) in &step.params {
            self.tree(&format!("{prefix}token_params.{name}"), tree);
        }
    }

    fn account_request(&mut self, key: &str, request: &'a AccountRequest) {
        self.one(&format!("{key}.url"), &request.url);
        self.params(&format!("{key}.headers"), &request.headers);
        if let Some(data) = &request.data {
            self.tree(&format!("{key}.data"), data);
        }
    }

    fn proxy(&mut self, proxy: &'a ProxyDefinition) {
        self.one("proxy.base_url", &proxy.base_url);
        self.each("proxy.hosts", &proxy.hosts);
        for Resource { name, origin, scope, .. } in &proxy.resources {
            self.one(&format!("proxy.resources.{name}.origin"), origin);
            self.one(&format!("proxy.resources.{name}.scope"), scope);
        }
        self.params("proxy.headers", &proxy.headers);
        self.params("proxy.query", &proxy.query);
        self.params("proxy.connection_config", &proxy.connection_config);
        if let Some(body) = &proxy.body {
            self.tree("proxy.body", body);
        }
        if let Some(verification) = &proxy.verification {
            self.each("proxy.verification.endpoints", &verification.endpoints);
            self.each("proxy.verification.base_url_override", &verification.base_url);
            self.params("proxy.verification.headers", &verification.headers);
            if let Some(data) = &verification.data {
                self.tree("proxy.verification.data", data);
            }
        }
    }
}

//! One definition from an integration to a call with a renewed token; every step is checked at the fake's side.

use domain::connect::ConnectSession;
use domain::credentials::BasicCredentials;
use domain::provider::{
    Auth, ClientAuth, ClientCertificate, CodeGrant, Expiry, Lookup, OAuth2, Provider, SigningProtocol,
    TwoStep,
};
use domain::template::Template;
use domain::{ConnectionId, IntegrationKey, Secret};
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use services::connect::authorize::{self, AuthorizeRequest};
use services::connect::callback::{self, CallbackRequest, Ending};
use services::connect::direct;
use services::connect::form::{BillForm, Form};
use services::connect::sessions::{self, NewSession};
use services::credentials::keeper::Force;
use services::credentials::schemes::oauth2::challenge;
use services::integrations::{self, IntegrationChanges};
use services::proxy::decide::RetryPolicy;
use services::proxy::target::Target;
use services::proxy::{Links, Packing, ProxyCall, Redirects};

use crate::fake::{COOKIE, Seen};
use crate::house::House;
use crate::{installed, samples};

pub const CLIENT: &str = "the-client-id";
pub const SECRET: &str = "the-client-secret";
pub const CODE: &str = "the-code";
const KEY: &str = "the-key";

/// How a walk ended.
pub enum Walked {
    /// All of it.
    Whole,
    /// Not begun, and why that is right.
    Left(&'static str),
}

pub async fn walk(house: &House, provider: &Provider) -> Result<Walked, String> {
    let walker = Walker { house, provider, key: IntegrationKey::parse(provider.name.as_str()).unwrap() };
    match &provider.auth {
        Auth::OAuth2(scheme) if scheme.installation.is_some() => {
            let both = scheme.installation.as_ref().and_then(|one| Some((one, one.webhook.as_ref()?)));
            let Some((installation, webhook)) = both else {
                return Ok(Walked::Left("begin with a webhook that nobody can verify"));
            };
            installed::by_webhook(&walker, installation, webhook).await?;
        }
        Auth::OAuth2(scheme) if scheme.grant == CodeGrant::AdminConsent => {
            return Ok(Walked::Left("ask an administrator and have tests of their own"));
        }
        Auth::OAuth2(scheme) => walker.by_code(scheme).await?,
        Auth::McpOAuth2(scheme) => walker.by_code(&scheme.oauth2).await?,
        Auth::OAuth2Cc(scheme) if scheme.client_auth == ClientAuth::PrivateKeyJwt => {
            return Ok(Walked::Left("prove themselves by a key of their own"));
        }
        _ if !provider.assertion_option.is_empty() => {
            return Ok(Walked::Left("ask for an assertion's parts"));
        }
        Auth::OAuth2Cc(_) => walker.by_form(walker.client(), None).await?,
        Auth::None => walker.by_form(Form::Unauthenticated, None).await?,
        Auth::ApiKey => {
            let key = walker.credential("apiKey");
            walker.by_form(Form::ApiKey(Secret::new(key.as_str())), Some(&key)).await?;
        }
        Auth::Basic => {
            let (username, password) = (walker.credential("username"), walker.credential("password"));
            let own = BasicCredentials {
                username: Secret::new(username.as_str()),
                password: Secret::new(password.as_str()),
            };
            walker.by_form(Form::Basic(own), Some(&username)).await?;
        }
        Auth::Jwt(_) => walker.by_form(Form::Jwt(walker.credentials()), None).await?,
        Auth::TwoStep(_) => walker.by_form(Form::TwoStep(walker.credentials()), None).await?,
        Auth::Bill(_) => {
            let text = || Secret::new(KEY);
            let form =
                BillForm { username: text(), password: text(), organization_id: text(), dev_key: text() };
            walker.by_form(Form::Bill(form), None).await?;
        }
        _ => return Ok(Walked::Left("have tests of their own")),
    }
    Ok(Walked::Whole)
}

pub(crate) struct Walker<'a> {
    pub(crate) house: &'a House,
    pub(crate) provider: &'a Provider,
    pub(crate) key: IntegrationKey,
}

impl Walker<'_> {
    /// Makes the integration and a session for it.
    pub(crate) async fn session(&self) -> Result<ConnectSession, String> {
        let (context, scope) = (&self.house.services.context, self.house.scope);
        self.house.fake.answer(self.answer(), self.lessons());
        let whole = matches!(self.provider.auth, Auth::OAuth2(_) | Auth::McpOAuth2(_));
        let allowed_hosts = Some(self.hosts());
        let changes = match whole {
            true => IntegrationChanges {
                allowed_hosts,
                client_id: (!self.registers()).then(|| CLIENT.to_owned()),
                client_secret: (!self.registers()).then(|| Secret::new(SECRET)),
                ..IntegrationChanges::default()
            },
            false => IntegrationChanges {
                allowed_hosts: matches!(self.provider.auth, Auth::TwoStep(_)).then(|| self.hosts()),
                ..IntegrationChanges::default()
            },
        };
        integrations::create(context, scope, self.provider.name.as_str(), self.key.clone(), changes)
            .await
            .map_err(|error| format!("integration: {}", shown(&error)))?;
        let new = NewSession { allowed_integrations: vec![self.key.to_string()], ..NewSession::default() };
        let made = sessions::create(context, scope, new).await.map_err(|error| shown(&error))?;
        Ok(made.session)
    }

    fn client(&self) -> Form {
        let (certificate, key) = self.shows_certificate().then(|| self.house.fake.caller()).unzip();
        Form::ClientCredentials {
            client_id: CLIENT.to_owned(),
            client_secret: Secret::new(SECRET),
            client_certificate: certificate.map(Secret::from),
            client_private_key: key.map(Secret::from),
        }
    }

    /// Whether every request of the connection shows its certificate.
    fn shows_certificate(&self) -> bool {
        matches!(&self.provider.auth, Auth::OAuth2Cc(scheme) if scheme.client_certificate == ClientCertificate::Required)
    }

    /// What the fake has seen since the last look; each request showed a certificate if the definition asks for one.
    pub(crate) fn seen(&self) -> Result<Vec<Seen>, String> {
        let seen = self.house.fake.take();
        match seen.iter().find(|one| one.identified != self.shows_certificate()) {
            Some(odd) => Err(format!("{}: a certificate was shown: {}", odd.line, odd.identified)),
            None => Ok(seen),
        }
    }

    /// What the form of the credentials asks for.
    fn credentials(&self) -> Map<String, Value> {
        let mut fields = samples::of(&self.provider.credentials);
        if let Auth::Jwt(template) = &self.provider.auth
            && template.protocol == SigningProtocol::Ec
        {
            let pem = samples::key(&rcgen::PKCS_ECDSA_P256_SHA256);
            fields
                .values_mut()
                .filter(|value| value.as_str().is_some_and(|text| text.contains("PRIVATE KEY")))
                .for_each(|value| *value = json!(pem));
        }
        fields
    }

    /// One value of the credentials, as its field asks for it.
    fn credential(&self, name: &str) -> String {
        let field = self.provider.credentials.iter().find(|field| field.name == name);
        field.map_or_else(|| KEY.to_owned(), samples::one)
    }

    /// Hosts of the samples, as the operator would list those that the definition does not vouch for.
    fn hosts(&self) -> Vec<String> {
        let config = self.config();
        let values = |path: &str| {
            let name = path.strip_prefix("connectionConfig.")?;
            config.get(name)?.as_str().map(str::to_owned)
        };
        let urls = catalog::secret_urls(self.provider).into_iter();
        urls.filter_map(|template| url::Url::parse(&template.resolve(&values).ok()?).ok())
            .filter_map(|url| url.host_str().map(str::to_owned))
            .chain(["meta.example".to_owned()])
            .collect()
    }

    fn registers(&self) -> bool {
        use domain::provider::ClientRegistration::Static;
        matches!(&self.provider.auth, Auth::McpOAuth2(scheme) if !matches!(scheme.registration, Static))
    }

    /// What the form asks for, and what the URLs of the definition need besides: an optional field that they use, or a
    /// value that nobody is asked for and that a customer's backend sets.
    pub(crate) fn config(&self) -> Map<String, Value> {
        let mut config = samples::of(&self.provider.connection_config);
        for url in self.urls() {
            for _ in 0..5 {
                let value = |path: &str| {
                    if let Some(cloud) = path.strip_prefix("cloud.") {
                        return Some(cloud.to_owned());
                    }
                    let name = path.strip_prefix("connectionConfig.").unwrap_or(path);
                    let default = self.field(name).and_then(|field| field.default_value.clone());
                    let given = config.get(name).and_then(Value::as_str).map(str::to_owned);
                    // An empty default stands for what the customer's backend sets.
                    given
                        .or(default.filter(|text| !text.is_empty()))
                        .or_else(|| self.brings(name).then(|| "brought".to_owned()))
                };
                let Err(missing) = url.resolve(&value) else { break };
                let name = missing.path.strip_prefix("connectionConfig.").unwrap_or(&missing.path).to_owned();
                let sample = match self.field(&name) {
                    Some(field) if field.pattern.is_some() || !field.choices.is_empty() => {
                        samples::one(field)
                    }
                    _ => self.metadata(&name).replace("meta", "acme"),
                };
                config.insert(name, Value::String(sample));
            }
        }
        config
    }

    fn field(&self, name: &str) -> Option<&domain::provider::Field> {
        self.provider.connection_config.iter().find(|field| field.name == name)
    }

    fn urls(&self) -> Vec<&Template> {
        let mut urls: Vec<&Template> = Vec::new();
        match &self.provider.auth {
            Auth::OAuth2(scheme) => {
                urls.extend(&scheme.authorization_url);
                urls.push(&scheme.token_url);
                urls.extend(&scheme.refresh_url);
            }
            Auth::OAuth2Cc(scheme) => urls.push(&scheme.token_url),
            Auth::TwoStep(scheme) => urls.push(&scheme.request.url),
            Auth::Bill(scheme) => urls.push(&scheme.token_url),
            _ => {}
        }
        urls.extend(self.provider.proxy.as_ref().map(|proxy| &proxy.base_url));
        urls
    }

    /// Whether a callback or an answer brings a value of the connection config.
    fn brings(&self, name: &str) -> bool {
        let (callback, answer): (&[String], &[String]) = match &self.provider.auth {
            Auth::OAuth2(scheme) => (&scheme.redirect_uri_metadata, &scheme.token_response_metadata),
            Auth::OAuth2Cc(scheme) => (&[], &scheme.token_response_metadata),
            _ => (&[], &[]),
        };
        callback.iter().chain(answer).any(|path| path == name) || self.learns(name)
    }

    /// Whether a value is learnt after connecting.
    fn learns(&self, name: &str) -> bool {
        self.provider.post_connection.iter().any(|lookup| lookup.config.iter().any(|(key, _)| key == name))
    }

    /// What the requests after connecting answer, by a part of their lines.
    fn lessons(&self) -> Vec<(String, Value)> {
        let config = self.config();
        let values =
            |path: &str| config.get(path.strip_prefix("connectionConfig.")?)?.as_str().map(str::to_owned);
        let lesson = |lookup: &Lookup| {
            let mut item = Value::Null;
            for (key, path) in &lookup.config {
                put(&mut item, path, json!(self.metadata(key)));
            }
            for (path, template) in &lookup.matching {
                if let Ok(text) = template.resolve(&values) {
                    put(&mut item, path, json!(text));
                }
            }
            let mut answer = Value::Null;
            match lookup.items_at.as_deref() {
                None => answer = item,
                Some("") => answer = json!([item]),
                Some(path) => put(&mut answer, path, json!([item])),
            }
            let url = lookup.request.url.source();
            let path = url.strip_prefix("https://").map_or(url, |rest| &rest[rest.find('/').unwrap()..]);
            let path = path.split(['?', '$']).next().unwrap();
            // A whole URL may begin as the token endpoint's does; a path stands behind the base URL's.
            match url.starts_with("https://") {
                true => (format!("{} {path}", lookup.request.method), answer),
                false => (path.to_owned(), answer),
            }
        };
        self.provider.post_connection.iter().map(lesson).collect()
    }

    /// What every endpoint answers: tokens, and whatever the definition reads from an answer.
    fn answer(&self) -> Value {
        let mut answer = json!({
            "access_token": "access-token-#", "refresh_token": "refresh-token-#", "expires_in": 3600,
            "token_type": "bearer", "client_id": CLIENT, "client_secret": SECRET,
        });
        let (paths, more): (&[String], &[String]) = match &self.provider.auth {
            Auth::OAuth2(scheme) => (&scheme.token_response_metadata, &scheme.refresh_response_metadata),
            Auth::OAuth2Cc(scheme) => (&scheme.token_response_metadata, &[]),
            _ => (&[], &[]),
        };
        if let Auth::Bill(_) = &self.provider.auth {
            answer["sessionId"] = json!("session-#");
            answer["userId"] = json!("user");
        }
        if let Auth::OAuth2(scheme) = &self.provider.auth
            && let Some(places) = &scheme.answer
        {
            put(&mut answer, &places.token, json!("access-token-#"));
            if let Some(path) = &places.refresh_token {
                put(&mut answer, path, json!("refresh-token-#"));
            }
            self.put_expiry(&mut answer, places.expiry.as_ref());
        }
        if let Auth::TwoStep(scheme) = &self.provider.auth {
            self.put_chain(&mut answer, scheme);
        }
        for path in paths.iter().chain(more) {
            put(&mut answer, path, json!(self.metadata(path)));
        }
        match &self.provider.auth {
            // The whole answer is the token.
            Auth::TwoStep(scheme) if scheme.answer.token.is_empty() => json!("access-token-#"),
            _ => answer,
        }
    }

    /// What a chain of token requests reads from its answers.
    fn put_chain(&self, answer: &mut Value, scheme: &TwoStep) {
        for step in std::iter::once(&scheme.request).chain(&scheme.additional_steps) {
            let params =
                step.params.iter().flat_map(|(_, tree)| tree.templates().into_iter().map(|(_, one)| one));
            let templates =
                std::iter::once(&step.url).chain(step.headers.iter().map(|(_, one)| one)).chain(params);
            for path in templates.flat_map(|one| one.paths().map(str::to_owned).collect::<Vec<_>>()) {
                if let Some((_, rest)) = path.strip_prefix("step").and_then(|rest| rest.split_once('.')) {
                    put(answer, rest, json!("https://meta.example"));
                }
            }
        }
        if !scheme.answer.token.is_empty() {
            put(answer, &scheme.answer.token, json!("access-token-#"));
        }
        self.put_expiry(answer, scheme.answer.expiry.as_ref());
        if let Some(path) = &scheme.answer.refresh_token {
            put(answer, path, json!("brought-#"));
        }
        for path in &scheme.token_response_metadata {
            put(answer, path, json!(self.metadata(path)));
        }
    }

    fn put_expiry(&self, answer: &mut Value, expiry: Option<&Expiry>) {
        match expiry {
            Some(Expiry::In(path)) => put(answer, path, json!(3600)),
            Some(Expiry::At(path)) => put(answer, path, json!("2027-01-15T09:00:00Z")),
            None => {}
        }
    }

    /// A value that a callback or an answer brings: what its field asks for, else a whole address where a URL begins with
    /// it, else a word.
    pub(crate) fn metadata(&self, name: &str) -> String {
        let begins = format!("${{connectionConfig.{name}}}");
        let whole = self
            .urls()
            .iter()
            .any(|url| url.source().split(" || ").any(|one| one.trim().starts_with(&begins)));
        match self.field(name) {
            Some(field) if field.pattern.is_some() => samples::one(field),
            _ if whole => "https://meta.example".to_owned(),
            _ => "meta".to_owned(),
        }
    }

    async fn by_code(&self, scheme: &OAuth2) -> Result<(), String> {
        let session = self.session().await?;
        let services = &self.house.services;
        let request = AuthorizeRequest { params: self.config(), ..AuthorizeRequest::default() };
        let begun = authorize::begin(&services.context, &session, &self.key, request)
            .await
            .map_err(|error| format!("authorize: {}", shown(&error)))?;
        self.house.fake.take();
        let url = begun.url.clone();
        if url.scheme() != "https" || !url.as_str().contains(&begun.issued.state) {
            return Err(format!("the authorize URL is {url}"));
        }
        let mut params = vec![
            ("state".to_owned(), begun.issued.state.clone()),
            (scheme.code_parameter.clone(), CODE.to_owned()),
        ];
        for name in &scheme.redirect_uri_metadata {
            params.push((name.clone(), self.metadata(name)));
        }
        let request = CallbackRequest { params, cookie: Some(begun.issued.cookie_value) };
        let ending = callback::arrive(&services.context, &services.events, request).await;
        let connection = match ending.map_err(|error| shown(&error))? {
            Ending::Connected { connection, .. } => connection,
            Ending::Failed { failure, .. } => {
                return Err(format!("callback: {}: {}", failure.problem.code, failure.problem.cause));
            }
            _ => return Err("callback: neither connected nor failed".to_owned()),
        };
        let seen = self.seen()?;
        let lessons = self.provider.post_connection.len();
        let Some(redeemed) = seen.first().filter(|_| seen.len() == 1 + lessons) else {
            return Err(format!("{} requests of which {lessons} learn", seen.len()));
        };
        check_redeemed(redeemed, &url)?;
        self.call_and_refresh(&connection, None).await
    }

    async fn by_form(&self, form: Form, secret: Option<&str>) -> Result<(), String> {
        let session = self.session().await?;
        let connected =
            direct::connect(&self.house.services.context, &session, &self.key, self.config(), form)
                .await
                .map_err(|error| format!("connect: {}", shown(&error)))?;
        self.seen()?;
        self.call_and_refresh(connected.connection.as_str(), secret).await
    }

    /// A call carries the token; a forced refresh brings another, and the next call carries that.
    pub(crate) async fn call_and_refresh(
        &self,
        connection: &str,
        shown_secret: Option<&str>,
    ) -> Result<(), String> {
        let services = &self.house.services;
        let id = ConnectionId::parse(connection).unwrap();
        let account = services
            .keeper
            .current(self.house.scope, &self.key, &id)
            .await
            .map_err(|error| format!("open: {}", shown(&error)))?;
        let learnt = self.provider.post_connection.iter().flat_map(|lookup| &lookup.config);
        if let Some((key, _)) = learnt.clone().find(|(key, _)| !account.connection.config.contains_key(key)) {
            return Err(format!("`{key}` was not learnt"));
        }
        let token = account.credentials.access_token().map(Secret::expose);
        self.call(&id, token.or(shown_secret)).await?;
        if !account.is_renewable() {
            return Ok(());
        }
        let fresh = services
            .keeper
            .refresh(&account, Force::Yes)
            .await
            .map_err(|error| format!("refresh: {}", shown(&error)))?;
        let tokens = [&account, &fresh].map(|one| one.credentials.access_token().map(Secret::expose));
        let signed_here = matches!(self.provider.auth, Auth::Jwt(_));
        if tokens[0] == tokens[1] && tokens[0].is_some() && !signed_here {
            return Err("refresh: the token is the old one".to_owned());
        }
        if self.seen()?.is_empty() && !signed_here {
            return Err("refresh: nobody was asked".to_owned());
        }
        self.call(&id, fresh.credentials.access_token().map(Secret::expose)).await
    }

    fn in_body(&self) -> bool {
        self.provider.proxy.as_ref().is_some_and(|proxy| proxy.body.is_some())
    }

    /// Whether calls send the cookies of the login in place of its token.
    fn by_cookie(&self) -> bool {
        let headers = self.provider.proxy.iter().flat_map(|proxy| &proxy.headers);
        headers.flat_map(|(_, template)| template.paths()).any(|path| path == "credentials._cookies")
    }

    async fn call(&self, id: &ConnectionId, token: Option<&str>) -> Result<(), String> {
        if self.provider.proxy.is_none() {
            return Ok(());
        }
        let call = ProxyCall {
            scope: self.house.scope,
            integration: self.key.clone(),
            connection: id.clone(),
            // A key that goes into the body needs one.
            method: if self.in_body() { Method::POST } else { Method::GET },
            target: Target::parse("/smoke?x=1").unwrap(),
            headers: HeaderMap::new(),
            retry: RetryPolicy::default(),
            base_override: None,
            redirects: Redirects::Follow,
            links: Links::Keep,
            links_to: None,
            packing: Packing::Keep,
            attach_to: None,
            operation_id: None,
        };
        let answer = self.house.services.proxy.call(call, egress::Body::empty()).await;
        let answer = answer.map_err(|error| format!("call: {}", shown(&error)))?;
        let seen = self.seen()?;
        let [request] = seen.as_slice() else { return Err(format!("call: {} requests", seen.len())) };
        if answer.status() != 200 || !request.line.contains("/smoke") {
            return Err(format!("call: {} for {} at {}", answer.status(), request.line, request.host));
        }
        match token {
            Some(token) if !(request.holds(token) || self.by_cookie() && request.holds(COOKIE)) => {
                Err(format!("call: the token is not in {}", request.head.replace("\r\n", " | ")))
            }
            _ => Ok(()),
        }
    }
}

/// The code, the client and the verifier of the challenge that the browser took along.
fn check_redeemed(request: &Seen, authorize: &url::Url) -> Result<(), String> {
    if !request.holds(CODE) {
        return Err("the token request has no code".to_owned());
    }
    let query = authorize.fragment().and_then(|fragment| fragment.split_once('?')).map(|(_, query)| query);
    let query = query.or(authorize.query()).unwrap_or_default();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let Some((_, asked)) = pairs.iter().find(|(name, _)| name == "code_challenge") else { return Ok(()) };
    let fields: Map<String, Value> = serde_json::from_str(&request.body).unwrap_or_else(|_| {
        url::form_urlencoded::parse(request.body.as_bytes())
            .map(|(k, v)| (k.into_owned(), json!(v)))
            .collect()
    });
    let verifier = fields.get("code_verifier").and_then(Value::as_str).unwrap_or_default();
    if challenge(verifier) == *asked {
        Ok(())
    } else {
        Err("the verifier is not that of the challenge".to_owned())
    }
}

pub(crate) fn put(object: &mut Value, path: &str, value: Value) {
    let slot = path.split('.').fold(object, |slot, name| match name.parse::<usize>() {
        Ok(_) => {
            *slot = json!([null]);
            &mut slot[0]
        }
        Err(_) => &mut slot[name],
    });
    *slot = value;
}

pub(crate) fn shown(error: &services::error::Error) -> String {
    match error {
        services::error::Error::Invalid(issues) => {
            let all = issues.iter().map(|issue| format!("{}: {}", issue.path.join("."), issue.message));
            all.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

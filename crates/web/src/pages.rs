//! The pages that end a sign-in, as whole HTML documents (contract §5.4). All text given is escaped here.
//!
//! `base_path` is where the server hangs, `""` or `/base`; the pages load `{base_path}/pages/result.{css,js}`. Send
//! them as `text/html; charset=utf-8` with [`crate::RESULT_CSP`], `Referrer-Policy: no-referrer`, `Cache-Control:
//! no-store` and `X-Content-Type-Options: nosniff`.

use crate::html::{Html, fill};
use crate::texts::{Language, Texts};

const TEMPLATE: &str = include_str!("../../../web/pages/result.html");

/// A sign-in that made or renewed a connection.
#[derive(Debug, Clone)]
pub struct Connected<'a> {
    /// The name people read, for example `Microsoft Excel`.
    pub integration: &'a str,
    /// The integration's unique key.
    pub provider_config_key: &'a str,
    /// The connection made.
    pub connection_id: &'a str,
    /// Whether someone must still approve it on the other side.
    pub pending: bool,
    /// The socket of the page that waits; lets it recognise the answer if its socket broke.
    pub ws_client_id: Option<&'a str>,
}

/// Who must act on a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The end user.
    User,
    /// The administrator of the end user's organization.
    Admin,
    /// The developer who configured the integration.
    Developer,
    /// Nobody: it passes.
    Nobody,
}

impl Actor {
    /// The wire's spelling, as in the API's errors.
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Nobody => "nobody",
        }
    }

    /// The key of its heading in the catalogues.
    fn heading(self) -> &'static str {
        match self {
            Self::User => "whoUser",
            Self::Admin => "whoAdmin",
            Self::Developer => "whoDeveloper",
            Self::Nobody => "whoNobody",
        }
    }
}

/// A failure in words for people; redact before it comes here.
#[derive(Debug, Clone)]
pub struct Failure<'a> {
    /// The code that the opener gets, for example `callback_err`.
    pub error_type: &'a str,
    /// What it was in detail, for example `AADSTS90094`; words in the reader's language follow from it.
    pub code: &'a str,
    /// The message that the opener gets; on the page among the details, when it says more than `cause`.
    pub message: &'a str,
    /// What happened.
    pub cause: &'a str,
    /// Who must act.
    pub actor: Option<Actor>,
    /// What they must do.
    pub remedy: Option<&'a str>,
    /// Where to read more; left out unless http(s).
    pub link: Option<&'a str>,
    /// For support: names and values, such as a trace id.
    pub details: &'a [(&'a str, &'a str)],
    /// The socket of the page that waits.
    pub ws_client_id: Option<&'a str>,
}

/// An administrator's approval.
#[derive(Debug, Clone)]
pub struct AdminThanks<'a> {
    /// The name people read, for example `Microsoft Excel`.
    pub integration: &'a str,
    /// The tenant that approved, when known.
    pub tenant: Option<&'a str>,
}

/// The callback's page after success: reports to its opener and closes itself after 500 ms.
pub fn connected(base_path: &str, language: Language, page: &Connected<'_>) -> String {
    let texts = Texts::of(language);
    let (tone, title) = match page.pending {
        false => ("good", texts.say("doneTitle", &[("name", page.integration)])),
        true => ("wait", texts.say("pendingTitle", &[])),
    };
    let body = paragraph(&texts.say("closeWindow", &[]));
    let mut data = report("success", page.ws_client_id);
    data.push(&Html::attribute("data-key", page.provider_config_key));
    data.push(&Html::attribute("data-connection", page.connection_id));
    data.push(&Html::attribute("data-pending", if page.pending { "true" } else { "false" }));
    document(base_path, language, tone, &title, body, Some(data))
}

/// The callback's page after a failure: reports to its opener and stays open with cause, actor and remedy, unless the
/// opener acknowledges and shows them itself.
pub fn failed(base_path: &str, language: Language, failure: &Failure<'_>) -> String {
    let mut data = report("error", failure.ws_client_id);
    data.push(&Html::attribute("data-error-type", failure.error_type));
    data.push(&Html::attribute("data-message", failure.message));
    data.push(&Html::attribute("data-cause", failure.cause));
    let actor = failure.actor.map(Actor::as_str);
    for (name, value) in [("data-actor", actor), ("data-remedy", failure.remedy), ("data-link", failure.link)]
    {
        data.push(&value.map(|value| Html::attribute(name, value)).unwrap_or_default());
    }
    let texts = Texts::of(language);
    let said = Said::of(&texts, failure);
    document(base_path, language, "bad", &said.title, explanation(&texts, failure, &said), Some(data))
}

/// What an administrator sees after approving; it grants nothing and reports to no window.
pub fn admin_thanks(base_path: &str, language: Language, page: &AdminThanks<'_>) -> String {
    let texts = Texts::of(language);
    let name = ("name", page.integration);
    let approved = match page.tenant {
        Some(tenant) => texts.say("thanksTenant", &[name, ("tenant", tenant)]),
        None => texts.say("thanksOrganization", &[name]),
    };
    let body = [paragraph(&approved), paragraph(&texts.say("thanksNext", &[]))].into_iter().collect();
    document(base_path, language, "good", &texts.say("thanksTitle", &[]), body, None)
}

/// An error page outside a popup's report, for example an admin link that was used already.
pub fn error(base_path: &str, language: Language, failure: &Failure<'_>) -> String {
    let texts = Texts::of(language);
    let said = Said::of(&texts, failure);
    document(base_path, language, "bad", &said.title, explanation(&texts, failure, &said), None)
}

/// What to do where there was nothing to end, for example after an installation on the vendor's own pages.
pub fn notice(base_path: &str, language: Language, code: &str) -> String {
    let (title, text) = Texts::of(language).of_code(code).unwrap_or_default();
    document(base_path, language, "good", &title, paragraph(&text), None)
}

fn report(status: &'static str, ws_client_id: Option<&str>) -> Html {
    let mut data = Html::attribute("data-status", status);
    if let Some(id) = ws_client_id {
        data.push(&Html::attribute("data-socket", id));
    }
    data
}

fn paragraph(text: &str) -> Html {
    Html::element("p", &Html::text(text))
}

/// A failure in the reader's language as far as there are words for it.
struct Said {
    title: String,
    /// In place of cause and remedy, which are English.
    text: Option<String>,
}

impl Said {
    fn of(texts: &Texts, failure: &Failure<'_>) -> Self {
        let setup = || failure.actor == Some(Actor::Developer);
        let known = texts.of_code(failure.code).or_else(|| setup().then(|| texts.of_kind("setup")).flatten());
        match known {
            Some((title, _)) if texts.language.is_english() => Self { title, text: None },
            Some((title, text)) => Self { title, text: Some(text) },
            None => Self { title: texts.say("failTitle", &[]), text: None },
        }
    }
}

fn explanation(texts: &Texts, failure: &Failure<'_>, said: &Said) -> Html {
    let say = |key| Html::text(&texts.say(key, &[]));
    let heading = failure.actor.map(|actor| Html::element("b", &say(actor.heading())));
    let remedy = failure.remedy.filter(|_| said.text.is_none()).map(paragraph);
    let link = failure.link.and_then(|address| Html::link(address, &texts.say("readMore", &[])));
    let mut body = paragraph(said.text.as_deref().unwrap_or(failure.cause));
    let advice: Html = [heading, remedy, link].into_iter().flatten().collect();
    if !advice.as_str().is_empty() {
        body.push(&Html::literal("\n<div class=\"advice\">"));
        body.push(&advice);
        body.push(&Html::literal("</div>"));
    }
    body.push(&Html::literal("\n<details lang=\"en\"><summary lang=\""));
    body.push(&Html::text(texts.language.tag()));
    body.push(&Html::literal("\">"));
    body.push(&say("details"));
    body.push(&Html::literal("</summary>"));
    body.push(&Html::element("dl", &facts(failure, said)));
    body.push(&Html::literal("</details>"));
    body
}

/// For support, in English whatever the reader's language.
fn facts(failure: &Failure<'_>, said: &Said) -> Html {
    let elsewhere = said.text.is_some();
    let cause = elsewhere.then_some(("Cause", failure.cause));
    let remedy = failure.remedy.filter(|_| elsewhere).map(|remedy| ("Remedy", remedy));
    let message = (failure.message != failure.cause).then_some(("Message", failure.message));
    [Some(("Code", failure.error_type)), message, cause, remedy]
        .into_iter()
        .flatten()
        .chain(failure.details.iter().copied())
        .flat_map(|(name, value)| {
            [Html::element("dt", &Html::text(name)), Html::element("dd", &Html::text(value))]
        })
        .collect()
}

/// `data` makes the page report: the script is loaded only then.
fn document(
    base_path: &str,
    language: Language,
    tone: &'static str,
    title: &str,
    body: Html,
    data: Option<Html>,
) -> String {
    let base = Html::text(base_path.trim_end_matches('/'));
    let mut script = Html::default();
    if data.is_some() {
        script.push(&Html::literal("<script src=\""));
        script.push(&base);
        script.push(&Html::literal("/pages/result.js\" defer></script>"));
    }
    let slots = [
        ("language", Html::text(language.tag())),
        ("title", Html::text(title)),
        ("base", base),
        ("script", script),
        ("tone", Html::literal(tone)),
        ("data", data.unwrap_or_default()),
        ("body", body),
    ];
    fill(TEMPLATE, &slots)
}

#[cfg(test)]
mod tests;

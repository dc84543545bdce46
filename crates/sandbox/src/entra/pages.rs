//! The pages people see. Plain HTML that says what it is: a simulation.

use http::{HeaderValue, StatusCode};

use super::failure::{Failure, Ids};
use crate::directory::{App, Tenant, User};
use crate::web::{self, Reply};

const STYLE: &str = include_str!("pages.css");

/// Text made safe for HTML, in text and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// One account on the sign-in page.
pub(super) struct Choice {
    pub user: User,
    pub tenant: Tenant,
    /// Whether the browser already has a session for it.
    pub signed_in: bool,
}

/// The sign-in page: pick an account of the sandbox, or type one.
pub(super) struct SignInPage<'a> {
    pub action: &'a str,
    pub flow: &'a str,
    pub app: Option<&'a App>,
    pub hint: &'a str,
    pub message: Option<&'a str>,
    pub choices: Vec<Choice>,
}

impl SignInPage<'_> {
    pub fn reply(&self) -> Reply {
        let (action, flow) = (escape(self.action), escape(self.flow));
        let to = self.app.map(|app| format!("<p class=to>to continue to <b>{}</b></p>", escape(&app.name)));
        let message = self.message.map(|text| format!("<p class=error role=alert>{}</p>", escape(text)));
        let accounts: String = self.choices.iter().map(account).collect();
        let body = format!(
            "<h1>Sign in</h1>{}{}\
             <form method=post action=\"{action}\"><input type=hidden name=flow value=\"{flow}\">\
             <ul class=accounts>{accounts}</ul></form>\
             <form method=post action=\"{action}\" class=other><input type=hidden name=flow value=\"{flow}\">\
             <label for=username>Another account</label>\
             <input id=username name=username type=text autocomplete=username placeholder=\"someone@contoso.example\" \
             value=\"{}\" required>\
             <label for=password>Password <small>(any, or none)</small></label>\
             <input id=password name=password type=password autocomplete=off>\
             <div class=actions><button type=submit class=primary>Sign in</button></div></form>",
            to.unwrap_or_default(),
            message.unwrap_or_default(),
            escape(self.hint),
        );
        web::html(StatusCode::OK, shell("Sign in", &body))
    }
}

fn account(choice: &Choice) -> String {
    let user = &choice.user;
    let initials: String =
        [&user.given_name, &user.surname].iter().filter_map(|name| name.chars().next()).collect();
    let mut notes = vec![choice.tenant.display_name.clone()];
    if user.standing == crate::directory::Standing::Admin {
        notes.push("administrator".into());
    }
    if choice.signed_in {
        notes.push("signed in".into());
    }
    format!(
        "<li><button type=submit name=username value=\"{upn}\"><span class=face aria-hidden=true>{initials}</span>\
         <span><b>{name}</b><br><span class=upn>{upn}</span><br><small>{notes}</small></span></button></li>",
        upn = escape(&user.upn),
        initials = escape(&initials),
        name = escape(&user.display_name),
        notes = escape(&notes.join(" · ")),
    )
}

/// The consent page: what the app wants, for whom.
pub(super) struct ConsentPage<'a> {
    pub action: &'a str,
    pub flow: &'a str,
    pub app: &'a App,
    pub user: &'a User,
    /// Title and technical name of each permission.
    pub permissions: Vec<(String, String)>,
    pub scope: ConsentScope,
}

/// For whom the person may agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConsentScope {
    Self_,
    /// An administrator, who may extend it to the organisation.
    SelfOrOrganisation,
    /// Admin consent: for the organisation, nothing else.
    Organisation,
}

impl ConsentPage<'_> {
    pub fn reply(&self) -> Reply {
        let items: String = self
            .permissions
            .iter()
            .map(|(title, name)| {
                format!("<li>{} <small><code>{}</code></small></li>", escape(title), escape(name))
            })
            .collect();
        let (heading, whole) = match self.scope {
            ConsentScope::Organisation => ("Permissions requested", "<p>Review for your organization</p>"),
            _ => ("Permissions requested", ""),
        };
        let checkbox = match self.scope {
            ConsentScope::SelfOrOrganisation => {
                "<label class=check><input type=checkbox name=organization value=1> Consent on behalf of your organization</label>"
            }
            _ => "",
        };
        let body = format!(
            "<p class=upn>{}</p><h1>{heading}</h1>{whole}<p><b>{}</b> <small>unverified</small> would like to:</p>\
             <ul class=permissions>{items}</ul>\
             <form method=post action=\"{}\"><input type=hidden name=flow value=\"{}\">{checkbox}\
             <p><small>Accepting these permissions means that you allow this app to use your data. You can take the \
             permission back at any time.</small></p>\
             <div class=actions><button type=submit name=decision value=deny>Cancel</button>\
             <button type=submit name=decision value=accept class=primary>Accept</button></div></form>",
            escape(&self.user.upn),
            escape(&self.app.name),
            escape(self.action),
            escape(self.flow),
        );
        web::html(StatusCode::OK, shell("Permissions requested", &body))
    }
}

/// "Need admin approval": the user may not consent. `back` returns to the app without consent.
pub(super) fn need_admin(app: &App, user: &User, action: &str, flow: &str, ids: &Ids) -> Reply {
    let body = format!(
        "<p class=upn>{}</p><h1>Need admin approval</h1>\
         <p><b>{}</b> needs permission to access resources in your organization that only an admin can grant. Please ask \
         an admin to grant permission to this app before you can use it.</p>\
         <form method=post action=\"{}\"><input type=hidden name=flow value=\"{}\">\
         <div class=actions><button type=submit name=decision value=switch>Have an admin account? Sign in with that account</button>\
         <button type=submit name=decision value=return>Return to the application without granting consent</button></div></form>{}",
        escape(&user.upn),
        escape(&app.name),
        escape(action),
        escape(flow),
        details("AADSTS90094", ids),
    );
    web::html(StatusCode::OK, shell("Need admin approval", &body))
}

/// An error that never goes back to the app.
pub(super) fn error(failure: &Failure, ids: &Ids) -> Reply {
    let body = format!(
        "<h1>Sorry, but we’re having trouble signing you in.</h1><p class=error role=alert>AADSTS{}: {}</p>{}",
        failure.code,
        escape(&failure.message),
        details(&format!("AADSTS{}", failure.code), ids),
    );
    let mut reply = web::html(StatusCode::BAD_REQUEST, shell("Sign in failed", &body));
    ids.mark(reply.headers_mut(), Some(failure.code));
    reply
}

/// A page with a heading and a sentence.
pub(super) fn notice(heading: &str, text: &str) -> Reply {
    let body = format!("<h1>{}</h1><p>{}</p>", escape(heading), escape(text));
    web::html(StatusCode::OK, shell(heading, &body))
}

/// Where a device's code is typed.
pub(super) fn device(message: Option<&str>, code: &str) -> Reply {
    let message =
        message.map(|text| format!("<p class=error role=alert>{}</p>", escape(text))).unwrap_or_default();
    let body = format!(
        "<h1>Enter code</h1><p>Enter the code displayed on your app or device.</p>{message}\
         <form method=post action=\"/common/oauth2/deviceauth\"><label for=otc>Code</label>\
         <input id=otc name=otc type=text autocomplete=off value=\"{}\" required>\
         <div class=actions><button type=submit class=primary>Next</button></div></form>",
        escape(code)
    );
    web::html(StatusCode::OK, shell("Enter code", &body))
}

/// Posts `fields` to the app from the browser (`response_mode=form_post`).
pub(super) fn form_post(uri: &str, fields: &[(&'static str, String)]) -> Reply {
    let inputs: String = fields
        .iter()
        .map(|(name, value)| format!("<input type=hidden name=\"{name}\" value=\"{}\">", escape(value)))
        .collect();
    let body = format!(
        "<h1>Back to the app</h1><form method=post action=\"{}\" id=back>{inputs}\
         <div class=actions><button type=submit class=primary>Continue</button></div></form>\
         <script>document.getElementById('back').submit()</script>",
        escape(uri)
    );
    let mut reply = web::html(StatusCode::OK, shell("Working…", &body));
    let policy =
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'");
    reply.headers_mut().insert("content-security-policy", policy);
    reply
}

fn details(code: &str, ids: &Ids) -> String {
    format!(
        "<details><summary>Troubleshooting details</summary><dl><dt>Error</dt><dd>{code}</dd><dt>Request Id</dt><dd>{}</dd>\
         <dt>Correlation Id</dt><dd>{}</dd><dt>Timestamp</dt><dd>{}</dd></dl></details>",
        ids.trace, ids.correlation, ids.timestamp
    )
}

fn shell(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{} – Sandbox</title><style>{STYLE}</style></head><body><main>\
         <p class=banner>Sandbox: simulated Microsoft sign-in</p>{body}</main></body></html>",
        escape(title)
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(super::escape("<a href=\"'&\">"), "&lt;a href=&quot;&#39;&amp;&quot;&gt;");
    }
}

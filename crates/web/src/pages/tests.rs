//! Every page, with the worst that a provider or a name can bring.

use super::*;

const HOSTILE: &str = "</main><script>alert('x')</script>\"><img src=x onerror=alert(1)> {{body}}";

fn failure<'a>(details: &'a [(&'a str, &'a str)]) -> Failure<'a> {
    Failure {
        error_type: "callback_err",
        message: "AADSTS90094: admin consent is required",
        cause: "Your organization lets only administrators approve new apps.",
        actor: Some(Actor::Admin),
        remedy: Some("Ask an administrator to approve the app."),
        link: Some("https://learn.microsoft.com/entra"),
        details,
        ws_client_id: Some("7b1c"),
    }
}

fn connected_as<'a>(text: &'a str) -> Connected<'a> {
    Connected {
        integration: text,
        provider_config_key: text,
        connection_id: text,
        pending: false,
        ws_client_id: Some(text),
    }
}

#[test]
fn nothing_given_becomes_markup() {
    let details = [(HOSTILE, HOSTILE)];
    let hostile = Failure {
        error_type: HOSTILE,
        message: HOSTILE,
        cause: HOSTILE,
        remedy: Some(HOSTILE),
        link: Some("javascript:alert(1)"),
        ws_client_id: Some(HOSTILE),
        ..failure(&details)
    };
    let pages = [
        connected(HOSTILE, &connected_as(HOSTILE)),
        failed(HOSTILE, &hostile),
        admin_thanks(HOSTILE, &AdminThanks { integration: HOSTILE, tenant: Some(HOSTILE) }),
        error(HOSTILE, HOSTILE, &hostile),
    ];
    for page in pages {
        assert!(
            !page.contains("<script>") && !page.contains("<img") && !page.contains("href=\"javascript"),
            "{page}"
        );
        assert_eq!(page.matches("</main>").count(), 1);
        assert_eq!(page.matches("<html").count(), 1);
        assert!(page.contains("&lt;/main&gt;&lt;script&gt;alert(&#39;x&#39;)"));
    }
}

#[test]
fn success_tells_the_script_what_to_report() {
    let page = connected(
        "/base/",
        &Connected {
            integration: "Excel & more",
            provider_config_key: "microsoft-excel",
            connection_id: "c-1",
            pending: false,
            ws_client_id: Some("7b1c"),
        },
    );
    assert!(page.contains("<title>Excel &amp; more is connected</title>"));
    assert!(page.contains("<script src=\"/base/pages/result.js\" defer></script>"));
    assert!(page.contains("href=\"/base/pages/result.css\""));
    let told = "<main class=\"good\" data-status=\"success\" data-socket=\"7b1c\" data-key=\"microsoft-excel\" \
                data-connection=\"c-1\" data-pending=\"false\">";
    assert!(page.contains(told), "{page}");
    let pending = connected("", &Connected { pending: true, ..connected_as("a") });
    assert!(pending.contains("class=\"wait\"") && pending.contains("data-pending=\"true\""));
}

#[test]
fn failure_shows_cause_actor_remedy_link_and_details() {
    let page = failed("", &failure(&[("Trace", "5f1b")]));
    for text in [
        "data-status=\"error\"",
        "data-error-type=\"callback_err\"",
        "data-message=\"AADSTS90094: admin consent is required\"",
        "<p>Your organization lets only administrators approve new apps.</p>",
        "<b>Your administrator must act</b><p>Ask an administrator to approve the app.</p>",
        "<a href=\"https://learn.microsoft.com/entra\" target=\"_blank\" rel=\"noopener noreferrer\">",
        "<dt>Code</dt><dd>callback_err</dd><dt>Message</dt>",
        "data-actor=\"admin\" data-remedy=\"Ask an administrator to approve the app.\" data-link=\"https://learn",
        "<dt>Trace</dt><dd>5f1b</dd>",
        "src=\"/pages/result.js\"",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
}

#[test]
fn pages_that_report_nothing_load_no_script() {
    let thanks = admin_thanks("", &AdminThanks { integration: "Excel", tenant: None });
    assert!(thanks.contains("approved for your organization"));
    let plain = Failure { actor: None, remedy: None, link: None, ..failure(&[]) };
    let error = error("", "This link was used already", &plain);
    assert!(error.contains("<h1>This link was used already</h1>") && !error.contains("class=\"advice\""));
    for page in [thanks, error] {
        assert!(!page.contains("<script") && !page.contains("data-status"), "{page}");
    }
}

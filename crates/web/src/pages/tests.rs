//! Every page, with the worst that a provider or a name can bring.

use super::*;

fn english() -> Language {
    Language::choose(Some("en"), None)
}

const HOSTILE: &str = "</main><script>alert('x')</script>\"><img src=x onerror=alert(1)> {{body}}";

fn failure<'a>(details: &'a [(&'a str, &'a str)]) -> Failure<'a> {
    Failure {
        error_type: "callback_err",
        code: "AADSTS90094",
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
        code: HOSTILE,
        message: HOSTILE,
        cause: HOSTILE,
        remedy: Some(HOSTILE),
        link: Some("javascript:alert(1)"),
        ws_client_id: Some(HOSTILE),
        ..failure(&details)
    };
    let pages = ["en", "ja"].map(|tag| Language::choose(Some(tag), None)).map(|language| {
        [
            connected(HOSTILE, language, &connected_as(HOSTILE)),
            failed(HOSTILE, language, &hostile),
            admin_thanks(HOSTILE, language, &AdminThanks { integration: HOSTILE, tenant: Some(HOSTILE) }),
            error(HOSTILE, language, &hostile),
        ]
    });
    for page in pages.into_iter().flatten() {
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
        english(),
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
    let pending = connected("", english(), &Connected { pending: true, ..connected_as("a") });
    assert!(pending.contains("class=\"wait\"") && pending.contains("data-pending=\"true\""));
}

#[test]
fn failure_shows_cause_actor_remedy_link_and_details() {
    let page = failed("", english(), &failure(&[("Trace", "5f1b")]));
    for text in [
        "data-status=\"error\"",
        "data-error-type=\"callback_err\"",
        "data-message=\"AADSTS90094: admin consent is required\"",
        "<p>Your organization lets only administrators approve new apps.</p>",
        "<b>Your administrator must act</b><p>Ask an administrator to approve the app.</p>",
        "<a href=\"https://learn.microsoft.com/entra\" target=\"_blank\" rel=\"noopener noreferrer\">",
        "<h1>An administrator must approve first</h1>",
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
    let thanks = admin_thanks("", english(), &AdminThanks { integration: "Excel", tenant: None });
    assert!(thanks.contains("approved for your organization"));
    let plain = Failure { code: "admin_link_gone", actor: None, remedy: None, link: None, ..failure(&[]) };
    let error = error("", english(), &plain);
    assert!(error.contains("<h1>This link works no more</h1>") && !error.contains("class=\"advice\""));
    for page in [thanks, error] {
        assert!(!page.contains("<script") && !page.contains("data-status"), "{page}");
    }
}

#[test]
fn each_language_has_words_of_its_own_and_leaves_the_server_s_to_support() {
    let mut titles = std::collections::BTreeSet::new();
    for tag in crate::texts::LANGUAGES {
        let language = Language::choose(Some(tag), None);
        let page = failed("", language, &failure(&[]));
        assert!(page.contains(&format!("<html lang=\"{tag}\">")), "{page}");
        let title = page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap().to_owned();
        let (shown, for_support) = page.split_once("<details").unwrap();
        let cause = "<p>Your organization lets only administrators";
        assert_eq!(shown.contains(cause), tag == "en", "{page}");
        assert_eq!(for_support.contains("<dt>Cause</dt>"), tag != "en", "{page}");
        titles.insert(title);

        // A code that nobody has words for keeps the server's.
        let other = failed("", language, &Failure { code: "odd", ..failure(&[]) });
        assert!(other.split("<details").next().unwrap().contains(cause), "{other}");
        let thanks = admin_thanks("", language, &AdminThanks { integration: "Excel", tenant: None });
        assert!(
            thanks.contains("Excel") && !thanks.contains("<h1></h1>") && !thanks.contains("<p></p>"),
            "{thanks}"
        );
        let notice = notice("", language, "installed_without_state");
        assert!(!notice.contains("<h1></h1>") && !notice.contains("<p></p>"), "{notice}");
    }
    assert_eq!(titles.len(), 7, "{titles:?}");
}

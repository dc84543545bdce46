//! Opens the dashboard for whoever started `dev` by hand.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use domain::Secret;

use crate::files;

/// What tells a person at a desk from a script.
struct Surroundings<'a> {
    terminal: bool,
    macos: bool,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Surroundings<'_> {
    /// The program that opens addresses; none where nobody would see the browser.
    fn opener(&self) -> Option<&'static str> {
        let is_set = |name| (self.variable)(name).is_some_and(|value| !value.is_empty());
        let elsewhere = ["CI", "SSH_CONNECTION", "SSH_TTY"].into_iter().any(is_set);
        if !self.terminal || elsewhere {
            return None;
        }
        let desktop = ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(is_set);
        match (self.macos, desktop) {
            (true, _) => Some("open"),
            (false, true) => Some("xdg-open"),
            (false, false) => None,
        }
    }
}

/// The page that leads into the dashboard, there as long as this lives.
pub struct Doorstep {
    path: PathBuf,
}

impl Drop for Doorstep {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the dashboard where a person sits in front of a desktop. Nothing comes of a failure: the link is printed too.
///
/// The link may hold the set-up token, and arguments of a process can be read by everybody on the machine. So the
/// browser is given a file that only its owner can read and that leads on.
pub fn open(data_dir: &Path, link: &Secret) -> Option<Doorstep> {
    let surroundings = Surroundings {
        terminal: std::io::stdout().is_terminal(),
        macos: cfg!(target_os = "macos"),
        variable: &|name| std::env::var(name).ok(),
    };
    let opener = surroundings.opener()?;
    let path = std::path::absolute(data_dir.join("dashboard.html")).ok()?;
    files::replace_private(&path, page(link.expose()).as_bytes()).ok()?;
    let doorstep = Doorstep { path };
    let mut child = Command::new(opener)
        .arg(&doorstep.path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // Nobody waits for the browser, but a process that ended must be taken note of.
    std::thread::spawn(move || child.wait());
    Some(doorstep)
}

fn page(link: &str) -> String {
    let link = link.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0;url={link}\"><title>Sheetbend</title>\
         <p><a href=\"{link}\">Open Sheetbend</a>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opener(terminal: bool, macos: bool, set: &[&str]) -> Option<&'static str> {
        let variable = |name: &str| set.contains(&name).then(|| "1".to_owned());
        Surroundings { terminal, macos, variable: &variable }.opener()
    }

    #[test]
    fn only_a_person_at_a_desktop_gets_a_window() {
        assert_eq!(opener(true, false, &["DISPLAY"]), Some("xdg-open"));
        assert_eq!(opener(true, false, &["WAYLAND_DISPLAY"]), Some("xdg-open"));
        assert_eq!(opener(true, true, &[]), Some("open"));
        assert_eq!(opener(true, false, &[]), None);
        assert_eq!(opener(false, false, &["DISPLAY"]), None);
        for elsewhere in ["CI", "SSH_CONNECTION", "SSH_TTY"] {
            assert_eq!(opener(true, false, &["DISPLAY", elsewhere]), None, "{elsewhere}");
            assert_eq!(opener(true, true, &[elsewhere]), None, "{elsewhere}");
        }
    }

    #[test]
    fn the_page_leads_on_and_nothing_in_the_link_leaves_its_place() {
        let page = page("http://localhost:3003/a?b=\"><script>&c#token=x");
        assert!(
            page.contains("content=\"0;url=http://localhost:3003/a?b=&quot;>&lt;script>&amp;c#token=x\""),
            "{page}"
        );
        assert!(!page.contains("<script"));
    }
}

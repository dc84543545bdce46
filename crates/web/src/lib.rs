//! The browser's side of the product: the sources under `web/`, embedded, and the pages that end a sign-in.
//!
//! [`Assets`] compiles each [`Face`] at first use: types and JSX go, every file gets a name that changes with its
//! content, imports are rewritten to those names (so there is no import map and no bundle), and all is kept compressed.
//!
//! It knows no HTTP server: `server` mounts [`Assets::page`] and [`Assets::file`] under `/connect/` and `/app/`,
//! [`Assets::result_file`] under `/pages/`, and sends the pages of [`pages`] itself, each with the policy named beside
//! it.

mod asset;
mod assets;
mod css;
mod face;
mod graph;
mod html;
pub mod pages;
mod problem;
mod sources;
mod texts;

pub use asset::Asset;
pub use assets::Assets;
pub use face::Face;
pub use problem::Problem;
pub use texts::Language;

#[cfg(test)]
mod catalogues;
#[cfg(test)]
mod tests;

/// `Content-Security-Policy` of everything under `/connect/`.
///
/// Framing is open to all until an environment names its `origins` (as browsers write them, checked when they were
/// saved). `'self'` covers the WebSocket of the same host and port (CSP level 3, §6.7.2.8). Never add
/// `Cross-Origin-Opener-Policy` here: the page needs its window.
pub fn connect_csp(origins: &[String]) -> String {
    let ancestors = if origins.is_empty() { "*".to_owned() } else { format!("'self' {}", origins.join(" ")) };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )
}

/// `Content-Security-Policy` of every page of [`pages`] and everything under `/pages/`.
///
/// Never add `Cross-Origin-Opener-Policy` here either: the result page reports to its opener.
pub const RESULT_CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

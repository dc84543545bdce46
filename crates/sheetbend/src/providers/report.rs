//! What the commands print.

use std::io::Write as _;

use catalog::{Catalog, Entry};
use domain::provider::Auth;
use serde_json::{Value, json};

/// One finding, with its place.
pub struct Finding {
    file: String,
    line: u64,
    provider: String,
    key: String,
    message: String,
}

/// The findings of one definition; `text` is the file that it stands in.
pub fn findings(entry: &Entry, catalog: &Catalog, text: Option<&str>) -> Vec<Finding> {
    catalog::lint(entry, catalog.clouds())
        .into_iter()
        .map(|lint| Finding {
            file: entry.place.0.clone(),
            line: text.map_or(entry.place.1, |text| catalog::lint_line(entry, &lint, text)),
            provider: entry.provider.name.to_string(),
            key: lint.key,
            message: lint.message,
        })
        .collect()
}

/// Prints findings, by place.
///
/// # Errors
/// There are any.
pub fn lints(found: &[Finding], json: bool) -> anyhow::Result<()> {
    if json {
        let rows: Vec<Value> = found
            .iter()
            .map(|finding| {
                json!({"file": finding.file, "line": finding.line, "provider": finding.provider,
                       "key": finding.key, "message": finding.message})
            })
            .collect();
        print(&serde_json::to_string_pretty(&rows)?);
    } else {
        let lines = found.iter().map(|finding| {
            let Finding { file, line, provider, key, message } = finding;
            format!("{file}:{line}: {provider}: {key}: {message}")
        });
        print(&lines.collect::<Vec<_>>().join("\n"));
    }
    anyhow::ensure!(found.is_empty(), "{} finding(s)", found.len());
    Ok(())
}

/// Prints one line a definition.
///
/// # Errors
/// None that a person can cause.
pub fn list(found: &[&Entry], json: bool) -> anyhow::Result<()> {
    if json {
        let rows: Vec<Value> = found.iter().map(|entry| summary(entry)).collect();
        print(&serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    let width = found.iter().map(|entry| entry.provider.name.as_str().len()).max().unwrap_or_default();
    let rows = found.iter().map(|entry| {
        let provider = &entry.provider;
        let mode = provider.auth.mode().as_str();
        let unusable = if matches!(provider.auth, Auth::Incomplete(_)) { " (incomplete)" } else { "" };
        format!("{:width$}  {mode:18}  {}{unusable}", provider.name.as_str(), provider.display_name)
    });
    print(&rows.collect::<Vec<_>>().join("\n"));
    Ok(())
}

fn summary(entry: &Entry) -> Value {
    let provider = &entry.provider;
    json!({
        "name": provider.name.as_str(),
        "display_name": provider.display_name,
        "auth_mode": provider.auth.mode().as_str(),
        "categories": provider.categories,
        "file": entry.place.0,
        "line": entry.place.1,
        "incomplete": match &provider.auth {
            Auth::Incomplete(incomplete) => Value::String(incomplete.problem.clone()),
            _ => Value::Null,
        },
    })
}

/// Prints one definition.
///
/// # Errors
/// None that a person can cause.
pub fn show(entry: &Entry, json: bool) -> anyhow::Result<()> {
    let ignored: Vec<Value> =
        entry.ignored.iter().map(|ignored| json!({"key": ignored.key, "reason": ignored.reason})).collect();
    let differs: Vec<Value> = entry
        .differs
        .iter()
        .map(|differs| json!({"key": differs.key, "why": differs.why, "source": differs.source}))
        .collect();
    if json {
        let mut shown = summary(entry);
        shown["definition"] = entry.raw.clone();
        shown["sources"] = json!(entry.sources);
        shown["differs"] = json!(differs);
        shown["ignored"] = json!(ignored);
        print(&serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    let provider = &entry.provider;
    print(&format!("{} ({})", provider.name, provider.display_name));
    print(&format!("from       {}:{}", entry.place.0, entry.place.1));
    print(&format!("auth mode  {}", provider.auth.mode()));
    if let Auth::Incomplete(incomplete) = &provider.auth {
        print(&format!("unusable   {}", incomplete.problem));
    }
    for ignored in &entry.ignored {
        print(&format!("ignored    {}: {}", ignored.key, ignored.reason));
    }
    for url in catalog::secret_urls(provider) {
        print(&format!("secret to  {url}"));
    }
    for source in &entry.sources {
        print(&format!("source     {source}"));
    }
    print(&serde_json::to_string_pretty(&entry.raw)?);
    Ok(())
}

/// The name that was perhaps meant.
pub fn nearest<'a>(catalog: &'a Catalog, name: &str) -> Option<&'a str> {
    let names = || catalog.list().map(|entry| entry.provider.name.as_str());
    let asked = name.to_lowercase();
    names().find(|known| known.replace(['-', '_'], "") == asked.replace(['-', '_', ' '], "")).or_else(|| {
        names().find(|known| asked.len() > 2 && (known.contains(&asked) || asked.contains(known)))
    })
}

/// To stdout; a reader that went away is no error.
pub fn print(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

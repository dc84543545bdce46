//! `sheetbend providers import`: a file becomes one of the operator's, whole or not at all.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use catalog::Catalog;
use clap::Args;
use domain::ProviderName;
use serde_json::json;

use super::report::print;
use crate::files;
use crate::provider_files::{self, ProviderFiles};

/// `sheetbend providers import`.
#[derive(Args)]
pub struct ImportOptions {
    /// A YAML file of provider definitions
    file: PathBuf,
    /// Only these definitions, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Take definitions also in place of shipped ones of the same name
    #[arg(long)]
    replace: bool,
    /// Check and report, write nothing
    #[arg(long)]
    dry_run: bool,
}

/// What became of the file's definitions.
struct Plan {
    taken: Vec<String>,
    /// Shipped ones of the same name stay.
    kept: Vec<String>,
    text: String,
}

/// Imports a file.
///
/// # Errors
/// Where the file is wrong; nothing has been written.
pub fn run(
    files: &ProviderFiles,
    data_dir: &Path,
    options: &ImportOptions,
    json: bool,
) -> anyhow::Result<()> {
    let name = options.file.display().to_string();
    let text = provider_files::read(&options.file)?;
    // The whole file is judged, also what is not taken.
    files.shipped().with_file(&name, &text)?;
    let plan = plan(files.shipped(), &name, &text, options)?;
    let stem = options.file.file_stem().context("the file has no name")?;
    let target = data_dir.join("providers").join(stem).with_extension("yaml");
    let catalog = with_target(files, &target, &plan.text)?;
    if !plan.taken.is_empty() && !options.dry_run {
        files::make_private_dir(data_dir).with_context(|| data_dir.display().to_string())?;
        let folder = data_dir.join("providers");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        files::replace_private(&target, plan.text.as_bytes())
            .with_context(|| target.display().to_string())?;
    }
    report(&plan, &catalog, &target, json)
}

/// The lines of the definitions that are taken; an alias of one that is not taken means the shipped one.
fn plan(shipped: &Catalog, file: &str, text: &str, options: &ImportOptions) -> anyhow::Result<Plan> {
    let outline = Catalog::outline(file, text)?;
    let known: BTreeSet<&str> = outline.iter().map(|(name, _)| name.as_str()).collect();
    if let Some(missing) = options.only.iter().find(|name| !known.contains(name.as_str())) {
        anyhow::bail!("{file}: defines no `{missing}`");
    }
    let is_shipped = |name: &str| {
        !options.replace && ProviderName::parse(name).is_ok_and(|name| shipped.get(&name).is_some())
    };
    let asked = |name: &String| options.only.is_empty() || options.only.contains(name);
    let (mut taken, mut kept) = (Vec::new(), Vec::new());
    let mut drop: BTreeSet<usize> = BTreeSet::new();
    for (name, lines) in outline {
        match (asked(&name), is_shipped(&name)) {
            (true, false) => taken.push(name),
            (asked, _) => {
                drop.extend(lines);
                if asked {
                    kept.push(name);
                }
            }
        }
    }
    let lines = text.lines().enumerate().filter(|(at, _)| !drop.contains(at)).map(|(_, line)| line);
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push('\n');
    Ok(Plan { taken, kept, text })
}

/// The catalogue as it will be, with `text` in the target's place among the operator's files.
fn with_target(files: &ProviderFiles, target: &Path, text: &str) -> anyhow::Result<Catalog> {
    let mut paths = files.paths();
    if !paths.iter().any(|path| path == target) {
        let at = paths.iter().position(|path| path.as_path() > target).unwrap_or(paths.len());
        paths.insert(at, target.to_path_buf());
    }
    let mut catalog = files.shipped().clone();
    for path in &paths {
        let shown = path.display().to_string();
        let text = if path == target { text.to_owned() } else { provider_files::read(path)? };
        catalog = catalog.with_file(&shown, &text)?;
    }
    Ok(catalog)
}

fn report(plan: &Plan, catalog: &Catalog, target: &Path, json: bool) -> anyhow::Result<()> {
    let entries = || {
        plan.taken
            .iter()
            .filter_map(|name| ProviderName::parse(name).ok())
            .filter_map(|name| catalog.get(&name).cloned())
    };
    let incomplete: Vec<(String, String)> = entries()
        .filter_map(|entry| match &entry.provider.auth {
            domain::provider::Auth::Incomplete(lack) => {
                Some((entry.provider.name.to_string(), lack.problem.clone()))
            }
            _ => None,
        })
        .collect();
    let ignored: Vec<(String, String)> = entries()
        .flat_map(|entry| {
            let name = entry.provider.name.to_string();
            let notes = entry.ignored.iter().map(|note| format!("{}: {}", note.key, note.reason));
            notes.map(|note| (name.clone(), note)).collect::<Vec<_>>()
        })
        .collect();
    if json {
        let report = json!({
            "file": target.display().to_string(),
            "imported": plan.taken, "kept_shipped": plan.kept,
            "incomplete": incomplete.iter().map(|(name, problem)| json!({"name": name, "problem": problem})).collect::<Vec<_>>(),
            "ignored": ignored.iter().map(|(name, note)| json!({"name": name, "note": note})).collect::<Vec<_>>(),
        });
        print(&serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    print(&format!("{} definition(s) imported into {}", plan.taken.len(), target.display()));
    if !plan.kept.is_empty() {
        print(&format!(
            "{} shipped definition(s) of the same name stay (--replace takes the file's): {}",
            plan.kept.len(),
            plan.kept.join(", ")
        ));
    }
    for (name, problem) in &incomplete {
        print(&format!("{name}: loads, but cannot be used: {problem}"));
    }
    for (name, note) in &ignored {
        print(&format!("{name}: {note}"));
    }
    Ok(())
}

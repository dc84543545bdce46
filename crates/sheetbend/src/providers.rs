//! `sheetbend providers`: list, show, check and add provider definitions.

mod import;
mod report;

use std::path::PathBuf;

use anyhow::Context as _;
use catalog::{Catalog, Entry};
use clap::{Args, Subcommand};
use domain::ProviderName;

use crate::config::ProviderOptions;
use crate::provider_files::{self, ProviderFiles};

/// `sheetbend providers`.
#[derive(Args)]
pub struct ProvidersCommand {
    #[command(subcommand)]
    what: What,
    /// Data directory, whose folder `providers/` holds the operator's files
    #[arg(
        long,
        global = true,
        env = "SHEETBEND_DATA_DIR",
        value_name = "DIR",
        default_value = "./.sheetbend"
    )]
    data_dir: PathBuf,
    #[command(flatten)]
    files: ProviderOptions,
    /// Print JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// Add the definitions of a file, also one in Nango's format; a running server takes them up within a second
    Import(import::ImportOptions),
    /// List every definition
    List(ListOptions),
    /// Show one definition
    Show {
        /// Its name
        name: String,
    },
    /// Check a file, or all files of the operator; without any, the shipped definitions
    Lint {
        /// The file
        file: Option<PathBuf>,
    },
}

#[derive(Args)]
struct ListOptions {
    /// Only names, titles and categories with this text
    search: Option<String>,
    /// Only this auth mode, for example OAUTH2
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// What is wrong, with file, line and reason.
pub fn run(command: ProvidersCommand) -> anyhow::Result<()> {
    let files = ProviderFiles::of(Some(&command.data_dir), &command.files.provider_file, &[])?;
    match command.what {
        What::Import(options) => import::run(&files, &command.data_dir, &options, command.json),
        What::List(options) => list(&files.load()?, &options, command.json),
        What::Show { name } => show(&files.load()?, &name, command.json),
        What::Lint { file } => lint(&files, file.as_deref(), command.json),
    }
}

fn list(catalog: &Catalog, options: &ListOptions, json: bool) -> anyhow::Result<()> {
    let search = options.search.as_deref().unwrap_or_default().to_lowercase();
    let wanted = |entry: &Entry| {
        let provider = &entry.provider;
        let mode = options.mode.as_ref();
        mode.is_none_or(|mode| provider.auth.mode().as_str().eq_ignore_ascii_case(mode))
            && (provider.name.as_str().contains(&search)
                || provider.display_name.to_lowercase().contains(&search)
                || provider.categories.iter().any(|category| category.contains(&search)))
    };
    let found: Vec<&Entry> = catalog.list().map(AsRef::as_ref).filter(|entry| wanted(entry)).collect();
    report::list(&found, json)
}

fn show(catalog: &Catalog, name: &str, json: bool) -> anyhow::Result<()> {
    let entry = ProviderName::parse(name).ok().and_then(|name| catalog.get(&name));
    let entry = entry.with_context(|| match report::nearest(catalog, name) {
        Some(near) => format!("there is no provider `{name}`; did you mean `{near}`?"),
        None => format!("there is no provider `{name}`; `sheetbend providers list` shows all"),
    })?;
    report::show(entry, json)
}

/// Findings of one file or of several; a file that cannot be read is the error itself.
fn lint(files: &ProviderFiles, file: Option<&std::path::Path>, json: bool) -> anyhow::Result<()> {
    let paths = file.map_or_else(|| files.paths(), |file| vec![file.to_path_buf()]);
    let mut catalog = files.shipped().clone();
    let mut found = Vec::new();
    if paths.is_empty() {
        let broken = catalog.broken();
        if let Some(error) = broken.first() {
            anyhow::bail!("{error}");
        }
        found.extend(catalog.list().flat_map(|entry| report::findings(entry, &catalog, None)));
    }
    for path in &paths {
        let (name, text) = (path.display().to_string(), provider_files::read(path)?);
        // Definitions of the folder may be aliases of one another.
        catalog = catalog.with_file(&name, &text)?;
        let own = catalog.list().filter(|entry| entry.place.0 == name);
        found.extend(own.flat_map(|entry| report::findings(entry, &catalog, Some(&text))));
    }
    report::lints(&found, json)
}

//! The TOML file: its values become the defaults of the flags, so precedence and `--help` need no second mechanism.

use std::path::{Path, PathBuf};

use clap::Command;

/// Why the configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML.
    #[error("{path}: {message}")]
    NotToml {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// A setting that does not exist, or a value of a kind that no setting has.
    #[error("{path}: `{key}` {problem}")]
    BadSetting {
        /// Which file.
        path: PathBuf,
        /// The setting.
        key: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// The command with the file's values as defaults of its subcommand's flags.
///
/// # Errors
/// The file cannot be read or names a setting that does not exist.
pub fn with_file_defaults(
    command: Command,
    subcommand: &str,
    path: &Path,
) -> Result<Command, ConfigFileError> {
    let owned = path.to_owned();
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigFileError::Unreadable { path: owned.clone(), source })?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigFileError::NotToml {
        path: owned.clone(),
        message: error.to_string(),
    })?;
    let mut settings = Vec::new();
    for (key, value) in table {
        let bad = |problem| ConfigFileError::BadSetting { path: owned.clone(), key: key.clone(), problem };
        let known = command
            .find_subcommand(subcommand)
            .is_some_and(|sub| sub.get_arguments().any(|arg| arg.get_id() == key.as_str()));
        if !known || key == "config" {
            return Err(bad("is not a setting; see --help for their names"));
        }
        let text =
            as_text(&value).ok_or_else(|| bad("must be a text, a number, true, false or a list of texts"))?;
        settings.push((key, text));
    }
    Ok(command.mut_subcommand(subcommand, |mut sub| {
        for (key, text) in settings {
            sub = sub.mut_arg(key, |arg| arg.default_value(text));
        }
        sub
    }))
}

fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::*;

    fn command() -> Command {
        let listen =
            Arg::new("listen").long("listen").env("SHEETBEND_TEST_FILE_LISTEN").default_value("default");
        let exempt = Arg::new("exempt").long("exempt").value_delimiter(',').action(ArgAction::Append);
        Command::new("sheetbend").subcommand(Command::new("serve").args([listen, exempt]))
    }

    fn read(toml: &str, flags: &[&str]) -> Result<(String, Vec<String>), ConfigFileError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sheetbend.toml");
        std::fs::write(&path, toml).unwrap();
        let command = with_file_defaults(command(), "serve", &path)?;
        let matches = command.get_matches_from([&["sheetbend", "serve"], flags].concat());
        let (_, serve) = matches.subcommand().unwrap();
        let exempt = serve.get_many::<String>("exempt").into_iter().flatten().cloned().collect();
        Ok((serve.get_one::<String>("listen").unwrap().clone(), exempt))
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        assert_eq!(read("", &[]).unwrap().0, "default");
        assert_eq!(read("listen = 'file'", &[]).unwrap().0, "file");
        assert_eq!(read("listen = 'file'", &["--listen", "flag"]).unwrap().0, "flag");
        assert_eq!(read("exempt = ['a:1', 'b:2']", &[]).unwrap().1, ["a:1", "b:2"]);
    }

    #[test]
    fn a_setting_that_does_not_exist_is_told_by_name() {
        let error = read("lissten = 'x'", &[]).unwrap_err().to_string();
        assert!(error.contains("`lissten` is not a setting"), "{error}");
        assert!(read("listen = {a = 1}", &[]).unwrap_err().to_string().contains("must be a text"));
        assert!(matches!(read("listen = ", &[]), Err(ConfigFileError::NotToml { .. })));
    }
}

//! Clouds: a provider family's sets of hosts, which fill `${cloud.…}` (DESIGN §5).

use std::collections::BTreeMap;

use crate::error::CatalogError;
use crate::read::yaml;

/// The variables of one cloud, for example `login` and `graph`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudValues {
    name: String,
    variables: BTreeMap<String, String>,
}

impl CloudValues {
    /// The cloud's name, for example `global`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A variable's value, for example that of `graph`: `https://graph.microsoft.com`.
    pub fn get(&self, variable: &str) -> Option<&str> {
        self.variables.get(variable).map(String::as_str)
    }

    /// The value of a template's path `cloud.<variable>`; `None` for any other path.
    pub fn by_path(&self, path: &str) -> Option<&str> {
        self.get(path.strip_prefix("cloud.")?)
    }

    /// Every variable.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A cloud, or a family of clouds, that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown cloud `{cloud}` of `{family}`: known are {}", known.join(", "))]
pub struct UnknownCloud {
    /// The family asked for.
    pub family: String,
    /// The cloud asked for.
    pub cloud: String,
    /// The family's clouds; empty when the family does not exist.
    pub known: Vec<String>,
}

/// Every family's clouds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clouds {
    families: BTreeMap<String, BTreeMap<String, CloudValues>>,
}

impl Clouds {
    /// The cloud that an integration uses when it names none.
    pub const DEFAULT: &'static str = "global";

    /// Reads a map family → cloud → variable → value.
    pub fn parse(file: &str, text: &str) -> Result<Self, CatalogError> {
        let read: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>> = yaml(file, text)?;
        let mut clouds = Self::default();
        for (family, members) in read {
            if !members.contains_key(Self::DEFAULT) {
                let problem = format!("family `{family}` has no cloud `{}`", Self::DEFAULT);
                return Err(CatalogError::of_file(file, None, problem));
            }
            for (name, variables) in members {
                clouds = clouds.with_cloud(&family, &name, variables);
            }
        }
        Ok(clouds)
    }

    /// Adds or replaces a cloud, as `sheetbend dev` does with `sandbox`.
    ///
    /// A variable that is not given has no value there: nothing falls back to another cloud's host.
    #[must_use]
    pub fn with_cloud(
        mut self,
        family: &str,
        name: &str,
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let variables =
            variables.into_iter().map(|(key, value)| (key.into(), value.into())).collect::<BTreeMap<_, _>>();
        let values = CloudValues { name: name.to_owned(), variables };
        self.families.entry(family.to_owned()).or_default().insert(name.to_owned(), values);
        self
    }

    /// The variables of a family's cloud.
    ///
    /// # Errors
    /// The cloud or the family does not exist; the error lists those that do.
    pub fn values(&self, family: &str, cloud: &str) -> Result<&CloudValues, UnknownCloud> {
        self.families.get(family).and_then(|members| members.get(cloud)).ok_or_else(|| UnknownCloud {
            family: family.to_owned(),
            cloud: cloud.to_owned(),
            known: self.names(family).map(str::to_owned).collect(),
        })
    }

    /// The names of a family's clouds.
    pub fn names(&self, family: &str) -> impl Iterator<Item = &str> {
        self.families.get(family).into_iter().flat_map(|members| members.keys().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_added_at_run_time_borrows_nothing_from_the_others() {
        let clouds =
            Clouds::parse("c.yaml", "microsoft:\n  global: {login: https://l, power_bi: https://p}\n")
                .unwrap()
                .with_cloud("microsoft", "sandbox", [("login", "http://localhost:1")]);
        let sandbox = clouds.values("microsoft", "sandbox").unwrap();
        assert_eq!(sandbox.by_path("cloud.login"), Some("http://localhost:1"));
        assert_eq!(sandbox.get("power_bi"), None);
        assert_eq!(sandbox.by_path("connectionConfig.login"), None);
        let error = clouds.values("microsoft", "mars").unwrap_err();
        assert_eq!(error.to_string(), "unknown cloud `mars` of `microsoft`: known are global, sandbox");
        assert!(clouds.values("nobody", "global").unwrap_err().known.is_empty());
    }

    #[test]
    fn a_family_needs_the_default_cloud() {
        assert!(Clouds::parse("c.yaml", "f:\n  other: {a: b}\n").is_err());
    }
}

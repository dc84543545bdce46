//! OData query options of `_api` calls.

use url::form_urlencoded;

/// The query options of one call; names in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct QueryOptions {
    pairs: Vec<(String, String)>,
}

impl QueryOptions {
    pub fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self { pairs: pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned())).collect() }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The value of `@u`.
    pub fn alias(&self, name: &str) -> Option<&str> {
        self.get(&name.to_ascii_lowercase())
    }

    /// `$select` as names, empty when absent or `*`.
    pub fn select(&self) -> Vec<String> {
        let names = words(self.get("$select"));
        if names.iter().any(|name| name == "*") { Vec::new() } else { names }
    }

    pub fn expand(&self) -> Vec<String> {
        words(self.get("$expand"))
    }

    pub fn number(&self, name: &str) -> Result<Option<usize>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(text) => {
                let wrong = format!("The query option {name} has an invalid value '{text}'.");
                text.trim().parse().map(Some).map_err(|_| wrong)
            }
        }
    }

    /// The item after which a page begins: `Paged=TRUE&p_ID=5`.
    pub fn page_after(&self) -> Result<Option<u32>, String> {
        let Some(token) = self.get("$skiptoken") else { return Ok(None) };
        let id = token.split('&').find_map(|part| part.strip_prefix("p_ID="));
        let wrong = || "The query option $skiptoken has an invalid value.".to_owned();
        id.and_then(|id| id.parse().ok()).map(Some).ok_or_else(wrong)
    }

    /// This query continued after an item, encoded as SharePoint does.
    pub fn next(&self, after: u32) -> String {
        let mut query = format!("%24skiptoken=Paged%3dTRUE%26p_ID%3d{after}");
        for (name, value) in
            self.pairs.iter().filter(|(name, _)| name.starts_with('$') && name != "$skiptoken")
        {
            let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            query.push_str(&format!("&%24{}={}", &name[1..], encoded.replace('+', "%20")));
        }
        query
    }
}

fn words(text: Option<&str>) -> Vec<String> {
    let parts = text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

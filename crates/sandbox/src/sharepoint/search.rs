//! `search/query`: titles of list items that hold every word.

use serde_json::{Value, json};

use crate::sites::{Item, List, Need, Site, SiteKey};

use super::Call;
use super::entity::Answer;
use super::error::{Outcome, SpError};
use super::lists::folder_url;
use super::path::Segment;

const DEFAULT_ROWS: usize = 10;
const MAX_ROWS: usize = 500;

pub(super) fn act(call: &Call<'_>, segment: &Segment) -> Outcome<Answer> {
    let (name, text, rows) = if segment.is("postquery") {
        call.expect("POST")?;
        let body = call.body()?;
        let request = body.get("request").cloned().unwrap_or(Value::Null);
        let text = request["Querytext"].as_str().unwrap_or_default().to_owned();
        ("postquery", text, request["RowLimit"].as_u64().and_then(|rows| usize::try_from(rows).ok()))
    } else {
        call.expect("GET")?;
        let in_query =
            || call.options.get("querytext").map(|text| text.trim_matches('\'').replace("''", "'"));
        let text = segment.text("querytext").map(str::to_owned).or_else(in_query);
        ("query", text.unwrap_or_default(), call.options.number("rowlimit").map_err(SpError::bad_query)?)
    };
    if text.trim().is_empty() {
        return Err(SpError::bad_query("The query text is empty."));
    }
    let words: Vec<String> =
        text.to_lowercase().split_whitespace().map(|word| word.trim_matches('*').to_owned()).collect();
    let mut found = Vec::new();
    for key in call.world.sites.find(&call.request.principal.tenant_id, |_| true) {
        found.extend(call.read_site(&key, |site| hits(call, site, &words)));
    }
    let total = found.len();
    found.truncate(rows.unwrap_or(DEFAULT_ROWS).min(MAX_ROWS));
    Ok(Answer::Result { name, value: answer(found, total) })
}

impl Call<'_> {
    /// Rows of a site, none when the caller may not read it.
    fn read_site(&self, key: &SiteKey, look: impl FnOnce(&Site) -> Vec<Value>) -> Vec<Value> {
        let may = |site: &Site| crate::sites::allows(&self.request.principal, site, Need::Read);
        self.world.sites.read(key, |site| if may(site) { look(site) } else { Vec::new() }).unwrap_or_default()
    }
}

fn hits(call: &Call<'_>, site: &Site, words: &[String]) -> Vec<Value> {
    let fits = |item: &Item| {
        let title = item.text("Title").to_lowercase();
        words.iter().all(|word| title.contains(word))
    };
    let of_list = |list: &List| {
        let rows = list.items.values().filter(|item| fits(item));
        rows.map(|item| row(call, site, list, item)).collect::<Vec<_>>()
    };
    site.lists.iter().filter(|list| !list.hidden).flat_map(of_list).collect()
}

fn row(call: &Call<'_>, site: &Site, list: &List, item: &Item) -> Value {
    let url = format!("{}{}/DispForm.aspx?ID={}", call.request.origin, folder_url(site, list), item.id);
    let cell = |key: &str, value: &str| json!({"Key": key, "Value": value, "ValueType": "Edm.String"});
    json!({"Cells": [
        cell("Title", item.text("Title")),
        cell("Path", &url),
        cell("ListItemID", &item.id.to_string()),
        cell("ListId", &list.id),
        cell("SPWebUrl", &format!("{}{}", call.request.origin, site.path)),
        cell("ContentType", "Item"),
    ]})
}

fn answer(rows: Vec<Value>, total: usize) -> Value {
    json!({
        "ElapsedTime": 12,
        "PrimaryQueryResult": {
            "CustomResults": [],
            "QueryId": "00000000-0000-0000-0000-000000000000",
            "RefinementResults": null,
            "RelevantResults": {
                "RowCount": rows.len(),
                "Table": {"Rows": rows},
                "TotalRows": total,
                "TotalRowsIncludingDuplicates": total,
            },
            "SpecialTermResults": null,
        },
        "Properties": [],
        "SecondaryQueryResults": [],
        "SpellingSuggestion": "",
        "TriggeredRules": [],
    })
}

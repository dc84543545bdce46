//! `items/delta`: first everything, then what changed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::sites::{List, Need, Site, SiteKey};

use super::Call;
use super::answer::{GraphError, Outcome, ok};
use super::items::item_json;

const DEFAULT_TOP: usize = 200;

/// Where a caller stands.
struct Token {
    /// Changes before this are known to the caller.
    seq: u64,
    /// Still reading the first full listing: the id of the last item seen.
    listing_after: Option<u32>,
}

impl Token {
    fn text(&self, list: &List) -> String {
        let after = self.listing_after.map_or_else(String::new, |after| after.to_string());
        URL_SAFE_NO_PAD.encode(format!("1;3;{};{};{after}", list.id, self.seq))
    }

    fn parse(text: &str, list: &List) -> Option<Self> {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let [_, _, list_id, seq, after] = plain.split(';').collect::<Vec<_>>().try_into().ok()?;
        let listing_after = if after.is_empty() { None } else { Some(after.parse().ok()?) };
        (list_id == list.id).then_some(Self { seq: seq.parse().ok()?, listing_after })
    }
}

pub(super) fn list(call: &Call<'_>, key: &SiteKey, name: &str) -> Outcome {
    call.read(key, Need::Read, |site| {
        let list = site.list(name).ok_or_else(|| GraphError::not_found("list"))?;
        let given = call
            .options
            .get("token")
            .or_else(|| call.options.get("deltatoken"))
            .or_else(|| token_in_path(call));
        let fresh = || Token { seq: list.next_change(), listing_after: Some(0) };
        let token = match given {
            None => fresh(),
            Some("latest") => {
                let token = Token { seq: list.next_change(), listing_after: None };
                return answer(call, site, list, Vec::new(), &token);
            }
            Some(text) => Token::parse(text, list).ok_or_else(|| resync(call))?,
        };
        let changes = list.changes_since(token.seq).ok_or_else(|| resync(call))?;
        let fields = call.options.expand("fields");
        let row = |item: &crate::sites::Item| item_json(call, site, list, item, fields.as_ref());
        if let Some(after) = token.listing_after {
            let top = call.options.top(DEFAULT_TOP, 5000)?;
            let rows: Vec<_> = list.items_after(after).take(top + 1).collect();
            let last = rows.get(top.saturating_sub(1)).filter(|_| rows.len() > top).map(|item| item.id);
            let value = rows.iter().take(top).map(|item| row(item)).collect();
            return answer(call, site, list, value, &Token { seq: token.seq, listing_after: last });
        }
        let mut value: Vec<Value> = changes.present.iter().map(row).collect();
        value.extend(changes.deleted.iter().map(|(id, _)| gone(call, site, list, *id)));
        answer(call, site, list, value, &Token { seq: changes.token, listing_after: None })
    })
}

/// `delta(token='latest')`.
fn token_in_path<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    let (_, rest) = call.request.path.split_once("delta(token=")?;
    Some(rest.trim_end_matches(')').trim_matches('\'').trim_start_matches("%27").trim_end_matches("%27"))
}

fn answer(call: &Call<'_>, site: &Site, list: &List, value: Vec<Value>, token: &Token) -> Outcome {
    let fragment = format!("sites('{}')/lists('{}')/items", call.site_id(site), list.id);
    let mut body = json!({"@odata.context": call.context(&fragment), "value": value});
    let path = call.request.path.split("delta(").next().unwrap_or_default();
    let path = if path.ends_with("delta") { path.to_owned() } else { format!("{path}delta") };
    let query = call.options.continued("token", &token.text(list));
    let link = format!("{}{}{path}?{query}", call.request.origin, call.request.prefix);
    let name = if token.listing_after.is_some() { "@odata.nextLink" } else { "@odata.deltaLink" };
    body[name] = link.into();
    ok(&body)
}

fn gone(call: &Call<'_>, site: &Site, list: &List, id: u32) -> Value {
    json!({
        "id": id.to_string(),
        "parentReference": {"id": list.id, "siteId": call.site_id(site)},
        "deleted": {"state": "deleted"},
    })
}

fn resync(call: &Call<'_>) -> GraphError {
    let fresh = call.url();
    GraphError::resync(fresh.split("delta").next().map(|base| format!("{base}delta")).unwrap_or_default())
}

//! Filtering, ordering and paging of a list's items.

use std::cmp::Ordering;

use serde_json::Value;

use super::columns::{Column, ColumnKind};
use super::filter::Expr;
use super::ids::iso;
use super::model::{Item, List, Site, SiteUser};

/// SharePoint refuses queries that would read more rows than this.
pub(crate) const THRESHOLD: usize = 5000;

/// What to read from a list.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemQuery {
    pub filter: Option<Expr>,
    pub order: Vec<Order>,
    pub top: usize,
    /// Continue after the item with this id.
    pub after: Option<u32>,
}

/// One ordering column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub field: String,
    pub descending: bool,
}

/// One page of items.
pub(crate) struct Page {
    pub items: Vec<Item>,
    /// Id of the last item when there are more.
    pub next: Option<u32>,
}

/// The query would read more than [`THRESHOLD`] rows.
#[derive(Debug)]
pub(crate) struct Throttled;

impl Order {
    /// Parses `$orderby`: `Priority desc,Title`.
    pub fn parse(text: &str) -> Vec<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| {
                let (field, direction) = part.split_once(' ').unwrap_or((part, ""));
                let descending = direction.trim().eq_ignore_ascii_case("desc");
                Self { field: field.trim_start_matches("fields/").to_owned(), descending }
            })
            .collect()
    }
}

impl List {
    /// The column a query word means: `Author/Title`, `AuthorId`, `AuthorLookupId`, `Id`.
    pub fn queried_column(&self, name: &str) -> Option<&Column> {
        let bare = name.split('/').next().unwrap_or(name);
        let bare = if bare == "OData__UIVersionString" { "_UIVersionString" } else { bare };
        self.column(bare).or_else(|| {
            let person = bare.strip_suffix("LookupId").or_else(|| bare.strip_suffix("Id"))?;
            self.column(person).filter(|column| column.kind == ColumnKind::Person)
        })
    }

    /// Reads a page.
    ///
    /// # Errors
    /// [`Throttled`] when a long list is filtered or ordered by columns without an index.
    pub fn page(&self, site: &Site, query: &ItemQuery) -> Result<Page, Throttled> {
        self.check_threshold(site, query)?;
        let fits = |item: &Item| match &query.filter {
            Some(filter) => filter.holds(&|field: &str| field_value(site, item, field)),
            None => true,
        };
        let wanted = query.top.saturating_add(1);
        let mut items: Vec<Item> = if query.order.is_empty() {
            let rows = self.items_after(query.after.unwrap_or(0)).filter(|item| fits(item));
            rows.take(wanted).map(std::borrow::Cow::into_owned).collect()
        } else {
            let rows = self.items_after(0).filter(|item| fits(item));
            let mut rows: Vec<Item> = rows.map(std::borrow::Cow::into_owned).collect();
            rows.sort_by(|left, right| in_order(site, &query.order, left, right));
            let start = match query.after {
                Some(after) => rows.iter().position(|item| item.id == after).map_or(rows.len(), |at| at + 1),
                None => 0,
            };
            rows.into_iter().skip(start).take(wanted).collect()
        };
        let more = items.len() > query.top;
        items.truncate(query.top);
        let next = if more { items.last().map(|item| item.id) } else { None };
        Ok(Page { items, next })
    }

    fn is_indexed(&self, field: &str) -> bool {
        self.queried_column(field).is_some_and(|column| column.indexed)
    }

    /// The fields of filter and order that have no index.
    pub fn unindexed(&self, query: &ItemQuery) -> Option<String> {
        let filtered = query.filter.iter().flat_map(Expr::fields);
        let mut fields = filtered.chain(query.order.iter().map(|order| order.field.as_str()));
        fields.find(|field| !self.is_indexed(field)).map(str::to_owned)
    }

    fn check_threshold(&self, site: &Site, query: &ItemQuery) -> Result<(), Throttled> {
        if self.count() <= THRESHOLD {
            return Ok(());
        }
        let unordered = query.order.iter().all(|order| self.is_indexed(&order.field));
        let Some(filter) = &query.filter else {
            return if unordered { Ok(()) } else { Err(Throttled) };
        };
        let selective: Vec<&Expr> = filter
            .conjuncts()
            .into_iter()
            .filter(|part| part.fields().iter().all(|field| self.is_indexed(field)))
            .collect();
        if selective.is_empty() || !unordered {
            return Err(Throttled);
        }
        let fits =
            |item: &Item| selective.iter().all(|part| part.holds(&|field| field_value(site, item, field)));
        let hits = self.items_after(0).filter(|item| fits(item)).take(THRESHOLD).count();
        if hits >= THRESHOLD { Err(Throttled) } else { Ok(()) }
    }
}

fn in_order(site: &Site, order: &[Order], left: &Item, right: &Item) -> Ordering {
    for by in order {
        let compared = compare(&field_value(site, left, &by.field), &field_value(site, right, &by.field));
        let compared = if by.descending { compared.reverse() } else { compared };
        if compared != Ordering::Equal {
            return compared;
        }
    }
    left.id.cmp(&right.id)
}

fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (left, right) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
            text(left).cmp(&text(right))
        }
    }
}

/// The value that a query word names on an item; people through `/Title`, `/EMail`, `/Id`.
pub(crate) fn field_value(site: &Site, item: &Item, name: &str) -> Value {
    let (bare, part) = name.split_once('/').unwrap_or((name, ""));
    let value = match bare {
        "ID" | "Id" | "id" => Value::from(item.id),
        "Created" | "createdDateTime" => Value::from(iso(item.created_ms)),
        "Modified" | "lastModifiedDateTime" => Value::from(iso(item.modified_ms)),
        "Author" | "AuthorId" | "AuthorLookupId" => Value::from(item.author),
        "Editor" | "EditorId" | "EditorLookupId" => Value::from(item.editor),
        "GUID" => Value::from(item.guid.as_str()),
        "Attachments" => Value::from(false),
        "_UIVersionString" | "OData__UIVersionString" => Value::from(version_label(item)),
        "ContentType" => Value::from("Item"),
        _ => stored(item, bare),
    };
    if part.is_empty() { value } else { part_of_person(site, &value, part) }
}

/// `3.0` for the third version.
pub(crate) fn version_label(item: &Item) -> String {
    format!("{}.0", item.version)
}

fn stored(item: &Item, name: &str) -> Value {
    let bare = || name.strip_suffix("LookupId").or_else(|| name.strip_suffix("Id"));
    let exact = item.fields.get(name);
    let found =
        exact.or_else(|| item.fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v));
    found.or_else(|| bare().and_then(|bare| item.fields.get(bare))).cloned().unwrap_or(Value::Null)
}

fn part_of_person(site: &Site, id: &Value, part: &str) -> Value {
    let user = id.as_u64().and_then(|id| u32::try_from(id).ok()).and_then(|id| site.user(id));
    let Some(user) = user else { return Value::Null };
    match part {
        "Id" | "ID" => Value::from(user.id),
        "Title" => Value::from(user.title.as_str()),
        "EMail" | "Email" | "UserName" => Value::from(user.email.as_str()),
        "Name" => Value::from(login_name(user)),
        _ => Value::Null,
    }
}

/// The display name of a site user.
pub(crate) fn title_of_user(site: &Site, id: u32) -> &str {
    site.user(id).map_or("", |user| user.title.as_str())
}

/// The claims login name: `i:0#.f|membership|ada@contoso.example`.
pub(crate) fn login_name(user: &SiteUser) -> String {
    if user.oid.is_empty() {
        return "i:0i.t|00000003-0000-0ff1-ce00-000000000000|app@sharepoint".to_owned();
    }
    format!("i:0#.f|membership|{}", user.email)
}

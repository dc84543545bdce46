//! Fields, views and content types.

use http::StatusCode;
use serde_json::{Value, json};

use crate::sites::{Column, ColumnKind, List, Need, Site, built_in, stable_guid};

use super::Call;
use super::entity::{Answer, Entity, Prop};
use super::error::{Outcome, SpError};
use super::target::Target;

pub(super) fn act(call: &Call<'_>, target: &Target) -> Outcome<Answer> {
    match (call.verb.as_str(), target) {
        ("GET", Target::Fields(None)) => call.read(Need::Read, |_| call.many(site_fields())),
        ("GET", Target::Fields(Some(list))) => {
            call.read(Need::Read, |site| call.many(list_fields(found(site, list)?)))
        }
        ("POST", Target::Fields(Some(list))) => add(call, list),
        ("GET", Target::Field(list, name)) => call.read(Need::Read, |site| {
            let columns = match list {
                Some(list) => found(site, list)?.columns.iter().chain(built_in()).collect::<Vec<_>>(),
                None => built_in().iter().collect(),
            };
            let bare = name.trim_matches(['{', '}']);
            let fits = |column: &&&Column| {
                [&column.name, &column.title, &column.id].iter().any(|found| found.eq_ignore_ascii_case(bare))
            };
            let column = columns.iter().find(fits).ok_or_else(|| no_column(name))?;
            call.one(field(column, list.as_deref()))
        }),
        ("GET", Target::Views(list)) => {
            call.read(Need::Read, |site| call.many(vec![view(site, found(site, list)?)]))
        }
        ("GET", Target::View(list)) => call.read(Need::Read, |site| call.one(view(site, found(site, list)?))),
        ("GET", Target::ContentTypes(list)) => call.read(Need::Read, |site| match list {
            Some(list) => call.many(vec![content_type(found(site, list)?.is_library())]),
            None => call.many(vec![content_type(false), content_type(true)]),
        }),
        _ => Err(SpError::not_allowed()),
    }
}

fn found<'a>(site: &'a Site, id: &str) -> Outcome<&'a List> {
    site.list(id).ok_or_else(|| SpError::no_list(id, &site.path))
}

fn no_column(name: &str) -> SpError {
    let message = format!("Column '{name}' does not exist. It may have been deleted by another user.");
    SpError::new(StatusCode::BAD_REQUEST, "-2147024809, System.ArgumentException", message)
}

pub(super) fn site_fields() -> Vec<Entity> {
    built_in().iter().map(|column| field(column, None)).collect()
}

pub(super) fn list_fields(list: &List) -> Vec<Entity> {
    list.columns.iter().chain(built_in()).map(|column| field(column, Some(&list.id))).collect()
}

fn field(column: &Column, list: Option<&str>) -> Entity {
    let (number, name) = column.sharepoint_type();
    let kind = match column.kind {
        ColumnKind::Text => "SP.FieldText",
        ColumnKind::Note => "SP.FieldMultiLineText",
        ColumnKind::Number => "SP.FieldNumber",
        ColumnKind::DateTime => "SP.FieldDateTime",
        ColumnKind::Choice(_) => "SP.FieldChoice",
        ColumnKind::Person => "SP.FieldUser",
        ColumnKind::Guid => "SP.FieldGuid",
        ColumnKind::Computed => "SP.FieldComputed",
        _ => "SP.Field",
    };
    let owner = list.map_or_else(|| "Web".to_owned(), |id| format!("Web/Lists(guid'{id}')"));
    let mut field = Entity::new(kind, format!("{owner}/Fields(guid'{}')", column.id));
    let entity_name =
        if column.name.starts_with('_') { format!("OData_{}", column.name) } else { column.name.clone() };
    field.values([
        ("AutoIndexed", json!(false)),
        ("CanBeDeleted", json!(!column.read_only && column.name != "Title")),
        ("DefaultValue", Value::Null),
        ("Description", json!("")),
        ("Direction", json!("none")),
        ("EnforceUniqueValues", json!(false)),
        ("EntityPropertyName", json!(entity_name)),
        ("Filterable", json!(!matches!(column.kind, ColumnKind::Note))),
        ("FromBaseType", json!(column.read_only || column.name == "Title")),
        ("Group", json!("Custom Columns")),
        ("Hidden", json!(column.hidden)),
        ("Id", json!(column.id)),
        ("Indexed", json!(column.indexed)),
        ("InternalName", json!(column.name)),
        ("ReadOnlyField", json!(column.read_only)),
        ("Required", json!(column.required)),
        ("Sealed", json!(false)),
        ("Sortable", json!(true)),
        ("StaticName", json!(column.name)),
        ("Title", json!(column.title)),
        ("FieldTypeKind", json!(number)),
        ("TypeAsString", json!(name)),
        ("TypeDisplayName", json!(name)),
        ("TypeShortDescription", json!(name)),
        ("ValidationFormula", Value::Null),
        ("ValidationMessage", Value::Null),
    ]);
    if let ColumnKind::Choice(choices) = &column.kind {
        let values = choices.iter().map(|choice| json!(choice)).collect();
        field.props.push(("Choices".to_owned(), Prop::Scalars("Edm.String", values)));
    }
    field
}

pub(super) fn view(site: &Site, list: &List) -> Entity {
    let id = stable_guid(&format!("view:{}", list.id));
    let folder = if list.is_library() { "" } else { "Lists/" };
    let url = format!("{}/{folder}{}/AllItems.aspx", site.path, list.name);
    let mut view = Entity::new("SP.View", format!("Web/Lists(guid'{}')/Views(guid'{id}')", list.id));
    view.deferred(&["ViewFields"]);
    view.values([
        ("BaseViewId", json!("1")),
        ("DefaultView", json!(true)),
        ("Hidden", json!(false)),
        ("Id", json!(id)),
        ("Paged", json!(true)),
        ("PersonalView", json!(false)),
        ("RowLimit", json!(30)),
        ("ServerRelativeUrl", json!(url)),
        ("Title", json!("All Items")),
        ("ViewQuery", json!("<OrderBy><FieldRef Name=\"ID\"/></OrderBy>")),
        ("ViewType", json!("HTML")),
    ]);
    view.path_value("ServerRelativePath", &url);
    view
}

pub(super) fn content_type(document: bool) -> Entity {
    let (id, name, group) = match document {
        false => ("0x01", "Item", "List Content Types"),
        true => ("0x0101", "Document", "Document Content Types"),
    };
    let mut kind = Entity::new("SP.ContentType", format!("Web/ContentTypes('{id}')"));
    kind.deferred(&["FieldLinks", "Fields", "Parent", "WorkflowAssociations"]);
    kind.values([
        ("Description", json!("")),
        ("Group", json!(group)),
        ("Hidden", json!(false)),
        ("Name", json!(name)),
        ("ReadOnly", json!(false)),
        ("Scope", json!("/")),
        ("Sealed", json!(false)),
        ("StringId", json!(id)),
    ]);
    kind.props.push(("Id".to_owned(), Prop::Complex("SP.ContentTypeId", vec![("StringValue", json!(id))])));
    kind
}

/// `POST fields {Title, FieldTypeKind}`.
fn add(call: &Call<'_>, list: &str) -> Outcome<Answer> {
    let body = call.body()?;
    let title = body.get("Title").and_then(Value::as_str).filter(|title| !title.is_empty());
    let title = title.ok_or_else(|| SpError::bad_query("The property 'Title' is required."))?;
    let choices = || {
        let given = &body.get("Choices").unwrap_or(&Value::Null);
        let given = given.get("results").unwrap_or(given).as_array();
        given.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let kind = match body.get("FieldTypeKind").and_then(Value::as_u64) {
        Some(2) => ColumnKind::Text,
        Some(3) => ColumnKind::Note,
        Some(4) => ColumnKind::DateTime,
        Some(6) => ColumnKind::Choice(choices()),
        Some(8) => ColumnKind::Boolean,
        Some(9) => ColumnKind::Number,
        Some(20) => ColumnKind::Person,
        _ => return Err(SpError::bad_query("The FieldTypeKind is missing or not supported.")),
    };
    // SharePoint escapes what a name may not hold.
    let name = title.replace(' ', "_x0020_");
    call.change(Need::Manage, |site| {
        let list = site.list_mut(list).ok_or(crate::sites::EditError::NoList)?;
        if list.column(&name).is_some() {
            let message = format!("A duplicate field name \"{name}\" was found.");
            return Err(SpError::new(
                StatusCode::BAD_REQUEST,
                "-2130575214, Microsoft.SharePoint.SPException",
                message,
            ));
        }
        let column = Column::new(&list.title, &name, title, kind);
        let answer = field(&column, Some(&list.id));
        list.columns.push(column);
        Ok(Answer::Created(answer))
    })
}

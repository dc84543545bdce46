//! CAML queries: `<View><Query><Where>…</Where></Query><RowLimit>…</RowLimit></View>`.

mod xml;

use serde_json::Value;

use crate::sites::{Expr, ItemQuery, List, Literal, Need, Op, Order};

use super::Call;
use super::entity::{Answer, Entity};
use super::error::{Outcome, SpError};
use super::{item_entity, list_data, lists};

use xml::Node;

/// A parsed view.
pub(super) struct View {
    pub query: ItemQuery,
    /// Columns named in `<ViewFields>`.
    pub fields: Vec<String>,
    /// Whether the view says `Paged="TRUE"`.
    pub row_limit: usize,
}

/// `POST getitems {"query": {"ViewXml": …}}`.
pub(super) fn get_items(call: &Call<'_>, list: &str) -> Outcome<Answer> {
    let body = call.body()?;
    let xml = body.get("query").and_then(|query| query["ViewXml"].as_str()).unwrap_or("<View/>");
    let mut view = parse(xml).map_err(SpError::bad_query)?;
    let position =
        body.get("query").and_then(|query| query["ListItemCollectionPosition"]["PagingInfo"].as_str());
    view.query.after = position.and_then(list_data::paging_id);
    call.read(Need::Read, |site| {
        let list = lists::found(site, list)?;
        check_fields(list, &view)?;
        let page = list.page(site, &view.query)?;
        let select = call.options.select();
        let mut entities: Vec<Entity> =
            page.items.iter().map(|item| item_entity::entity(call, site, list, item)).collect();
        entities.iter_mut().try_for_each(|entity| entity.select(&select))?;
        Ok(Answer::Collection { entities, next: None })
    })
}

pub(super) fn check_fields(list: &List, view: &View) -> Outcome<()> {
    let filtered = view.query.filter.iter().flat_map(|filter| filter.fields());
    let mut fields = filtered.chain(view.query.order.iter().map(|order| order.field.as_str()));
    match fields.find(|field| list.queried_column(field).is_none()) {
        None => Ok(()),
        Some(field) => {
            let message = "One or more field types are not installed properly. Go to the list settings page to delete \
                           these fields.";
            let code = "-2130575340, Microsoft.SharePoint.SPException";
            tracing::debug!(field, "a CAML query names an unknown column");
            Err(SpError::new(http::StatusCode::BAD_REQUEST, code, message))
        }
    }
}

/// Parses a view. The error is a sentence for the caller.
pub(super) fn parse(xml: &str) -> Result<View, String> {
    let root = xml::parse(xml)?;
    let query = root.child("Query");
    let filter = match query.and_then(|query| query.child("Where")).and_then(|filter| filter.children.first())
    {
        Some(node) => Some(expression(node)?),
        None => None,
    };
    let order = query.and_then(|query| query.child("OrderBy")).map(order_by).unwrap_or_default();
    let row_limit = match root.child("RowLimit") {
        Some(node) => node.text.trim().parse().map_err(|_| "The RowLimit is not a number.".to_owned())?,
        None => 5000,
    };
    let fields = root.child("ViewFields").map(|fields| {
        fields.children.iter().filter_map(|field| field.attribute("Name")).map(str::to_owned).collect()
    });
    let query = ItemQuery { filter, order, top: usize::min(row_limit, 5000), after: None };
    Ok(View { query, fields: fields.unwrap_or_default(), row_limit })
}

fn order_by(node: &Node) -> Vec<Order> {
    let order = |field: &Node| {
        let descending = field.attribute("Ascending").is_some_and(|text| text.eq_ignore_ascii_case("false"));
        Some(Order { field: field.attribute("Name")?.to_owned(), descending })
    };
    node.children.iter().filter_map(order).collect()
}

fn expression(node: &Node) -> Result<Expr, String> {
    let pair = || match node.children.as_slice() {
        [left, right] => Ok((Box::new(expression(left)?), Box::new(expression(right)?))),
        _ => Err(format!("<{}> needs two conditions.", node.name)),
    };
    let field = || {
        let name = node.child("FieldRef").and_then(|field| field.attribute("Name"));
        name.map(str::to_owned).ok_or_else(|| format!("<{}> has no <FieldRef Name=\"\"/>.", node.name))
    };
    let compare = |op: Op| Ok(Expr::Compare { field: field()?, op, value: value(node) });
    match node.name.as_str() {
        "And" => pair().map(|(left, right)| Expr::And(left, right)),
        "Or" => pair().map(|(left, right)| Expr::Or(left, right)),
        "Eq" => compare(Op::Eq),
        "Neq" => compare(Op::Ne),
        "Lt" => compare(Op::Lt),
        "Leq" => compare(Op::Le),
        "Gt" => compare(Op::Gt),
        "Geq" => compare(Op::Ge),
        "BeginsWith" => Ok(Expr::StartsWith { field: field()?, text: text(node) }),
        "Contains" => Ok(Expr::Contains { field: field()?, text: text(node) }),
        "IsNull" => Ok(Expr::Compare { field: field()?, op: Op::Eq, value: Literal::Null }),
        "IsNotNull" => Ok(Expr::Compare { field: field()?, op: Op::Ne, value: Literal::Null }),
        other => Err(format!("The CAML element <{other}> is not supported.")),
    }
}

fn text(node: &Node) -> String {
    node.child("Value").map(|value| value.text.trim().to_owned()).unwrap_or_default()
}

fn value(node: &Node) -> Literal {
    let text = text(node);
    let kind = node
        .child("Value")
        .and_then(|value| value.attribute("Type"))
        .unwrap_or_default()
        .to_ascii_lowercase();
    match kind.as_str() {
        "boolean" => Literal::Bool(matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "yes")),
        "number" | "integer" | "counter" | "lookup" | "currency" => {
            text.parse().map_or(Literal::Text(text), Literal::Number)
        }
        _ => Literal::Text(text),
    }
}

/// The rows of a view as name/value pairs are built by [`super::list_data`]; this names one value's text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(flag) => if *flag { "Yes" } else { "No" }.to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_with_conditions_order_and_limit() {
        let xml = "<View Scope=\"Recursive\"><Query><Where><And><Eq><FieldRef Name='Status'/><Value Type='Text'>In \
                   Progress &amp; more</Value></Eq><Gt><FieldRef Name='Priority'/><Value Type='Number'>2</Value></Gt></And></Where>\
                   <OrderBy><FieldRef Name='ID' Ascending='FALSE'/></OrderBy></Query>\
                   <ViewFields><FieldRef Name='Title'/></ViewFields><RowLimit Paged='TRUE'>7</RowLimit></View>";
        let view = parse(xml).expect("view");
        assert_eq!((view.query.top, view.fields), (7, vec!["Title".to_owned()]));
        assert_eq!(view.query.order, [Order { field: "ID".to_owned(), descending: true }]);
        let Some(Expr::And(left, _)) = view.query.filter else { panic!("an And") };
        let value = Literal::Text("In Progress & more".to_owned());
        assert_eq!(*left, Expr::Compare { field: "Status".to_owned(), op: Op::Eq, value });
    }

    #[test]
    fn broken_views_are_refused() {
        let deep = format!("{}{}", "<a>".repeat(500), "</a>".repeat(500));
        for bad in [
            "",
            "<View>",
            "<View></Query>",
            "<View><Query><Where><Near/></Where></Query></View>",
            "text",
            &deep,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}

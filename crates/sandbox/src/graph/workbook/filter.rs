//! Filters of table columns: rows that do not match are hidden.

use http::{Method, StatusCode};
use serde_json::Value;

use super::columns::ColumnOf;
use super::tables::find;
use super::{Wb, error, member};
use crate::files::workbook::{TableInfo, Value as CellValue};
use crate::graph::reply::{GraphError, Outcome, empty};

pub(super) fn handle(wb: &Wb<'_>, column: &ColumnOf<'_>, path: &[&str]) -> Outcome {
    if !wb.is(&Method::POST) {
        return Err(GraphError::method());
    }
    match path {
        ["apply"] => {
            let body = wb.call.body()?;
            let criteria =
                member(&body, "criteria").and_then(Value::as_object).ok_or_else(error::invalid_argument)?;
            let said =
                |name: &str| member(criteria, name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let rule = match said("filterOn").to_ascii_lowercase().as_str() {
                "custom" => custom(&said("criterion1"), &said("criterion2"), &said("operator")),
                "values" => any_of(member(criteria, "values")),
                _ => return Err(GraphError::unsupported("this kind of filter")),
            };
            apply(wb, column, &rule)
        }
        ["applyCustomFilter"] => {
            let body = wb.call.body()?;
            let said =
                |name: &str| member(&body, name).and_then(Value::as_str).unwrap_or_default().to_owned();
            apply(wb, column, &custom(&said("criteria1"), &said("criteria2"), &said("oper")))
        }
        ["applyValuesFilter"] => {
            let body = wb.call.body()?;
            apply(wb, column, &any_of(member(&body, "values")))
        }
        ["clear"] => {
            wb.write(|book| {
                let (table, _) = column.locate(book)?;
                show_all(book, &table)
            })?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        _ => Err(GraphError::unsupported("this kind of filter")),
    }
}

/// Shows all rows of a table.
pub(super) fn clear_all(wb: &Wb<'_>, sheet: Option<&str>, table: &str) -> Outcome {
    wb.write(|book| {
        let table = find(book, sheet, table)?;
        show_all(book, &table)
    })?;
    Ok(empty(StatusCode::NO_CONTENT))
}

fn show_all(
    book: &mut crate::files::workbook::Book,
    table: &TableInfo,
) -> Result<(), crate::files::workbook::BookError> {
    let body = table.body();
    book.hide_rows(table.sheet, body.top, body.bottom, false)
}

/// Conditions of which one (`or`) or all must hold.
struct Rule {
    conditions: Vec<(String, String)>,
    any: bool,
}

fn custom(first: &str, second: &str, operator: &str) -> Rule {
    let conditions = [first, second].into_iter().filter(|text| !text.is_empty()).map(condition).collect();
    Rule { conditions, any: operator.eq_ignore_ascii_case("or") }
}

fn any_of(values: Option<&Value>) -> Rule {
    let texts = values.and_then(Value::as_array).into_iter().flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Rule { conditions: texts.map(|value| ("=".to_owned(), text(value))).collect(), any: true }
}

/// `>=5` is an operator and an operand; without an operator it means equality.
fn condition(text: &str) -> (String, String) {
    let operator = [">=", "<=", "<>", ">", "<", "="].into_iter().find(|op| text.starts_with(op));
    match operator {
        Some(op) => (op.to_owned(), text[op.len()..].trim().to_owned()),
        None => ("=".to_owned(), text.to_owned()),
    }
}

fn apply(wb: &Wb<'_>, column: &ColumnOf<'_>, rule: &Rule) -> Outcome {
    wb.write(|book| {
        let (table, at) = column.locate(book)?;
        let body = table.body();
        for row in body.top..=body.bottom {
            let place = table.area.left + at as u32;
            let value = book.value(table.sheet, row, place);
            let shown = value.display(&book.number_format(table.sheet, row, place));
            if !rule.keeps(&value, &shown) {
                book.hide_rows(table.sheet, row, row, true)?;
            }
        }
        Ok(())
    })?;
    Ok(empty(StatusCode::NO_CONTENT))
}

impl Rule {
    fn keeps(&self, value: &CellValue, shown: &str) -> bool {
        let mut holds =
            self.conditions.iter().map(|(operator, operand)| holds(value, shown, operator, operand));
        if self.any { holds.any(|held| held) } else { holds.all(|held| held) }
    }
}

fn holds(value: &CellValue, shown: &str, operator: &str, operand: &str) -> bool {
    let order = match (value, operand.parse::<f64>()) {
        (CellValue::Number(number), Ok(other)) => number.total_cmp(&other),
        _ => shown.to_lowercase().cmp(&operand.to_lowercase()),
    };
    match operator {
        ">=" => order.is_ge(),
        "<=" => order.is_le(),
        "<>" => order.is_ne(),
        ">" => order.is_gt(),
        "<" => order.is_lt(),
        _ => order.is_eq(),
    }
}

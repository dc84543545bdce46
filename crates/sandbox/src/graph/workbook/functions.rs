//! `functions/{name}`: a worksheet function, evaluated with the parameters of the body.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::range::resolve;
use super::{Wb, error, invalid, member};
use crate::files::workbook::{Book, BookError, Value as CellValue};
use crate::graph::reply::{Outcome, entity, ok};

/// Parameter names in the order of the function, one function a line: `vlookup:lookupValue,tableArray,…`. Functions
/// with one parameter need no order. From the public schema of Graph v1.0 (CSDL).
const PARAMETERS: &str = include_str!("parameters.txt");

/// Most parameters, as in Excel.
const MOST: usize = 255;

fn parameters(function: &str) -> Option<&'static [&'static str]> {
    static TABLE: OnceLock<HashMap<String, Vec<&'static str>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let line = |line: &'static str| {
            let (name, list) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), list.split(',').collect()))
        };
        PARAMETERS.lines().filter_map(line).collect()
    });
    table.get(&function.to_ascii_lowercase()).map(Vec::as_slice)
}

pub(super) fn call(wb: &Wb<'_>, function: &str) -> Outcome {
    let known = !function.is_empty() && function.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !known {
        return Err(crate::graph::reply::GraphError::segment(function));
    }
    let body = wb.call.body()?;
    // Without a table entry the body has one parameter, or the function is unknown to Graph.
    let ordered: Vec<Value> = match parameters(function) {
        Some(names) => names.iter().map(|name| member(&body, name).cloned().unwrap_or(Value::Null)).collect(),
        None => body.values().cloned().collect(),
    };
    let value = wb.read(|book| {
        let mut arguments = Vec::new();
        for value in &ordered {
            argument(book, value, &mut arguments)?;
        }
        while arguments.last().is_some_and(String::is_empty) {
            arguments.pop();
        }
        if arguments.len() > MOST {
            return Err(invalid(super::range::BAD));
        }
        let name = function.to_ascii_uppercase().replace('_', ".");
        book.evaluate(&format!("{name}({})", arguments.join(",")))
    });
    let value = match value {
        Ok(value) => value,
        Err(refused) if refused.code == "invalidRequest" => return Err(error::invalid_argument()),
        Err(other) => return Err(other),
    };
    let (error, value) = match value {
        CellValue::Error(text) => (json!(text), Value::Null),
        other => (Value::Null, other.json()),
    };
    let result =
        json!({ "@odata.type": "#microsoft.graph.workbookFunctionResult", "error": error, "value": value });
    Ok(ok(&entity(wb.call.context("workbookFunctionResult"), result)))
}

/// One parameter as formula text; a list of values gives several.
fn argument(book: &Book, value: &Value, out: &mut Vec<String>) -> Result<(), BookError> {
    match value {
        Value::Array(list) if list.iter().any(Value::is_array) => out.push(array(list)?),
        Value::Array(list) => {
            for value in list {
                argument(book, value, out)?;
            }
        }
        Value::Object(object) => {
            let address = member(object, "address").and_then(Value::as_str);
            let address = address.ok_or_else(|| invalid(super::range::BAD))?;
            let range = resolve(book, None, address)?;
            out.push(range.area.on(&range.sheet_name));
        }
        scalar => out.push(literal(scalar)?),
    }
    Ok(())
}

fn literal(value: &Value) -> Result<String, BookError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Bool(flag) => Ok(if *flag { "TRUE" } else { "FALSE" }.to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(format!("\"{}\"", text.replace('"', "\"\""))),
        Value::Array(_) | Value::Object(_) => Err(invalid(super::range::BAD)),
    }
}

/// `{1,2;3,4}`.
fn array(rows: &[Value]) -> Result<String, BookError> {
    let mut lines = Vec::new();
    for row in rows {
        let cells = row.as_array().ok_or_else(|| invalid(super::range::BAD))?;
        lines.push(cells.iter().map(literal).collect::<Result<Vec<_>, _>>()?.join(","));
    }
    Ok(format!("{{{}}}", lines.join(";")))
}

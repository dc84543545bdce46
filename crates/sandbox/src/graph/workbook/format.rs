//! Formats of a range: font, fill, alignment, sizes. Borders and protection are not kept.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::range::Locate;
use super::{Wb, error, member};
use crate::files::workbook::CellLook;
use crate::graph::reply::{GraphError, Outcome, empty, entity, ok};

pub(super) fn handle(wb: &Wb<'_>, locate: &Locate<'_>, path: &[&str]) -> Outcome {
    let method = &wb.call.request.method;
    match (method, path) {
        (&Method::GET, []) => read(wb, locate, "workbookRangeFormat", alignment),
        (&Method::GET, ["font"]) => read(wb, locate, "workbookRangeFont", font),
        (&Method::GET, ["fill"]) => read(wb, locate, "workbookRangeFill", fill),
        (&Method::GET, ["borders"]) => {
            Ok(wb.call.collection("Collection(workbookRangeBorder)", Vec::new(), None))
        }
        (&Method::PATCH, []) => write(wb, locate, "workbookRangeFormat", alignment),
        (&Method::PATCH, ["font"]) => write(wb, locate, "workbookRangeFont", font),
        (&Method::PATCH, ["fill"]) => write(wb, locate, "workbookRangeFill", fill),
        (&Method::POST, ["autofitColumns" | "autofitRows"]) => {
            wb.read(|book| locate(book))?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (&Method::POST, ["fill", "clear"]) => {
            wb.write(|book| {
                let range = locate(book)?;
                book.change_look(range.sheet, range.area, &CellLook { no_fill: true, ..CellLook::default() })
            })?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (_, ["borders" | "protection", ..]) => Err(GraphError::unsupported("this format")),
        (_, []) => Err(GraphError::method()),
        (_, [first, ..]) => Err(GraphError::segment(first)),
    }
}

fn read(wb: &Wb<'_>, locate: &Locate<'_>, kind: &str, shown: impl Fn(&CellLook) -> Value) -> Outcome {
    let look = wb.read(|book| {
        let range = locate(book)?;
        Ok(book.look(range.sheet, range.area))
    })?;
    Ok(ok(&entity(wb.call.context(kind), wb.call.select(shown(&look)))))
}

fn write(wb: &Wb<'_>, locate: &Locate<'_>, kind: &str, shown: impl Fn(&CellLook) -> Value) -> Outcome {
    let look = asked(&wb.call.body()?)?;
    let look = wb.write(|book| {
        let range = locate(book)?;
        book.change_look(range.sheet, range.area, &look)?;
        Ok(book.look(range.sheet, range.area))
    })?;
    Ok(ok(&entity(wb.call.context(kind), shown(&look))))
}

fn asked(body: &Map<String, Value>) -> Result<CellLook, GraphError> {
    let text = |name: &str| member(body, name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| member(body, name).and_then(Value::as_f64);
    let flag = |name: &str| member(body, name).and_then(Value::as_bool);
    let color = text("color");
    let is_color =
        |c: &String| c.len() == 7 && c.starts_with('#') && c[1..].bytes().all(|b| b.is_ascii_hexdigit());
    if color.as_ref().is_some_and(|color| !is_color(color)) {
        return Err(error::invalid_argument());
    }
    let is_font =
        ["bold", "italic", "name", "size", "underline"].iter().any(|name| member(body, name).is_some());
    let look = CellLook {
        bold: flag("bold"),
        italic: flag("italic"),
        font_name: text("name"),
        font_size: number("size"),
        underline: text("underline"),
        font_color: color.clone().filter(|_| is_font),
        fill_color: color.filter(|_| !is_font),
        horizontal: text("horizontalAlignment"),
        vertical: text("verticalAlignment"),
        wrap: flag("wrapText"),
        row_height: number("rowHeight"),
        column_width: number("columnWidth"),
        no_fill: false,
    };
    if look == CellLook::default() { Err(error::invalid_argument()) } else { Ok(look) }
}

fn alignment(look: &CellLook) -> Value {
    json!({
        "columnWidth": look.column_width,
        "horizontalAlignment": look.horizontal.as_deref().unwrap_or("General"),
        "rowHeight": look.row_height,
        "verticalAlignment": look.vertical.as_deref().unwrap_or("Bottom"),
        "wrapText": look.wrap.unwrap_or(false),
    })
}

fn font(look: &CellLook) -> Value {
    json!({
        "bold": look.bold.unwrap_or(false),
        "color": look.font_color.as_deref().unwrap_or("#000000"),
        "italic": look.italic.unwrap_or(false),
        "name": look.font_name.as_deref().unwrap_or("Calibri"),
        "size": look.font_size.unwrap_or(11.0),
        "underline": look.underline.as_deref().unwrap_or("None"),
    })
}

fn fill(look: &CellLook) -> Value {
    json!({ "color": look.fill_color.as_deref().unwrap_or("#FFFFFF") })
}

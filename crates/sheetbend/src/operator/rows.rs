//! Connections in a file, each as the body of `POST /connections`.
//!
//! A CSV's columns are the body's keys with a dot for each level: `connection_id`, `provider_config_key`,
//! `credentials.type`, `credentials.access_token`, `metadata.plan`, `connection_config.tenant`, `tags.team`,
//! `end_user.id`. Empty cells are left out.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};

/// A row and where it stands, counted from 1.
pub struct Row {
    /// The line (CSV, JSON lines) or the place in the array.
    pub line: usize,
    /// The body of `POST /connections`.
    pub body: Value,
}

/// No file of credentials is larger.
const MAX_FILE: u64 = 1 << 30;

/// Reads a `.json`, `.jsonl` or `.csv` file.
///
/// # Errors
/// The file cannot be read, or a row of it; nothing is imported then.
pub fn read(file: &Path) -> anyhow::Result<Vec<Row>> {
    let name = file.display();
    let size = std::fs::metadata(file).with_context(|| name.to_string())?.len();
    if size > MAX_FILE {
        bail!("{name} has {size} bytes; split it into files of at most {MAX_FILE}");
    }
    let text = std::fs::read_to_string(file).with_context(|| name.to_string())?;
    let rows = match file.extension().and_then(|kind| kind.to_str()) {
        Some("csv") => csv_rows(&text),
        Some("json" | "jsonl") => json_rows(&text),
        _ => bail!("{name}: expected a .json, .jsonl or .csv file"),
    };
    rows.with_context(|| name.to_string())
}

fn json_rows(text: &str) -> anyhow::Result<Vec<Row>> {
    if text.trim_start().starts_with('[') {
        let all: Vec<Value> = serde_json::from_str(text)?;
        return Ok(all.into_iter().enumerate().map(|(at, body)| Row { line: at + 1, body }).collect());
    }
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let body = serde_json::from_str(line).with_context(|| format!("line {}", at + 1))?;
        rows.push(Row { line: at + 1, body });
    }
    Ok(rows)
}

fn csv_rows(text: &str) -> anyhow::Result<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headings = reader.headers()?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, |position| position.line() as usize);
        let mut body = Map::new();
        for (heading, cell) in headings.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
            put(&mut body, heading.trim(), cell).with_context(|| format!("line {line}, column {heading}"))?;
        }
        rows.push(Row { line, body: Value::Object(body) });
    }
    Ok(rows)
}

/// Puts a cell where its dotted heading says.
fn put(body: &mut Map<String, Value>, heading: &str, cell: &str) -> anyhow::Result<()> {
    let Some((first, rest)) = heading.split_once('.') else {
        body.insert(heading.to_owned(), Value::String(cell.to_owned()));
        return Ok(());
    };
    let inner = body.entry(first).or_insert_with(|| Value::Object(Map::new()));
    match inner.as_object_mut() {
        Some(inner) => put(inner, rest, cell),
        None => bail!("{first} is a column of its own and cannot hold {rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_columns_become_objects_and_empty_cells_nothing() {
        let text = "connection_id,provider_config_key,credentials.type,credentials.access_token,tags.team\n\
                    a,excel,OAUTH2,\"t,1\",\n";
        let rows = csv_rows(text).unwrap();
        assert_eq!(rows[0].line, 2);
        assert_eq!(
            rows[0].body,
            serde_json::json!({"connection_id": "a", "provider_config_key": "excel",
                "credentials": {"type": "OAUTH2", "access_token": "t,1"}})
        );
    }

    #[test]
    fn arrays_and_lines_are_both_json() {
        assert_eq!(json_rows(" [{\"a\":1},{\"a\":2}]").unwrap().len(), 2);
        let rows = json_rows("{\"a\":1}\n\n{\"a\":2}\n").unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3]);
        assert!(json_rows("{\"a\":1}\n{").is_err());
    }

    #[test]
    fn a_column_cannot_be_a_value_and_an_object() {
        assert!(csv_rows("tags,tags.team\na,b\n").is_err());
    }
}

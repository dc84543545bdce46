//! The rows, as a table for people or a line of JSON each.

use serde_json::json;

use crate::Run;

/// What a value is held against.
#[derive(Debug, Clone, Copy)]
pub enum Bar {
    /// At most.
    Most(f64),
    /// At least.
    Least(f64),
    /// Told only.
    None,
}

/// Writes rows as they come.
pub struct Report {
    json: bool,
    only: Option<String>,
    missed: u32,
}

impl Report {
    /// Begins.
    pub fn begin(run: &Run) -> Self {
        if !run.json {
            println!("{:<66} {:>11} {:>9}", "row", "value", "bar");
        }
        Self { json: run.json, only: run.only.clone(), missed: 0 }
    }

    /// Whether a row with this name is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }

    /// A value of several blocks: the median is told, the best decides (DESIGN §9).
    pub fn blocks(&mut self, row: &str, mut values: Vec<f64>, bar: Bar) {
        values.sort_by(f64::total_cmp);
        let median = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
        let best = match bar {
            Bar::Most(_) => values.first(),
            _ => values.last(),
        };
        self.write(row, median, best.copied().unwrap_or(f64::NAN), bar);
    }

    /// A single value.
    pub fn one(&mut self, row: &str, value: f64, bar: Bar) {
        self.write(row, value, value, bar);
    }

    /// How many bars were missed.
    pub fn end(self) -> u32 {
        self.missed
    }

    fn write(&mut self, row: &str, value: f64, best: f64, bar: Bar) {
        let (ok, limit, sign) = match bar {
            Bar::Most(limit) => (best <= limit, Some(limit), "≤"),
            Bar::Least(limit) => (best >= limit, Some(limit), "≥"),
            Bar::None => (true, None, ""),
        };
        self.missed += u32::from(!ok);
        if self.json {
            let value = (value * 10_000.0).round() / 10_000.0;
            println!("{}", json!({"row": row, "value": value, "bar": limit, "ok": ok}));
        } else {
            let limit = limit.map_or_else(String::new, |limit| format!("{sign} {limit}"));
            println!("{row:<66} {value:>11.3} {limit:>9} {}", if ok { "ok" } else { "MISSED" });
        }
    }
}

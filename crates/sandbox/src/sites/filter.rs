//! OData filter expressions over list items.

mod lexer;

use std::cmp::Ordering;

use serde_json::Value;

use super::ids::parse_time;
use lexer::{Token, tokens};

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Compare { field: String, op: Op, value: Literal },
    StartsWith { field: String, text: String },
    Contains { field: String, text: String },
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// A constant in a filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
}

/// Whose functions a filter may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Fields are `fields/X`; `startswith` and `contains`.
    Graph,
    /// `startswith(Field,'x')` and `substringof('x',Field)`; no `contains`.
    SharePoint,
}

/// Nesting deeper than this is refused.
const MAX_DEPTH: usize = 32;

/// Parses a filter. The error is a sentence for the caller.
pub(crate) fn parse(text: &str, dialect: Dialect) -> Result<Expr, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, dialect };
    let expr = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expr),
        Some(token) => Err(format!("The filter has {token} where it should end.")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    dialect: Dialect,
}

impl Parser {
    fn peek_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word))
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.tokens.get(self.at).cloned().ok_or("The filter ends too early.")?;
        self.at += 1;
        Ok(token)
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), String> {
        let found = self.next()?;
        if found == *wanted {
            Ok(())
        } else {
            Err(format!("Expected {wanted} in the filter, found {found}."))
        }
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut left = self.and()?;
        while self.peek_word("or") {
            self.at += 1;
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut left = self.unary()?;
        while self.peek_word("and") {
            self.at += 1;
            left = Expr::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("The filter is nested too deeply.".to_owned());
        }
        let expr = self.unary_inner();
        self.depth -= 1;
        expr
    }

    fn unary_inner(&mut self) -> Result<Expr, String> {
        if self.peek_word("not") {
            self.at += 1;
            return Ok(Expr::Not(Box::new(self.unary()?)));
        }
        if self.tokens.get(self.at) == Some(&Token::Open) {
            self.at += 1;
            let inner = self.or()?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        let Token::Word(word) = self.next()? else {
            return Err("Expected a field name in the filter.".to_owned());
        };
        if self.tokens.get(self.at) == Some(&Token::Open) {
            self.function(&word)
        } else {
            self.comparison(&word)
        }
    }

    /// A function alone, or compared with a Boolean: `startswith(Title,'a') eq true`.
    fn function(&mut self, name: &str) -> Result<Expr, String> {
        self.expect(&Token::Open)?;
        let (first, _) = (self.next()?, self.expect(&Token::Comma)?);
        let second = self.next()?;
        self.expect(&Token::Close)?;
        let name = name.to_ascii_lowercase();
        let call = match (name.as_str(), self.dialect, first, second) {
            ("startswith", _, Token::Word(field), Token::Text(text)) => {
                Expr::StartsWith { field: self.field(&field), text }
            }
            ("contains", Dialect::Graph, Token::Word(field), Token::Text(text))
            | ("substringof", Dialect::SharePoint, Token::Text(text), Token::Word(field)) => {
                Expr::Contains { field: self.field(&field), text }
            }
            _ => return Err(format!("The method {name} cannot be used in this filter.")),
        };
        if !self.peek_word("eq") {
            return Ok(call);
        }
        self.at += 1;
        match self.next()? {
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Ok(call),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Ok(Expr::Not(Box::new(call))),
            Token::Number(1.0) => Ok(call),
            other => Err(format!("Expected true or false in the filter, found {other}.")),
        }
    }

    fn comparison(&mut self, field: &str) -> Result<Expr, String> {
        let op = match self.next()? {
            Token::Word(word) => {
                operator(&word).ok_or_else(|| format!("Unknown operator '{word}' in the filter."))?
            }
            other => return Err(format!("Expected an operator in the filter, found {other}.")),
        };
        let value = match self.next()? {
            Token::Text(text) => Literal::Text(text),
            Token::Number(number) => Literal::Number(number),
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "null" => Literal::Null,
                _ if parse_time(&word).is_some() => Literal::Text(word),
                _ => return Err(format!("'{word}' is not a value.")),
            },
            other => return Err(format!("Expected a value in the filter, found {other}.")),
        };
        Ok(Expr::Compare { field: self.field(field), op, value })
    }

    fn field(&self, name: &str) -> String {
        let bare = if self.dialect == Dialect::Graph { name.strip_prefix("fields/") } else { None };
        bare.unwrap_or(name).to_owned()
    }
}

fn operator(word: &str) -> Option<Op> {
    Some(match word.to_ascii_lowercase().as_str() {
        "eq" => Op::Eq,
        "ne" => Op::Ne,
        "lt" => Op::Lt,
        "le" => Op::Le,
        "gt" => Op::Gt,
        "ge" => Op::Ge,
        _ => return None,
    })
}

impl Expr {
    /// Evaluates over a record given as a look-up of field values.
    pub fn holds(&self, value_of: &impl Fn(&str) -> Value) -> bool {
        match self {
            Self::And(left, right) => left.holds(value_of) && right.holds(value_of),
            Self::Or(left, right) => left.holds(value_of) || right.holds(value_of),
            Self::Not(inner) => !inner.holds(value_of),
            Self::StartsWith { field, text } => lower(&value_of(field)).starts_with(&text.to_lowercase()),
            Self::Contains { field, text } => lower(&value_of(field)).contains(&text.to_lowercase()),
            Self::Compare { field, op, value } => op.holds(compare(&value_of(field), value)),
        }
    }

    /// The fields a filter names.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                let mut fields = left.fields();
                fields.extend(right.fields());
                fields
            }
            Self::Not(inner) => inner.fields(),
            Self::StartsWith { field, .. } | Self::Contains { field, .. } | Self::Compare { field, .. } => {
                vec![field]
            }
        }
    }

    /// The parts that all have to hold.
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::And(left, right) => {
                let mut parts = left.conjuncts();
                parts.extend(right.conjuncts());
                parts
            }
            other => vec![other],
        }
    }
}

impl Op {
    fn holds(self, ordering: Option<Ordering>) -> bool {
        match self {
            Self::Eq => ordering == Some(Ordering::Equal),
            Self::Ne => ordering != Some(Ordering::Equal),
            Self::Lt => ordering == Some(Ordering::Less),
            Self::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
            Self::Gt => ordering == Some(Ordering::Greater),
            Self::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

fn lower(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_lowercase()
}

/// Compares a stored value with a constant; `None` when they have no order.
fn compare(value: &Value, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        (Value::Null, Literal::Text(text)) if text.is_empty() => Some(Ordering::Equal),
        (Value::Null, Literal::Bool(false)) => Some(Ordering::Equal),
        (Value::Bool(found), Literal::Bool(wanted)) => Some(found.cmp(wanted)),
        (Value::Bool(found), Literal::Number(wanted)) => f64::from(u8::from(*found)).partial_cmp(wanted),
        (Value::Number(found), Literal::Number(wanted)) => found.as_f64()?.partial_cmp(wanted),
        (Value::Number(found), Literal::Text(wanted)) => {
            found.as_f64()?.partial_cmp(&wanted.parse::<f64>().ok()?)
        }
        (Value::String(found), Literal::Text(wanted)) => match (parse_time(found), parse_time(wanted)) {
            (Some(found), Some(wanted)) => Some(found.cmp(&wanted)),
            _ => Some(found.to_lowercase().cmp(&wanted.to_lowercase())),
        },
        (Value::String(found), Literal::Number(wanted)) => found.parse::<f64>().ok()?.partial_cmp(wanted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(field: &str) -> Value {
        match field {
            "Title" => json!("Pay O'Neil"),
            "Priority" => json!(3),
            "Due" => json!("2026-11-21T17:00:00Z"),
            "Done" => json!(true),
            _ => Value::Null,
        }
    }

    fn holds(filter: &str, dialect: Dialect) -> bool {
        parse(filter, dialect).expect(filter).holds(&record)
    }

    #[test]
    fn precedence_not_and_doubled_quotes() {
        assert!(holds("Title eq 'pay o''neil' and (Priority lt 3 or Priority ge 3)", Dialect::SharePoint));
        assert!(holds("Priority eq 1 or Priority eq 3 and not (Done eq false)", Dialect::SharePoint));
        assert!(!holds("(Priority eq 1 or Priority eq 3) and Done eq 0", Dialect::SharePoint));
    }

    #[test]
    fn each_dialect_has_its_functions() {
        assert!(holds("substringof('neil',Title) and startswith(Title,'Pay')", Dialect::SharePoint));
        assert!(parse("contains(Title,'x')", Dialect::SharePoint).is_err());
        assert!(holds("contains(fields/Title,'NEIL') eq true", Dialect::Graph));
        assert!(parse("substringof('x',fields/Title)", Dialect::Graph).is_err());
    }

    #[test]
    fn times_compare_as_instants() {
        assert!(holds("Due ge datetime'2026-11-21T18:00:00+01:00'", Dialect::SharePoint));
        assert!(holds("fields/Due lt 2026-11-22T00:00:00Z", Dialect::Graph));
        assert!(!holds("Due gt '2026-11-21T17:00:00Z'", Dialect::SharePoint));
    }

    #[test]
    fn bad_filters_are_refused() {
        for bad in
            ["", "Title", "Title eq", "Title is 'x'", "Title eq 'x", "(Title eq 'x'", "Title eq 'x' extra"]
        {
            assert!(parse(bad, Dialect::SharePoint).is_err(), "{bad}");
        }
        let deep = "(".repeat(5000);
        assert!(parse(&deep, Dialect::SharePoint).is_err());
    }
}

//! Functions newer than the file format: stored with a prefix, shown without.
//!
//! Source: Microsoft, [MS-XLSX] 2.2.2 "Formulas" (future functions); the list is of those that IronCalc calculates.

const PREFIX: &str = "_xlfn.";
const SHEET_PREFIX: &str = "_xlfn._xlws.";

const NEWER: [&str; 56] = [
    "ACOT",
    "ACOTH",
    "ARABIC",
    "BASE",
    "BINOM.DIST",
    "BINOM.INV",
    "BITAND",
    "BITLSHIFT",
    "BITOR",
    "BITRSHIFT",
    "BITXOR",
    "BYCOL",
    "BYROW",
    "CEILING.MATH",
    "CHOOSECOLS",
    "CHOOSEROWS",
    "COMBINA",
    "CONCAT",
    "COT",
    "COTH",
    "CSC",
    "CSCH",
    "DAYS",
    "DECIMAL",
    "DROP",
    "ENCODEURL",
    "EXPAND",
    "FLOOR.MATH",
    "FORMULATEXT",
    "HSTACK",
    "IFNA",
    "IFS",
    "ISFORMULA",
    "ISOWEEKNUM",
    "MAXIFS",
    "MINIFS",
    "NUMBERVALUE",
    "RANDARRAY",
    "SEC",
    "SECH",
    "SEQUENCE",
    "SHEET",
    "SHEETS",
    "SORTBY",
    "SWITCH",
    "TAKE",
    "TEXTAFTER",
    "TEXTBEFORE",
    "TEXTJOIN",
    "TEXTSPLIT",
    "TOCOL",
    "TOROW",
    "UNIQUE",
    "VSTACK",
    "XLOOKUP",
    "XMATCH",
];
const NEWER_ON_SHEETS: [&str; 2] = ["FILTER", "SORT"];

/// The formula as a file holds it.
pub(super) fn stored(formula: &str) -> String {
    let mut out = String::with_capacity(formula.len());
    let mut word = String::new();
    let mut quoted = false;
    for c in formula.chars() {
        let in_word = !quoted && (c.is_alphanumeric() || matches!(c, '.' | '_'));
        if in_word {
            word.push(c);
            continue;
        }
        if c == '(' && !quoted {
            out.push_str(prefix(&word));
        }
        out.push_str(&std::mem::take(&mut word));
        quoted ^= c == '"';
        out.push(c);
    }
    out.push_str(&word);
    out
}

fn prefix(word: &str) -> &'static str {
    let upper = word.to_ascii_uppercase();
    if NEWER.contains(&upper.as_str()) {
        PREFIX
    } else if NEWER_ON_SHEETS.contains(&upper.as_str()) {
        SHEET_PREFIX
    } else {
        ""
    }
}

/// The formula as a person reads and types it.
pub(crate) fn shown(formula: &str) -> String {
    if !formula.contains(PREFIX) && !formula.contains("_xlpm.") {
        return formula.to_owned();
    }
    formula.replace(SHEET_PREFIX, "").replace(PREFIX, "").replace("_xlpm.", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_comes_and_goes() {
        let typed = "IFS(A1>1,\"IFS(\")+SUM(FILTER(A1:A3,B1:B3))";
        let file = "_xlfn.IFS(A1>1,\"IFS(\")+SUM(_xlfn._xlws.FILTER(A1:A3,B1:B3))";
        assert_eq!(stored(typed), file);
        assert_eq!(stored(file), file);
        assert_eq!(shown(file), typed);
        assert_eq!(stored("SUM(A1)*DAYS"), "SUM(A1)*DAYS");
    }
}

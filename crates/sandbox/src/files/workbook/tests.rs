//! The engine over the bundled workbook.

use serde_json::json;

use super::{Area, Book, Direction, Headers, TableCells, Typed, UsedCells, Value};

fn sales() -> Book {
    Book::open(include_bytes!("../../../assets/Sales.xlsx")).unwrap()
}

fn area(text: &str) -> Area {
    Area::parse(text).unwrap()
}

#[test]
fn opens_and_calculates_what_has_no_results() {
    let book = sales();
    let names: Vec<String> =
        book.sheets().into_iter().map(|s| format!("{} {}", s.name, s.visibility)).collect();
    assert_eq!(names, ["Orders Visible", "Summary Visible", "Prices Hidden"]);
    assert_eq!(book.value(1, 2, 2), Value::Number(60.0));
    let total: f64 = (2..=61)
        .map(|row| match (book.value(0, row, 5), book.value(0, row, 6)) {
            (Value::Number(quantity), Value::Number(price)) => quantity * price,
            other => panic!("{other:?}"),
        })
        .sum();
    match book.value(1, 4, 2) {
        Value::Number(sum) => assert!((sum - total).abs() < 1e-6, "{sum} {total}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(book.value(1, 6, 2), Value::Number(1.25));
    assert_eq!(book.value(1, 14, 2), Value::Text("good".into()));
    assert_eq!(book.number_format(0, 2, 2), "yyyy-mm-dd");
    assert_eq!(book.value(0, 2, 2).display("yyyy-mm-dd"), "2026-01-05");
    assert_eq!(book.used_range(0, UsedCells::ValuesOnly), Some(area("A1:G61")));
}

#[test]
fn an_edit_reaches_the_formulas_and_the_file() {
    let mut book = sales();
    book.set(0, 2, 5, &Typed::Plain(Value::Number(1000.0), None)).unwrap();
    book.recalculate().unwrap();
    assert_eq!(book.value(0, 2, 7), Value::Number(1250.0));
    let before = book.value(1, 4, 2);
    let again = Book::open(&book.save().unwrap()).unwrap();
    assert_eq!(again.value(1, 4, 2), before);
    assert_eq!(again.formula(0, 2, 7), Some("E2*F2"));
    assert_eq!(again.tables().len(), 1);
    assert_eq!(again.table("Orders").unwrap().area, area("A1:G61"));
    let names: Vec<String> = again.names().into_iter().map(|n| format!("{}={}", n.name, n.formula)).collect();
    assert_eq!(names, ["VatRate=0.2", "TotalAmount=Summary!$B$4", "PriceList=Prices!$A$1:$B$6"]);
}

#[test]
fn a_table_grows_with_its_sums_and_formulas() {
    let mut book = sales();
    let table = book.table("Orders").unwrap();
    let row = vec![
        json!(2000),
        json!("2026-11-21"),
        json!("North"),
        json!("Pear"),
        json!("4"),
        json!(2.5),
        json!(null),
    ];
    assert_eq!(book.add_rows(&table, None, &[row]).unwrap(), 60);
    book.recalculate().unwrap();
    assert_eq!(book.table("Orders").unwrap().area, area("A1:G62"));
    assert_eq!(book.formula(0, 62, 7), Some("E62*F62"));
    assert_eq!(book.value(0, 62, 7), Value::Number(10.0));
    assert_eq!(book.number_format(0, 62, 2), "yyyy-mm-dd");
    assert_eq!(book.formula(1, 4, 2), Some("SUM(Orders!G2:G62)"));
    assert_eq!(book.value(1, 2, 2), Value::Number(61.0));
    let table = book.table("Orders").unwrap();
    book.remove_row(&table, 0).unwrap();
    book.recalculate().unwrap();
    assert_eq!(book.table("Orders").unwrap().area, area("A1:G61"));
    assert_eq!(book.value(1, 2, 2), Value::Number(60.0));
}

#[test]
fn structured_references_and_lone_formulas() {
    let book = sales();
    assert_eq!(book.evaluate("SUM(Orders[Quantity])").unwrap(), book.value(1, 3, 2));
    assert_eq!(book.evaluate("VLOOKUP(\"Fig\",PriceList,2,FALSE)").unwrap(), Value::Number(4.5));
    assert_eq!(book.evaluate("1/0").unwrap(), Value::Error("#DIV/0!".into()));
}

#[test]
fn sheets_keep_their_ids() {
    let mut book = sales();
    let ids: Vec<String> = book.sheets().into_iter().map(|s| s.id).collect();
    assert_eq!(ids[0], "{00000000-0001-0000-0000-000000000000}");
    book.rename_sheet(0, "All orders").unwrap();
    assert_eq!(book.formula(1, 4, 2), Some("SUM('All orders'!G2:G61)"));
    book.move_sheet(0, 2).unwrap();
    let extra = book.add_sheet(Some("Extra")).unwrap();
    assert_eq!(book.sheet("all orders").unwrap().id, ids[0]);
    let mut again = Book::open(&book.save().unwrap()).unwrap();
    again.object_ids = book.object_ids.clone();
    assert_eq!(again.sheet(&ids[0]).unwrap().name, "All orders");
    assert_eq!(again.sheet(&extra.id).unwrap().name, "Extra");
    again.recalculate().unwrap();
    assert_eq!(again.value(again.sheet("Summary").unwrap().index, 2, 2), Value::Number(60.0));
}

#[test]
fn inserting_and_deleting_moves_what_lies_beyond() {
    let mut book = sales();
    book.insert(0, area("A10:XFD11"), Direction::Down).unwrap();
    assert_eq!(book.table("Orders").unwrap().area, area("A1:G63"));
    assert_eq!(book.formula(0, 12, 7), Some("E12*F12"));
    assert_eq!(book.formula(1, 4, 2), Some("SUM(Orders!G2:G63)"));
    book.delete(0, area("A10:XFD11"), Direction::Up).unwrap();
    assert_eq!(book.table("Orders").unwrap().area, area("A1:G61"));
    assert_eq!(book.formula(1, 4, 2), Some("SUM(Orders!G2:G61)"));
    assert!(book.insert(0, area("B10"), Direction::Down).is_err());
}

#[test]
fn tables_come_and_go() {
    let mut book = Book::open(include_bytes!("../../../assets/Empty.xlsx")).unwrap();
    for (column, text) in ["Name", "Name", ""].into_iter().enumerate() {
        book.set(0, 1, column as u32 + 1, &Typed::Plain(Value::Text(text.into()), None)).unwrap();
    }
    let table = book.add_table(0, area("A1:C3"), Headers::Present).unwrap();
    assert_eq!(table.columns, ["Name", "Name2", "Column3"]);
    book.add_column(&table, Some(1), None, &[json!("Mid"), json!(1), json!(2)]).unwrap();
    let table = book.table("Table1").unwrap();
    assert_eq!(table.columns, ["Name", "Mid", "Name2", "Column3"]);
    assert_eq!(table.area, area("A1:D3"));
    book.rename_table(&table, "People").unwrap();
    assert_eq!(book.table("People").unwrap().id, table.id);
    let table = book.table("People").unwrap();
    book.remove_column(&table, 1).unwrap();
    assert_eq!(book.table("People").unwrap().columns, ["Name", "Name2", "Column3"]);
    let table = book.table("People").unwrap();
    book.set_totals(&table, true).unwrap();
    let table = book.table("People").unwrap();
    assert_eq!((table.totals, table.area), (true, area("A1:C4")));
    book.recalculate().unwrap();
    book.remove_table(&table, TableCells::Keep).unwrap();
    assert!(book.tables().is_empty());
}

#[test]
fn broken_files_are_refused() {
    for bytes in [&b""[..], b"PK\x03\x04", b"not a workbook"] {
        assert!(Book::open(bytes).is_err());
    }
}

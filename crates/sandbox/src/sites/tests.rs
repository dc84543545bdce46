use serde_json::{Map, Value, json};

use super::*;

const CONTOSO: &str = "11111111-2222-4333-8444-555555555555";

fn root() -> SiteKey {
    SiteKey { tenant_id: CONTOSO.to_owned(), path: String::new() }
}

fn fields(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

#[test]
fn seeds_are_the_same_in_every_run() {
    let ids = || {
        let sites = Sites::default();
        sites.read(&root(), |site| site.lists.iter().map(|list| list.id.clone()).collect::<Vec<_>>())
    };
    assert_eq!(ids(), ids());
    let count = |list: &str| Sites::default().read(&root(), |site| site.list(list).map(List::count));
    assert_eq!(count("tasks"), Some(Some(250)));
    assert_eq!(count("Contacts"), Some(Some(12)));
    assert_eq!(count("Big"), Some(Some(12_000)));
}

#[test]
fn a_long_list_needs_an_index() {
    let sites = Sites::default();
    let page = |filter: &str| {
        sites.read(&root(), |site| {
            let filter = parse_filter(filter, Dialect::SharePoint).expect("filter");
            let query = ItemQuery { filter: Some(filter), top: 10, ..ItemQuery::default() };
            site.list("Big").expect("list").page(site, &query).map(|page| page.items.len()).ok()
        })
    };
    assert_eq!(page("Amount eq 7"), Some(None));
    assert_eq!(page("Code eq 'C007'"), Some(Some(10)));
    assert_eq!(page("Code eq 'C007' and Amount eq 49"), Some(Some(10)));
    assert_eq!(page("Code ne 'C007'"), Some(None), "an index that does not select does not help");
    assert_eq!(page("ID lt 4"), Some(Some(3)));
}

#[test]
fn edits_survive_a_restart_and_show_in_the_change_log() {
    let dir = std::env::temp_dir().join(format!("sheetbend-sites-{}", random_guid()));
    let sites = Sites::open(Some(&dir)).expect("open");
    let token =
        sites.read(&root(), |site| site.list("Tasks").map(|list| list.next_change)).flatten().expect("token");
    let id = sites.change(&root(), |site| {
        let new = fields(json!({"Title": "Kept", "Priority": "4", "AssignedToId": 6}));
        let id = site.add_item("Tasks", &new, TagForm::SharePoint, 6, 1_000).expect("added");
        site.edit_item(("Big", 9), &fields(json!({"Amount": 1})), TagForm::Graph, Some("*"), (7, 2_000))
            .expect("edit");
        site.recycle_item(("Tasks", 3), None, (6, 3_000)).expect("recycled");
        id
    });
    assert_eq!(id, Some(251));
    drop(sites);
    let again = Sites::open(Some(&dir)).expect("open again");
    again
        .read(&root(), |site| {
            let tasks = site.list("Tasks").expect("tasks");
            let kept = tasks.item(251).expect("kept");
            assert_eq!(kept.fields["Priority"], json!(4));
            assert_eq!(kept.fields["AssignedTo"], json!(6));
            assert!(tasks.item(3).is_none());
            assert_eq!(
                site.list("Big").and_then(|list| list.item(9)).expect("nine").fields["Amount"],
                json!(1)
            );
            let page = tasks.changes_since(token).expect("known token");
            assert_eq!(page.present.iter().map(|item| item.id).collect::<Vec<_>>(), [251]);
            assert_eq!(page.deleted.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [3]);
        })
        .expect("site");
    again.forget_changes(CONTOSO);
    let stale = again.read(&root(), |site| site.list("Tasks").expect("tasks").changes_since(token).is_none());
    assert_eq!(stale, Some(true));
    std::fs::remove_dir_all(dir).expect("clean");
}

#[test]
fn a_stale_tag_and_a_bad_value_are_refused() {
    let sites = Sites::default();
    sites
        .change(&root(), |site| {
            let guid = site.list("Tasks").and_then(|list| list.item(1)).expect("item").guid.clone();
            let mut edit = |values: Value, tag: &str| {
                site.edit_item(("Tasks", 1), &fields(values), TagForm::SharePoint, Some(tag), (6, 5))
            };
            assert_eq!(edit(json!({"Title": "a"}), "\"7\""), Err(EditError::Changed));
            assert_eq!(edit(json!({"Title": "a"}), "\"1\""), Ok(()));
            assert_eq!(edit(json!({"Title": "b"}), &format!("\"{guid},2\"")), Ok(()));
            assert_eq!(edit(json!({"Nope": 1}), "*"), Err(FieldError::Unknown("Nope".to_owned()).into()));
            for bad in [json!({"Priority": "high"}), json!({"DueDate": "soon"}), json!({"AssignedToId": 99})]
            {
                assert!(matches!(edit(bad, "*"), Err(EditError::Field(FieldError::Invalid { .. }))));
            }
        })
        .expect("site");
}

#[test]
fn a_recycled_item_can_come_back() {
    let sites = Sites::default();
    let back = sites.change(&root(), |site| {
        let bin = site.recycle_item(("Tasks", 5), None, (6, 1)).expect("recycled");
        site.restore_item(&bin, 2).expect("restored");
        site.list("Tasks").and_then(|list| list.item(5)).is_some()
    });
    assert_eq!(back, Some(true));
}

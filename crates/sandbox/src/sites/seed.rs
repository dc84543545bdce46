//! What a fresh sandbox contains: the same sites, lists and ids in every run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::columns::{Column, ColumnKind};
use super::ids::{iso, stable_guid};
use super::model::{APP_USER_ID, Item, List, Site, SiteUser};
use super::names;

/// 5 January 2026, 09:00 UTC: when everything seeded was made.
const SEEDED_MS: i64 = 1_767_603_600_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Above SharePoint's threshold of 5,000, so that queries without an index fail.
const BIG: u32 = 12_000;

const STATUSES: [&str; 5] =
    ["Not Started", "In Progress", "Completed", "Deferred", "Waiting on someone else"];

const PEOPLE: [(&str, u32, &str, &str, bool); 6] = [
    ("contoso", 1, "Ada Lovelace", "ada@contoso.example", true),
    ("contoso", 2, "Megan Bowen", "megan@contoso.example", false),
    ("fabrikam", 3, "Alex Wilber", "alex@fabrikam.example", false),
    ("fabrikam", 4, "Fabrikam Admin", "admin@fabrikam.example", true),
    ("northwind", 5, "Nora Davolio", "nora@northwind.example", false),
    ("northwind", 6, "Northwind Admin", "admin@northwind.example", true),
];

/// The sites of all tenants.
pub(super) fn sites() -> Vec<Site> {
    names::tenants().flat_map(|(tenant_id, name)| tenant_sites(tenant_id, name)).collect()
}

fn tenant_sites(tenant_id: &str, name: &str) -> Vec<Site> {
    let company = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let mut sites = vec![
        site(tenant_id, name, "", &company, "Company home"),
        site(tenant_id, name, "/sites/projects", "Projects", "Plans and tasks of all projects"),
    ];
    if name == "contoso" {
        sites.push(site(tenant_id, name, "/sites/team", "Team", "The team's own corner"));
    }
    sites
}

fn site(tenant_id: &str, name: &str, path: &str, title: &str, description: &str) -> Site {
    let base = format!("{name}{path}");
    let mut users: Vec<SiteUser> = PEOPLE
        .iter()
        .filter(|person| person.0 == name)
        .zip(6_u32..)
        .map(|(&(_, number, title, email, admin), id)| SiteUser {
            id,
            oid: format!("aaaaaaaa-0000-4000-8000-{number:012}"),
            title: title.to_owned(),
            email: email.to_owned(),
            admin,
        })
        .collect();
    users.push(SiteUser {
        id: APP_USER_ID,
        oid: String::new(),
        title: "SharePoint App".to_owned(),
        email: String::new(),
        admin: false,
    });
    Site {
        tenant_id: tenant_id.to_owned(),
        path: path.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        site_id: stable_guid(&format!("site:{base}")),
        web_id: stable_guid(&format!("web:{base}")),
        created_ms: SEEDED_MS,
        modified_ms: SEEDED_MS,
        users,
        lists: vec![library(&base), tasks(&base), contacts(&base), hidden(&base), big(&base)],
        recycled: Vec::new(),
        grants: Vec::new(),
        file_ids: BTreeMap::new(),
        checked_out: BTreeMap::new(),
    }
}

/// An empty list; its id follows from the site and the name.
pub(super) fn empty_list(base: &str, title: &str, name: &str, template: u32, made_ms: i64) -> List {
    let mut title_column = Column::new("built-in", "Title", "Title", ColumnKind::Text);
    title_column.required = template != 101;
    List {
        id: stable_guid(&format!("list:{base}:{name}")),
        title: title.to_owned(),
        name: name.to_owned(),
        description: String::new(),
        template,
        hidden: false,
        created_ms: made_ms,
        modified_ms: made_ms,
        version: 1,
        columns: vec![title_column],
        items: BTreeMap::new(),
        generated: 0,
        removed: BTreeSet::new(),
        next_id: 1,
        changes: Vec::new(),
        next_change: 1,
        oldest_token: 1,
    }
}

fn fill(list: &mut List, rows: impl Iterator<Item = Vec<(&'static str, Value)>>) {
    for (id, row) in (1_u32..).zip(rows) {
        let made = SEEDED_MS + i64::from(id) * HOUR_MS;
        let fields = row.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        list.items.insert(id, seeded_item(&list.id, id, made, fields));
        list.next_id = id + 1;
        list.modified_ms = made;
    }
}

fn seeded_item(list_id: &str, id: u32, made_ms: i64, fields: BTreeMap<String, Value>) -> Item {
    let author = 6 + id % 2;
    let guid = stable_guid(&format!("item:{list_id}:{id}"));
    Item { id, guid, version: 1, author, editor: author, created_ms: made_ms, modified_ms: made_ms, fields }
}

fn library(base: &str) -> List {
    let mut list = empty_list(base, "Documents", "Shared Documents", 101, SEEDED_MS);
    let column = |name: &str, title: &str| Column::new("built-in", name, title, ColumnKind::Text);
    let [mut path, mut folder] = [column("FileRef", "URL Path"), column("FileDirRef", "Path")];
    (path.hidden, folder.hidden) = (true, true);
    (path.read_only, folder.read_only) = (true, true);
    let mut name = column("FileLeafRef", "Name");
    // Renaming goes through the file.
    name.read_only = true;
    list.columns.extend([name, path, folder]);
    list
}

fn tasks(base: &str) -> List {
    const VERBS: [&str; 10] =
        ["Review", "Draft", "Send", "Check", "Plan", "Order", "Update", "Archive", "Discuss", "Approve"];
    const THINGS: [&str; 7] =
        ["budget", "contract", "floor plan", "invoice", "release notes", "travel request", "vendor list"];
    let mut list = empty_list(base, "Tasks", "Tasks", 171, SEEDED_MS);
    let choices = STATUSES.map(str::to_owned).to_vec();
    let column = |name: &str, title: &str, kind| Column::new("Tasks", name, title, kind);
    list.columns.extend([
        column("Status", "Task Status", ColumnKind::Choice(choices)).indexed(),
        column("Priority", "Priority", ColumnKind::Number),
        column("DueDate", "Due Date", ColumnKind::DateTime),
        column("AssignedTo", "Assigned To", ColumnKind::Person),
        column("Done", "Done", ColumnKind::Boolean),
    ]);
    let row = |n: usize| {
        let status = STATUSES[n % STATUSES.len()];
        vec![
            ("Title", json!(format!("{} {} {}", VERBS[n % 10], THINGS[n % 7], n + 1))),
            ("Status", json!(status)),
            ("Priority", json!(n / 3 % 5 + 1)),
            ("DueDate", json!(iso(SEEDED_MS + DAY_MS * i64::try_from(n).unwrap_or(0)))),
            ("AssignedTo", json!(6 + n % 2)),
            ("Done", json!(status == "Completed")),
        ]
    };
    fill(&mut list, (0..250).map(row));
    list
}

fn contacts(base: &str) -> List {
    const NAMES: [(&str, &str, &str); 12] = [
        ("Lovelace", "Ada", "Analytical Engines"),
        ("Hopper", "Grace", "Compilers & Sons"),
        ("Turing", "Alan", "Bletchley"),
        ("Noether", "Emmy", "Göttingen"),
        ("O'Brien", "Fiona", "Harbour Ltd"),
        ("Nakamura", "Shuji", "日亜"),
        ("Hamilton", "Margaret", "Apollo"),
        ("Dijkstra", "Edsger", "Shortest Path"),
        ("Liskov", "Barbara", "Substitution Inc"),
        ("Shannon", "Claude", "Bits & Bytes"),
        ("Kovalevskaya", "Sofya", "Tops"),
        ("Ramanujan", "Srinivasa", "1729"),
    ];
    let mut list = empty_list(base, "Contacts", "Contacts", 105, SEEDED_MS);
    let column = |name: &str, title: &str| Column::new("Contacts", name, title, ColumnKind::Text);
    list.columns.extend([
        column("FirstName", "First Name"),
        column("Company", "Company"),
        column("Email", "Email"),
    ]);
    let rows = NAMES.iter().zip(1..).map(|(&(last, first, company), n)| {
        let email = json!(format!("contact{n}@example.com"));
        vec![
            ("Title", json!(last)),
            ("FirstName", json!(first)),
            ("Company", json!(company)),
            ("Email", email),
        ]
    });
    fill(&mut list, rows);
    list
}

fn hidden(base: &str) -> List {
    let mut list = empty_list(base, "TaxonomyHiddenList", "TaxonomyHiddenList", 100, SEEDED_MS);
    list.hidden = true;
    list
}

fn big(base: &str) -> List {
    let mut list = empty_list(base, "Big", "Big", 100, SEEDED_MS);
    let column = |name: &str, kind| Column::new("Big", name, name, kind);
    list.columns.extend([column("Code", ColumnKind::Text).indexed(), column("Amount", ColumnKind::Number)]);
    list.generated = BIG;
    list.next_id = BIG + 1;
    list
}

/// An item of a generated list, made from its id alone.
pub(super) fn generated_item(list: &List, id: u32) -> Item {
    let made = SEEDED_MS + i64::from(id) * 60_000;
    let fields = BTreeMap::from([
        ("Title".to_owned(), json!(format!("Row {id}"))),
        ("Code".to_owned(), json!(format!("C{:03}", id % 500))),
        ("Amount".to_owned(), json!(i64::from(id) * 7 % 1000)),
    ]);
    seeded_item(&list.id, id, made, fields)
}

//! What the drives hold before anybody came.

use std::sync::OnceLock;

use bytes::Bytes;

use super::model::Actor;
use super::workbook::Book;

/// A person with a drive from the start.
pub(super) struct SeedUser {
    pub id: &'static str,
    pub name: &'static str,
    pub mail: &'static str,
    pub tenant_id: &'static str,
    pub tenant_name: &'static str,
}

const CONTOSO: (&str, &str) = ("11111111-2222-4333-8444-555555555555", "contoso");
const FABRIKAM: (&str, &str) = ("22222222-3333-4444-8555-666666666666", "fabrikam");
const NORTHWIND: (&str, &str) = ("33333333-4444-4555-8666-777777777777", "northwind");
/// Tenant of personal Microsoft accounts.
pub(crate) const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Ada Lovelace of Contoso, whose drive gets the user's own workbooks.
pub(crate) const ADA: &str = "aaaaaaaa-0000-4000-8000-000000000001";

const fn user(
    id: &'static str,
    name: &'static str,
    mail: &'static str,
    tenant: (&'static str, &'static str),
) -> SeedUser {
    SeedUser { id, name, mail, tenant_id: tenant.0, tenant_name: tenant.1 }
}

pub(super) const USERS: &[SeedUser] = &[
    user(ADA, "Ada Lovelace", "ada@contoso.example", CONTOSO),
    user("aaaaaaaa-0000-4000-8000-000000000002", "Megan Bowen", "megan@contoso.example", CONTOSO),
    user("aaaaaaaa-0000-4000-8000-000000000003", "Alex Wilber", "alex@fabrikam.example", FABRIKAM),
    user("aaaaaaaa-0000-4000-8000-000000000004", "Fabrikam Admin", "admin@fabrikam.example", FABRIKAM),
    user("aaaaaaaa-0000-4000-8000-000000000005", "Nora North", "nora@northwind.example", NORTHWIND),
    user("aaaaaaaa-0000-4000-8000-000000000006", "Northwind Admin", "admin@northwind.example", NORTHWIND),
    user(
        "aaaaaaaa-0000-4000-8000-000000000007",
        "Pat Personal",
        "pat@outlook.example",
        (CONSUMERS, "consumers"),
    ),
];

impl SeedUser {
    pub fn actor(&self) -> Actor {
        Actor { id: self.id.into(), display_name: self.name.into(), email: Some(self.mail.into()) }
    }
}

/// The SharePoint name of a tenant, and the name of a site's owner.
pub(super) fn tenant_name(tenant_id: &str) -> Option<&'static str> {
    [CONTOSO, FABRIKAM, NORTHWIND].into_iter().find(|(id, _)| *id == tenant_id).map(|(_, name)| name)
}

/// Path under the root and content, folders implied. The text file shows that not all files are workbooks.
pub(super) fn user_files() -> Vec<(&'static str, Bytes)> {
    vec![
        ("Sales.xlsx", calculated(&SALES)),
        ("Budget.xlsx", calculated(&BUDGET)),
        ("Empty.xlsx", calculated(&EMPTY)),
        ("Reports/Notes.txt", Bytes::from_static(NOTES)),
        ("Reports/Quarterly.xlsx", calculated(&QUARTERLY)),
    ]
}

/// The files of a site's library.
pub(super) fn library_files() -> Vec<(&'static str, Bytes)> {
    vec![("Sales.xlsx", calculated(&SALES)), ("General/Notes.txt", Bytes::from_static(NOTES))]
}

const NOTES: &[u8] = b"Quarterly numbers are in Quarterly.xlsx.\n";

/// A bundled workbook. The generator writes formulas without results, so they are calculated once a process.
struct Bundled {
    raw: &'static [u8],
    calculated: OnceLock<Bytes>,
}

impl Bundled {
    const fn new(raw: &'static [u8]) -> Self {
        Self { raw, calculated: OnceLock::new() }
    }
}

static SALES: Bundled = Bundled::new(include_bytes!("../../assets/Sales.xlsx"));
static BUDGET: Bundled = Bundled::new(include_bytes!("../../assets/Budget.xlsx"));
static EMPTY: Bundled = Bundled::new(include_bytes!("../../assets/Empty.xlsx"));
static QUARTERLY: Bundled = Bundled::new(include_bytes!("../../assets/Quarterly.xlsx"));

fn calculated(asset: &'static Bundled) -> Bytes {
    asset
        .calculated
        .get_or_init(|| match Book::open(asset.raw).and_then(|book| book.save()) {
            Ok(bytes) => bytes,
            Err(_) => Bytes::from_static(asset.raw),
        })
        .clone()
}

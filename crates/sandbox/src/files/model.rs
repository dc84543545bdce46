//! What a drive is made of, and what can go wrong with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Who did something to an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Actor {
    /// Object id of the user, or app id.
    pub id: String,
    pub display_name: String,
    /// Mail address; `None` for an application.
    pub email: Option<String>,
}

impl Actor {
    /// The actor of what was there before anybody came.
    pub fn system() -> Self {
        Self {
            id: "00000000-0000-0000-0000-000000000000".into(),
            display_name: "System Account".into(),
            email: None,
        }
    }
}

/// Whose drive it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DriveKind {
    /// OneDrive for Business of one user.
    Business { user_id: String },
    /// OneDrive of a personal account.
    Personal { user_id: String },
    /// The document library of a site; `site` is its name, empty for the root site.
    Library { site: String },
}

/// A drive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Drive {
    pub id: String,
    /// `OneDrive` or `Documents`.
    pub name: String,
    pub kind: DriveKind,
    pub tenant_id: String,
    /// The tenant's SharePoint name, for addresses: `contoso`.
    pub tenant_name: String,
    pub owner: Actor,
    pub root_id: String,
    pub created_ms: i64,
}

impl Drive {
    /// Graph's `driveType`.
    pub fn drive_type(&self) -> &'static str {
        match self.kind {
            DriveKind::Business { .. } => "business",
            DriveKind::Personal { .. } => "personal",
            DriveKind::Library { .. } => "documentLibrary",
        }
    }

    /// The host's first label and the path under which the library is seen in a browser.
    pub fn web_place(&self) -> (String, String) {
        match &self.kind {
            DriveKind::Business { .. } | DriveKind::Personal { .. } => {
                let who: String = self
                    .owner
                    .email
                    .as_deref()
                    .unwrap_or("user")
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                    .collect();
                (format!("{}-my", self.tenant_name), format!("/personal/{who}/Documents"))
            }
            DriveKind::Library { site } if site.is_empty() => {
                (self.tenant_name.clone(), "/Shared Documents".into())
            }
            DriveKind::Library { site } => {
                (self.tenant_name.clone(), format!("/sites/{site}/Shared Documents"))
            }
        }
    }
}

/// Times of a client's file system, Unix milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileTimes {
    pub created_ms: Option<i64>,
    pub modified_ms: Option<i64>,
}

/// What an item is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum ItemKind {
    Folder,
    File { size: u64, mime: String, quick_xor: String },
}

/// One file or folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    pub id: String,
    pub drive_id: String,
    /// `None` for a drive's root.
    pub parent_id: Option<String>,
    pub name: String,
    pub kind: ItemKind,
    /// GUID inside the entity tags, and SharePoint's `UniqueId`.
    pub guid: String,
    /// Grows with every change of content or properties.
    pub version: u32,
    /// Grows with every change of content.
    pub content_version: u32,
    pub created_ms: i64,
    pub modified_ms: i64,
    /// The times that a client's own file system gave (`fileSystemInfo`), where it gave any.
    #[serde(default)]
    pub file_times: FileTimes,
    pub created_by: Actor,
    pub modified_by: Actor,
    /// When it went to the recycle bin; the item stays known so that delta can tell of it.
    pub recycled_ms: Option<i64>,
    /// Position in the change log.
    pub change: u64,
    pub permissions: Vec<Permission>,
    /// The outside file it was first read from (`--workbook`), and the hash it had then.
    pub source: Option<(String, String)>,
    /// Ids of worksheets and tables whose names changed: an `.xlsx` has no place for them.
    pub object_ids: BTreeMap<String, String>,
}

impl Item {
    pub fn is_folder(&self) -> bool {
        matches!(self.kind, ItemKind::Folder)
    }

    /// Entity tag with its quotes, as SharePoint writes it.
    pub fn e_tag(&self) -> String {
        format!("\"{{{}}},{}\"", self.guid, self.version)
    }

    /// Tag of the content alone.
    pub fn c_tag(&self) -> String {
        format!("\"c:{{{}}},{}\"", self.guid, self.content_version)
    }

    /// Whether an `If-Match` or `If-None-Match` value names the present version.
    pub fn matches_tag(&self, header: &str) -> bool {
        header.split(", ").map(str::trim).any(|tag| {
            let tag = tag.trim_start_matches("W/").trim_matches('"');
            tag == "*" || tag == self.e_tag().trim_matches('"') || tag == self.c_tag().trim_matches('"')
        })
    }
}

/// A sharing link or an invited person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    pub id: String,
    /// `read`, `write` or `owner`.
    pub role: String,
    pub grant: Grant,
}

/// To whom a permission is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Grant {
    Link { kind: String, scope: String },
    Person(Actor),
}

/// What to do when the name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    Fail,
    Replace,
    Rename,
}

impl Conflict {
    /// Reads `@microsoft.graph.conflictBehavior`.
    pub fn parse(value: &str) -> Option<Self> {
        match value.to_ascii_lowercase().as_str() {
            "fail" => Some(Self::Fail),
            "replace" => Some(Self::Replace),
            "rename" => Some(Self::Rename),
            _ => None,
        }
    }
}

/// Why an operation on files was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum FileError {
    #[error("The resource could not be found.")]
    NotFound,
    #[error("The specified item name already exists.")]
    NameTaken,
    #[error("{0}")]
    Invalid(String),
    #[error("The state could not be written: {0}")]
    Storage(String),
}

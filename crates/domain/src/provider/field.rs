//! What people are asked: the fields of a form.

/// One thing the end user is asked (contract §4.3).
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// The key in `connection_config` or in the credentials.
    pub name: String,
    /// The label.
    pub title: String,
    /// A sentence of help.
    pub description: Option<String>,
    /// An example value.
    pub example: Option<String>,
    /// An anchored regular expression the value must match.
    pub pattern: Option<String>,
    /// `hostname`, `uri`, `uuid` or `email`.
    pub format: Option<String>,
    /// What a right value is, for people: "a GUID such as … or a domain such as …".
    pub expects: Option<String>,
    /// Position in the form.
    pub order: i32,
    /// Used when nothing is given.
    pub default_value: Option<String>,
    /// Decoration before the value; not stored.
    pub prefix: Option<String>,
    /// Decoration after the value; not stored.
    pub suffix: Option<String>,
    /// Allowed values; empty means any.
    pub choices: Vec<String>,
    /// Whether the form asks for it, and whether it may stay empty.
    pub presence: Presence,
    /// Whether it is shown in clear.
    pub display: Display,
    /// Whether the value becomes part of a host (DESIGN §5 "Hosts that a person types").
    pub host_part: HostPart,
    /// An anchor of the guide that explains the field.
    pub doc_section: Option<String>,
    /// What to say when a certain value is chosen.
    pub warnings: Vec<(String, String)>,
    /// Shown only while another field has a certain value.
    pub visible_when: Option<Condition>,
}

/// Another field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The other field.
    pub field: String,
    /// Its value.
    pub equals: String,
}

/// Whether the form asks for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    /// Asked, must be given.
    #[default]
    Required,
    /// Asked, may stay empty.
    Optional,
    /// Never asked; filled by the server.
    Automated,
}

/// Whether a field is shown in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Display {
    /// Shown.
    #[default]
    Clear,
    /// Typed blind, stored sealed.
    Secret,
    /// Not shown at all.
    Hidden,
}

/// Whether a field's value becomes part of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HostPart {
    /// No.
    #[default]
    No,
    /// Yes: the value must match its anchored pattern before any byte leaves.
    Yes,
}

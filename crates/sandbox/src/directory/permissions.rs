//! The permissions that Graph and SharePoint publish, as far as the sandbox serves them.
//!
//! Source: Microsoft Graph permissions reference; SharePoint Online service principal.

use super::model::ResourceId;

/// Who may grant a delegated permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grantor {
    User,
    Admin,
}

/// One delegated permission: its name, what the consent page says, who may grant it.
pub(crate) struct Permission {
    pub name: &'static str,
    pub title: &'static str,
    pub grantor: Grantor,
}

const fn user(name: &'static str, title: &'static str) -> Permission {
    Permission { name, title, grantor: Grantor::User }
}

const fn admin(name: &'static str, title: &'static str) -> Permission {
    Permission { name, title, grantor: Grantor::Admin }
}

/// OpenID Connect scopes; they belong to no resource.
pub(crate) const OIDC: [&str; 4] = ["openid", "profile", "email", "offline_access"];

const GRAPH: &[Permission] = &[
    user("openid", "Sign you in"),
    user("profile", "View your basic profile"),
    user("email", "View your email address"),
    user("offline_access", "Maintain access to data you have given it access to"),
    user("User.Read", "Sign you in and read your profile"),
    user("User.ReadBasic.All", "Read all users' basic profiles"),
    admin("User.Read.All", "Read all users' full profiles"),
    user("Files.Read", "Read your files"),
    user("Files.Read.All", "Read all files that you have access to"),
    user("Files.ReadWrite", "Have full access to your files"),
    user("Files.ReadWrite.All", "Have full access to all files you have access to"),
    user("Files.ReadWrite.AppFolder", "Have full access to the application's folder"),
    user("Files.Read.Selected", "Read files that you select"),
    user("Files.ReadWrite.Selected", "Read and write files that you select"),
    user("Sites.Read.All", "Read items in all site collections"),
    user("Sites.ReadWrite.All", "Edit or delete items in all site collections"),
    user("Sites.Manage.All", "Create, edit, and delete items and lists in all your site collections"),
    admin("Sites.FullControl.All", "Have full control of all your site collections"),
    user("Sites.Selected", "Access selected site collections"),
    user("Mail.Read", "Read your mail"),
    user("Mail.ReadWrite", "Read and write your mail"),
    user("Mail.Send", "Send mail as you"),
    user("Calendars.Read", "Read your calendars"),
    user("Calendars.ReadWrite", "Have full access to your calendars"),
    user("Contacts.Read", "Read your contacts"),
    user("Contacts.ReadWrite", "Have full access to your contacts"),
    user("MailboxSettings.Read", "Read your mailbox settings"),
    user("People.Read", "Read your relevant people lists"),
    admin("People.Read.All", "Read all users' relevant people lists"),
    user("Tasks.Read", "Read your tasks and task lists"),
    user("Tasks.ReadWrite", "Create, read, update, and delete your tasks and task lists"),
    user("Notes.Read", "Read your OneNote notebooks"),
    user("Notes.ReadWrite", "Read and write your OneNote notebooks"),
    user("Team.ReadBasic.All", "Read the names and descriptions of teams"),
    user("Channel.ReadBasic.All", "Read the names and descriptions of channels"),
    user("Chat.Read", "Read your chat messages"),
    user("Chat.ReadWrite", "Read and write your chat messages"),
    user("ChannelMessage.Send", "Send channel messages"),
    admin("Group.Read.All", "Read all groups"),
    admin("Group.ReadWrite.All", "Read and write all groups"),
    admin("Directory.Read.All", "Read directory data"),
    user("Presence.Read", "Read your presence information"),
];

const SHAREPOINT: &[Permission] = &[
    user("AllSites.Read", "Read items in all site collections"),
    user("AllSites.Write", "Read and write items in all site collections"),
    user("AllSites.Manage", "Read and write items and lists in all site collections"),
    admin("AllSites.FullControl", "Have full control of all site collections"),
    user("Sites.Search.All", "Run search queries as you"),
    user("Sites.Selected", "Access selected site collections"),
    user("Sites.Read.All", "Read items in all site collections"),
    user("Sites.ReadWrite.All", "Read and write items in all site collections"),
    user("MyFiles.Read", "Read your files"),
    user("MyFiles.Write", "Read and write your files"),
    admin("User.Read.All", "Read user profiles"),
];

/// The delegated permission of `resource` called `name`, compared without case; `None` when it does not exist.
pub(crate) fn find(resource: ResourceId, name: &str) -> Option<&'static Permission> {
    let list = match resource {
        ResourceId::Graph => GRAPH,
        ResourceId::SharePoint => SHAREPOINT,
    };
    list.iter().find(|permission| permission.name.eq_ignore_ascii_case(name))
}

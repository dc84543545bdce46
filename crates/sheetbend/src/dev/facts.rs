//! What `dev` prints: addresses, the key, ids, and commands to copy.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use domain::Secret;
use sandbox::{Hosts, ListedFile};
use serde_json::json;

use crate::app::Built;
use crate::sandbox_command::OpenSandbox;

/// What stays the same for one run.
pub struct Facts {
    /// Our address.
    pub api_url: String,
    /// Our redirect URI.
    pub callback_url: String,
    /// The key with every right.
    pub api_key: Secret,
    /// The key that makes environments and keys, when it is known.
    pub account_key: Option<Secret>,
    /// The way into the dashboard: a setup link while there is nobody, else its address.
    pub dashboard: Secret,
    /// The sandbox's origins.
    pub hosts: Hosts,
    https_port: u16,
    ca_file: Option<PathBuf>,
}

/// A ready connection.
pub struct ReadyConnection {
    /// The integration's key.
    pub integration: &'static str,
    /// Its provider.
    pub provider: &'static str,
    /// The connection's id.
    pub connection: &'static str,
}

impl Facts {
    /// Collects what is known before anything is seeded.
    pub async fn about(built: &Built, open: &OpenSandbox) -> anyhow::Result<Self> {
        let context = &built.app.services.context;
        let setup = built.app.services.people.setup_link().await?;
        Ok(Self {
            dashboard: setup.unwrap_or_else(|| format!("{}/app/", context.settings.public_url).into()),
            api_url: context.settings.public_url.clone(),
            callback_url: context.settings.callback_url.clone(),
            api_key: built.api_key.clone().context("the API key is not known; give --api-key")?,
            account_key: built.account_key.clone(),
            hosts: open.sandbox.hosts(open.http.port()),
            https_port: open.https.port(),
            ca_file: open
                .ca_file
                .as_ref()
                .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone())),
        })
    }

    /// Prints everything on stdout.
    pub fn print(
        &self,
        connections: &[ReadyConnection],
        files: &[ListedFile],
        https: Option<SocketAddr>,
        as_json: bool,
    ) -> anyhow::Result<()> {
        let text = match as_json {
            true => self.json(connections, files, https),
            false => self.text(connections, files, https),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()?;
        Ok(())
    }

    fn json(
        &self,
        connections: &[ReadyConnection],
        files: &[ListedFile],
        https: Option<SocketAddr>,
    ) -> String {
        let integrations: Vec<_> = connections
            .iter()
            .map(|one| {
                json!({"unique_key": one.integration, "provider": one.provider, "connection_id": one.connection})
            })
            .collect();
        let files: Vec<_> = files
            .iter()
            .map(|file| json!({"name": file.name, "id": file.id, "drive_id": file.drive_id}))
            .collect();
        let mut facts = json!({
            "api_url": self.api_url,
            "dashboard_url": self.dashboard.expose(),
            "api_key": self.api_key.expose(),
            "account_key": self.account_key.as_ref().map(Secret::expose),
            "sandbox": {
                "http_url": self.hosts.login(),
                "https_url": format!("https://localhost:{}", self.https_port),
                "ca_file": self.ca_file,
            },
            "integrations": integrations,
            "files": files,
        });
        if let Some(address) = https {
            facts["api_https_url"] = format!("https://localhost:{}", address.port()).into();
        }
        facts.to_string()
    }

    fn text(
        &self,
        connections: &[ReadyConnection],
        files: &[ListedFile],
        https: Option<SocketAddr>,
    ) -> String {
        let mut lines = vec![
            String::new(),
            format!("  Sheetbend is ready at {}", self.api_url),
            format!("  Dashboard    {}", self.dashboard.expose()),
            format!("  API key      {}", self.api_key.expose()),
            format!(
                "  Sandbox      {}   (simulated Microsoft: sign in as ada@contoso.example)",
                self.hosts.login()
            ),
        ];
        lines.extend(https.map(|address| format!("  HTTPS        https://localhost:{}", address.port())));
        lines.push(String::new());
        lines.push("  Connections".to_owned());
        lines.extend(connections.iter().map(|one| format!("    {:<22} {}", one.integration, one.connection)));
        lines.push(String::new());
        lines.push("  Workbooks".to_owned());
        let workbooks: Vec<&ListedFile> = files.iter().filter(|file| file.name.ends_with(".xlsx")).collect();
        lines.extend(workbooks.iter().map(|file| format!("    {:<22} {}", file.name, file.id)));
        lines.push(String::new());
        lines.push("  Try".to_owned());
        if let Some(file) = workbooks.iter().find(|file| file.name == "Sales.xlsx").or(workbooks.first()) {
            lines.extend(self.commands(&file.id));
        }
        lines.push(String::new());
        lines.push("  Ctrl-C stops; a second start reuses everything.".to_owned());
        lines.join("\n")
    }

    fn commands(&self, file: &str) -> Vec<String> {
        let key = self.api_key.expose();
        let call = |path: &str, integration: &str, connection: &str| {
            vec![
                format!("    curl \"{}/proxy/{path}\" \\", self.api_url),
                format!("      -H \"Authorization: Bearer {key}\" \\"),
                format!("      -H \"Provider-Config-Key: {integration}\" -H \"Connection-Id: {connection}\""),
                String::new(),
            ]
        };
        let mut lines =
            call(&format!("v1.0/me/drive/items/{file}/workbook/worksheets"), "microsoft-excel", "demo-excel");
        lines.extend(call("_api/web/lists", "sharepoint-online-v1", "demo-sharepoint-v1"));
        lines.push("    # connect an account yourself: open the link that this prints".to_owned());
        lines.push(format!(
            "    curl -X POST {}/connect/sessions -H \"Authorization: Bearer {key}\" \\",
            self.api_url
        ));
        lines.push(
            "      -H \"Content-Type: application/json\" -d '{\"end_user\":{\"id\":\"me\"}}'".to_owned(),
        );
        lines.push(String::new());
        lines.push("    sheetbend logs --follow".to_owned());
        lines
    }
}

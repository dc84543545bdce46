//! What the child processes of `bench` do. Each prints its address on the first line of stdout.

mod passthrough;
mod upstream;

pub use passthrough::passthrough;
pub use upstream::{JSON_BYTES, upstream};

use std::io::Write as _;

use tokio::net::TcpListener;

/// Binds a free loopback port and tells the parent which.
async fn announce() -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    Ok(listener)
}

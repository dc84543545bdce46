//! How a page learns what became of its authorization: one socket a page, on whichever node it was opened.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::entropy;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::callback::Pending;
use crate::context::Context;
use crate::error::Error;

/// Sockets of this node that wait for a result.
pub struct ConnectEvents {
    context: Arc<Context>,
    waiting: Mutex<HashMap<String, mpsc::Sender<String>>>,
}

/// A page's socket; leaves the list when dropped.
pub struct Waiting {
    /// The id that the page passes on as `ws_client_id`.
    pub id: String,
    /// Messages to send, JSON text.
    pub messages: mpsc::Receiver<String>,
    events: Arc<ConnectEvents>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.events.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    socket: String,
    message: Value,
}

/// Anybody may open a socket, and one waits for an hour: more would eat the memory.
const MOST_WAITING: usize = 20_000;
/// A longer text would not fit into a notification between nodes.
const LONGEST_TEXT: usize = 2_000;

impl ConnectEvents {
    /// Nobody waits yet.
    pub fn new(context: Arc<Context>) -> Arc<Self> {
        Arc::new(Self { context, waiting: Mutex::default() })
    }

    /// Registers a page's socket; `None` when too many wait already. A page whose socket broke gets its old id again
    /// (only the page and the window it opened know it), unless somebody waits under it.
    pub fn wait(self: &Arc<Self>, resumed: Option<&str>) -> Option<Waiting> {
        let (sender, messages) = mpsc::channel(8);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let old = resumed.filter(|id| is_uuid(id) && !waiting.contains_key(*id)).map(str::to_owned);
        let id = old.unwrap_or_else(|| entropy::uuid(&*self.context.entropy));
        if waiting.len() >= MOST_WAITING {
            return None;
        }
        waiting.insert(id.clone(), sender);
        Some(Waiting { id, messages, events: self.clone() })
    }

    /// Tells a page that its authorization succeeded (contract §5.4).
    ///
    /// # Errors
    /// The other nodes cannot be told.
    pub async fn success(
        &self,
        socket: Option<&str>,
        integration: &str,
        connection: &str,
        pending: Pending,
    ) -> Result<(), Error> {
        let message = json!({
            "message_type": "success", "provider_config_key": integration, "connection_id": connection,
            "is_pending": pending == Pending::Yes,
        });
        self.tell(socket, message).await
    }

    /// Tells a page that its authorization failed.
    ///
    /// # Errors
    /// The other nodes cannot be told.
    pub async fn failure(
        &self,
        socket: Option<&str>,
        integration: &str,
        connection: &str,
        kind: &str,
        text: &str,
        problem: Value,
    ) -> Result<(), Error> {
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        let message = json!({
            "message_type": "error", "provider_config_key": integration, "connection_id": connection,
            "error_type": kind, "error_desc": text, "problem": problem,
        });
        self.tell(socket, message).await
    }

    /// Wakes a page whose administrator has consented.
    ///
    /// # Errors
    /// The other nodes cannot be told.
    pub async fn admin_consented(&self, socket: Option<&str>, integration: &str) -> Result<(), Error> {
        self.tell(socket, json!({"message_type": "admin_consent", "provider_config_key": integration})).await
    }

    async fn tell(&self, socket: Option<&str>, message: Value) -> Result<(), Error> {
        let Some(socket) = socket else { return Ok(()) };
        if self.deliver(socket, &message) {
            return Ok(());
        }
        let envelope = Envelope { socket: socket.to_owned(), message };
        let payload = serde_json::to_string(&envelope).unwrap_or_default();
        self.context.store.publish_connect_result(payload).await?;
        Ok(())
    }

    fn deliver(&self, socket: &str, message: &Value) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get(socket).is_some_and(|sender| sender.try_send(message.to_string()).is_ok())
    }

    /// Passes on what other nodes have to tell, until `cancel`.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        let mut results = self.context.store.connect_results();
        loop {
            let payload = tokio::select! {
                () = cancel.cancelled() => return,
                received = results.recv() => match received {
                    Ok(payload) => payload,
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => continue,
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                },
            };
            if let Ok(envelope) = serde_json::from_str::<Envelope>(&payload) {
                self.deliver(&envelope.socket, &envelope.message);
            }
        }
    }
}

//! The WebSocket of contract §5.4: acknowledges, then sends one result.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;
use services::connect::events::Waiting;

use crate::app::SharedApp;

/// A state lives an hour; a socket that waited longer waits for nothing.
const LONGEST_WAIT: Duration = Duration::from_secs(65 * 60);
/// Pages have nothing to say to us.
const LARGEST: usize = 4 << 10;
const PING: Duration = Duration::from_secs(30);

/// `GET /`: upgrades to a WebSocket, or shows people where to go.
pub async fn root(
    State(app): State<SharedApp>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match upgrade {
        Ok(upgrade) => {
            let Some(waiting) = app.services.events.wait() else {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            };
            let small = upgrade.max_message_size(LARGEST).max_frame_size(LARGEST);
            small.on_upgrade(move |socket| serve(socket, waiting)).into_response()
        }
        Err(_) => Redirect::to(&format!("{}/app/", app.edge.base_path)).into_response(),
    }
}

async fn serve(mut socket: WebSocket, mut waiting: Waiting) {
    let ack = json!({"message_type": "connection_ack", "ws_client_id": waiting.id}).to_string();
    if socket.send(Message::Text(ack.into())).await.is_err() {
        return;
    }
    let end = tokio::time::sleep(LONGEST_WAIT);
    tokio::pin!(end);
    let mut ping = tokio::time::interval(PING);
    loop {
        let sent = tokio::select! {
            () = &mut end => return,
            _ = ping.tick() => socket.send(Message::Ping(bytes::Bytes::new())).await,
            message = waiting.messages.recv() => match message {
                Some(text) => socket.send(Message::Text(text.into())).await,
                None => return,
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => Ok(()),
            },
        };
        if sent.is_err() {
            return;
        }
    }
}

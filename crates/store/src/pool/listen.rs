//! What other nodes announce, through LISTEN; when it was deaf for a while, everything may have changed.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{AsyncMessage, Connection, Notification};
use tokio_util::sync::CancellationToken;

use super::Pool;
use super::postgres::{Postgres, error};
use crate::error::StoreError;
use crate::events::{
    CACHE_CHANNEL, CONNECT_CHANNEL, CacheEvent, Envelope, Hearing, LOG_CHANNEL, TASK_CHANNEL, Wire,
};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Shorter than [`crate::lives::GRACE`]: whoever comes back at once is not taken for dead.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Listens until `cancel`, connecting again after every loss.
pub(super) async fn run(postgres: &Postgres, pool: &Pool, cancel: CancellationToken) {
    until_cancelled(postgres, pool, cancel).await;
    pool.events().set_life(None);
    pool.events().set_hearing(Hearing::Lost);
}

async fn until_cancelled(postgres: &Postgres, pool: &Pool, cancel: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    loop {
        let ended = tokio::select! {
            ended = listen(postgres, pool, &mut pause) => ended,
            () = cancel.cancelled() => return,
        };
        if let Err(reason) = ended {
            tracing::warn!(%reason, "lost the channel to the other nodes; connecting again");
        }
        pool.events().set_life(None);
        // Until the channel is back nothing cached can be trusted.
        pool.events().set_hearing(Hearing::Lost);
        pool.events().publish(&[CacheEvent::ReloadAll]);
        pool.events().lose_log();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = cancel.cancelled() => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn listen(postgres: &Postgres, pool: &Pool, pause: &mut Duration) -> Result<(), StoreError> {
    match &postgres.tls.connector {
        Some(connector) => {
            let (client, connection) = postgres.tls.config.connect(connector.clone()).await.map_err(error)?;
            hear(client, connection, pool, pause).await
        }
        None => {
            let (client, connection) =
                postgres.tls.config.connect(tokio_postgres::NoTls).await.map_err(error)?;
            hear(client, connection, pool, pause).await
        }
    }
}

async fn hear<S, T>(
    client: tokio_postgres::Client,
    mut connection: Connection<S, T>,
    pool: &Pool,
    pause: &mut Duration,
) -> Result<(), StoreError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    // A server that nobody told of our machine's end notices it by keepalives, in some ten seconds.
    let command = format!(
        "SET application_name = 'sheetbend listener'; SET statement_timeout = 0; SET lock_timeout = 0; \
         SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; \
         LISTEN {CACHE_CHANNEL}; LISTEN {CONNECT_CHANNEL}; LISTEN {TASK_CHANNEL}; \
         LISTEN {LOG_CHANNEL}"
    );
    let life = pool.life();
    let take_lock = format!("SELECT pg_advisory_lock({life})");
    let subscribe = async {
        client.batch_execute(&command).await.map_err(error)?;
        // What was written before the LISTEN took effect was not heard.
        pool.events().publish(&[CacheEvent::ReloadAll]);
        pool.events().set_hearing(Hearing::Live);
        pool.events().lose_log();
        *pause = FIRST_PAUSE;
        // Waits only while our former connection still has it: the server has not noticed its end yet.
        client.batch_execute(&take_lock).await.map_err(error)?;
        pool.events().set_life(Some(life));
        std::future::pending::<Result<(), StoreError>>().await
    };
    let receive = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message.map_err(error)? {
                deliver(pool, &notification);
            }
        }
        Err(StoreError::Unavailable("the server closed the channel".to_owned()))
    };
    tokio::select! {
        ended = subscribe => ended,
        ended = receive => ended,
    }
}

fn deliver(pool: &Pool, notification: &Notification) {
    match notification.channel() {
        CACHE_CHANNEL => match serde_json::from_str::<Envelope<Vec<Wire>>>(notification.payload()) {
            Ok(envelope) if envelope.node == pool.node() => {}
            Ok(envelope) => {
                let events: Vec<_> = envelope.body.into_iter().map(Wire::into_event).collect();
                pool.events().publish(&events);
            }
            Err(_) => pool.events().publish(&[CacheEvent::ReloadAll]),
        },
        CONNECT_CHANNEL => match serde_json::from_str::<Envelope<String>>(notification.payload()) {
            Ok(envelope) if envelope.node != pool.node() => {
                pool.events().publish_connect(envelope.body.into())
            }
            Ok(_) => {}
            Err(reason) => tracing::warn!(%reason, "an unreadable connect result from another node"),
        },
        LOG_CHANNEL => match serde_json::from_str::<Envelope<Vec<(i64, i64)>>>(notification.payload()) {
            Ok(envelope) if envelope.node == pool.node() => {}
            Ok(envelope) if envelope.body.is_empty() => pool.events().lose_log(),
            Ok(envelope) => pool.events().publish_log(envelope.body),
            Err(_) => pool.events().lose_log(),
        },
        TASK_CHANNEL if notification.payload() != pool.node() => pool.events().wake_workers(),
        _ => {}
    }
}

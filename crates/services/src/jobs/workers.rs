//! Who works in the background of one node, and what makes them begin.

use std::sync::Arc;
use std::time::Duration;

use scheduler::{Handle, Handler, Options, Schedule, Service};
use serde_json::json;

use super::alive::{ALIVE_TASK, Alive, AliveSettings};
use super::expiry::{EXPIRY_TASK, Expiry};
use super::house::{HOUSE_TASK, House};
use super::installation::Installation;
use crate::context::Context;
use crate::error::Error;
use crate::services::{Retention, Services};
use crate::webhooks::deliver::Deliverer;

/// Settings of background work.
#[derive(Debug, Clone, Copy)]
pub struct JobSettings {
    /// How long the log and the deliveries are kept.
    pub retention: Retention,
    /// When idle credentials are looked after.
    pub alive: AliveSettings,
    /// The longest time between two looks for tasks.
    pub poll: Duration,
    /// How long running tasks may go on after the signal to stop.
    pub drain: Duration,
}

/// The workers of this node, not running yet.
pub fn workers(services: &Services, settings: JobSettings) -> (Service, Handle) {
    let context = &services.context;
    let handlers: Vec<Arc<dyn Handler>> = vec![
        Arc::new(Deliverer::new(context.clone())),
        Arc::new(House { context: context.clone(), retention: settings.retention }),
        Arc::new(Alive {
            context: context.clone(),
            keeper: services.keeper.clone(),
            settings: settings.alive,
        }),
        Arc::new(Expiry { context: context.clone() }),
        Arc::new(Installation { context: context.clone(), events: services.events.clone() }),
    ];
    Service::new(Options {
        store: context.store.clone(),
        clock: context.clock.clone(),
        entropy: context.entropy.clone(),
        home: format!("{}/", context.settings.node.home),
        owner: context.settings.node.to_string(),
        poll: settings.poll,
        drain: settings.drain,
        handlers,
    })
}

/// Writes down what is done again and again; every node may, and one of them does it.
///
/// # Errors
/// The database failed.
pub async fn schedules(context: &Context) -> Result<(), Error> {
    const MINUTE_MS: i64 = 60_000;
    let now_ms = context.now_ms();
    for (kind, every_ms) in [(HOUSE_TASK, MINUTE_MS), (ALIVE_TASK, MINUTE_MS), (EXPIRY_TASK, 60 * MINUTE_MS)]
    {
        let schedule =
            Schedule { name: format!("own:{kind}"), kind: kind.to_owned(), payload: json!({}), every_ms };
        context.store.set_schedule(&schedule, now_ms).await?;
    }
    Ok(())
}

//! Time that no test can wait for: the use-cases in this process, on a clock that the test moves.

use crate::harness;

use harness::house::House;
use services::connect::callback::{self, CallbackRequest, Ending};
use services::connect::events::ConnectEvents;
use services::connect::state::{self, LIFE_MS, Leg, Payload, Taken};

/// What this file does with a house.
trait Connecting {
    async fn issue(&self) -> state::Issued;
    async fn take(&self, issued: &state::Issued) -> Taken;
}

impl Connecting for House {
    async fn issue(&self) -> state::Issued {
        let log_id = self.context.log.new_id(self.context.now_ms());
        let payload = Payload {
            connection_id: "c".to_owned(),
            verifier: "v".repeat(64),
            nonce: "n".to_owned(),
            ..Payload::new(Leg::Code, &log_id, self.context.now_ms())
        };
        let state = state::new_state(&self.context);
        state::issue(&self.context, self.scope.environment, &self.key, &payload, state).await.unwrap()
    }

    async fn take(&self, issued: &state::Issued) -> Taken {
        state::take(&self.context, &issued.state, Some(&issued.cookie_value)).await.unwrap()
    }
}

#[tokio::test]
async fn a_state_lives_an_hour_and_not_a_millisecond_longer() {
    let house = House::build().await;
    let issued = house.issue().await;
    house.later(LIFE_MS - 1);
    assert!(matches!(house.take(&issued).await, Taken::Good { .. }));
    let issued = house.issue().await;
    house.later(LIFE_MS);
    assert!(matches!(house.take(&issued).await, Taken::Expired { .. }));
    assert!(matches!(house.take(&issued).await, Taken::Unknown), "it cannot come again either");
    // A clock that was set back revives nothing that was taken.
    house.later(-2 * LIFE_MS);
    assert!(matches!(house.take(&issued).await, Taken::Unknown));
}

#[tokio::test]
async fn an_expired_return_says_so_and_asks_nobody() {
    let house = House::build().await;
    let events = ConnectEvents::new(house.context.clone());
    let issued = house.issue().await;
    house.later(LIFE_MS + 1);
    let params = vec![("state".to_owned(), issued.state.clone()), ("code".to_owned(), "c".to_owned())];
    let request = CallbackRequest { params, cookie: Some(issued.cookie_value.clone()) };
    match callback::arrive(&house.context, &events, request).await.unwrap() {
        Ending::Failed { failure, .. } => {
            assert_eq!((failure.kind, failure.problem.code.as_str()), ("state_err", "state_expired"));
        }
        _ => panic!("it went on"),
    }
}

#[tokio::test]
async fn what_has_expired_is_cleared_away_and_nothing_else() {
    let house = House::build().await;
    let (old, fresh) = (house.issue().await, {
        house.later(LIFE_MS / 2);
        house.issue().await
    });
    house.later(LIFE_MS / 2 + 1);
    let services = services::Services::new(house.context.clone());
    let retention = services::Retention { max_age_ms: i64::MAX / 2, max_bytes: i64::MAX / 2 };
    services.keep_house(retention).await.unwrap();
    assert!(matches!(house.take(&old).await, Taken::Unknown));
    assert!(matches!(house.take(&fresh).await, Taken::Good { .. }));
}

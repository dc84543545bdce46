//! Users, sessions, links and the audit log.

use domain::person::{Email, Role};
use domain::{EnvironmentId, Sealed, Secret};
use store::{
    Actor, AuditFilter, GuessLimit, LinkPurpose, NewAudit, NewLink, NewUser, NewUserSession, SessionStage,
    StoreError,
};

use crate::fixture::{Fixture, NOW};

crate::on_both!(
    a_person_is_found_and_is_what_they_are_where,
    there_is_always_an_owner,
    a_setup_link_makes_one_person,
    a_link_is_taken_once_and_ends_sessions,
    a_session_replaces_another_and_ends,
    a_code_is_taken_once,
    guesses_are_counted_for_all_nodes_together,
    what_was_changed_is_written_down,
);

fn user(id: &str, owner: bool) -> NewUser {
    NewUser {
        id: id.to_owned(),
        email: Email::parse(&format!("{id}@example.com")).unwrap(),
        name: id.to_owned(),
        owner,
        password: Some(Secret::new("$argon2id$")),
        oidc: None,
        roles: Vec::new(),
    }
}

fn link(hash: &str, purpose: LinkPurpose) -> NewLink {
    NewLink { hash: hash.to_owned(), purpose, expires_at_ms: NOW + 10 }
}

fn session(hash: &str, user: &str, stage: SessionStage) -> NewUserSession {
    NewUserSession {
        hash: hash.to_owned(),
        id: format!("id-{hash}"),
        user: user.to_owned(),
        stage,
        expires_at_ms: NOW + 1_000,
        user_agent: "Browser".to_owned(),
        address: "192.0.2.1".to_owned(),
    }
}

async fn a_person_is_found_and_is_what_they_are_where(f: Fixture) {
    let (store, other) = (&f.store, f.other_scope().await);
    assert_eq!(store.count_users().await.unwrap(), 0);
    let roles = vec![(f.scope.environment, Role::Developer), (other.environment, Role::Support)];
    store.insert_user(NewUser { roles, ..user("ada", false) }, None, NOW).await.unwrap();
    let error = store.insert_user(NewUser { id: "b".to_owned(), ..user("ada", false) }, None, NOW).await;
    assert!(matches!(error, Err(StoreError::Duplicate(_))), "{error:?}");
    let nowhere = vec![(EnvironmentId(99), Role::Support)];
    let error = store.insert_user(NewUser { roles: nowhere, ..user("bob", false) }, None, NOW).await;
    assert_eq!(error, Err(StoreError::NotFound("environment")));
    let found = store.user_by_email(&Email::parse("ADA@example.com").unwrap()).await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.owner, found.may_sign_in()), ("ada", false, true));
    let roles: Vec<(String, Role)> = store
        .roles_of("ada")
        .await
        .unwrap()
        .into_iter()
        .map(|one| (one.name.to_string(), one.role))
        .collect();
    assert_eq!(roles, [("dev".to_owned(), Role::Developer), ("prod".to_owned(), Role::Support)]);
    assert_eq!(store.all_roles().await.unwrap().len(), 2);
    store.delete_environment(other.environment, NOW).await.unwrap();
    assert_eq!(store.roles_of("ada").await.unwrap().len(), 1, "a deleted environment has nobody");
    store.rename_user("ada", "Ada L.", NOW + 1).await.unwrap();
    store.set_user_oidc("ada", "https://issuer sub", NOW + 1).await.unwrap();
    let found = store.user_by_oidc("https://issuer sub").await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.last_seen_at_ms), ("Ada L.", None));
    assert_eq!(store.users().await.unwrap().len(), 1);
}

async fn there_is_always_an_owner(f: Fixture) {
    let store = &f.store;
    store.insert_user(user("ada", true), None, NOW).await.unwrap();
    let left = StoreError::LimitReached("changes that leave no owner");
    assert_eq!(store.delete_user("ada").await, Err(left.clone()));
    assert_eq!(store.change_user("ada", Some(false), None, NOW).await, Err(left.clone()));
    // An owner who only has an invitation lets nobody in.
    store.insert_user(NewUser { password: None, ..user("bob", true) }, None, NOW).await.unwrap();
    assert_eq!(store.delete_user("ada").await, Err(left));
    assert!(store.user("ada").await.unwrap().unwrap().owner, "nothing was changed");
    store.set_user_password("bob", &Secret::new("$argon2id$"), "", NOW).await.unwrap();
    let roles = Some(vec![(f.scope.environment, Role::Support)]);
    store.change_user("ada", Some(false), roles, NOW).await.unwrap();
    assert_eq!(store.roles_of("ada").await.unwrap()[0].role, Role::Support);
    store.delete_user("ada").await.unwrap();
    assert_eq!(store.delete_user("ada").await, Err(StoreError::NotFound("user")));
    assert!(store.all_roles().await.unwrap().is_empty());
}

async fn a_setup_link_makes_one_person(f: Fixture) {
    let store = &f.store;
    for hash in ["one", "two"] {
        store.insert_setup_link(link(hash, LinkPurpose::Setup), NOW).await.unwrap();
    }
    assert!(!store.set_up("three", user("ada", true), NOW).await.unwrap());
    assert!(!store.set_up("one", user("ada", true), NOW + 10).await.unwrap(), "it is too late");
    let tries = [("one", "ada"), ("two", "bob")].map(|(hash, id)| {
        let (store, first) = (store.clone(), user(id, true));
        tokio::spawn(async move { store.set_up(hash, first, NOW).await.unwrap() })
    });
    let mut made = 0;
    for one in tries {
        made += usize::from(one.await.unwrap());
    }
    assert_eq!((made, store.count_users().await.unwrap()), (1, 1));
    for hash in ["one", "two"] {
        assert!(!store.set_up(hash, user("eve", true), NOW).await.unwrap());
    }
}

async fn a_link_is_taken_once_and_ends_sessions(f: Fixture) {
    let store = &f.store;
    let new = NewUser { password: None, ..user("ada", false) };
    store.insert_user(new, Some(link("invite", LinkPurpose::Invite)), NOW).await.unwrap();
    let shown = store.find_user_link("invite").await.unwrap().unwrap();
    assert_eq!(
        (shown.purpose, shown.user.id.as_str(), shown.user.may_sign_in()),
        (LinkPurpose::Invite, "ada", false)
    );
    let password = Secret::new("$argon2id$new");
    assert_eq!(store.take_user_link("invite", "Ada", &password, NOW + 10).await.unwrap(), None, "too late");
    assert_eq!(store.take_user_link("invite", "Ada", &password, NOW).await.unwrap().as_deref(), Some("ada"));
    assert_eq!(store.take_user_link("invite", "Ada", &password, NOW).await.unwrap(), None);
    store.begin_user_session(session("s", "ada", SessionStage::Full), None, NOW).await.unwrap();
    store.insert_user_link("ada", link("first", LinkPurpose::Reset), NOW).await.unwrap();
    store.insert_user_link("ada", link("second", LinkPurpose::Reset), NOW).await.unwrap();
    assert!(store.find_user_link("first").await.unwrap().is_none(), "the newer one counts");
    store.take_user_link("second", "", &password, NOW).await.unwrap().unwrap();
    assert_eq!(store.user("ada").await.unwrap().unwrap().name, "Ada", "an empty name changes none");
    assert!(store.find_user_session("s").await.unwrap().is_none());
    store.insert_user_link("ada", link("third", LinkPurpose::Reset), NOW).await.unwrap();
    assert_eq!(store.purge_user_links(NOW + 11).await.unwrap(), 1);
}

async fn a_session_replaces_another_and_ends(f: Fixture) {
    let store = &f.store;
    store.insert_user(user("ada", true), None, NOW).await.unwrap();
    store.begin_user_session(session("half", "ada", SessionStage::Half), None, NOW).await.unwrap();
    assert_eq!(store.user("ada").await.unwrap().unwrap().last_seen_at_ms, None, "nobody came in");
    let found = store.find_user_session("half").await.unwrap().unwrap();
    assert_eq!((found.session.stage, found.user.id.as_str()), (SessionStage::Half, "ada"));
    let full = session("full", "ada", SessionStage::Full);
    store.begin_user_session(full, Some("half".to_owned()), NOW + 1).await.unwrap();
    assert!(store.find_user_session("half").await.unwrap().is_none());
    store.touch_user_session("full", NOW + 5).await.unwrap();
    store.touch_user_session("unknown", NOW + 6).await.unwrap();
    let found = store.find_user_session("full").await.unwrap().unwrap();
    assert_eq!((found.session.last_seen_at_ms, found.user.last_seen_at_ms), (NOW + 5, Some(NOW + 5)));
    store.begin_user_session(session("other", "ada", SessionStage::Full), None, NOW + 2).await.unwrap();
    let list = async |now: i64, idle: i64| {
        let found = store.user_sessions("ada", now, idle).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(list(NOW, 0).await, ["id-full", "id-other"]);
    assert_eq!(list(NOW, NOW + 3).await, ["id-full"]);
    assert!(list(NOW + 1_000, 0).await.is_empty());
    assert!(!store.end_user_session_by_id("bob", "id-other").await.unwrap());
    assert!(store.end_user_session_by_id("ada", "id-other").await.unwrap());
    store.set_user_password("ada", &Secret::new("x"), "full", NOW).await.unwrap();
    assert_eq!(list(NOW, 0).await, ["id-full"], "the present session stays");
    store.end_user_session("full").await.unwrap();
    store.begin_user_session(session("last", "ada", SessionStage::Full), None, NOW).await.unwrap();
    assert_eq!(store.purge_user_sessions(NOW, NOW).await.unwrap(), 0);
    assert_eq!(store.purge_user_sessions(NOW, NOW + 1).await.unwrap(), 1);
}

async fn a_code_is_taken_once(f: Fixture) {
    let store = &f.store;
    store.insert_user(user("ada", true), None, NOW).await.unwrap();
    assert!(!store.confirm_user_totp("ada", 5, Vec::new(), NOW).await.unwrap(), "nothing to confirm");
    assert!(store.set_user_totp("ada", &Sealed::from_bytes(vec![1]), NOW).await.unwrap());
    assert!(
        store.set_user_totp("ada", &Sealed::from_bytes(vec![2]), NOW).await.unwrap(),
        "not confirmed yet"
    );
    assert!(store.user("ada").await.unwrap().unwrap().confirmed_totp().is_none());
    assert!(store.confirm_user_totp("ada", 5, vec!["a".into(), "b".into()], NOW).await.unwrap());
    assert!(!store.set_user_totp("ada", &Sealed::from_bytes(vec![3]), NOW).await.unwrap());
    assert_eq!(store.user("ada").await.unwrap().unwrap().confirmed_totp().unwrap().step, 5);
    assert!(!store.take_totp_step("ada", 5).await.unwrap());
    let tries = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.take_totp_step("ada", 6).await.unwrap() })
    });
    let mut taken = 0;
    for one in tries.collect::<Vec<_>>() {
        taken += usize::from(one.await.unwrap());
    }
    assert_eq!(taken, 1);
    assert!(store.take_recovery_code("ada", "b").await.unwrap());
    assert!(!store.take_recovery_code("ada", "b").await.unwrap());
    store.clear_user_totp("ada", NOW).await.unwrap();
    assert!(!store.take_recovery_code("ada", "a").await.unwrap());
    assert!(store.user("ada").await.unwrap().unwrap().totp.is_none());
}

async fn what_was_changed_is_written_down(f: Fixture) {
    let store = &f.store;
    let entry = |at: i64, actor: &str, environment: Option<i64>, action: &str| NewAudit {
        at_ms: NOW + at,
        actor: Actor { kind: "person".to_owned(), id: actor.to_owned(), name: "ada@example.com".to_owned() },
        environment: environment.map(|id| (EnvironmentId(id), "dev".to_owned())),
        action: action.to_owned(),
        target: "excel".to_owned(),
        detail: crate::fixture::object(serde_json::json!({"a": 1})),
    };
    let first = store.insert_audit(entry(0, "ada", Some(1), "integration.update")).await.unwrap();
    let second = store.insert_audit(entry(1, "bob", Some(11), "integration.delete")).await.unwrap();
    let third = store.insert_audit(entry(2, "ada", None, "integrations")).await.unwrap();
    store.end_audit(first, 200, NOW + 1).await.unwrap();
    let base = AuditFilter { limit: 10, ..AuditFilter::default() };
    let list = async |filter: AuditFilter| {
        store.list_audit(&filter).await.unwrap().into_iter().map(|one| one.seq).collect::<Vec<_>>()
    };
    assert_eq!(list(base.clone()).await, [third, second, first]);
    assert_eq!(list(AuditFilter { limit: 1, ..base.clone() }).await, [third]);
    assert_eq!(list(AuditFilter { before: Some(second), ..base.clone() }).await, [first]);
    assert_eq!(list(AuditFilter { actor: Some("ada".into()), ..base.clone() }).await, [third, first]);
    assert_eq!(
        list(AuditFilter { action: Some("integration".into()), ..base.clone() }).await,
        [second, first]
    );
    let one = AuditFilter { environments: Some(vec![EnvironmentId(1)]), ..base.clone() };
    assert_eq!(list(one).await, [first]);
    let both = AuditFilter { environments: Some(vec![EnvironmentId(11), EnvironmentId(1)]), ..base.clone() };
    assert_eq!(list(both).await, [second, first]);
    let none = AuditFilter { environments: Some(Vec::new()), ..base.clone() };
    assert!(list(none).await.is_empty(), "nowhere is not everywhere");
    let found = store.list_audit(&base).await.unwrap();
    assert_eq!((found[2].status, found[1].status), (Some(200), None));
    assert_eq!(found[2].new, entry(0, "ada", Some(1), "integration.update"));
    assert_eq!(store.purge_audit(NOW + 2, 1).await.unwrap(), 1);
    assert_eq!(list(base).await, [third, second]);
}

async fn guesses_are_counted_for_all_nodes_together(f: Fixture) {
    const WINDOW: i64 = 900;
    let other = f.another_node().await;
    let limits = |names: &[(&str, i64)]| -> Vec<GuessLimit> {
        names.iter().map(|&(key, most)| GuessLimit { key: key.to_owned(), most }).collect()
    };
    let spend =
        async |store: &store::Store, names, at| store.spend_guess(limits(names), at, WINDOW).await.unwrap();
    let ada = [("ada", 10), ("network", 15)];
    // Many at once, on both, are no more than many in a row.
    let all = (0..15).flat_map(|_| [spend(&f.store, &ada, NOW), spend(&other, &ada, NOW)]);
    let left = futures_util::future::join_all(all).await;
    assert_eq!(left.iter().filter(|end| end.is_none()).count(), 10);
    assert!(left.iter().flatten().all(|end| *end == NOW + WINDOW), "{left:?}");
    // What was refused was counted nowhere: the network has five more.
    let network = [("network", 15)];
    for _ in 0..5 {
        assert_eq!(spend(&other, &network, NOW + 1).await, None);
    }
    assert_eq!(spend(&f.store, &network, NOW + 1).await, Some(NOW + WINDOW));
    assert_eq!(spend(&f.store, &[("bob", 10), ("network", 15)], NOW + 1).await, Some(NOW + WINDOW));
    f.store.forgive_guesses(vec!["ada".to_owned()], vec!["network".to_owned()]).await.unwrap();
    assert_eq!(spend(&other, &ada, NOW + 2).await, None, "a right one forgives");
    assert_eq!(spend(&other, &network, NOW + 2).await, Some(NOW + WINDOW), "and was one of the network's");
    let end = NOW + WINDOW;
    assert_eq!(spend(&other, &network, end).await, None, "a window is over");
    assert_eq!(
        f.store.purge_guesses(end + 2, 100).await.unwrap(),
        1,
        "ada's ended, the network's began anew"
    );
    assert_eq!(f.store.purge_guesses(end + WINDOW, 100).await.unwrap(), 1);
}

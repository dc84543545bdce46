use domain::connection::EndUser;
use store::{ConnectionFilter, Dialect, NewConnection, Standing};

use crate::fixture::{Fixture, NOW, end_user, integration, key, new_connection, tags};

crate::on_both!(newest_first_in_pages, every_filter, an_index_drives_every_page);

async fn ids(f: &Fixture, filter: ConnectionFilter) -> Vec<String> {
    let filter = ConnectionFilter { limit: if filter.limit == 0 { 100 } else { filter.limit }, ..filter };
    let rows = f.store.list_connections(f.scope, &filter).await.unwrap();
    rows.into_iter().map(|row| row.id.to_string()).collect()
}

async fn newest_first_in_pages(f: Fixture) {
    for (index, id) in ["a", "b", "c", "d"].iter().enumerate() {
        // b and c in the same millisecond: the row id decides.
        let at = NOW + [0, 5, 5, 9][index];
        f.store.upsert_connection(f.scope, new_connection(id), at).await.unwrap();
    }
    assert_eq!(ids(&f, ConnectionFilter::default()).await, ["d", "c", "b", "a"]);
    let page = ConnectionFilter { limit: 2, offset: 1, ..Default::default() };
    assert_eq!(ids(&f, page.clone()).await, ["c", "b"]);
    let tagged = ConnectionFilter { tags: tags(&[("plan", "pro")]), ..page };
    assert_eq!(ids(&f, tagged).await, ["c", "b"]);
    let rows = f
        .store
        .list_connections(f.scope, &ConnectionFilter { limit: 1, ..Default::default() })
        .await
        .unwrap();
    assert_eq!((rows[0].integration.clone(), rows[0].end_user.clone()), (key("excel"), Some(end_user("u1"))));
    assert_eq!((rows[0].created_at_ms, rows[0].tags.len()), (NOW + 9, 2));
    let elsewhere = f.other_scope().await;
    let all = ConnectionFilter { limit: 9, ..Default::default() };
    assert!(f.store.list_connections(elsewhere, &all).await.unwrap().is_empty());
}

async fn filled() -> Vec<NewConnection> {
    let user = |id: &str, name: &str, organization: bool| EndUser {
        id: id.to_owned(),
        email: Some(format!("{id}@mail.test")),
        display_name: Some(name.to_owned()),
        tags: tags(&[]),
        organization: organization.then(|| end_user("x").organization.unwrap()),
    };
    vec![
        NewConnection {
            end_user: Some(user("u1", "Ada 100% sure", true)),
            tags: Some(tags(&[("plan", "pro"), ("region", "eu"), ("x", "1")])),
            ..new_connection("alpha")
        },
        NewConnection {
            end_user: Some(user("u2", "Éva", false)),
            tags: Some(tags(&[("plan", "pro"), ("region", "us")])),
            ..new_connection("beta_1")
        },
        NewConnection {
            integration: key("sharepoint"),
            end_user: None,
            tags: Some(tags(&[("plan", "free"), ("region", "eu")])),
            ..new_connection("BetaX1")
        },
    ]
}

async fn every_filter(f: Fixture) {
    f.store.insert_integration(f.scope, &integration("sharepoint")).await.unwrap();
    for (index, new) in filled().await.into_iter().enumerate() {
        f.store.upsert_connection(f.scope, new, NOW + index as i64).await.unwrap();
    }
    let empty = ConnectionFilter::default;
    let some = |text: &str| Some(text.to_owned());
    let cases = [
        (ConnectionFilter { connection_id: some("alpha"), ..empty() }, vec!["alpha"]),
        (ConnectionFilter { connection_id: some("Alpha"), ..empty() }, vec![]),
        (ConnectionFilter { search: some("BETA"), ..empty() }, vec!["BetaX1", "beta_1"]),
        (ConnectionFilter { search: some("beta_1"), ..empty() }, vec!["beta_1"]),
        (ConnectionFilter { search: some("100%"), ..empty() }, vec!["alpha"]),
        (ConnectionFilter { search: some("0%s"), ..empty() }, vec![]),
        (ConnectionFilter { search: some("éVA"), ..empty() }, vec!["beta_1"]),
        (ConnectionFilter { search: some("u1@MAIL"), ..empty() }, vec!["alpha"]),
        (ConnectionFilter { search: some("a\0"), ..empty() }, vec![]),
        (ConnectionFilter { find: some("BETA"), ..empty() }, vec!["BetaX1", "beta_1"]),
        (ConnectionFilter { find: some("u1@MAIL"), ..empty() }, vec!["alpha"]),
        (ConnectionFilter { find: some("\"eu\""), tags: tags(&[("plan", "pro")]), ..empty() }, vec!["alpha"]),
        (ConnectionFilter { find: some("0%s"), ..empty() }, vec![]),
        (ConnectionFilter { standing: Some(Standing::Well), ..empty() }, vec!["BetaX1", "beta_1", "alpha"]),
        (ConnectionFilter { standing: Some(Standing::InTrouble), find: some("a"), ..empty() }, vec![]),
        (ConnectionFilter { before: Some((NOW + 1, domain::ConnectionRow(0))), ..empty() }, vec!["alpha"]),
        (
            ConnectionFilter {
                before: Some((NOW + 1, domain::ConnectionRow(0))),
                tags: tags(&[("plan", "pro")]),
                ..empty()
            },
            vec!["alpha"],
        ),
        (ConnectionFilter { end_user_id: some("u2"), ..empty() }, vec!["beta_1"]),
        (ConnectionFilter { organization_id: some("org-1"), ..empty() }, vec!["alpha"]),
        (ConnectionFilter { integrations: vec!["sharepoint".into()], ..empty() }, vec!["BetaX1"]),
        (
            ConnectionFilter { integrations: vec!["sharepoint".into(), "excel".into()], ..empty() },
            vec!["BetaX1", "beta_1", "alpha"],
        ),
        (ConnectionFilter { integrations: vec!["none".into()], ..empty() }, vec![]),
        (ConnectionFilter { tags: tags(&[("plan", "pro")]), ..empty() }, vec!["beta_1", "alpha"]),
        (ConnectionFilter { tags: tags(&[("plan", "pro"), ("region", "eu")]), ..empty() }, vec!["alpha"]),
        (
            ConnectionFilter { tags: tags(&[("plan", "pro"), ("region", "eu"), ("x", "2")]), ..empty() },
            vec![],
        ),
        (ConnectionFilter { tags: tags(&[("region", "eu")]), search: some("x1"), ..empty() }, vec!["BetaX1"]),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&f, filter.clone()).await, expected, "{filter:?}");
    }
}

async fn an_index_drives_every_page(f: Fixture) {
    let page = ConnectionFilter { limit: 100, offset: 50_000, ..Default::default() };
    let tagged = ConnectionFilter { tags: tags(&[("plan", "pro")]), ..page.clone() };
    let of_one = ConnectionFilter { integrations: vec!["excel".to_owned()], ..page.clone() };
    let of_user = ConnectionFilter { end_user_id: Some("u1".to_owned()), ..page.clone() };
    let found = ConnectionFilter { find: Some("x".to_owned()), offset: 0, ..page.clone() };
    let failing = ConnectionFilter { standing: Some(Standing::InTrouble), offset: 0, ..page.clone() };
    for filter in [page, tagged, of_one, of_user, found, failing] {
        let plan = f.store.explain_list(f.scope, &filter).await.unwrap();
        if f.store.dialect() == Dialect::Postgres {
            // PostgreSQL decides by the table's size; on an empty one its choice means nothing.
            assert!(!plan.is_empty());
            continue;
        }
        // The page is found first, through an index in the list's order; only the page itself is sorted.
        assert!(
            plan.iter().any(|step| step.contains("USING COVERING INDEX") || step.contains("PRIMARY KEY")),
            "{plan:#?}"
        );
        assert!(!plan.iter().any(|step| step.starts_with("SCAN c")), "{plan:#?}");
        assert_eq!(plan.iter().filter(|step| step.contains("TEMP B-TREE")).count(), 1, "{plan:#?}");
    }
}

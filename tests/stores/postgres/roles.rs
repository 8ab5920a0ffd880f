//! What a gateway's own user of the database needs to be allowed.

use std::time::{Duration, Instant};

use countersign_host::store::{PostgresStore, Store, Trail};
use libtest_mimic::Trial;

use super::{client, database, name, trial};
use crate::duties::{REALM, account, add, put, quota, value, with_events};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("user_without_rights_to_make_tables_uses_them", without_ddl),
        trial("user_who_cannot_make_tables_is_told_at_once", refused),
        trial("options_of_an_address_hold_beside_its_own", options),
    ]
}

async fn without_ddl() {
    let url = database().await;
    PostgresStore::connect(&url).await.expect("the owner opens");
    let client = client(&url).await;
    client.batch_execute(&role(&url)).await.expect("it is made");
    let url = url.replace("postgres@", &format!("{}@", role_name(&url)));
    let store = PostgresStore::connect(&url).await.expect("it opens");
    let changes = vec![put(&account("u"), None, b"1"), add(&quota("sent"), 1, 9)];
    let commit = with_events(changes, REALM, &["u"]);
    store.commit(commit).await.expect("it commits");
    assert_eq!(value(&store, &account("u")).await, Some(b"1".to_vec()));
    let events = store.events(REALM, 0, 9).await.expect("it answers");
    assert_eq!(events.len(), 1);
    assert_eq!(store.prune(REALM, u64::MAX).await.expect("it prunes"), 1);
}

async fn refused() {
    let url = database().await;
    let client = client(&url).await;
    let name = role_name(&url);
    let role = format!("CREATE ROLE {name} LOGIN");
    client.batch_execute(&role).await.expect("it is made");
    let url = url.replace("postgres@", &format!("{name}@"));
    let began = Instant::now();
    let refused = PostgresStore::connect(&url).await.expect_err("refused");
    assert!(refused.to_string().contains("42501"), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

async fn options() {
    let url = database().await;
    let client = client(&url).await;
    let schema = "CREATE SCHEMA mfa";
    client.batch_execute(schema).await.expect("it is made");
    // What the store depends on holds all the same.
    let url = format!("{url}?options=-c%20search_path%3Dmfa%20-c%20synchronous_commit%3Doff");
    let store = PostgresStore::connect(&url).await.expect("it opens");
    let commit = with_events(vec![put(&account("u"), None, b"1")], REALM, &["u"]);
    store.commit(commit).await.expect("it commits");
    let rows = client.query("SELECT name FROM mfa.countersign_record", &[]);
    assert_eq!(rows.await.expect("the tables are there").len(), 1);
}

/// Roles belong to the whole server, so it is named after the database.
fn role_name(url: &str) -> String {
    format!("gateway_of_{}", name(url))
}

fn role(url: &str) -> String {
    let name = role_name(url);
    format!(
        "CREATE ROLE {name} LOGIN;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}"
    )
}

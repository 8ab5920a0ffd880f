//! `countersign backup`, `restore` and `copy`.

use std::fs;

use countersign_host::store::Trail;
use serde_json::json;

use super::Place;
use super::people::Gateway;
use super::users::trusting_policy;

#[tokio::test]
async fn after_a_restore_the_app_is_good_and_what_may_have_been_used_is_not() {
    let place = Place::new("copies-restore");
    trusting_policy(&place);
    let backup = place.path("backup.db");
    let ana = {
        let gateway = Gateway::on(&place, "mfa.db").await;
        let ana = gateway.enroll("ana").await;
        assert!(gateway.takes_device(&ana).await);
        // While a gateway has it open.
        let ran = place.run(&["backup", "--to", &backup]).ended(0);
        assert!(ran.out.starts_with("backed up: "), "{}", ran.out);
        ana
    };
    let store = format!("sqlite:{}", place.path("restored.db"));
    let restore = ["restore", "--from", &backup];
    let ran = place.run_on(&store, &restore).ended(0);
    for words in [
        "restored: ",
        "trusted devices of 1",
        "recovery code of 1",
        "reset them",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(!fs::exists(place.path("restored.db.restoring")).expect("it can be asked"));
    let gateway = Gateway::on(&place, "restored.db").await;
    gateway.catch_up();
    assert!(!gateway.takes_device(&ana).await);
    assert!(!gateway.takes_recovery_code(&ana).await);
    gateway.sign_in(&ana).await;

    // Nothing is put over a store that is there.
    let again = place.run_on(&store, &restore).ended(2).err;
    assert!(
        again.contains("expected no file there: stop every gateway"),
        "{again}"
    );
    let over = place.run(&["backup", "--to", &backup]).ended(2).err;
    assert!(over.contains("already there"), "{over}");
}

#[test]
fn a_restore_that_fails_leaves_nothing_in_the_place() {
    let place = Place::with_users("copies-failing", "1");
    let other = Place::new("copies-failing-other");
    let backup = place.path("backup.db");
    place.run(&["backup", "--to", &backup]).ended(0);
    let store = format!("sqlite:{}", other.path("mfa.db"));
    // The keys of another store.
    let failed = other
        .run_on(&store, &["restore", "--from", &backup])
        .ended(2)
        .err;
    assert!(failed.contains("nothing was restored"), "{failed}");
    let damaged = other.write("damaged.db", "this is no store");
    other
        .run_on(&store, &["restore", "--from", &damaged])
        .ended(1);
    let left: Vec<_> = fs::read_dir(other.path("")).expect("it is there").collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn other_stores_than_files_are_told_their_own_tools() {
    let place = Place::new("copies-others");
    let backup = place.path("backup.db");
    for (args, words) in [
        (["backup", "--to", &backup], "pg_dump"),
        (
            ["restore", "--from", &backup],
            "revoke-all tickets,devices,recovery",
        ),
    ] {
        let refused = place
            .run_on("postgres://mfa:hunter2@localhost/mfa", &args)
            .ended(2)
            .err;
        assert!(
            refused.contains(words) && !refused.contains("hunter2"),
            "{refused}"
        );
        let memory = place.run_on("memory:", &args).ended(2).err;
        assert!(memory.contains("expected sqlite:PATH"), "{memory}");
    }
}

#[tokio::test]
async fn a_copy_has_the_records_the_events_and_where_consumers_stand() {
    let place = Place::new("copies-copy");
    trusting_policy(&place);
    let (ana, source) = {
        let gateway = Gateway::on(&place, "mfa.db").await;
        let ana = gateway.enroll("ana").await;
        for (name, position) in [("notifier", 4), ("siem", 2)] {
            let moved = gateway.store.move_consumer("default", name, 0, position);
            assert!(moved.await.expect("it answers"));
        }
        (ana, place.json(&["store", "--json"]))
    };
    // Positions of a copy are its own.
    place
        .run(&["events", "prune", "--older-than", "0"])
        .ended(0);
    let to = format!("sqlite:{}", place.path("copy.db"));
    let copy = ["copy", "--to", &to];
    let ran = place.run(&copy).ended(0);
    assert!(ran.out.starts_with("copied: "), "{}", ran.out);
    let copied = super::json(&place.run_on(&to, &["store", "--json"]).ended(0).out);
    for field in ["records", "keys"] {
        assert_eq!(copied[field], source[field]);
    }
    let ids = |out: String| -> Vec<String> {
        let ids = out.lines().map(|it| super::json(it)["id"].to_string());
        ids.collect()
    };
    let tail = ["events", "tail", "--after", "0"];
    let events = ids(place.run(&tail).ended(0).out);
    assert_eq!(ids(place.run_on(&to, &tail).ended(0).out), events);
    let consumers = ["events", "consumers", "--json"];
    let there = super::json(&place.run_on(&to, &consumers).ended(0).out);
    let here = place.json(&consumers);
    for at in 0..2 {
        let (there, here) = (&there["consumers"][at], &here["consumers"][at]);
        assert_eq!(
            (&there["name"], &there["behind"]),
            (&here["name"], &here["behind"])
        );
    }

    let gateway = Gateway::on(&place, "copy.db").await;
    gateway.catch_up();
    assert!(gateway.takes_device(&ana).await);
    gateway.sign_in(&ana).await;
    let again = place.run(&copy).ended(4).err;
    assert!(again.contains("nothing was copied"), "{again}");
    let itself = place.run(&["copy", "--to", &format!("sqlite:{}", place.path("mfa.db"))]);
    assert!(itself.ended(2).err.contains("another store"));
    assert_eq!(copied["realm"], json!("default"));
}

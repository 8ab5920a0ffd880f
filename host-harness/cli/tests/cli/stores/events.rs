//! `countersign events`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use countersign_host::store::{SqliteStore, Trail};
use serde_json::{Value, json};

use super::{Place, json};
use crate::{Running, countersign};

fn positions(out: &str) -> Vec<u64> {
    let position = |line: &str| json(line)["position"].as_u64().expect("it has one");
    out.lines().map(position).collect()
}

#[test]
fn events_are_printed_from_where_somebody_stopped_or_the_last_ones() {
    let place = Place::with_users("events-tail", "12");
    // The policy, and an import for each.
    let all = place.run(&["events", "tail", "--after", "0"]).ended(0).out;
    let all = positions(&all);
    assert_eq!(all.len(), 13);
    assert!(all.is_sorted());
    let after = all[3].to_string();
    let some = ["events", "tail", "--after", &after, "--limit", "5"];
    assert_eq!(positions(&place.run(&some).ended(0).out), all[4..9]);
    let last = place.run(&["events", "tail"]).ended(0).out;
    assert_eq!(positions(&last), all[3..]);
    let last = place
        .run(&["events", "tail", "--limit", "100"])
        .ended(0)
        .out;
    assert_eq!(positions(&last), all);
}

#[test]
fn words_of_strangers_stay_on_their_line() {
    let place = Place::with_users("events-printable", "1");
    let reason = "lost\u{202e}{\"event\":\"erased\"}";
    let reset = [
        "reset",
        "seed-0000001",
        "--operator",
        "op",
        "--reason",
        reason,
        "--identity-verified",
    ];
    place.run(&reset).ended(0);
    let line = place.run(&["events", "tail", "--limit", "1"]).ended(0).out;
    assert!(line.contains(r#"lost\u202e{\"event\""#), "{line}");
    assert_eq!(json(&line)["detail"]["reason"], json!(reason));
}

#[test]
fn whoever_follows_is_told_what_comes() {
    let place = Place::with_users("events-follow", "1");
    let child = countersign(&["events", "tail", "--follow", "--limit", "1"])
        .env(
            "COUNTERSIGN_STORE",
            format!("sqlite:{}", place.path("mfa.db")),
        )
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Running(child.expect("it starts"));
    let mut lines = BufReader::new(child.0.stdout.take().expect("it is piped")).lines();
    let mut next = || json(&lines.next().expect("it goes on").expect("it is text"));
    assert_eq!(next()["event"], json!("imported"));
    let unlock = ["unlock", "seed-0000001", "--operator", "op"];
    place.run(&unlock).ended(0);
    assert_eq!(next()["event"], json!("unlocked"));
}

#[tokio::test]
async fn consumers_hold_back_what_may_go_until_they_are_forgotten() {
    let place = Place::with_users("events-consumers", "3");
    let nobody = place.run(&["events", "consumers"]).ended(0).out;
    assert!(nobody.contains("nobody reads the trail"), "{nobody}");
    let store = SqliteStore::open(place.path("mfa.db"))
        .await
        .expect("it opens");
    assert!(
        store
            .move_consumer("default", "siem", 0, 1)
            .await
            .expect("it moves")
    );
    let read = place.json(&["events", "consumers", "--json"]);
    let expected = json!([{ "name": "siem", "position": 1, "behind": 3 }]);
    assert_eq!(read, json!({ "consumers": expected, "last-position": 4 }));

    // Events of this very second are not older than 0 days.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let prune = ["events", "prune", "--older-than", "0"];
    assert_eq!(
        place.run(&prune).ended(0).out,
        "deleted: 1 events\nolder ones are kept for siem, who is at position 1: see countersign events forget\n"
    );
    let unknown = place.run(&["events", "forget", "seim"]).ended(4).err;
    assert!(
        unknown.contains("seim: no consumer has this name"),
        "{unknown}"
    );
    let forgotten = place.run(&["events", "forget", "siem"]).ended(0).out;
    assert_eq!(forgotten, "forgotten: siem, who was at position 1\n");
    assert_eq!(place.run(&prune).ended(0).out, "deleted: 3 events\n");
    let left: Vec<Value> = place
        .run(&["events", "tail"])
        .ended(0)
        .out
        .lines()
        .map(json)
        .collect();
    assert_eq!(left, Vec::<Value>::new());
}

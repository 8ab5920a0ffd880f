//! A store from its first key to its second disk.

use serde_json::json;

use super::people::Gateway;
use super::users::trusting_policy;
use super::{Place, json};
use crate::run;

#[tokio::test]
async fn a_store_is_filled_looked_at_rotated_backed_up_restored_and_moved() {
    let place = Place::new("journey");
    let keys = place.path("keys");
    trusting_policy(&place);
    place.run(&["seed-users", "50"]).ended(0);
    let ana = {
        let gateway = Gateway::on(&place, "mfa.db").await;
        gateway.enroll("ana").await
    };
    let status = place.run(&["status", "seed-0000050"]).ended(0).out;
    assert!(status.contains("enrolled"), "{status}");
    let csv = place.run(&["report", "--csv"]).ended(0);
    assert_eq!(csv.out.lines().count(), 52);
    assert_eq!(csv.err, "51 enrolled\n");
    let last = place.run(&["events", "tail", "--limit", "1"]).ended(0).out;
    assert_eq!(json(&last)["user"], json!("ana"));

    for step in ["add", "activate"] {
        run(&["keys", step, &keys]).ended(0);
        place.run(&["status", "ana"]).ended(0);
    }
    place.run(&["keys", "rotate"]).ended(0);
    let noted = place.json(&["store", "--json"])["keys"]["sealing"].take();
    assert_eq!(noted.as_array().map(Vec::len), Some(1), "{noted}");

    let backup = place.path("backup.db");
    place.run(&["backup", "--to", &backup]).ended(0);
    let restored = format!("sqlite:{}", place.path("restored.db"));
    place
        .run_on(&restored, &["restore", "--from", &backup])
        .ended(0);
    let moved = format!("sqlite:{}", place.path("moved.db"));
    place.run_on(&restored, &["copy", "--to", &moved]).ended(0);
    let report = place.run_on(&moved, &["report"]).ended(0).out;
    assert!(report.ends_with("\n51 enrolled\n"), "{report}");

    let gateway = Gateway::on(&place, "moved.db").await;
    gateway.catch_up();
    assert!(!gateway.takes_recovery_code(&ana).await);
    gateway.sign_in(&ana).await;
}

//! What is said of users, and done to them.

use serde_json::{Value, json};

use super::people::Gateway;
use super::{Place, json};
use crate::Ran;

#[tokio::test]
async fn status_says_what_a_user_has_and_nothing_secret() {
    let place = Place::new("users-status");
    trusting_policy(&place);
    let gateway = Gateway::on(&place, "mfa.db").await;
    let ana = gateway.enroll("ana").await;
    let said = place.run(&["status", "ana", "--company", "acme"]).ended(0);
    for words in [
        "standing           enrolled",
        "authenticator app  usable, shown first, confirmed 20",
        "recovery code      unsaved, issued 20",
        "trusted devices    1, the last until 20",
        "a sign-in now      challenge",
        "acme leaves MFA to its users under the default policy",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    let json = place.run(&["status", "ana", "--json"]).ended(0);
    let report = place.run(&["report", "--csv"]).ended(0);
    let events = place.run(&["events", "tail"]).ended(0);
    for Ran { out, err, .. } in [&said, &json, &report, &events] {
        for secret in ana.secrets() {
            assert!(!out.contains(secret) && !err.contains(secret), "{out}{err}");
        }
    }
    let nobody = place.run(&["status", "anna"]).ended(0).out;
    assert!(nobody.contains("has no record"), "{nobody}");
    let zone = place
        .run(&["status", "ana", "--zone", "Mars/Base"])
        .ended(2);
    assert!(
        zone.err.contains("--zone Mars/Base: expected"),
        "{}",
        zone.err
    );
}

#[test]
fn a_report_has_a_line_for_everybody_and_for_those_of_a_list_who_never_came() {
    let place = Place::with_users("users-report", "3");
    let reset = [
        "reset",
        "seed-0000002",
        "--operator",
        "op",
        "--reason",
        "lost",
        "--identity-verified",
    ];
    place.run(&reset).ended(0);
    let people = "user,company\nseed-0000001,acme\nseed-0000002,acme\n=cmd(),acme\n";
    let people = place.write("people.csv", people);

    let table = place.run(&["report"]).ended(0).out;
    assert!(table.ends_with("\n2 enrolled, 1 must-enroll\n"), "{table}");
    let csv = place.run(&["report", "--csv", "--users", &people]).ended(0);
    let lines: Vec<Vec<&str>> = csv.out.lines().map(|it| it.split(',').collect()).collect();
    let [heading, rows @ ..] = lines.as_slice() else {
        panic!("{}", csv.out);
    };
    let cell = |row: &[&str], name: &str| {
        let at = heading.iter().position(|it| *it == name).expect(name);
        row[at].to_owned()
    };
    let cells = |row: &Vec<&str>| {
        let names = [
            "user",
            "standing",
            "app",
            "recovery",
            "ever_enrolled",
            "listed",
        ];
        names.map(|name| cell(row, name)).join(" ")
    };
    assert_eq!(
        rows.iter().map(cells).collect::<Vec<_>>(),
        [
            "seed-0000001 enrolled usable none true true",
            "seed-0000002 must-enroll  none true true",
            "seed-0000003 enrolled usable none true false",
            // Safe in a spreadsheet.
            "'=cmd() not-enrolled  none false true",
        ]
    );
    assert_eq!(csv.err, "2 enrolled, 1 must-enroll, 1 not-enrolled\n");

    let lines = place
        .run(&["report", "--json", "--users", &people])
        .ended(0);
    let lines: Vec<Value> = lines.out.lines().map(json).collect();
    assert_eq!(lines[0]["app"]["state"], json!("usable"));
    assert_eq!(lines[3]["user"], json!("=cmd()"));
}

#[test]
fn a_reset_needs_somebody_who_verified_who_asks() {
    let place = Place::with_users("users-reset", "1");
    let args = [
        "reset",
        "seed-0000001",
        "--operator",
        "op",
        "--reason",
        "lost her phone",
    ];
    let not = place.run(&args).ended(4).err;
    assert!(
        not.contains("nothing was reset: expected --identity-verified"),
        "{not}"
    );
    assert_eq!(
        place.json(&["status", "seed-0000001", "--json"])["epoch"],
        1
    );

    let done = place
        .run(&[&args[..], &["--identity-verified"]].concat())
        .ended(0);
    assert!(
        done.out.contains("enrolls anew at the next sign-in"),
        "{}",
        done.out
    );
    let status = place.json(&["status", "seed-0000001", "--json"]);
    assert_eq!(status["factors"], json!([]));
    assert_eq!(status["ever-enrolled"], json!(true));
    let event = json(&place.run(&["events", "tail", "--limit", "1"]).ended(0).out);
    assert_eq!(event["event"], json!("reset"));
    assert_eq!(event["detail"]["reason"], json!("lost her phone"));
    assert_eq!(event["actor"], json!({ "operator": "op" }));
}

#[test]
fn whoever_has_no_record_is_neither_reset_nor_unlocked_nor_given_one() {
    let place = Place::with_users("users-unknown", "1");
    for args in [
        &["reset", "ana", "--reason", "lost", "--identity-verified"][..],
        &["unlock", "ana"],
        &["revoke", "ana", "tickets"],
    ] {
        let args = [args, &["--operator", "op"]].concat();
        let refused = place.run(&args).ended(4).err;
        assert_eq!(refused, "countersign: ana: has no record\n");
    }
    let held = place.json(&["store", "--json"]);
    assert_eq!(
        held["records"],
        json!({ "account": 1, "policy": 1, "quota": 0, "tickets": 0 })
    );
}

#[tokio::test]
async fn what_is_revoked_is_gone_and_the_rest_stays() {
    let place = Place::new("users-revoke");
    trusting_policy(&place);
    let gateway = Gateway::on(&place, "mfa.db").await;
    let ana = gateway.enroll("ana").await;
    let revoke = ["revoke", "ana", "devices", "--operator", "op"];
    let ran = place.run(&revoke).ended(0);
    assert_eq!(ran.out, "revoked: trusted devices of ana\n");
    assert!(!gateway.takes_device(&ana).await);
    assert!(gateway.takes_recovery_code(&ana).await);
    place.run(&["unlock", "ana", "--operator", "op"]).ended(0);
    let phone = ["unlock", "ana", "--factor", "phone", "--operator", "op"];
    assert!(place.run(&phone).ended(4).err.contains("ana has no phone"));

    let all = ["revoke-all", "tickets,devices,recovery", "--operator", "op"];
    let ran = place.run(&all).ended(0).out;
    for words in [
        "store of 1 users",
        "tickets of 1",
        "devices of 0",
        "code of 1",
    ] {
        assert!(ran.contains(words), "{words}: {ran}");
    }
    // Nothing is there to be revoked again.
    let events = place.json(&["store", "--json"])["last-position"].take();
    place.run(&all).ended(0);
    assert_eq!(place.json(&["store", "--json"])["last-position"], events);
    gateway.catch_up();
    assert!(!gateway.takes_recovery_code(&ana).await);
}

#[test]
fn an_import_into_a_store_is_there_afterwards_and_changes_nothing_the_second_time() {
    let place = Place::new("users-import");
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let rows: String = (0..150).map(|n| format!("u-{n},{secret}\n")).collect();
    let file = place.write("users.csv", &format!("user,secret\n{rows}"));
    let import = ["import", "--from", "csv", &file, "--json"];

    let dry = place.json(&[&import[..], &["--dry-run"]].concat());
    assert_eq!(dry["rehearsal"], json!(true));
    let refused = place.run(&["status", "u-149"]).ended(2).err;
    assert!(
        refused.contains("expected a file that is there"),
        "{refused}"
    );

    let first = place.json(&import);
    assert_eq!(first["rehearsal"], json!(false));
    assert_eq!(
        first["totals"],
        json!({ "imported": 150, "same": 0, "refused": 0, "skipped": 0 })
    );
    assert_eq!(first["rows"][149]["user"], json!("u-149"));
    let again = place.json(&import);
    assert_eq!(
        again["totals"],
        json!({ "imported": 0, "same": 150, "refused": 0, "skipped": 0 })
    );
    let status = place.run(&["status", "u-149"]).ended(0);
    assert!(status.out.contains("enrolled"), "{}", status.out);
    assert!(!status.out.contains(secret));
    // What is rehearsed says so, what is done does not.
    let table = place.run(&["import", "--from", "csv", &file]).ended(0).out;
    assert!(!table.contains("rehearsal"), "{table}");
}

#[test]
fn made_up_users_are_not_mixed_with_real_ones_unawares() {
    let place = Place::new("users-seed");
    let first = place.run(&["seed-users", "3"]).ended(0);
    assert!(
        first.out.contains("3 users, seed-0000001 to seed-0000003"),
        "{}",
        first.out
    );
    assert!(first.err.contains("for tests only"), "{}", first.err);
    // Where it was stopped it goes on.
    place.run(&["seed-users", "5"]).ended(0);
    assert_eq!(place.json(&["store", "--json"])["records"]["account"], 5);

    for (user, name) in [("ana", "users-seed-before"), ("zoe", "users-seed-behind")] {
        let place = Place::new(name);
        let row = format!("user,secret\n{user},GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n");
        let file = place.write("users.csv", &row);
        place.run(&["import", "--from", "csv", &file]).ended(0);
        let refused = place.run(&["seed-users", "1"]).ended(4).err;
        assert!(
            refused.contains("the store has users of its own"),
            "{refused}"
        );
        place
            .run(&["seed-users", "1", "--into-a-store-with-users"])
            .ended(0);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_what_lasts_and_what_was_done_stays() {
    let place = Place::with_users("users-ctrl-c", "1");
    let mut command = crate::countersign(&["seed-users", "1000000"]);
    command.env(
        "COUNTERSIGN_STORE",
        format!("sqlite:{}", place.path("mfa.db")),
    );
    command.env("COUNTERSIGN_KEYS", format!("file:{}", place.path("keys")));
    command.stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let count = || place.json(&["store", "--json"])["records"]["account"].as_u64();
    while count() < Some(100) {
        let ended = child.try_wait().expect("it is known");
        assert_eq!(ended, None, "it ended before a hundred were there");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut kill = std::process::Command::new("kill");
    let id = child.id().to_string();
    assert!(
        kill.args(["-INT", &id])
            .status()
            .expect("it runs")
            .success()
    );
    let ran = Ran::of(child.wait_with_output().expect("it ends")).ended(130);
    assert!(ran.err.contains("run it again for the rest"), "{}", ran.err);
    assert!(count() >= Some(100));
}

/// Puts a policy under which browsers may be trusted.
pub(super) fn trusting_policy(place: &Place) {
    place.put_policy();
    let mut policy = place.json(&["policy", "get", "*", "--json"])["policy"].take();
    policy["device-days"] = json!(30);
    let file = place.write("policy.json", &policy.to_string());
    let args = [
        "policy",
        "put",
        "*",
        &file,
        "--revision",
        "1",
        "--operator",
        "op",
    ];
    place.run(&args).ended(0);
}

//! `countersign policy get`, `put` and `preview`.

use serde_json::json;

use super::{Place, json};

#[test]
fn a_policy_is_put_read_back_and_put_again_at_its_revision() {
    let place = Place::new("policies");
    place.put_policy();
    let got = place.run(&["policy", "get", "*"]).ended(0);
    assert_eq!(got.err, "revision 1\n");
    let whole = place.json(&["policy", "get", "*", "--json"]);
    assert_eq!(whole, json!({ "policy": json(&got.out), "revision": 1 }));

    let mut policy = json(&got.out);
    policy["device-days"] = json!(7);
    let file = place.write("changed.json", &policy.to_string());
    let args = [
        "policy",
        "put",
        "*",
        &file,
        "--operator",
        "op",
        "--revision",
        "1",
    ];
    let put = place.run(&args).ended(0);
    assert_eq!(put.out, "put: * is at revision 2\n");
    let late = place.run(&args).ended(4);
    let expected = "the policy of * is not at revision 1. `countersign policy get` says";
    assert!(late.err.contains(expected), "{}", late.err);
    assert_eq!(
        place.json(&["policy", "get", "*", "--json"])["policy"],
        policy
    );
    let event = place.run(&["events", "tail", "--limit", "1"]).ended(0).out;
    assert_eq!(json(&event)["actor"], json!({ "operator": "op" }));
}

#[test]
fn a_policy_that_is_there_is_not_new_and_one_is_asked_for_its_revision() {
    let place = Place::new("policies-new");
    place.put_policy();
    let file = place.path("policy.json");
    let again = place.run(&["policy", "put", "*", &file, "--new", "--operator", "op"]);
    assert!(again.ended(4).err.contains("* has a policy"));
    let neither = place.run(&["policy", "put", "*", &file, "--operator", "op"]);
    assert!(neither.ended(2).err.contains("--revision <REVISION>"));
    let none = place.run(&["policy", "get", "acme"]).ended(4);
    assert!(none.err.contains("falls to that of *"), "{}", none.err);
}

#[test]
fn what_the_plugin_refuses_of_a_policy_is_said_by_its_field() {
    let place = Place::new("policies-refused");
    place.put_policy();
    let mut policy = place.json(&["policy", "get", "*", "--json"])["policy"].take();
    policy["sms"]["per-day"] = json!(51);
    let file = place.write("policy.json", &policy.to_string());
    let args = [
        "policy",
        "put",
        "*",
        &file,
        "--operator",
        "op",
        "--revision",
        "1",
    ];
    let refused = place.run(&args).ended(4).err;
    assert!(refused.contains("sms.per-day: expected"), "{refused}");

    policy["sms"]["per-day"] = json!(10);
    policy["mode"] = json!({ "enforced-from": { "at": 1_000, "zone": "UTC" } });
    let file = place.write("policy.json", &policy.to_string());
    let args = [
        "policy",
        "put",
        "*",
        &file,
        "--operator",
        "op",
        "--revision",
        "1",
    ];
    let past = place.run(&args).ended(4).err;
    assert!(past.contains("in the future, or --enforce-now"), "{past}");
    place
        .run(&[&args[..], &["--enforce-now"]].concat())
        .ended(0);
}

#[test]
fn a_preview_asks_the_store_and_changes_nothing_of_it() {
    let place = Place::with_users("policies-preview", "1");
    let people = place.write("people.csv", "user,company\nseed-0000001,acme\nzoe,acme\n");
    let before = place.json(&["store", "--json"]);
    let args = ["policy", "preview", "--at", "2030-01-01", "--json", &people];
    let preview = place.json(&args);
    assert_eq!(
        preview["summary"],
        json!({ "allow(not-enrolled)": 1, "challenge": 1 })
    );
    assert_eq!(place.json(&["store", "--json"]), before);
}

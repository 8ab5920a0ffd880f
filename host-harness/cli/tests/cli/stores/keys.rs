//! `countersign keys`.

use std::fs;

use countersign_host::store::{Change, Commit, Content, Inventory, Key, Kind, SqliteStore, Store};
use serde_json::{Value, json};

use super::people::Gateway;
use super::{Place, json};
use crate::run;

/// Gives the id and state of each key.
fn listed(place: &Place) -> Vec<(String, String)> {
    let list = run(&["keys", "list", &place.path("keys"), "--json"]).ended(0);
    let list = json(&list.out);
    let text = |it: &Value| it.as_str().expect("it is text").to_owned();
    let keys = list["keys"].as_array().expect("it lists them");
    let pair = |key: &Value| (text(&key["id"]), text(&key["state"]));
    keys.iter().map(pair).collect()
}

fn states(place: &Place) -> Vec<String> {
    listed(place).into_iter().map(|(_, state)| state).collect()
}

#[test]
fn a_key_file_is_made_once_for_its_owner_and_no_key_is_ever_printed() {
    let place = Place::new("keys-new");
    let keys = place.path("keys");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&keys)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let before = fs::read_to_string(&keys).expect("it is text");
    let again = run(&["keys", "new", &keys]).ended(2);
    assert!(
        again.err.contains("expected a file that is not there"),
        "{}",
        again.err
    );
    assert_eq!(fs::read_to_string(&keys).expect("it is text"), before);

    let mut said = vec![again];
    said.push(run(&["keys", "add", &keys]).ended(0));
    assert_eq!(states(&place), ["active", "next"]);
    let twice = run(&["keys", "add", &keys]).ended(4);
    assert!(twice.err.contains("is to come already"), "{}", twice.err);
    said.push(twice);
    said.push(run(&["keys", "activate", &keys]).ended(0));
    assert_eq!(states(&place), ["retired", "active"]);
    let none = run(&["keys", "activate", &keys]).ended(4);
    assert!(none.err.contains("no key is to come"), "{}", none.err);
    said.push(none);
    said.push(run(&["keys", "list", &keys]).ended(0));
    let secrets = place.secrets();
    assert_eq!(secrets.len(), 2);
    for ran in said {
        for secret in &secrets {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret));
        }
    }
}

#[test]
fn a_file_that_others_can_reach_or_that_holds_no_keys_is_refused() {
    let place = Place::new("keys-refused");
    let text = place.write("text", "active secret\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let exposed = run(&["keys", "list", &text]).ended(2).err;
        assert!(exposed.contains("expected mode 0600"), "{exposed}");
        fs::set_permissions(&text, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }
    let malformed = run(&["keys", "list", &text]).ended(2).err;
    assert!(
        malformed.contains("line 1: expected a key of 64"),
        "{malformed}"
    );
    assert!(!malformed.contains("secret"), "{malformed}");
}

#[test]
fn keys_that_a_store_needs_and_a_file_lacks_are_named() {
    let place = Place::with_users("keys-missing", "1");
    let other = Place::new("keys-missing-other");
    let [(id, _)] = &*listed(&place) else {
        panic!("more than one");
    };
    let here = place
        .run(&["keys", "list", &place.path("keys"), "--json"])
        .ended(0);
    let expected =
        json!([{ "id": id, "state": "active", "in-store": true, "names-counters": true }]);
    assert_eq!(json(&here.out), json!({ "keys": expected, "missing": [] }));
    let missing = place.run(&["keys", "list", &other.path("keys")]).ended(4);
    assert!(
        missing.out.contains(&format!("{id}  missing")),
        "{}",
        missing.out
    );
}

#[tokio::test]
async fn a_rotation_seals_everything_again_and_what_users_hold_stays_good() {
    let place = Place::new("keys-rotate");
    super::users::trusting_policy(&place);
    place.run(&["seed-users", "30"]).ended(0);
    let keys = place.path("keys");
    let ana = Gateway::on(&place, "mfa.db").await.enroll("ana").await;
    run(&["keys", "add", &keys]).ended(0);
    run(&["keys", "activate", &keys]).ended(0);
    let old = listed(&place).remove(0).0;
    let new = listed(&place).remove(1).0;
    let rotate = ["keys", "rotate"];
    let ran = place.run(&rotate).ended(0);
    // The accounts, a policy, and tickets of somebody who enrolled.
    let expected = format!("rotated: 33 records sealed again; all are sealed with {new}\n");
    assert!(ran.out.starts_with(&expected), "{}", ran.out);
    assert!(
        ran.out.contains(&format!("no record needs {old}")),
        "{}",
        ran.out
    );
    let noted = place.json(&["store", "--json"])["keys"].take();
    assert_eq!(noted, json!({ "sealing": [new], "index": old }));
    let again = place.run(&rotate).ended(0).out;
    assert!(again.starts_with("rotated: 0 records"), "{again}");
    for secret in place
        .secrets()
        .iter()
        .map(String::as_str)
        .chain(ana.secrets())
    {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret));
    }

    let gateway = Gateway::on(&place, "mfa.db").await;
    gateway.catch_up();
    assert!(gateway.takes_device(&ana).await);
    assert!(gateway.takes_recovery_code(&ana).await);
    gateway.sign_in(&ana).await;
}

#[tokio::test]
async fn nothing_is_sealed_under_a_key_that_others_have_left_behind() {
    let place = Place::with_users("keys-behind", "1");
    run(&["keys", "add", &place.path("keys")]).ended(0);
    let [(old, _), (next, _)] = &*listed(&place) else {
        panic!("not two");
    };
    let id = |text: &String| u32::from_str_radix(text, 16).expect("it is one");
    let store = SqliteStore::open(place.path("mfa.db"))
        .await
        .expect("it opens");
    let noted = store.note_key("default", id(old), id(next));
    noted.await.expect("it is noted");
    let refused = place.run(&["keys", "rotate"]).ended(4).err;
    let expected = format!("seals with the key {next} already");
    assert!(refused.contains(&expected), "{refused}");
}

#[tokio::test]
async fn a_damaged_record_keeps_no_other_from_its_new_key() {
    let place = Place::with_users("keys-damaged", "3");
    let keys = place.path("keys");
    run(&["keys", "add", &keys]).ended(0);
    run(&["keys", "activate", &keys]).ended(0);
    let old = listed(&place).remove(0).0;
    let store = SqliteStore::open(place.path("mfa.db"))
        .await
        .expect("it opens");
    let page = store
        .list("default", Kind::Account, None, 1)
        .await
        .expect("it lists");
    let [first] = page.as_slice() else {
        panic!("{page:?}");
    };
    let Content::Sealed(mut value) = first.content.clone() else {
        panic!("not sealed");
    };
    *value.last_mut().expect("it is not empty") ^= 1;
    let put = Change::Put {
        key: Key {
            realm: "default".into(),
            record: Kind::Account.named(&first.name),
        },
        expected: Some(first.version),
        value: value.clone(),
        collectable_at: None,
    };
    store
        .commit(Commit::new(0, vec![put]))
        .await
        .expect("it is put");

    let ran = place.run(&["keys", "rotate"]).ended(4);
    let expected = "records that do not open stay as they are: 1 accounts, 0 tickets, 0 policies";
    assert!(ran.err.contains(expected), "{}", ran.err);
    let noted = place.json(&["store", "--json"])["keys"]["sealing"].take();
    assert!(noted.to_string().contains(&old), "{noted}");
    let page = store
        .list("default", Kind::Account, None, 1)
        .await
        .expect("it lists");
    assert_eq!(page[0].content, Content::Sealed(value));
    let report = place.run(&["report"]).ended(4);
    assert!(
        report.out.contains("2 enrolled, 1 unreadable"),
        "{}",
        report.out
    );
}

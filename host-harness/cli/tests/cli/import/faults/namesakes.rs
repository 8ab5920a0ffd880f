//! Apps that would be imported for somebody else than who has them.

use serde_json::{Value, json};

use crate::import::rows;
use crate::{Ran, run_with_input};

fn import(from: &str, file: &Value, more: &[&str]) -> Ran {
    let args = [&["import", "--from", from, "-", "--json"], more].concat();
    run_with_input(&args, &file.to_string())
}

/// A user of Keycloak with or without an app.
fn user(name: &str, email: &str, verified: bool, app: bool) -> Value {
    let otp = json!({
        "type": "otp", "secretData": r#"{"value":"12345678901234567890"}"#,
        "credentialData": r#"{"subType":"totp","digits":6,"period":30,"algorithm":"HmacSHA1"}"#,
    });
    let credentials = if app { vec![otp] } else { vec![] };
    json!({ "username": name, "email": email, "emailVerified": verified, "credentials": credentials })
}

/// An identity of Kratos with a password, and with or without an app.
fn identity(id: &str, name: &str, email: &str, addresses: &Value, app: bool) -> Value {
    let mut identity = json!({
        "id": id, "traits": { "username": name, "email": email },
        "verifiable_addresses": addresses, "credentials": { "password": {} },
    });
    if app {
        let uri = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        identity["credentials"]["totp"] = json!({ "config": { "totp_url": uri } });
    }
    identity
}

fn address(value: &str, verified: bool) -> Value {
    json!({ "value": value, "verified": verified, "via": "email" })
}

/// A token of privacyIDEA.
fn token(serial: &str, owner: &Value, active: bool) -> Value {
    json!({
        "serial": serial, "type": "totp", "active": active, "otplen": 6,
        "otpkey": "3132333435363738393031323334353637383930",
        "info_list": { "hashlib": "sha1", "timeStep": "30" }, "user": owner,
    })
}

#[test]
fn an_app_is_not_imported_for_a_name_that_somebody_without_an_app_has_too() {
    let keycloak = json!({ "users": [
        user("ceo", "ceo@x", true, false), user("mallory", "ceo@x", true, true),
    ] });
    let verified = json!([address("ceo@x", true)]);
    let kratos = json!([
        identity("1", "ceo", "ceo@x", &verified, false),
        identity("2", "ceo", "ceo@x", &verified, true),
    ]);
    for (from, file, field, name, places) in [
        (
            "keycloak",
            &keycloak,
            "email",
            "ceo@x",
            ["users[1].credentials[0]", "users[0]"],
        ),
        ("kratos", &kratos, "email", "ceo@x", ["[1]", "[0]"]),
        ("kratos", &kratos, "username", "ceo", ["[1]", "[0]"]),
    ] {
        let ran = import(from, file, &["--user-field", field]).ended(4);
        let [own, other] = places;
        assert_eq!(rows(&ran), [format!("{own} {name} refused user")]);
        let why = format!("once in the file; it stands at {own} and at {other}\"");
        assert!(ran.out.contains(&why), "{}", ran.out);
    }
    // By what is theirs alone both can come.
    assert_eq!(rows(&import("keycloak", &keycloak, &[]).ended(0)).len(), 1);
    assert_eq!(
        rows(&import("kratos", &kratos, &[]).ended(0)),
        ["[1] 2 imported"]
    );
}

#[test]
fn an_address_of_keycloak_is_a_name_only_if_it_is_verified() {
    let mut file = json!({ "users": [user("mallory", "ceo@x", false, true)] });
    for verified in [json!(false), json!(null)] {
        file["users"][0]["emailVerified"] = verified;
        let ran = import("keycloak", &file, &["--user-field", "email"]).ended(4);
        let expected = ["users[0].credentials[0] ceo@x refused emailVerified"];
        assert_eq!(rows(&ran), expected);
        assert!(
            ran.out.contains("an address that is not verified"),
            "{}",
            ran.out
        );
        import("keycloak", &file, &[]).ended(0);
    }
}

#[test]
fn an_address_of_kratos_is_a_name_only_if_it_is_verified() {
    let import = |addresses: Value, code| {
        let file = json!([identity("1", "mallory", "Ceo@x", &addresses, true)]);
        rows(&import("kratos", &file, &["--user-field", "email"]).ended(code))
    };
    let mut phone = address("ceo@x", true);
    phone["via"] = json!("sms");
    for addresses in [
        json!(null),
        json!([]),
        json!([address("ceo@x", false)]),
        json!([address("ceo@x", false), address("mallory@x", true)]),
        json!([phone]),
    ] {
        let expected = ["[0] Ceo@x refused verifiable_addresses"];
        assert_eq!(import(addresses, 4), expected);
    }
    // Kratos lowers the case.
    let addresses = json!([address("mallory@x", false), address("ceo@x", true)]);
    assert_eq!(import(addresses, 0), ["[0] Ceo@x imported"]);
}

#[test]
fn a_file_of_privacyidea_has_one_realm() {
    let admin = |realm: &str| json!({ "login": "admin", "realm": realm, "uid": "1" });
    let tokens = [
        token("T1", &admin("corp"), false),
        token("T2", &admin("guests"), true),
    ];
    let ran = import("privacyidea", &json!(tokens), &[]).ended(2);
    for words in [
        "expected one realm",
        "[0] T1 and [1] T2 have two",
        "realm=^REALM$",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    let rest = "type: totp, active: true, otplen: 6, otpkey: '3132333435363738393031323334353637383930', \
        info_list: {hashlib: sha1, timeStep: '30'}";
    let yaml = |realm: &str| {
        let tokens = format!(
            "- {{serial: T1, owner: admin@corp, {rest}}}\n- {{serial: T2, owner: ben@{realm}, {rest}}}\n"
        );
        run_with_input(&["import", "--from", "privacyidea", "-", "--json"], &tokens)
    };
    let ran = yaml("guests").ended(2);
    assert!(ran.err.contains("expected one realm"), "{}", ran.err);
    assert_eq!(
        rows(&yaml("corp").ended(0)),
        ["[0] T1 admin imported", "[1] T2 ben imported"]
    );
}

#[test]
fn two_people_with_one_login_are_refused_and_one_with_two_tokens_is_not() {
    let ann =
        |resolver: &str| json!({ "login": "ann", "realm": "x", "resolver": resolver, "uid": 1 });
    let two = json!([
        token("T1", &ann("east"), false),
        token("T2", &ann("west"), true)
    ]);
    assert_eq!(
        rows(&import("privacyidea", &two, &[]).ended(4)),
        ["[0] T1 ann skipped disabled", "[1] T2 ann refused user"]
    );
    let one = json!([
        token("T1", &ann("east"), true),
        token("T2", &ann("east"), true)
    ]);
    assert_eq!(
        rows(&import("privacyidea", &one, &[]).ended(0)),
        ["[0] T1 ann imported", "[1] T2 ann skipped second"]
    );
}

#[test]
fn names_that_differ_only_by_case_are_warned_of() {
    let file = json!({ "users": [user("Ann", "", false, true), user("ann", "", false, true)] });
    let ran = import("keycloak", &file, &[]).ended(0);
    assert!(ran.out.contains("differ only by case"), "{}", ran.out);
    let without = json!({ "users": [user("Ann", "", false, true), user("ann", "", false, false)] });
    let ran = import("keycloak", &without, &[]).ended(0);
    let both = "\"users[0].credentials[0] and users[1] have names";
    assert!(ran.out.contains(both), "{}", ran.out);
    let file = json!({ "users": [user("Ann", "", false, true), user("ben", "", false, true)] });
    let ran = import("keycloak", &file, &[]).ended(0);
    assert!(ran.out.contains("\"warnings\": []"), "{}", ran.out);
}

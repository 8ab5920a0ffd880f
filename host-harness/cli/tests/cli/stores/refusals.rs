//! What cannot be used, and that nothing secret is said of it.

use crate::{countersign, run, scratch};

use super::Place;

#[test]
fn a_command_without_a_store_names_the_forms() {
    for args in [
        &["status", "ana"][..],
        &["report"],
        &["events", "tail"],
        &["store"],
    ] {
        let refused = run(args).ended(2).err;
        for words in [
            "--store",
            "COUNTERSIGN_STORE",
            "sqlite:PATH",
            "postgres://",
            "memory:",
        ] {
            assert!(refused.contains(words), "{words}: {refused}");
        }
    }
}

#[test]
fn a_store_without_keys_names_the_forms_and_one_in_memory_needs_none() {
    let place = Place::with_users("refusals-keys", "1");
    let store = format!("sqlite:{}", place.path("mfa.db"));
    let refused = run(&["status", "ana", "--store", &store]).ended(2).err;
    for words in [
        "--keys",
        "COUNTERSIGN_KEYS",
        "file:PATH",
        "countersign keys new",
    ] {
        assert!(refused.contains(words), "{words}: {refused}");
    }
    run(&["status", "ana", "--store", "memory:"]).ended(0);
}

#[test]
fn keys_of_another_store_are_refused_before_anything_is_read() {
    let place = Place::with_users("refusals-other-keys", "1");
    let other = Place::new("refusals-others");
    let store = format!("sqlite:{}", place.path("mfa.db"));
    let refused = other.run_on(&store, &["report"]).ended(2).err;
    assert!(refused.starts_with("countersign: --keys: "), "{refused}");
    for secret in place.secrets().iter().chain(&other.secrets()) {
        assert!(!refused.contains(secret), "{refused}");
    }
}

#[test]
fn an_address_is_not_repeated_where_it_may_hold_a_password() {
    for (address, words) in [
        (
            "mysql://mfa:hunter2@localhost/mfa",
            "--store: expected sqlite:PATH",
        ),
        ("hunter2", "--store: expected sqlite:PATH"),
        (
            "postgres://mfa:hunter2@127.0.0.1:1/mfa?password=hunter2",
            "--store",
        ),
    ] {
        for args in [
            &["store"][..],
            &["events", "tail"],
            &["status", "ana", "--keys", "env:PATH"],
        ] {
            let mut by_variable = countersign(args);
            by_variable.env("COUNTERSIGN_STORE", address);
            let by_variable = crate::Ran::of(by_variable.output().expect("it starts"));
            let by_option = run(&[args, &["--store", address]].concat());
            for ran in [by_variable, by_option] {
                assert!(ran.code == Some(1) || ran.code == Some(2), "{:?}", ran.code);
                assert!(!ran.err.contains("hunter2"), "{}", ran.err);
                assert!(ran.err.contains(words) || args.len() > 2, "{}", ran.err);
            }
        }
    }
    let help = countersign(&["status", "--help"])
        .env("COUNTERSIGN_STORE", "hunter2")
        .output();
    let help = crate::Ran::of(help.expect("it starts")).ended(0).out;
    assert!(
        help.contains("COUNTERSIGN_STORE") && !help.contains("hunter2"),
        "{help}"
    );
}

#[test]
fn a_key_that_was_typed_for_its_source_is_not_repeated() {
    let place = Place::with_users("refusals-typed-key", "1");
    let key = place.secrets().remove(0);
    let store = format!("sqlite:{}", place.path("mfa.db"));
    let refused = run(&["status", "ana", "--store", &store, "--keys", &key])
        .ended(2)
        .err;
    assert!(refused.contains("--keys: expected file:PATH"), "{refused}");
    assert!(!refused.contains(&key), "{refused}");
}

#[test]
fn a_file_that_is_not_there_is_made_by_those_alone_that_fill_it() {
    let place = Place::new("refusals-missing");
    for args in [
        &["report"][..],
        &["events", "tail"],
        &["store"],
        &["policy", "get", "*"],
        &[
            "reset",
            "ana",
            "--operator",
            "op",
            "--reason",
            "lost",
            "--identity-verified",
        ],
        &["backup", "--to", "backup.db"],
    ] {
        let refused = place.run(args).ended(2).err;
        assert!(
            refused.contains("expected a file that is there"),
            "{refused}"
        );
        assert!(!scratch("stores/refusals-missing/mfa.db").exists());
    }
    let made = place.run(&["seed-users", "1"]).ended(0).err;
    assert!(made.starts_with("a new store: sqlite:"), "{made}");
}

#[test]
fn realms_do_not_see_one_another_and_have_a_name() {
    let place = Place::with_users("refusals-realm", "2");
    let other = place.run(&["report", "--realm", "staging"]).ended(0).out;
    assert_eq!(other, "nobody has a record\n");
    // Whoever mistypes it must not believe to have revoked anything.
    let revoke = [
        "revoke-all",
        "devices",
        "--operator",
        "op",
        "--realm",
        "staging",
    ];
    let refused = place.run(&revoke).ended(4).err;
    assert!(
        refused.contains("nothing of the realm staging"),
        "{refused}"
    );
    let backup = place.path("backup.db");
    place.run(&["backup", "--to", &backup]).ended(0);
    let restored = format!("sqlite:{}", place.path("restored.db"));
    let restore = ["restore", "--from", &backup, "--realm", "staging"];
    place.run_on(&restored, &restore).ended(4);
    assert!(!scratch("stores/refusals-realm/restored.db").exists());
    let refused = place.run(&["report", "--realm", ""]).ended(2).err;
    assert!(refused.contains("1 to 128 bytes"), "{refused}");
}

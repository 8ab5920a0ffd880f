//! `countersign policy`, and the events of `countersign call`.

use std::fs;

use serde_json::{Value, json};

use crate::{file, run, run_with_input, scratch};

/// A script that enrolls `ana` in acme, which enforces MFA from 19 October 2026 on in Los Angeles.
fn script() -> String {
    include_str!("enroll.jsonl")
        .replace(
            r#""with": {"request""#,
            r#""with": {"user": "ana", "request""#,
        )
        .replace(
            r#""with": {"ticket""#,
            r#""with": {"user": "ana", "ticket""#,
        )
        .replace(
            r#""with": {"code-id""#,
            r#""with": {"user": "ana", "code-id""#,
        )
        .replace(r#""with": {}"#, r#""with": {"user": "ana"}"#)
}

fn profile(name: &str) -> Value {
    let out = run(&["policy", "profiles", "--json", name]).ended(0).out;
    serde_json::from_str(&out).expect("it prints JSON")
}

#[test]
fn the_profiles_stand_side_by_side() {
    let out = run(&["policy", "profiles"]).ended(0).out;
    for words in [
        "procore",
        "asvs-l2",
        "nist-aal2",
        "pci",
        "also-user-wide-ten*",
        "13 of them",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let line = out
        .lines()
        .find(|it| it.starts_with("sms.lifetime-minutes"));
    let cells: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
    assert_eq!(cells, ["sms.lifetime-minutes", "30", "10*", "10*", "10"]);
    let one = run(&["policy", "profiles", "pci"]).ended(0).out;
    assert!(one.contains("PCI DSS 8.3.4: at most 10 tries"), "{one}");
    let none = run(&["policy", "profiles", "sox"]).ended(2).err;
    assert!(none.contains("expected one of procore, asvs-l2"), "{none}");
}

#[test]
fn the_json_of_a_profile_can_be_put() {
    let args = json!({
        "company": "acme", "policy": profile("asvs-l2"), "actor": { "operator": "op" }, "enforce-now": false,
    });
    let ran = run_with_input(&["call", "policy.put", "-"], &args.to_string());
    assert_eq!(ran.ended(0).out, "{\n  \"ok\": 1\n}\n");
}

#[test]
fn a_policy_is_checked_field_by_field() {
    let lax = profile("procore");
    let path = file("lax.json", lax.to_string().as_bytes());
    let ran = run(&["policy", "check", "--profile", "nist-aal2", &path]).ended(4);
    for words in [
        "mode: has voluntary, wants enforced-from",
        "sms.lifetime-minutes: has 30, wants at most 10",
        "SP 800-63B-4, 3.1.3.2",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(
        ran.err.contains("laxer than nist-aal2 in 5 fields"),
        "{}",
        ran.err
    );
    let ran = run(&["policy", "check", "--profile", "procore", &path]).ended(0);
    assert_eq!(ran.out, "nothing laxer than procore\n");
}

#[test]
fn a_policy_that_cannot_be_read_or_put_is_refused_with_what_was_expected() {
    let mut policy = profile("pci");
    policy["device-days"] = json!("none");
    let path = file("misfit.json", policy.to_string().as_bytes());
    let check = ["policy", "check", "--profile", "pci"];
    let ran = run(&[&check[..], &[&path]].concat()).ended(2);
    let expected = format!("{path}: policy.device-days: expected a whole number");
    assert!(ran.err.contains(&expected), "{}", ran.err);
    policy["device-days"] = json!(91);
    let path = file("unbounded.json", policy.to_string().as_bytes());
    let ran = run(&[&check[..], &[&path]].concat()).ended(4);
    assert!(
        ran.err.contains("policy.device-days: expected"),
        "{}",
        ran.err
    );
}

#[test]
fn a_preview_says_what_becomes_of_whom_and_why() {
    let people = file(
        "people.csv",
        b"user,company,roles,active,provider\nana,acme,,,\nben,acme,,,\nben,beta,,false,\neva,acme,,,okta\n\
          \"\xe2\x80\xaemia\",acme,,,\n",
    );
    let script = file("before.jsonl", script().as_bytes());
    let mut policy = profile("pci");
    policy["mode"] = json!({ "enforced-from": { "at": 1_772_319_600, "zone": "Europe/Madrid" } });
    policy["trusted-providers"] = json!(["okta"]);
    let policy = file("supposed.json", policy.to_string().as_bytes());
    let args = [
        "policy",
        "preview",
        "--policy",
        &policy,
        "--company",
        "acme",
        "--at",
        "2026-03-01T00:00",
        "--zone",
        "Europe/Madrid",
        "--after",
        &script,
        &people,
    ];
    let ran = run(&args).ended(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(
        lines[0].starts_with("Sun 1 Mar 2026, 00:00 Europe/Madrid, supposing "),
        "{}",
        ran.out
    );
    let row = |user: &str| {
        let at = lines
            .iter()
            .position(|it| it.split_whitespace().next() == Some(user));
        let at = at.unwrap_or_else(|| panic!("no {user}: {}", ran.out));
        (
            lines[at].split_whitespace().collect::<Vec<_>>().join(" "),
            lines[at + 1].trim(),
        )
    };
    let (ana, why) = row("ana");
    assert_eq!(ana, "ana challenge 2026-03-01 00:00 totp");
    assert!(
        why.starts_with("Asked for a code, since a factor is enrolled: acme enforces"),
        "{why}"
    );
    let (ben, why) = row("ben");
    assert_eq!(ben, "ben enroll(required) 2026-03-01 00:00 totp");
    let expected = "Must enroll, having no factor while MFA is enforced, if a second channel vouches for the person, \
        else refused: acme enforces MFA since 2026-03-01 00:00 under the policy supposed; the membership in beta rests.";
    assert_eq!(why, expected);
    assert!(row("eva").0.starts_with("eva allow(exempt)"));
    assert!(row("\\u{202e}mia").0.contains("enroll(required)"));
    let summary = "1 allow(exempt), 1 challenge, 2 enroll(required)";
    assert_eq!(lines.last(), Some(&summary));

    let ran = run(&[&args[..], &["--json"]].concat()).ended(0);
    let json: Value = serde_json::from_str(&ran.out).expect("it prints JSON");
    assert_eq!(json["at"], json!(1_772_319_600));
    assert_eq!(json["rows"][1]["because"], expected);
    assert_eq!(json["summary"]["enroll(required)"], 2);
    // What turns the direction of writing is escaped here too, and still the same user.
    assert!(!ran.out.contains('\u{202e}'), "{}", ran.out);
    assert_eq!(json["rows"][3]["user"], "\u{202e}mia");
}

#[test]
fn a_preview_takes_seconds_or_a_local_time() {
    let people = file(
        "moment.json",
        br#"[{ "user": "ana", "memberships": [{ "company": "acme" }] }]"#,
    );
    let script = file("moment.jsonl", script().as_bytes());
    let at = |at: &str| {
        let args = ["--zone", "Europe/Madrid", "--after", &script, &people];
        run(&[&["policy", "preview", "--at", at], &args[..]].concat())
            .ended(0)
            .out
    };
    let out = at("1772319600");
    let expected = "Sun 1 Mar 2026, 00:00 Europe/Madrid\n";
    assert!(out.starts_with(expected), "{out}");
    assert_eq!(out, at("2026-03-01T00:00"));
}

#[test]
fn without_a_policy_the_stored_ones_count_and_who_has_none_has_an_error() {
    let people = file(
        "people.json",
        br#"[{ "user": "ana", "memberships": [{ "company": "acme" }] },
             { "user": "ben", "memberships": [{ "company": "beta" }] }]"#,
    );
    let script = file("stored.jsonl", script().as_bytes());
    let args = [
        "policy",
        "preview",
        "--at",
        "2026-10-18",
        "--after",
        &script,
        &people,
    ];
    let ran = run(&args).ended(4);
    assert!(
        ran.out
            .contains("acme enforces MFA only from 2026-10-19 07:00 on"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("1 challenge, 1 error"), "{}", ran.out);
    assert!(
        ran.err.contains("no answer for 1 of 2 people: "),
        "{}",
        ran.err
    );
    assert!(!ran.out.contains("--after"), "it is given: {}", ran.out);
    let bare = run(&["policy", "preview", "--at", "2026-10-18", &people]).ended(4);
    assert!(
        bare.out
            .contains("unless --company is '*' or the script of --after puts one"),
        "{}",
        bare.out
    );
}

#[test]
fn what_cannot_be_read_is_named_with_file_place_and_what_was_expected() {
    let people = file(
        "unread.json",
        br#"[{ "user": "ana", "memberships": [{ "company": 7 }] }]"#,
    );
    let table = file("unread.csv", b"user,company\nana\n");
    let policy = file("cut.json", b"{");
    for (args, expected) in [
        (
            vec![people.as_str()],
            format!("{people}: subjects[0].memberships[0].company: expected a string"),
        ),
        (
            vec![table.as_str()],
            format!("{table}: line 2: expected 2 fields, as in line 1"),
        ),
        (
            vec!["people.txt"],
            "people.txt: expected a name that ends in .json or .csv".to_owned(),
        ),
        (
            vec!["--policy", &policy, "--company", "acme", "people.csv"],
            "cannot read people.csv".to_owned(),
        ),
        (
            vec!["--zone", "Mars/Base", &people],
            "--zone Mars/Base: expected a name".to_owned(),
        ),
        (
            vec!["--policy", &policy, &people],
            "--company <NAME>".to_owned(),
        ),
    ] {
        let ran = run(&[
            &["policy", "preview", "--at", "2026-03-01T00:00"],
            &args[..],
        ]
        .concat())
        .ended(2);
        assert!(ran.err.contains(&expected), "{expected}: {}", ran.err);
    }
}

#[test]
fn the_events_of_a_script_are_appended_as_lines_also_when_it_ends_early() {
    let events = scratch("events.jsonl");
    let _ = fs::remove_file(&events);
    let events = events.to_str().expect("it is UTF-8");
    let script = script();
    let args = ["call", "--script", "-", "--events", events];
    run_with_input(&args, &script).ended(0);
    let (first, _) = script
        .split_once("{\"call\": \"sign-in.begin\"")
        .expect("it has more lines");
    let early = format!("{first}{{\"call\": \"policy.get\", \"with\": {{\"company\": \"\"}}}}\n");
    run_with_input(&args, &early).ended(4);
    let text = fs::read_to_string(events).expect("it is there");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let names: Vec<&str> = lines.iter().filter_map(|it| it["event"].as_str()).collect();
    let puts = names.iter().filter(|it| **it == "policy-changed").count();
    assert_eq!(puts, 2, "{names:?}");
    assert!(names.contains(&"enrollment-confirmed"), "{names:?}");
    let confirmed = lines
        .iter()
        .find(|it| it["event"] == "enrollment-confirmed");
    assert_eq!(confirmed.map(|it| &it["notify"]), Some(&json!(true)));
}

#[test]
fn every_subcommand_documents_its_exit_codes() {
    for command in ["profiles", "check", "preview"] {
        let help = run(&["policy", command, "--help"]).ended(0).out;
        assert!(help.contains("Exit codes:"), "{help}");
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{command}: {widest:?}: {help}");
    }
}

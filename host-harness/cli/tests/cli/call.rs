//! `countersign call`.

use std::fs;

use serde_json::{Deserializer, Value, json};

use crate::{Ran, countersign, file, run, run_with_input, scratch};

fn answers(out: &str) -> Vec<Value> {
    let stream = Deserializer::from_str(out).into_iter();
    stream.collect::<Result<_, _>>().expect("it prints JSON")
}

#[test]
fn the_list_has_every_function_with_its_parameters() {
    let out = run(&["call", "--list"]).ended(0).out;
    for words in [
        "sign-in.begin\n    user: string\n    request: record {",
        "expected: option<u64>  may be left out",
        "administration.erase",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let widest = out.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{widest:?}");
}

#[test]
fn the_list_can_be_json_and_of_one_function() {
    let out = run(&["call", "recovery.acknowledge", "--list", "--json"])
        .ended(0)
        .out;
    let list: Value = serde_json::from_str(&out).expect("it prints JSON");
    assert_eq!(list[0]["name"], "recovery.acknowledge");
    assert_eq!(list[0]["parameters"][1]["type"], "string");
    assert_eq!(list.as_array().map(Vec::len), Some(1));
}

#[test]
fn an_answer_is_printed_as_json() {
    let ran = run(&["call", "administration.status", "--user", "ana"]).ended(0);
    let answer = &answers(&ran.out)[0]["ok"];
    assert_eq!(answer["known"], json!(false));
    assert_eq!(answer["factors"], json!([]));
}

#[test]
fn arguments_come_from_the_line_from_a_file_or_from_the_input() {
    let args = r#"{"company": "acme"}"#;
    let path = format!("@{}", file("arguments.json", args.as_bytes()));
    let expected = "{\n  \"ok\": null\n}\n";
    assert_eq!(run(&["call", "policy.get", args]).ended(0).out, expected);
    assert_eq!(run(&["call", "policy.get", &path]).ended(0).out, expected);
    let ran = run_with_input(&["call", "policy.get", "-"], args);
    assert_eq!(ran.ended(0).out, expected);
}

#[test]
fn an_err_of_the_contract_is_an_answer_with_exit_code_4() {
    let ran = run(&["call", "policy.get", r#"{"company": ""}"#]).ended(4);
    let answer = &answers(&ran.out)[0];
    assert_eq!(answer["err"]["invalid-input"]["field"], "company");
}

#[test]
fn arguments_that_do_not_fit_are_named_with_what_was_expected() {
    let label = r#"{"ticket": "t", "label": {"issuer": "Acme", "account-name": 7}}"#;
    let ran = run(&["call", "enrollment.begin-totp", label, "--user", "ana"]).ended(2);
    let expected = "label.account-name: expected string";
    assert!(ran.err.contains(expected), "{}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn a_parameter_that_is_missing_is_named() {
    let ran = run(&["call", "policy.get"]).ended(2);
    assert!(ran.err.contains("company: expected"), "{}", ran.err);
}

#[test]
fn an_unknown_function_is_refused_with_the_way_to_find_one() {
    let ran = run(&["call", "sign-in.begone"]).ended(2);
    assert!(ran.err.contains("call --list"), "{}", ran.err);
}

#[test]
fn an_error_shows_what_it_repeats_as_it_is_on_one_line() {
    let ran = run(&["call", "sign-in.\u{202e}\n\u{1b}[2J"]).ended(2);
    let expected = r"countersign: sign-in.\u{202e}\n\u{1b}[2J: expected a function";
    assert!(ran.err.starts_with(expected), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1);
}

#[test]
fn the_time_of_a_call_is_a_number_of_seconds_or_a_local_time() {
    let put = r#"{"company": "acme", "actor": {"operator": "op"}, "enforce-now": false, "policy": POLICY}"#;
    let policy = run(&["policy", "profiles", "--json", "pci"]).ended(0).out;
    let enforced = r#"{"enforced-from": {"at": 1792393200, "zone": "America/Los_Angeles"}}"#;
    let policy = policy.replace("\"voluntary\"", enforced);
    let args = put.replace("POLICY", &policy);
    for (at, zone, code) in [
        ("1792393199", "UTC", 0),
        ("1792393200", "UTC", 4),
        ("2026-10-18T23:59:59", "America/Los_Angeles", 0),
        ("2026-10-19", "America/Los_Angeles", 4),
        ("2026-10-19", "Europe/Madrid", 0),
    ] {
        let ran = run(&["call", "policy.put", &args, "--at", at, "--zone", zone]).ended(code);
        let late = ran.out.contains("deadline-not-in-future");
        assert_eq!(late, code == 4, "{at}: {}", ran.out);
    }
    let ran = run(&["call", "policy.put", &args, "--at", "tomorrow"]).ended(2);
    let expected = "--at tomorrow: expected seconds since 1970, or a local time";
    assert!(ran.err.contains(expected), "{}", ran.err);
}

#[test]
fn input_that_is_too_long_is_refused_and_never_cut_short() {
    let path = scratch("call-large.json");
    let large = fs::File::create(&path).expect("it can be made");
    large.set_len((128 << 20) + 1).expect("it can be sparse");
    let input = fs::File::open(&path).expect("it is there");
    let of_input = countersign(&["call", "policy.get", "-"])
        .stdin(input)
        .output();
    let of_file = run(&["call", "policy.get", &format!("@{}", path.display())]);
    for ran in [Ran::of(of_input.expect("it starts")), of_file] {
        let ran = ran.ended(2);
        assert!(ran.err.contains("at most 134217728 bytes"), "{}", ran.err);
    }
    fs::remove_file(path).expect("it can be removed");
}

#[test]
fn json_that_is_none_is_refused_where_it_ends() {
    let ran = run(&["call", "policy.get", r#"{"company": "#]).ended(2);
    assert!(ran.err.contains("expected JSON"), "{}", ran.err);
    assert!(ran.err.contains("line 1 column"), "{}", ran.err);
}

#[test]
fn a_script_goes_from_a_policy_to_a_session() {
    let script = include_str!("enroll.jsonl");
    let args = ["call", "--script", "-", "--user", "ana"];
    let ran = run_with_input(&args, script).ended(0);
    let answers = answers(&ran.out);
    let [put, .., again, _, verified, status] = answers.as_slice() else {
        panic!("{}", ran.out);
    };
    assert_eq!(put, &json!({ "ok": 1 }));
    assert_eq!(again, &json!({ "err": { "ticket": "spent" } }));
    let amr = &verified["ok"]["accepted"]["done"]["amr"];
    assert_eq!(amr, &json!(["otp", "mfa"]));
    assert_eq!(status["ok"]["recovery"]["acknowledged"], json!(true));
    assert_eq!(
        status["ok"]["factors"][0]["confirmed-at"],
        json!(1_791_216_000)
    );
}

#[test]
fn a_script_ends_at_the_first_err_that_it_does_not_expect() {
    let script = "# one\n{\"call\": \"policy.get\", \"with\": {\"company\": \"\"}}\n\
        {\"call\": \"meta.describe\"}";
    let ran = run_with_input(&["call", "--script", "-"], script).ended(4);
    assert!(
        ran.err.contains("line 2: policy.get answered err"),
        "{}",
        ran.err
    );
    assert_eq!(answers(&ran.out).len(), 1);
}

#[test]
fn a_script_that_expects_an_err_ends_where_none_comes() {
    let script = r#"{"call": "policy.get", "with": {"company": "acme"}, "expect": "err"}"#;
    let ran = run_with_input(&["call", "--script", "-"], script).ended(4);
    assert!(ran.err.contains("answered ok, expected err"), "{}", ran.err);
}

#[test]
fn a_script_names_the_line_whose_arguments_do_not_fit() {
    let script = "{\"call\": \"meta.describe\"}\n{\"call\": \"policy.get\", \"with\": {\"company\": \"$it\"}}";
    let path = file("unsaved.jsonl", script.as_bytes());
    let ran = run(&["call", "--script", &path]).ended(2);
    let expected = "line 2: nothing was saved as `it`";
    assert!(ran.err.contains(expected), "{}", ran.err);
}

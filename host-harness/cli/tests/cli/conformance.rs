//! `countersign conformance`.

use std::fs;

use countersign_conformance::HostilePlugin;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::Value;

use crate::{Ran, file, run, scratch};

/// Runs the command on a plugin, with these arguments.
fn conformance(plugin: &str, args: &[&str]) -> Ran {
    run(&[&["conformance", plugin], args].concat())
}

/// Our component with other texts in it, of the same length: what it does is the same but for these.
fn changed(name: &str, texts: &[(&str, &str)]) -> String {
    let mut bytes = countersign_component::WASM.to_vec();
    for (text, other) in texts {
        assert_eq!(text.len(), other.len(), "{other}");
        let length = text.len();
        let found = bytes.windows(length).position(|it| it == text.as_bytes());
        let place = found.unwrap_or_else(|| panic!("{text} is not in it"));
        bytes[place..place + length].copy_from_slice(other.as_bytes());
    }
    file(name, &bytes)
}

/// A plugin whose key URIs say that codes have seven digits.
fn wrong(name: &str) -> String {
    changed(name, &[("&digits=6", "&digits=7")])
}

fn expected(name: &str, id: &str) -> String {
    let text = format!("[[expected]]\nid = \"{id}\"\nwhy = \"seven digits come first\"\n");
    file(name, text.as_bytes())
}

fn path(name: &str) -> String {
    scratch(name).to_str().expect("it is UTF-8").to_owned()
}

fn read(name: &str) -> String {
    fs::read_to_string(scratch(name)).expect("it was written")
}

/// The case that such a plugin fails.
const ADDRESS: &str = "the-address-follows-the-key-uri-format";

#[test]
fn our_component_conforms_at_the_extended_level() {
    let (junit, html, json) = (path("ours.xml"), path("ours.html"), path("ours.json"));
    let args = [
        "conformance",
        "--junit",
        &junit,
        "--html",
        &html,
        "--json",
        &json,
    ];
    let out = run(&args).ended(0).out;
    assert!(out.contains("conforms at the level extended"), "{out}");
    // What is about plugins of the core alone is told apart, and is no duty that was tried.
    assert!(out.contains("not applicable  "), "{out}");
    assert!(
        out.contains("110 duties of the contract held, of 110"),
        "{out}"
    );
    let report: Value = serde_json::from_str(&read("ours.json")).expect("it is JSON");
    assert_eq!(report["conforms"], true);
    assert_eq!(report["plugin"]["description"]["name"], "countersign 0.1.0");
    assert_eq!(report["plugin"]["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(report["tool"]["version"], env!("CARGO_PKG_VERSION"));
    let count = &report["count"];
    assert!(count["passed"].as_u64() > Some(300), "{count}");
    for none in ["failed", "skipped", "beyond", "expected-failures"] {
        assert_eq!(count[none], 0, "{count}");
    }
    let suites = suites(&read("ours.xml"));
    let passed: u64 = suites.iter().map(|it| it.tests).sum();
    // And what it says of itself, and the verdict.
    assert_eq!(Some(passed), count["passed"].as_u64().map(|it| it + 2));
    let page = read("ours.html");
    assert!(page.contains("conforms at the level extended"));
    for beyond in ["<script", "http://", "https://", "src="] {
        assert!(!page.contains(beyond), "{beyond}");
    }
}

#[test]
fn a_wrong_plugin_is_told_which_clause_it_breaks_where_and_how() {
    let plugin = wrong("wrong.wasm");
    let ran = conformance(&plugin, &["--filter", "ENROLL-4"]).ended(4);
    for words in [
        "ENROLL-4  the address MUST follow the key URI format",
        "step      3",
        "enrollment.begin-totp",
        "expected \"otpauth://totp/",
        "digits=7",
        "ENROLL-4  1 of 2 cases failed",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(ran.err.contains("1 case failed"), "{}", ran.err);
}

#[test]
fn an_expected_failure_ends_well_and_is_told_apart() {
    let plugin = wrong("known.wasm");
    let list = expected("known.toml", ADDRESS);
    let junit = path("known.xml");
    let args = ["--filter", "ENROLL-4", "--expect", &list, "--junit", &junit];
    let out = conformance(&plugin, &args).ended(0).out;
    assert!(out.contains("expected failure  enrollment/"), "{out}");
    assert!(out.contains("expected: seven digits come first"), "{out}");
    let suites = suites(&read("known.xml"));
    assert_eq!(suites.iter().map(|it| it.skipped).sum::<u64>(), 1);
}

#[test]
fn an_unexpected_pass_fails_the_run() {
    let list = expected("passes.toml", ADDRESS);
    let ran = run(&["conformance", "--filter", ADDRESS, "--expect", &list]).ended(4);
    assert!(ran.out.contains("unexpected pass"), "{}", ran.out);
    assert!(
        ran.err.contains("1 case passed unexpectedly"),
        "{}",
        ran.err
    );
}

#[test]
fn ids_of_no_case_are_refused_with_those_near_them() {
    let list = expected("unknown.toml", "totp-replay-speling");
    for args in [
        &["conformance", "--expect", &list][..],
        &["conformance", "--explain", "totp-replay-speling"],
        &["conformance", "--filter", "totp-replay-speling"],
    ] {
        let ran = run(args).ended(2);
        assert!(ran.err.contains("totp-replay-spelling"), "{}", ran.err);
    }
}

#[test]
fn a_case_is_explained_whether_it_passes_or_not() {
    let out = run(&["conformance", "--explain", "totp-replay-spelling"])
        .ended(0)
        .out;
    for words in [
        "verify/totp-replay-spelling",
        "VERIFY-3 plugin, wit/verification.wit",
        "MUST never be accepted again",
        "call      verification.verify",
        "expected  {\"ok\":{\"rejected\":{\"reason\":\"wrong\"}}}",
        "waited \"30s\"",
        "events    enrollment-confirmed!, recovery-issued!",
        "set 1 of 5  {\"mask\":\"###### \"}  passed",
        "set 5 of 5  ",
        "passed",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    assert!(!out.contains("here it first differed"), "{out}");
    let out = conformance(&wrong("explained.wasm"), &["--explain", ADDRESS])
        .ended(4)
        .out;
    assert!(out.contains("here it first differed"), "{out}");
    assert!(out.contains("failed at step 3"), "{out}");
}

#[test]
fn no_report_takes_the_place_of_what_is_read_or_of_another() {
    let plugin = wrong("kept.wasm");
    let list = expected("kept.toml", ADDRESS);
    let report = path("kept.xml");
    for args in [
        &["--junit", &plugin][..],
        &["--expect", &list, "--json", &list],
        &["--junit", &report, "--html", &report],
        &["--junit", "-", "--json", "-"],
    ] {
        let ran = conformance(&plugin, args).ended(2);
        assert!(ran.err.contains("expected"), "{}", ran.err);
    }
    assert!(read("kept.toml").contains(ADDRESS));
    assert!(fs::metadata(&plugin).expect("it is there").len() > 100_000);
}

#[test]
fn a_refused_plugin_leaves_no_report_of_an_earlier_run() {
    let plugin = file("no-report.wasm", b"It was a dark and stormy night.");
    let report = file("no-report.xml", b"<testsuites/>");
    conformance(&plugin, &["--junit", &report]).ended(3);
    assert!(!scratch("no-report.xml").exists());
}

#[test]
fn one_report_may_be_printed_in_place_of_the_tables() {
    for (form, word) in [("--junit", "<testsuites "), ("--html", "<!doctype html>")] {
        let out = run(&["conformance", "--filter", ADDRESS, form, "-"])
            .ended(0)
            .out;
        let out = out.to_lowercase();
        assert!(
            out.contains(word) && !out.contains("expected failures  "),
            "{out}"
        );
    }
    let ran = run(&["conformance", "--list", "--json", &path("list.json")]).ended(2);
    assert!(ran.err.contains("--list --json"), "{}", ran.err);
}

#[test]
fn a_part_of_the_cases_passes_and_says_nothing_of_the_whole() {
    let args = [
        "conformance",
        "--filter",
        "verify/right-code-once",
        "--json",
        "-",
    ];
    let report: Value = serde_json::from_str(&run(&args).ended(0).out).expect("it is JSON");
    assert_eq!(report["count"]["passed"], 1);
    assert_eq!([&report["passes"], &report["conforms"]], [true, false]);
    let filters = [
        "--filter",
        "sms",
        "--level",
        "core",
        "--junit",
        &path("nothing.xml"),
    ];
    let ran = run(&[&["conformance"][..], &filters].concat()).ended(4);
    assert!(ran.err.contains("shows nothing"), "{}", ran.err);
    // No case failed, and the verdict does.
    let suites = suites(&read("nothing.xml"));
    assert_eq!(suites.iter().map(|it| it.failures).sum::<u64>(), 1);
}

#[test]
fn a_text_that_selects_nothing_is_refused_beside_one_that_does() {
    for text in ["right-code-onse", ""] {
        let args = [
            "conformance",
            "--filter",
            "right-code-once",
            "--filter",
            text,
        ];
        run(&args).ended(2);
        let args = [
            "conformance-host",
            "--list",
            "--filter",
            "KEY-1",
            "--filter",
            text,
        ];
        run(&args).ended(2);
    }
    let ran = run(&["conformance", "--explain", "VERIFY-3"]).ended(2);
    assert!(ran.err.contains("--list --filter VERIFY-3"), "{}", ran.err);
}

#[test]
fn another_seed_is_another_world_in_which_the_same_holds() {
    let explain = |seed: &str| {
        let args = [
            "conformance",
            "--explain",
            "right-code-once",
            "--seed",
            seed,
        ];
        run(&args).ended(0).out
    };
    let (one, other) = (explain("1"), explain("77"));
    assert_ne!(one, other);
    assert_eq!(explain("77"), other);
    let out = run(&["conformance", "--seed", "77"]).ended(0).out;
    assert!(out.contains("seed      77"), "{out}");
}

#[test]
fn cases_that_fail_alike_are_told_together() {
    let plugins = HostilePlugin::all().expect("they can be read");
    let trap = plugins
        .iter()
        .find(|it| it.id == "trap")
        .expect("it is there");
    let plugin = file("alike.wasm", &trap.component().expect("it can be made"));
    let ran = conformance(&plugin, &["--filter", "verify", "--level", "core"]).ended(4);
    assert!(
        ran.out.contains("failed  verify/right-code-once"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("alike     "), "{}", ran.out);
    let heads = ran.out.lines().filter(|it| it.starts_with("failed  "));
    assert_eq!(heads.count(), 1, "{}", ran.out);
}

#[test]
fn what_was_expected_to_fail_and_was_not_run_is_told() {
    let list = expected("idle.toml", "phone-enrolls-and-signs-in");
    let json = path("idle.json");
    let args = [
        "conformance",
        "--level",
        "core",
        "--expect",
        &list,
        "--json",
        &json,
    ];
    let filters = ["--filter", "right-code-once", "--filter", "phone-enrolls"];
    let out = run(&[&args[..], &filters].concat()).ended(0).out;
    let told = "not run  phone-enrolls-and-signs-in, which was expected to fail";
    assert!(out.contains(told), "{out}");
    let report: Value = serde_json::from_str(&read("idle.json")).expect("it is JSON");
    assert_eq!(
        report["expected-and-not-run"][0],
        "phone-enrolls-and-signs-in"
    );
}

#[test]
fn a_level_may_be_asked_for_and_what_is_beyond_it_is_skipped() {
    let args = [
        "--level",
        "core",
        "--filter",
        "sms",
        "--filter",
        "right-code-once",
    ];
    let out = run(&[&["conformance"][..], &args].concat()).ended(0).out;
    assert!(
        out.contains("passes what was selected of the level core"),
        "{out}"
    );
    assert!(out.contains("beyond the level"), "{out}");
}

#[test]
fn what_inspect_refuses_is_refused() {
    let path = file("no-plugin.wasm", b"It was a dark and stormy night.");
    let ran = conformance(&path, &[]).ended(3);
    assert!(ran.err.contains("not WebAssembly at all"), "{}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn cases_are_listed_for_people_and_programs() {
    let out = run(&["conformance", "--list", "--filter", "verify"])
        .ended(0)
        .out;
    assert!(out.contains("totp-replay-spelling"), "{out}");
    assert!(!out.contains("the-status-of-anybody"), "{out}");
    let out = run(&["conformance", "--list", "--json", "-"]).ended(0).out;
    let cases: Vec<Value> = serde_json::from_str(&out).expect("it is JSON");
    let case = cases.iter().find(|it| it["id"] == "right-code-once");
    let case = case.expect("it is listed");
    assert_eq!(case["level"], "core");
    assert_eq!(case["covers"][0], "VERIFY-3");
}

#[test]
fn what_a_plugin_says_is_escaped_in_every_report() {
    // Its name, of 17 bytes.
    let plugin = changed(
        "markup.wasm",
        &[("countersign 0.1.0", "<i id=x>\"&'\u{1b}[2J!!")],
    );
    let (junit, html) = (path("markup.xml"), path("markup.html"));
    let args = [
        "--filter",
        "right-code-once",
        "--junit",
        &junit,
        "--html",
        &html,
    ];
    let out = conformance(&plugin, &args).ended(0).out;
    assert!(out.contains(r#"<i id=x>"&'\u{1b}[2J!!"#), "{out}");
    let page = read("markup.html");
    assert!(
        !page.contains("<i id") && !page.contains('\u{1b}'),
        "{page}"
    );
    assert!(page.contains("&#60;i id=x&#62;"), "{page}");
    let suites = suites(&read("markup.xml"));
    assert_eq!(
        suites[0].plugin.as_deref(),
        Some(r#"<i id=x>"&'\u{1b}[2J!!"#)
    );
}

/// What a build server reads of a suite.
#[derive(Debug, Default)]
struct TestSuite {
    tests: u64,
    failures: u64,
    skipped: u64,
    plugin: Option<String>,
}

/// Reads JUnit XML, and holds each suite's counts to what stands in it, and those of the whole to the suites.
fn suites(xml: &str) -> Vec<TestSuite> {
    let mut reader = Reader::from_str(xml);
    let mut suites: Vec<TestSuite> = Vec::new();
    let mut counted = TestSuite::default();
    let mut whole = TestSuite::default();
    loop {
        match reader.read_event().expect("it is XML") {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                "testsuites" => {
                    whole.tests = number(&tag, "tests");
                    whole.failures = number(&tag, "failures");
                }
                "testsuite" => {
                    counted = TestSuite::default();
                    suites.push(TestSuite {
                        tests: number(&tag, "tests"),
                        failures: number(&tag, "failures"),
                        skipped: number(&tag, "skipped"),
                        plugin: None,
                    });
                }
                "testcase" => {
                    assert!(text(&tag, "classname").starts_with("countersign."));
                    assert!(text(&tag, "time").parse::<f64>().is_ok());
                    counted.tests += 1;
                }
                "failure" => counted.failures += 1,
                "skipped" => counted.skipped += 1,
                "property" if text(&tag, "name") == "plugin" => {
                    suites.last_mut().expect("it is in one").plugin = Some(text(&tag, "value"));
                }
                _ => {}
            },
            Event::End(tag) if tag.name().as_ref() == "testsuite" => {
                let suite = suites.last().expect("it began");
                assert_eq!(
                    (suite.tests, suite.failures, suite.skipped),
                    (counted.tests, counted.failures, counted.skipped)
                );
            }
            _ => {}
        }
    }
    assert_eq!(whole.tests, suites.iter().map(|it| it.tests).sum::<u64>());
    assert_eq!(
        whole.failures,
        suites.iter().map(|it| it.failures).sum::<u64>()
    );
    suites
}

fn number(tag: &BytesStart<'_>, name: &str) -> u64 {
    text(tag, name).parse().expect("it is a number")
}

fn text(tag: &BytesStart<'_>, name: &str) -> String {
    let attribute = tag.try_get_attribute(name).expect("it is XML");
    let attribute = attribute.unwrap_or_else(|| panic!("no {name}"));
    let value = attribute.normalized_value(XmlVersion::Explicit1_0);
    value.expect("it is text").into_owned()
}

//! `countersign conformance-host`.

use serde_json::{Value, json};

use crate::{run, scratch};

#[test]
fn our_own_host_conforms() {
    let out = run(&["conformance-host", "--json"]).ended(0).out;
    let report: Value = serde_json::from_str(&out).expect("it prints JSON");
    let cases = report["cases"].as_array().expect("cases");
    assert!(cases.len() > 70, "{}", cases.len());
    assert!(cases.iter().all(|it| it["outcome"] == "passed"), "{out}");
    assert_eq!(report["conforms"], true);
}

#[test]
fn a_part_of_the_cases_says_nothing_of_the_whole() {
    let ran = run(&["conformance-host", "--filter", "KEY-1"]).ended(0);
    assert!(ran.out.contains("passes what was selected"), "{}", ran.out);
    assert!(!ran.out.contains("conforms"), "{}", ran.out);
    let ran = run(&["conformance-host", "--filter", "KEY-1", "--json"]).ended(0);
    let report: Value = serde_json::from_str(&ran.out).expect("it prints JSON");
    assert_eq!([&report["passes"], &report["conforms"]], [true, false]);
}

#[test]
fn a_filter_takes_a_part_of_an_id_or_a_duty() {
    let list = |filter: &str| {
        let out = run(&["conformance-host", "--list", "--json", "--filter", filter]);
        let list: Value = serde_json::from_str(&out.ended(0).out).expect("it prints JSON");
        let cases = list.as_array().expect("cases").clone();
        cases.into_iter().map(|it| it["id"].clone()).collect()
    };
    let versions: Vec<Value> = list("store-4");
    assert_eq!(
        json!(versions),
        json!([
            "store-versions-never-repeat",
            "store-versions-never-repeat-collected",
            "store-versions-never-repeat-restarted"
        ])
    );
    assert_eq!(list("never-repeat"), versions);
    run(&["conformance-host", "--list", "--filter", "no-such-thing"]).ended(2);
}

#[test]
fn a_case_is_told_with_its_scripts_and_answers() {
    let ran = run(&["conformance-host", "--explain", "key-contexts-differ"]).ended(0);
    for words in ["administration.reset", "random-hedge", "KEY-1", "passed"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    run(&["conformance-host", "--explain", "no-such-case"]).ended(2);
}

#[test]
fn the_probe_is_written_and_a_host_would_load_it() {
    let path = scratch("probe.wasm");
    let path = path.to_str().expect("it is UTF-8");
    run(&["conformance-host", "--write-probe", path]).ended(0);
    let out = run(&["inspect", path, "--json"]).ended(0).out;
    let report: Value = serde_json::from_str(&out).expect("it prints JSON");
    assert_eq!(report["verdict"], "loads");
    assert_eq!(report["description"]["levels"], json!([]));
}

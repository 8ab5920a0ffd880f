//! `countersign inspect`.

use serde_json::{Value, json};

use crate::{file, run};

fn inspect_json(path: &str, code: i32) -> Value {
    let out = run(&["inspect", path, "--json"]).ended(code).out;
    serde_json::from_str(&out).expect("it prints JSON")
}

#[test]
fn our_component_imports_exactly_the_contract() {
    let out = run(&["inspect", "--json"]).ended(0).out;
    let report: Value = serde_json::from_str(&out).expect("it prints JSON");
    assert_eq!(
        report["imports"],
        json!([
            "countersign:mfa/types@0.1.0",
            "countersign:mfa/store@0.1.0",
            "countersign:mfa/keyring@0.1.0",
            "countersign:mfa/sms@0.1.0",
            "wasi:clocks/wall-clock@0.2.0",
            "wasi:random/random@0.2.0",
        ])
    );
    assert_eq!(report["verdict"], "loads");
    assert_eq!(report["contract"], "0.1.0");
    assert_eq!(report["size"], json!(countersign_component::WASM.len()));
    assert_eq!(report["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(report["description"]["contract"], "0.1.0");
    assert_eq!(report["description"]["levels"], json!(["core", "extended"]));
}

#[test]
fn garbage_is_refused_as_no_webassembly() {
    let path = file("garbage.wasm", b"It was a dark and stormy night.");
    let ran = run(&["inspect", &path]).ended(3);
    assert!(ran.out.contains("refused"), "{}", ran.out);
    assert!(ran.out.contains("not WebAssembly"), "{}", ran.out);
}

#[test]
fn a_refusal_is_one_line_whatever_the_parser_says() {
    let path = file("zeros.wasm", &[0; 64]);
    let ran = run(&["call", "meta.describe", "--plugin", &path]).ended(3);
    let expected = format!("{path}: not a component, and not WebAssembly at all\n");
    assert!(ran.err.ends_with(&expected), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
}

#[test]
fn a_file_that_is_too_large_is_refused_for_that() {
    let path = file("large.wasm", &vec![0; (4 << 20) + 1]);
    for args in [
        &["inspect", &path][..],
        &["call", "meta.describe", "--plugin", &path],
    ] {
        let ran = run(args).ended(3);
        assert!(ran.err.contains("at most 4194304 bytes"), "{}", ran.err);
    }
}

#[test]
fn an_empty_file_is_refused() {
    let report = inspect_json(&file("empty.wasm", b""), 3);
    assert!(report["verdict"]["refused"].is_string(), "{report}");
    assert_eq!(report["size"], 0);
}

#[test]
fn half_a_component_is_refused() {
    let whole = countersign_component::WASM;
    let half = whole.get(..whole.len() / 2).expect("it has halves");
    let report = inspect_json(&file("half.wasm", half), 3);
    let why = report["verdict"]["refused"].as_str().expect("it says why");
    assert!(why.starts_with("not a component: "), "{why}");
}

#[test]
fn a_core_module_is_told_how_to_become_a_component() {
    let module = wat::parse_str("(module)").expect("it is a module");
    let ran = run(&["inspect", &file("module.wasm", &module)]).ended(3);
    assert!(ran.out.contains("wasm-tools component new"), "{}", ran.out);
}

#[test]
fn imports_beyond_the_contract_are_named() {
    let path = file("greedy.wasm", &greedy());
    let report = inspect_json(&path, 3);
    assert_eq!(
        report["unexpected"],
        json!([
            "wasi:filesystem/preopens@0.2.0",
            "wasi:random/random@0.2.0#get-insecure-random-u64",
        ])
    );
    let ran = run(&["inspect", &path]).ended(3);
    for words in [
        "wasi:filesystem/preopens@0.2.0  not in the contract",
        "not in the contract: #get-insecure-random-u64",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}

#[test]
fn what_inspect_refuses_call_refuses_too() {
    let path = file("greedy-call.wasm", &greedy());
    let ran = run(&["call", "meta.describe", "--plugin", &path]).ended(3);
    assert!(ran.err.contains("wasi:filesystem/preopens"), "{}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let ran = run(&["inspect", "no-such.wasm"]).ended(1);
    assert!(
        ran.err.contains("cannot read no-such.wasm: "),
        "{}",
        ran.err
    );
}

#[test]
fn a_directory_is_no_plugin() {
    let directory = env!("CARGO_TARGET_TMPDIR");
    let ran = run(&["inspect", directory]).ended(1);
    assert!(ran.err.contains("cannot read "), "{}", ran.err);
}

/// A component that wants files, and more of an interface of the contract than the contract has.
fn greedy() -> Vec<u8> {
    let component = r#"(component
        (import "wasi:filesystem/preopens@0.2.0" (instance
            (export "get-directories" (func (result u32)))))
        (import "wasi:random/random@0.2.0" (instance
            (export "get-random-u64" (func (result u64)))
            (export "get-insecure-random-u64" (func (result u64))))))"#;
    wat::parse_str(component).expect("it is a component")
}

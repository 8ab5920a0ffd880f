//! A plugin that goes into a registry and comes out of it.

use libtest_mimic::Trial;
use serde_json::Value;

use crate::desk::{Desk, Ran};
use crate::registry::Registry;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "what_is_pulled_is_what_was_pushed_byte_for_byte",
            byte_for_byte,
        ),
        trial(
            "a_signature_goes_along_and_comes_back",
            a_signature_goes_along,
        ),
        trial(
            "a_tag_that_has_moved_is_found_out_by_the_digest",
            a_tag_that_has_moved,
        ),
        trial("the_same_release_has_the_same_digest", the_same_release),
        trial(
            "files_that_are_there_are_replaced_only_by_force",
            only_by_force,
        ),
    ]
}

/// Pushes a file under a tag. Returns what was told.
fn push(registry: &Registry, desk: &Desk, file: &str, tag: &str) -> Value {
    let args = ["push", file, &registry.name(tag), "--plain-http", "--json"];
    desk.run(&args).ended(0).json()
}

fn pull(desk: &Desk, name: &str, more: &[&str]) -> Ran {
    let args = ["pull", name, "--plain-http", "-o", "pulled.wasm"];
    desk.run(&[&args[..], more].concat())
}

fn byte_for_byte(registry: &Registry, desk: &Desk) {
    let pushed = push(registry, desk, "plugin.wasm", "1.2.0");
    let pulled = pull(desk, &registry.name("1.2.0"), &["--json"])
        .ended(0)
        .json();
    assert_eq!(desk.read("pulled.wasm"), countersign_component::WASM);
    assert_eq!(desk.files(), ["plugin.wasm", "pulled.wasm"]);
    for key in ["digest", "sha256"] {
        assert_eq!(pulled[key], pushed[key], "{key}");
    }
    assert_eq!(pulled["is-signed"], false);
    let inspected = desk.run(&["inspect", "pulled.wasm", "--json"]).ended(0);
    assert_eq!(inspected.json()["sha256"], pushed["sha256"]);

    let digest = pushed["digest"].as_str().expect("it has one");
    pull(desk, &registry.name_by(digest), &["--force"]).ended(0);
    assert_eq!(desk.read("pulled.wasm"), countersign_component::WASM);
    // Of what is not there, nothing is left.
    let wrong = format!("sha256:{}", "ab".repeat(32));
    let by_digest = registry.name_by(&wrong);
    let words = "look at the name, and at the tag or digest";
    pull(desk, &by_digest, &["--force"]).failed(1, words);
    pull(desk, &registry.name("1.2.1"), &["--force"]).failed(1, words);
    assert_eq!(desk.files(), ["plugin.wasm", "pulled.wasm"]);
}

fn a_signature_goes_along(registry: &Registry, desk: &Desk) {
    desk.run(&["sign", "--new-key", "release"]).ended(0);
    desk.run(&["sign", "--new-key", "other"]).ended(0);
    desk.run(&["sign", "plugin.wasm", "--key", "release.private.pem"])
        .ended(0);
    let pushed = push(registry, desk, "plugin.wasm", "1.2.0");
    assert_eq!(pushed["is-signed"], true);
    let files = desk.files();
    let name = registry.name("1.2.0");
    pull(desk, &name, &["--signed-by", "other.public.pem"]).failed(3, "by a key that is trusted");
    assert_eq!(desk.files(), files);
    pull(desk, &name, &["--signed-by", "release.public.pem"]).ended(0);
    assert_eq!(desk.read("pulled.wasm.sig"), desk.read("plugin.wasm.sig"));
    desk.run(&[
        "inspect",
        "pulled.wasm",
        "--signed-by",
        "release.public.pem",
    ])
    .ended(0);

    desk.other_release();
    push(registry, desk, "other.wasm", "1.3.0");
    let unsigned = registry.name("1.3.0");
    let by_release = ["--force", "--signed-by", "release.public.pem"];
    pull(desk, &unsigned, &by_release).failed(3, "has no signature");
    assert_eq!(desk.read("pulled.wasm"), countersign_component::WASM);
    // The signature of the one that it replaces does not stay.
    pull(desk, &unsigned, &["--force"]).ended(0);
    assert!(!desk.files().contains(&"pulled.wasm.sig".to_owned()));
    // A signature that is none does not go along.
    desk.write("other.wasm.sig", b"short");
    desk.run(&["push", "other.wasm", &name, "--plain-http"])
        .failed(2, "other.wasm.sig: expected 64 bytes");
}

fn a_tag_that_has_moved(registry: &Registry, desk: &Desk) {
    let first = push(registry, desk, "plugin.wasm", "latest");
    let first = first["digest"].as_str().expect("it has one");
    desk.other_release();
    push(registry, desk, "other.wasm", "latest");
    let name = registry.name("latest");
    pull(desk, &name, &["--digest", first]).failed(3, "what the name means has changed");
    assert_eq!(desk.files(), ["other.wasm", "plugin.wasm"]);
    // What it was is there by its digest.
    pull(desk, &registry.name_by(first), &[]).ended(0);
    assert_eq!(desk.read("pulled.wasm"), countersign_component::WASM);
    pull(desk, &name, &["--force"]).ended(0);
    assert_eq!(desk.read("pulled.wasm"), desk.read("other.wasm"));
}

fn the_same_release(registry: &Registry, desk: &Desk) {
    let one = push(registry, desk, "plugin.wasm", "1.2.0");
    let again = push(registry, desk, "plugin.wasm", "1.2.1");
    assert_eq!(one["digest"], again["digest"]);
}

fn only_by_force(registry: &Registry, desk: &Desk) {
    push(registry, desk, "plugin.wasm", "1.2.0");
    let name = registry.name("1.2.0");
    desk.write("pulled.wasm", b"mine");
    pull(desk, &name, &[]).failed(2, "pulled.wasm is there already");
    assert_eq!(desk.read("pulled.wasm"), b"mine");
    pull(desk, &name, &["--force"]).ended(0);
    assert_eq!(desk.read("pulled.wasm"), countersign_component::WASM);
}

//! Registries that have something else than they should.

use libtest_mimic::Trial;

use crate::desk::Desk;
use crate::registry::Registry;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "a_blob_that_was_tampered_with_is_refused",
            a_blob_that_was_tampered_with,
        ),
        trial(
            "a_manifest_that_was_tampered_with_is_refused",
            a_manifest_that_was_tampered_with,
        ),
        trial("a_blob_that_grows_is_cut_off", a_blob_that_grows),
        trial(
            "a_layer_that_is_no_component_is_refused",
            a_layer_that_is_no_component,
        ),
        trial(
            "what_is_larger_than_any_plugin_is_not_fetched",
            what_is_larger,
        ),
        trial(
            "what_no_host_would_load_is_not_pushed",
            what_no_host_would_load,
        ),
    ]
}

/// Pulls what must be refused, and checks that nothing is left of it.
fn refused(desk: &Desk, name: &str, words: &str) {
    let files = desk.files();
    desk.run(&["pull", name, "--plain-http", "-o", "pulled.wasm"])
        .failed(3, words);
    assert_eq!(desk.files(), files);
}

/// Pushes the plugin. Returns the digests of the manifest and of the component.
fn pushed(registry: &Registry, desk: &Desk) -> [String; 2] {
    let name = registry.name("1.2.0");
    let pushed = desk.run(&["push", "plugin.wasm", &name, "--plain-http", "--json"]);
    let pushed = pushed.ended(0).json();
    ["digest", "sha256"].map(|it| pushed[it].as_str().expect("it has one").to_owned())
}

fn a_blob_that_was_tampered_with(registry: &Registry, desk: &Desk) {
    let [_, component] = pushed(registry, desk);
    registry.tamper(&component, |blob| {
        let middle = blob.len() / 2;
        blob[middle] ^= 1;
    });
    refused(desk, &registry.name("1.2.0"), "is not what its digest says");
}

fn a_manifest_that_was_tampered_with(registry: &Registry, desk: &Desk) {
    let [manifest, _] = pushed(registry, desk);
    registry.tamper(&manifest, |blob| {
        let text = String::from_utf8(blob.clone()).expect("it is UTF-8");
        *blob = text.replace("\"size\":", "\"size\": ").into_bytes();
    });
    refused(desk, &registry.name("1.2.0"), "is not what its digest says");
    refused(
        desk,
        &registry.name_by(&manifest),
        "is not what its digest says",
    );
}

fn a_blob_that_grows(registry: &Registry, desk: &Desk) {
    let [_, component] = pushed(registry, desk);
    registry.tamper(&component, |blob| blob.resize(64 << 20, 0));
    refused(
        desk,
        &registry.name("1.2.0"),
        "has more bytes than its manifest says",
    );
}

fn a_layer_that_is_no_component(registry: &Registry, desk: &Desk) {
    let module = wat::parse_str("(module)").expect("it is a module");
    registry.put("module", &module, module.len());
    refused(
        desk,
        &registry.name("module"),
        "is WebAssembly core module, expected a component",
    );
    let text = b"It was a dark and stormy night.";
    registry.put("text", text, text.len());
    refused(
        desk,
        &registry.name("text"),
        "is not WebAssembly, expected a component",
    );
}

fn what_is_larger(registry: &Registry, desk: &Desk) {
    let large = vec![0; (4 << 20) + 1];
    registry.put("large", &large, large.len());
    refused(desk, &registry.name("large"), "at most 4194304");
}

fn what_no_host_would_load(registry: &Registry, desk: &Desk) {
    desk.write("text.wasm", b"It was a dark and stormy night.");
    desk.run(&["push", "text.wasm", &registry.name("1.2.0"), "--plain-http"])
        .failed(3, "text.wasm: not a component");
    let answer = registry.ask("GET", "/v2/acme/mfa/tags/list", "*/*", b"");
    assert_eq!(answer.status, 404, "{answer:?}");
}

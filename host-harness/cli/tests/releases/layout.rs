//! What other tools for Wasm and OCI find in the registry.

use countersign_host::Digest;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::registry::{MANIFEST, Registry};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial(
        "others_see_one_layer_of_wasm_and_a_config_that_names_its_interfaces",
        others_see_one_layer,
    )]
}

fn others_see_one_layer(registry: &Registry, desk: &Desk) {
    desk.write("plugin.wasm.sig", &[7; 64]);
    let name = registry.name("1.2.0");
    let pushed = desk.run(&["push", "plugin.wasm", &name, "--plain-http", "--json"]);
    let pushed = pushed.ended(0).json();
    let answer = registry.ask("GET", "/v2/acme/mfa/manifests/1.2.0", MANIFEST, b"");
    assert_eq!(answer.header("content-type").as_deref(), Some(MANIFEST));
    let digest = format!("sha256:{}", Digest::of(&answer.body));
    assert_eq!(pushed["digest"], digest);
    assert_eq!(answer.header("docker-content-digest"), Some(digest));

    let manifest: Value = serde_json::from_slice(&answer.body).expect("it is JSON");
    let component = countersign_component::WASM;
    let layer = format!("sha256:{}", Digest::of(component));
    assert_eq!(manifest["schemaVersion"], 2);
    assert_eq!(manifest["mediaType"], MANIFEST);
    assert_eq!(
        manifest["layers"],
        json!([{ "mediaType": "application/wasm", "digest": layer, "size": component.len() }])
    );
    // Sixty-four times 7.
    let signature = format!("{}Bw==", "BwcH".repeat(21));
    assert_eq!(
        manifest["annotations"],
        json!({ "countersign.mfa.signature.ed25519": signature })
    );
    assert_eq!(
        manifest["config"]["mediaType"],
        "application/vnd.wasm.config.v0+json"
    );

    let config = manifest["config"]["digest"].as_str().expect("it has one");
    let config = registry.ask("GET", &format!("/v2/acme/mfa/blobs/{config}"), "*/*", b"");
    let config: Value = serde_json::from_slice(&config.body).expect("it is JSON");
    assert_eq!(config["architecture"], "wasm");
    assert_eq!(config["os"], "wasip2");
    assert_eq!(config["layerDigests"], json!([layer]));
    let has = |list: &str, name: &str| {
        let names = config["component"][list].as_array().expect("it is a list");
        names.contains(&json!(name))
    };
    assert!(has("imports", "countersign:mfa/store@0.1.0"), "{config}");
    assert!(has("exports", "countersign:mfa/sign-in@0.1.0"), "{config}");

    let blob = registry.ask("GET", &format!("/v2/acme/mfa/blobs/{layer}"), "*/*", b"");
    assert_eq!(blob.body, component);
}

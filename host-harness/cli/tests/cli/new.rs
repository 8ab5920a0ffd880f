//! `countersign new`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{run, scratch};

/// A path that is not there.
fn free(name: &str) -> PathBuf {
    let path = scratch(name);
    if path.exists() {
        fs::remove_dir_all(&path).expect("it goes");
    }
    path
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_new_plugin_has_its_name_and_the_sdk_of_this_tree() {
    let folder = free("new/named");
    let path = folder.to_str().expect("it is UTF-8");
    let ran = run(&["new", "house-rules", "--path", path]).ended(0);
    assert!(ran.out.contains("release/house_rules.wasm"), "{}", ran.out);
    let manifest = text(&folder.join("Cargo.toml"));
    assert!(manifest.contains("name = \"house-rules\""), "{manifest}");
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest/sdk");
    let sdk = sdk.canonicalize().expect("it is there");
    let source = format!("countersign-sdk = {{ path = {sdk:?} }}");
    assert!(manifest.contains(&source), "{manifest}");
    for file in [
        ".gitignore",
        ".cargo/config.toml",
        "README.md",
        "build.rs",
        "src/lib.rs",
    ] {
        let text = text(&folder.join(file));
        assert!(!text.contains("{{"), "{file}: {text}");
    }
}

#[test]
fn a_git_address_is_written_as_one() {
    let folder = free("new/git");
    let path = folder.to_str().expect("it is UTF-8");
    let sdk = "https://example.org/countersign#v0.1.0";
    run(&["new", "house-rules", "--path", path, "--sdk", sdk]).ended(0);
    let manifest = text(&folder.join("Cargo.toml"));
    let source = r#"{ git = "https://example.org/countersign", rev = "v0.1.0" }"#;
    assert!(manifest.contains(source), "{manifest}");
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let folder = free("new/full");
    fs::create_dir_all(&folder).expect("it is made");
    fs::write(folder.join("thesis.txt"), "mine").expect("it is written");
    let path = folder.to_str().expect("it is UTF-8");
    let ran = run(&["new", "house-rules", "--path", path]).ended(2);
    assert!(ran.err.contains("empty or not there"), "{}", ran.err);
    assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 1);
    let file = folder.join("thesis.txt");
    let path = file.to_str().expect("it is UTF-8");
    let ran = run(&["new", "house-rules", "--path", path]).ended(2);
    assert!(ran.err.contains("not a file"), "{}", ran.err);
    assert_eq!(text(&file), "mine");
}

#[test]
fn names_that_are_no_crate_names_are_refused_and_make_nothing() {
    let folder = free("new/misnamed");
    let path = folder.to_str().expect("it is UTF-8");
    for name in [
        "",
        "1st",
        "-x",
        "House",
        "a b",
        "a/b",
        "../up",
        "naïve",
        "fn",
        "con",
        "countersign-sdk",
    ] {
        let ran = run(&["new", "--path", path, "--", name]).ended(2);
        assert!(ran.err.contains("expected"), "{name}: {}", ran.err);
        assert!(!folder.exists(), "{name}");
    }
}

#[test]
fn sources_without_an_sdk_are_refused() {
    let folder = free("new/sourceless");
    let path = folder.to_str().expect("it is UTF-8");
    let ran = run(&["new", "house-rules", "--path", path, "--sdk", "/nowhere"]).ended(2);
    assert!(ran.err.contains("--sdk: /nowhere: expected"), "{}", ran.err);
    assert!(!folder.exists());
}

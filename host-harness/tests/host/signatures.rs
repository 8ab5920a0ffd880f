//! Components that must be signed.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_host::random::SeededRandom;
use countersign_host::signature::{PrivateKey, beside};
use countersign_host::{Digest, LoadError, Plugin};

use crate::Hostile;

fn key(seed: u64) -> PrivateKey {
    PrivateKey::draw(&SeededRandom::from_seed(seed)).expect("it never ends")
}

/// Writes a component to a folder of this test's own.
fn file(name: &str, component: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("it can be made");
    let path = folder.join("plugin.wasm");
    fs::write(&path, component).expect("it can be written");
    path
}

#[test]
fn a_signed_component_loads_and_says_by_which_key() {
    let component = Hostile::default().component();
    let (old, new) = (key(1), key(2));
    let builder = Plugin::builder()
        .signed_by(old.public())
        .signed_by(new.public());
    let handed = builder.clone().signature(new.sign(&component));
    let plugin = handed.load(&component).expect("it is signed");
    assert_eq!(plugin.signer(), Some(new.public()));

    let path = file("signed", &component);
    fs::write(beside(&path), old.sign(&component)).expect("it can be written");
    let plugin = builder.load_file(&path).expect("it is signed");
    assert_eq!(plugin.signer(), Some(old.public()));
    assert_eq!(Plugin::load(&component).expect("it loads").signer(), None);
}

#[test]
fn a_component_without_its_signature_is_refused() {
    let component = Hostile::default().component();
    let builder = Plugin::builder().signed_by(key(1).public());
    assert!(matches!(builder.load(&component), Err(LoadError::Unsigned)));
    let path = file("unsigned", &component);
    assert!(matches!(builder.load_file(&path), Err(LoadError::Unsigned)));

    fs::write(beside(&path), key(2).sign(&component)).expect("it can be written");
    assert!(matches!(
        builder.load_file(&path),
        Err(LoadError::WrongSignature)
    ));
    fs::write(beside(&path), vec![0; 1 << 20]).expect("it can be written");
    assert!(matches!(
        builder.load_file(&path),
        Err(LoadError::MalformedSignature)
    ));
    fs::remove_file(beside(&path)).expect("it is there");
    fs::create_dir(beside(&path)).expect("it can be made");
    assert!(matches!(
        builder.load_file(&path),
        Err(LoadError::ReadSignature(_))
    ));
}

#[test]
fn a_signature_is_not_ignored_where_no_key_was_given() {
    let component = Hostile::default().component();
    let builder = Plugin::builder().signature(key(1).sign(&component));
    assert!(matches!(
        builder.load(&component),
        Err(LoadError::WrongSignature)
    ));
}

/// What is not signed is not parsed, and what is not the pinned one is not checked further.
#[test]
fn size_and_pin_come_before_the_signature_and_the_signature_before_the_parser() {
    let builder = Plugin::builder().signed_by(key(1).public());
    let garbage = b"It was a dark and stormy night.";
    let signed = builder.clone().signature(key(2).sign(garbage));
    assert!(matches!(
        signed.load(garbage),
        Err(LoadError::WrongSignature)
    ));
    let signed = builder.clone().signature(key(1).sign(garbage));
    assert!(matches!(
        signed.load(garbage),
        Err(LoadError::NotAComponent(_))
    ));
    let pinned = builder.pin(Digest::of(b"another one"));
    assert!(matches!(
        pinned.load(garbage),
        Err(LoadError::Digest { .. })
    ));
    let small = pinned.max_size(4);
    assert!(matches!(
        small.load(garbage),
        Err(LoadError::TooLarge { limit: 4 })
    ));
}

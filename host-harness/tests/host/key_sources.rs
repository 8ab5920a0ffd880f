//! Where master keys come from, and what is said when they do not.

use std::fs;
use std::path::PathBuf;

use countersign_host::keyring::{KeyFile, KeySource, LocalKeyring};
use countersign_host::random::SeededRandom;

const KEY: &str = "0101010101010101010101010101010101010101010101010101010101010101";

fn source(text: &str) -> KeySource {
    text.parse().expect("it is a source")
}

async fn refused(text: &str) -> String {
    let refused = source(text).load().await.expect_err("there are no keys");
    let shown = format!("{refused} {refused:?}");
    assert!(!shown.contains(KEY), "{shown}");
    refused.to_string()
}

/// A directory that is gone with the test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("countersign-keys-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("there is room");
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn keys_come_from_a_command_and_its_line_is_never_shown() {
    let command = source(&format!("command:echo active {KEY}"));
    let keyring = command.load().await.expect("it prints one");
    assert_eq!(keyring.key_id(), LocalKeyring::from_key([1; 32]).key_id());
    assert!(!format!("{command} {command:?}").contains("echo"));
}

#[tokio::test]
async fn what_a_command_does_wrong_is_said_without_its_words() {
    for line in [
        format!("echo active {KEY}; exit 3"),
        format!("echo {KEY} >&2; exit 1"),
        "true".to_owned(),
        format!("yes {KEY}"),
        format!("echo active {}", &KEY[1..]),
    ] {
        let why = refused(&format!("command:{line}")).await;
        assert!(!why.contains("echo") && !why.is_empty(), "{why}");
    }
}

#[tokio::test]
async fn a_variable_that_is_not_there_is_named() {
    let why = refused("env:COUNTERSIGN_TEST_NO_SUCH_KEYS").await;
    assert!(why.contains("COUNTERSIGN_TEST_NO_SUCH_KEYS"), "{why}");
}

#[test]
fn what_is_no_source_is_refused() {
    for text in [
        "",
        "keys",
        "file:",
        "env:",
        "env:A=B",
        "command: ",
        "http://x",
    ] {
        assert!(text.parse::<KeySource>().is_err(), "{text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_can_reach_is_refused_and_one_that_was_written_is_not() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new("modes");
    let path = place.0.join("keys");
    let mut file = KeyFile::draw(&SeededRandom::from_seed(3)).expect("there is randomness");
    file.write_new(&path).expect("it is new");
    assert!(file.write_new(&path).is_err(), "it was overwritten");
    let address = format!("file:{}", path.display());
    let first = source(&address).load().await.expect("it is ours alone");
    file.add_next(&SeededRandom::from_seed(4))
        .expect("there is randomness");
    file.write(&path).expect("it is ours");
    let mode = fs::metadata(&path).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let left: Vec<_> = fs::read_dir(&place.0).expect("it is there").collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let both = source(&address).load().await.expect("it is ours alone");
    assert_eq!(both.key_id(), first.key_id());
    assert_eq!(both.key_ids().len(), 2);

    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
        let why = refused(&address).await;
        assert!(why.contains("0600"), "{why}");
    }
}

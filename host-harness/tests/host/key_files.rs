//! Texts of master keys.

use countersign_host::keyring::{ClaimError, KeyFile, KeyState, LocalKeyring, NotEdited, claim};
use countersign_host::random::SeededRandom;
use countersign_host::store::{Inventory, MemoryStore};
use proptest::prelude::*;

fn line(state: &str, byte: u8) -> String {
    format!("{state} {}\n", format!("{byte:02x}").repeat(32))
}

fn refused(text: &str) -> String {
    let refused = text.parse::<KeyFile>().expect_err("it is no list of keys");
    refused.to_string()
}

#[test]
fn a_text_that_is_no_list_of_keys_is_refused_by_its_line() {
    let one = line("active", 1);
    for (text, line) in [
        (String::new(), 1),
        (line("retired", 1), 1),
        (format!("{one}{one}"), 2),
        (format!("{one}{}", line("retired", 2)), 2),
        (format!("{}{one}", line("next", 2)), 1),
        (format!("{one}{}", line("next", 1)), 2),
        (format!("# keys\n\n{}", &one[..60]), 3),
        (format!("{one}{}{}", line("next", 2), line("next", 3)), 3),
        (format!("{one}{}", line("index", 2)), 2),
    ] {
        let why = refused(&text);
        assert!(why.starts_with(&format!("line {line}: expected ")), "{why}");
    }
}

#[test]
fn a_key_is_added_and_made_active_and_comments_stay() {
    let random = SeededRandom::from_seed(1);
    let text = format!("# ours\n{}", line("active", 1));
    let mut file: KeyFile = text.parse().expect("a list of keys");
    assert_eq!(file.activate_next(), Err(NotEdited::NoNext));
    let next = file.add_next(&random).expect("there is randomness");
    assert_eq!(file.add_next(&random), Err(NotEdited::NextThere(next)));
    assert_eq!(file.activate_next(), Ok(next));
    let read: KeyFile = file.to_text().parse().expect("what was written");
    let states: Vec<KeyState> = read.keys().map(|(state, _)| state).collect();
    assert_eq!(states, [KeyState::Retired, KeyState::Active]);
    assert!(file.to_text().starts_with("# ours\n"));
    let first = LocalKeyring::from_key([1; 32]).key_id();
    let keyring = read.to_keyring().expect("two keys");
    assert_eq!((keyring.index_id(), keyring.key_id()), (first, next));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_or_repeat_a_key(
        text in "((index|retired|active|next|#|keys)?[ \t]?([0-9a-f]{62,66}|.{0,9})[\r]?\n){0,5}"
    ) {
        if let Err(error) = text.parse::<KeyFile>() {
            let shown = format!("{error} {error:?}");
            let digits = text.split(|c: char| !c.is_ascii_hexdigit());
            for word in digits.filter(|word| word.len() > 16) {
                prop_assert!(!shown.contains(&word[..16]));
            }
        }
    }
}

#[tokio::test]
async fn a_claim_refuses_another_first_key_and_leaves_no_note_of_it() {
    let store = MemoryStore::new();
    let ours = LocalKeyring::from_key([1; 32]);
    claim(&store, "test", &ours).await.expect("an empty store");
    let before = store.key_notes("test").await.expect("memory");
    let theirs = claim(&store, "test", &LocalKeyring::from_key([2; 32])).await;
    assert!(
        matches!(theirs, Err(ClaimError::OtherIndex { .. })),
        "{theirs:?}"
    );
    assert_eq!(store.key_notes("test").await.expect("memory"), before);
    claim(&store, "test", &ours).await.expect("its own keys");
}

#[tokio::test]
async fn a_claim_names_the_key_that_is_missing() {
    let store = MemoryStore::new();
    let first = || LocalKeyring::from_key([1; 32]);
    let rotated = first().rotated_to([2; 32]).expect("another key");
    claim(&store, "test", &rotated)
        .await
        .expect("an empty store");
    let refused = claim(&store, "test", &first())
        .await
        .expect_err("a key is missing");
    let id = rotated.key_id();
    assert_eq!(
        refused.to_string(),
        format!(
            "records of this realm are sealed with the key {id:08x}, which the keyring does not have"
        )
    );
    let expecting = first().expecting([2; 32]).expect("another key");
    claim(&store, "test", &expecting)
        .await
        .expect("it is to come");
}

//! Keyrings: KEY-1 to KEY-3.

use countersign_host::keyring::{Context, Keyring, KeyringError, LocalKeyring};

const CONTEXTS: [Context; 5] = [
    Context::Ticket,
    Context::RecoveryCode,
    Context::Device,
    Context::RandomHedge,
    Context::PhoneIndex,
];

fn keyring() -> LocalKeyring {
    LocalKeyring::from_key([7; 32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

// covers: KEY-1
#[tokio::test]
async fn a_tag_checks_in_its_own_context_only() {
    let keyring = keyring();
    for made in CONTEXTS {
        let tag = keyring.mac(made, b"data").await.expect("there is a key");
        for checked in CONTEXTS {
            let same = keyring
                .check_mac(checked, b"data", tag.key_id, &tag.bytes)
                .await
                .expect("the key is known");
            assert_eq!(same, made == checked, "{made:?} {checked:?}");
        }
        for (data, bytes) in [(b"date", &tag.bytes[..]), (b"data", &tag.bytes[..31])] {
            let same = keyring.check_mac(made, data, tag.key_id, bytes).await;
            assert_eq!(same, Ok(false));
        }
    }
}

// covers: KEY-3
#[tokio::test]
async fn a_key_id_that_nobody_knows_is_an_error() {
    let keyring = keyring();
    let unknown = keyring.key_id().wrapping_add(1);
    let checked = keyring
        .check_mac(Context::Ticket, b"data", unknown, &[0; 32])
        .await;
    assert_eq!(checked, Err(KeyringError::UnknownKey(unknown)));
}

// covers: KEY-2
#[tokio::test]
async fn a_retired_key_checks_and_makes_nothing_new_and_the_index_stays() {
    let old = keyring();
    let tag = old.mac(Context::Device, b"data").await.expect("a key");
    let index = old.index(Context::PhoneIndex, b"+34600000000").await;
    let new = keyring().rotated_to([8; 32]).expect("another key");
    let known = new
        .check_mac(Context::Device, b"data", tag.key_id, &tag.bytes)
        .await;
    assert_eq!(known, Ok(true));
    let fresh = new.mac(Context::Device, b"data").await.expect("a key");
    assert_ne!(fresh.key_id, tag.key_id);
    assert_ne!(fresh.bytes, tag.bytes);
    assert_eq!(new.index(Context::PhoneIndex, b"+34600000000").await, index);
}

#[test]
fn the_same_key_twice_is_refused() {
    let twice = keyring().rotated_to([7; 32]);
    assert!(matches!(twice, Err(KeyringError::DuplicateKey(_))));
}

/// What is stored was made with these: a change of derivation locks every user out.
#[tokio::test]
async fn derived_keys_never_change() {
    let keyring = keyring();
    let tag = keyring.mac(Context::Ticket, b"data").await.expect("a key");
    assert_eq!(format!("{:08x}", tag.key_id), "08b1fa61");
    assert_eq!(
        hex(&tag.bytes),
        "b290cfaf40a1a9f635f423f105d53d960965b0ba49aa754d8c2e5ceb13247d41"
    );
    let index = keyring.index(Context::PhoneIndex, b"data").await;
    assert_eq!(
        hex(&index.expect("a key")),
        "7d74f4fd3eb886780d4c939cb9221131d5b3d02d93e546f513655b45ff1360d3"
    );
}

#[test]
fn a_keyring_prints_no_key() {
    let text = format!("{:?}", keyring());
    assert!(!text.contains("7, 7") && !text.contains("0707"), "{text}");
}

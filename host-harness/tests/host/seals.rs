//! Sealed records.

use std::sync::Arc;

use countersign_host::keyring::LocalKeyring;
use countersign_host::random::{Random, RandomError, SeededRandom};
use countersign_host::seal::{SealError, Sealer};
use countersign_host::store::{Key, Record};

fn sealer(key: u8) -> Sealer {
    let keyring = LocalKeyring::from_key([key; 32]);
    Sealer::new(Arc::new(keyring), Arc::new(SeededRandom::from_seed(1)))
}

fn key(realm: &str, record: Record) -> Key {
    Key {
        realm: realm.into(),
        record,
    }
}

fn account(user: &str) -> Record {
    Record::Account { user: user.into() }
}

// covers: STORE-6
#[test]
fn what_was_sealed_opens_in_its_place_only() {
    let home = key("realm", account("ana"));
    let sealed = sealer(1).seal(&home, b"secret").expect("there is a key");
    assert!(!sealed.windows(6).any(|window| window == b"secret"));
    assert_eq!(
        sealer(1).open(&home, &sealed).expect("it is whole"),
        b"secret"
    );
    let elsewhere = [
        key("realm", account("eva")),
        key("realm", Record::Tickets { user: "ana".into() }),
        key(
            "realm",
            Record::Policy {
                company: "ana".into(),
            },
        ),
        key("realm", Record::Quota { name: "ana".into() }),
        key("realm2", account("ana")),
        // The lengths keep these apart, whose texts joined are alike.
        key("realma", account("na")),
    ];
    for place in elsewhere {
        let moved = sealer(1).open(&place, &sealed);
        assert!(matches!(moved, Err(SealError::Unreadable)), "{place:?}");
    }
}

#[test]
fn every_altered_bit_and_every_missing_byte_is_noticed() {
    let home = key("realm", account("ana"));
    let sealed = sealer(1).seal(&home, b"secret").expect("there is a key");
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(sealer(1).open(&home, &altered).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(sealer(1).open(&home, &sealed[..length]).is_err());
    }
}

#[test]
fn another_key_is_said_to_be_missing() {
    let home = key("realm", account("ana"));
    let sealed = sealer(1).seal(&home, b"secret").expect("there is a key");
    let other = sealer(2).open(&home, &sealed);
    assert!(matches!(other, Err(SealError::Keyring(_))), "{other:?}");
}

#[test]
fn a_retired_key_opens_and_the_new_one_seals() {
    let home = key("realm", account("ana"));
    let old = sealer(1).seal(&home, b"secret").expect("there is a key");
    let rotated = LocalKeyring::from_key([1; 32])
        .rotated_to([2; 32])
        .expect("two keys");
    let rotated = Sealer::new(Arc::new(rotated), Arc::new(SeededRandom::from_seed(2)));
    assert_eq!(rotated.open(&home, &old).expect("it is known"), b"secret");
    let new = rotated.seal(&home, b"secret").expect("there is a key");
    assert_eq!(
        sealer(2).open(&home, &new).expect("it is its own"),
        b"secret"
    );
    assert!(sealer(1).open(&home, &new).is_err());
}

#[test]
fn the_same_value_is_never_sealed_alike() {
    let home = key("realm", account("ana"));
    let sealer = sealer(1);
    let [a, b] = [(); 2].map(|()| sealer.seal(&home, b"secret").expect("there is a key"));
    assert_ne!(a, b);
}

#[test]
fn without_randomness_nothing_is_sealed() {
    struct Broken;
    impl Random for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }
    let keyring = LocalKeyring::from_key([1; 32]);
    let sealer = Sealer::new(Arc::new(keyring), Arc::new(Broken));
    let sealed = sealer.seal(&key("realm", account("ana")), b"secret");
    assert!(matches!(sealed, Err(SealError::Random(_))));
}

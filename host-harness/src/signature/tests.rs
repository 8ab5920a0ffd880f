use super::*;
use crate::random::SeededRandom;

/// RFC 8032, section 7.1, test 2, with the keys in the form of RFC 8410.
#[test]
fn a_signature_is_that_of_the_standard() {
    let key = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n\
        -----END PRIVATE KEY-----\n";
    let public = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n\
        -----END PUBLIC KEY-----\n";
    let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    let key: PrivateKey = key.parse().unwrap();
    assert_eq!(Hex(&key.sign(&[0x72])).to_string(), signature);
    assert_eq!(key.public().to_pem(), public);
    assert_eq!(public.parse(), Ok(key.public()));
}

fn drawn(seed: u64) -> PrivateKey {
    PrivateKey::draw(&SeededRandom::from_seed(seed)).unwrap()
}

#[test]
fn a_signature_by_any_of_the_keys_will_do() {
    let (one, other) = (drawn(1), drawn(2));
    let keys = [one.public(), other.public()];
    let signature = other.sign(b"bytes");
    let signer = check(&keys, b"bytes", Some(&signature)).unwrap();
    assert_eq!(*signer, other.public());
}

#[test]
fn every_bit_of_bytes_and_signature_counts() {
    let key = drawn(1);
    let keys = [key.public()];
    let signature = key.sign(b"some bytes");
    for bit in 0..8 * signature.len() {
        let mut other = signature;
        other[bit / 8] ^= 1 << (bit % 8);
        let checked = check(&keys, b"some bytes", Some(&other));
        assert!(matches!(checked, Err(LoadError::WrongSignature)), "{bit}");
    }
    for bit in 0..8 * b"some bytes".len() {
        let mut other = *b"some bytes";
        other[bit / 8] ^= 1 << (bit % 8);
        let checked = check(&keys, &other, Some(&signature));
        assert!(matches!(checked, Err(LoadError::WrongSignature)), "{bit}");
    }
}

#[test]
fn what_is_missing_too_short_or_too_long_is_refused_and_so_is_all_without_a_key() {
    let key = drawn(1);
    let keys = [key.public()];
    let signature = key.sign(b"bytes");
    let missing = check(&keys, b"bytes", None);
    assert!(matches!(missing, Err(LoadError::Unsigned)));
    let long = [&signature[..], b"\n"].concat();
    for malformed in [&signature[..63], &long, b""] {
        let checked = check(&keys, b"bytes", Some(malformed));
        assert!(matches!(checked, Err(LoadError::MalformedSignature)));
    }
    let nobodys = check(&[], b"bytes", Some(&signature));
    assert!(matches!(nobodys, Err(LoadError::WrongSignature)));
}

/// The point (0, 1), for which one signature is right for every component.
#[test]
fn a_weak_key_is_none() {
    let weak = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
        -----END PUBLIC KEY-----\n";
    assert!(VerifyingKey::from_public_key_pem(weak).is_ok());
    assert!(weak.parse::<PublicKey>().is_err());
}

#[test]
fn what_is_no_key_is_refused_and_not_repeated() {
    let private = drawn(1).to_pem();
    let public = drawn(1).public().to_pem();
    assert!(private.parse::<PublicKey>().is_err());
    assert!(public.parse::<PrivateKey>().is_err());
    for text in ["", "secret", "-----BEGIN PUBLIC KEY-----\nsecret"] {
        let error = text.parse::<PublicKey>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
        let error = text.parse::<PrivateKey>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
    assert_eq!(format!("{:?}", drawn(1)), "PrivateKey(..)");
}

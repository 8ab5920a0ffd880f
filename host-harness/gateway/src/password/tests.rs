use countersign_host::random::SystemRandom;

use super::*;

fn cheap() -> Passwords {
    Passwords::cheap_for_tests(2)
}

#[tokio::test]
async fn the_right_password_is_right_and_no_other() {
    let passwords = cheap();
    let kept = passwords.hash("Grüße 12 🐎", &SystemRandom).await.unwrap();
    assert!(kept.0.starts_with("$argon2id$v=19$"), "{}", kept.0);
    let right = passwords.check("Grüße 12 🐎", Some(&kept)).await;
    assert_eq!(right, Ok(true));
    for wrong in ["Grüße 12 🐎 ", "grüße 12 🐎", "Gru\u{308}ße 12 🐎", "x"] {
        let checked = passwords.check(wrong, Some(&kept)).await;
        assert_eq!(checked, Ok(false), "{wrong}");
    }
}

#[tokio::test]
async fn one_password_has_two_hashes() {
    let passwords = cheap();
    let one = passwords.hash("password", &SystemRandom).await.unwrap();
    let other = passwords.hash("password", &SystemRandom).await.unwrap();
    assert_ne!(one, other);
}

#[tokio::test]
async fn nobodys_password_is_never_right_and_takes_as_much_work() {
    let passwords = cheap();
    for typed in ["x", "\0", "password"] {
        assert_eq!(passwords.check(typed, None).await, Ok(false));
    }
    let kept = passwords.hash("password", &SystemRandom).await.unwrap();
    let (kept, nobody) = (Kept::parse(&kept).unwrap(), Kept::nobody(&passwords.params));
    let work = |it: &Kept| {
        let cost = (it.params.m_cost(), it.params.t_cost(), it.params.p_cost());
        (cost, it.salt.len())
    };
    assert_eq!(work(&kept), work(&nobody));
    assert_eq!(kept.output.map(|it| it.len()), Some(OUTPUT_BYTES));
}

#[tokio::test]
async fn what_has_no_bytes_or_too_many_is_refused_before_it_is_hashed() {
    let passwords = cheap();
    for bad in ["", &"x".repeat(1_025)] {
        let refused = passwords.check(bad, None).await.unwrap_err();
        assert_eq!(refused.field, Some("password"));
        assert!(passwords.hash(bad, &SystemRandom).await.is_err());
    }
    let longest = "x".repeat(1_024);
    assert_eq!(passwords.check(&longest, None).await, Ok(false));
}

#[tokio::test]
async fn whoever_waits_too_long_for_a_place_is_refused_as_busy() {
    let passwords = Passwords {
        patience: Duration::from_millis(10),
        ..Passwords::cheap_for_tests(1)
    };
    let place = passwords.place().await.unwrap();
    let refused = passwords.clone().check("x", None).await.unwrap_err();
    assert_eq!((refused.code, refused.status.as_u16()), ("busy", 503));
    drop(place);
    assert_eq!(passwords.check("x", None).await, Ok(false));
}

#[tokio::test]
async fn hashes_of_other_cost_are_checked_and_to_be_made_anew() {
    let kept = cheap().hash("password", &SystemRandom).await.unwrap();
    let passwords = Passwords::new(4);
    assert_eq!(passwords.check("password", Some(&kept)).await, Ok(true));
    assert!(passwords.needs_new_hash(&kept));
    assert!(!cheap().needs_new_hash(&kept));
    let dear = passwords.hash("password", &SystemRandom).await.unwrap();
    assert!(dear.0.contains("$m=19456,t=2,p=1$"), "{}", dear.0);
    assert!(!passwords.needs_new_hash(&dear));
}

#[tokio::test]
async fn what_is_no_hash_of_argon2id_lets_nobody_in() {
    let salt_and_output = "c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for kept in [
        String::new(),
        "password".to_owned(),
        "$2b$10$abcdefghijklmnopqrstuv".to_owned(),
        format!("$argon2i$v=19$m=8,t=1,p=1${salt_and_output}"),
        format!("$argon2id$v=16$m=8,t=1,p=1${salt_and_output}"),
        format!("$argon2id$m=8,t=1,p=1${salt_and_output}"),
        format!("$argon2id$v=19$m=4000000,t=1,p=1${salt_and_output}"),
        format!("$argon2id$v=19$m=8,t=4000000,p=1${salt_and_output}"),
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA".to_owned(),
        "$argon2id$v=19$m=8,t=1,p=1".to_owned(),
    ] {
        let kept = PasswordHash(kept);
        let refused = cheap().check("password", Some(&kept)).await.unwrap_err();
        assert_eq!(refused.code, "unavailable", "{}", kept.0);
        assert!(cheap().needs_new_hash(&kept));
    }
    let good = PasswordHash(format!("$argon2id$v=19$m=8,t=1,p=1${salt_and_output}"));
    assert_eq!(cheap().check("password", Some(&good)).await, Ok(false));
}

#[test]
fn a_new_password_has_12_to_128_characters_and_is_not_guessed_first() {
    let longest = "ñé".repeat(64);
    let unlike: String = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    for good in ["correct ponies 7", "ñandúñandú12", "x7#kPq9!mZ2$", &unlike] {
        assert_eq!(Passwords::fit_for_use("mia", good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "elevenchars",
        &format!("{unlike}{unlike}{unlike}"),
        &format!("{longest}x"),
        "passwordpassword",
        "Password12345",
        "PASSWORD!!!!!!",
        "qwertyuiop123",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "mia.mendez.acme",
    ] {
        let refused = Passwords::fit_for_use("Mia.Mendez.Acme", bad).unwrap_err();
        assert_eq!(refused.field, Some("new-password"), "{bad}");
        assert!(bad.is_empty() || !refused.message.contains(bad));
    }
}

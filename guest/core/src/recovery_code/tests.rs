use alloc::{
    borrow::ToOwned as _,
    collections::BTreeSet,
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use proptest::prelude::*;

use super::*;

const SOME: &str = "01234-56789-ABCDE-FGHJK-MNPQRS";

fn canonical(typed: &str) -> Option<Vec<u8>> {
    RecoveryCode::parse(typed)
        .ok()
        .map(|it| it.canonical().to_vec())
}

#[test]
fn symbols_hold_the_bits_in_order() {
    // Every symbol once, in the order of the alphabet: 0, 1, 2, … 25.
    let mut bits = (0..26_u8).flat_map(|it| (0..5).rev().map(move |bit| it >> bit & 1));
    let mut random = [0; 17];
    for byte in &mut random {
        for _ in 0..8 {
            *byte = *byte << 1 | bits.next().unwrap_or(1);
        }
    }
    let code = RecoveryCode::from_random(random);
    assert_eq!(code.canonical(), b"0123456789ABCDEFGHJKMNPQRS");
    assert_eq!(code.grouped().expose(), SOME);
}

// V-47, A-19: 130 bits go in, 130 bits come out.
#[test]
fn every_one_of_130_bits_changes_the_code_and_the_last_six_do_not() {
    for random in [[0; 17], [0xff; 17], [0x5a; 17]] {
        let plain = RecoveryCode::from_random(random).canonical().to_vec();
        let mut codes = BTreeSet::from([plain.clone()]);
        for bit in 0..136 {
            let mut flipped = random;
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            let code = RecoveryCode::from_random(flipped).canonical().to_vec();
            let changed = (0..26)
                .filter(|&it| code[it] != plain[it])
                .collect::<Vec<_>>();
            if bit < 130 {
                assert_eq!(changed, [bit / 5], "bit {bit}");
                assert!(codes.insert(code), "bit {bit}");
            } else {
                assert!(changed.is_empty(), "bit {bit}");
            }
        }
        assert_eq!(codes.len(), 131);
    }
}

#[test]
fn every_spelling_of_a_code_is_the_same_code() {
    let plain = canonical(SOME).unwrap();
    assert_eq!(plain, b"0123456789ABCDEFGHJKMNPQRS");
    for typed in [
        "0123456789ABCDEFGHJKMNPQRS",
        "0123456789abcdefghjkmnpqrs",
        "01234 56789 abcde fghjk mnpqrs",
        " 0123456789ABCDEFGHJKMNPQRS\r\n",
        "O1234-56789-ABCDE-FGHJK-MNPQRS",
        "oI234-56789-ABCDE-FGHJK-MNPQRS",
        "0i234-56789-ABCDE-FGHJK-MNPQRS",
        "0L234-56789-ABCDE-FGHJK-MNPQRS",
        "0l234-56789-ABCDE-FGHJK-MNPQRS",
        "0-1-2-3-4-5-6-7-8-9-A-B-C-D-E-F-G-H-J-K-M-N-P-Q-R-S",
        "\u{feff}01234\u{2011}56789\u{2013}ABCDE\u{a0}FGHJK\u{200b}MNPQRS\t",
        "012\u{ad}34-56789-ABCDE-FGHJK-MNPQRS",
    ] {
        assert_eq!(canonical(typed).as_ref(), Some(&plain), "{typed:?}");
    }
}

#[test]
fn anything_but_26_symbols_is_no_code() {
    let longer = format!("{SOME}0");
    let padded = format!("{SOME}{}", " ".repeat(128));
    let shorter = SOME[..SOME.len() - 1].to_owned();
    for typed in [
        "",
        " ",
        "-----",
        "123456",
        &longer,
        &padded,
        &shorter,
        "U1234-56789-ABCDE-FGHJK-MNPQRS",
        "u1234-56789-ABCDE-FGHJK-MNPQRS",
        "+1234-56789-ABCDE-FGHJK-MNPQRS",
        "_1234-56789-ABCDE-FGHJK-MNPQRS",
        "*1234-56789-ABCDE-FGHJK-MNPQRS",
        "０1234-56789-ABCDE-FGHJK-MNPQRS",
        "٠1234-56789-ABCDE-FGHJK-MNPQRS",
        "Ａ1234-56789-ABCDE-FGHJK-MNPQRS",
        "А1234-56789-ABCDE-FGHJK-MNPQRS",
        "\u{17f}1234-56789-ABCDE-FGHJK-MNPQRS",
        "\u{212a}1234-56789-ABCDE-FGHJK-MNPQRS",
        "İ1234-56789-ABCDE-FGHJK-MNPQRS",
        "\u{0}1234-56789-ABCDE-FGHJK-MNPQRS",
    ] {
        assert_eq!(
            RecoveryCode::parse(typed).err(),
            Some(NotARecoveryCode),
            "{typed:?}"
        );
    }
}

#[test]
fn more_than_128_bytes_are_refused_unread() {
    let room = " ".repeat(102);
    let bare = SOME.replace('-', "");
    assert!(RecoveryCode::parse(&format!("{room}{bare}")).is_ok());
    assert!(RecoveryCode::parse(&format!("{room} {bare}")).is_err());
}

// I-5 of the architecture.
#[test]
fn neither_a_code_nor_its_failure_prints_what_was_typed() {
    assert_eq!(
        format!("{:?}", RecoveryCode::parse(SOME)),
        "Ok(RecoveryCode(..))"
    );
    let failure = RecoveryCode::parse("CANARY").unwrap_err();
    assert!(!format!("{failure} {failure:?}").contains("CANARY"));
}

proptest! {
    #[test]
    fn typing_what_was_shown_gives_the_same_code(random: [u8; 17]) {
        let code = RecoveryCode::from_random(random);
        let shown = code.grouped();
        let groups = shown.expose().split('-').map(str::len).collect::<Vec<_>>();
        prop_assert_eq!(groups, [5, 5, 5, 5, 6]);
        prop_assert_eq!(canonical(shown.expose()), Some(code.canonical().to_vec()));
        let lower = shown.expose().to_lowercase();
        prop_assert_eq!(canonical(&lower), Some(code.canonical().to_vec()));
    }

    #[test]
    fn parsing_never_panics_and_keeps_only_the_alphabet(typed in ".{0,60}|[0-9a-zA-Z -]{20,40}") {
        if let Some(symbols) = canonical(&typed.to_string()) {
            prop_assert_eq!(symbols.len(), 26);
            prop_assert!(symbols.iter().all(|it| ALPHABET.contains(it)));
        }
    }

    #[test]
    fn parsing_its_own_canonical_form_changes_nothing(typed in "[0-9A-TV-Za-tv-z]{26}") {
        let symbols = canonical(&typed).unwrap();
        let again = canonical(&String::from_utf8(symbols.clone()).unwrap());
        prop_assert_eq!(again, Some(symbols));
    }
}

use alloc::{format, vec};

use proptest::prelude::*;

use super::*;

const SHA1_SEED: &[u8] = b"12345678901234567890";
const SHA256_SEED: &[u8] = b"12345678901234567890123456789012";
const SHA512_SEED: &[u8] = b"1234567890123456789012345678901234567890123456789012345678901234";

fn key(seed: &[u8], algorithm: Algorithm, digits: Digits) -> Key {
    Key::new(
        Secret::new(seed.to_vec()),
        algorithm,
        digits,
        Period::DEFAULT,
    )
    .unwrap()
}

fn six() -> Key {
    key(SHA1_SEED, Algorithm::Sha1, Digits::Six)
}

fn matched(key: &Key, code: &Code, now: u64, window: Window) -> Option<Step> {
    key.match_code(code, Instant::new(now), window)
        .map(|it| it.0)
}

// H-01, RFC 4226, appendix D.
#[test]
fn codes_agree_with_rfc_4226() {
    let codes = [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
        "520489",
    ];
    for (step, code) in (0..).zip(codes) {
        assert_eq!(six().code_at(Step(step)).expose(), code);
        let code = Code::parse(code, Digits::Six).unwrap();
        assert_eq!(
            matched(&six(), &code, step * 30, Window::PlusMinusOne),
            Some(Step(step))
        );
    }
}

/// RFC 6238, appendix B: the time, and the code of each hash.
const RFC_6238: [(u64, [&str; 3]); 6] = [
    (59, ["94287082", "46119246", "90693936"]),
    (1_111_111_109, ["07081804", "68084774", "25091201"]),
    (1_111_111_111, ["14050471", "67062674", "99943326"]),
    (1_234_567_890, ["89005924", "91819424", "93441116"]),
    (2_000_000_000, ["69279037", "90698825", "38618901"]),
    // H-09: more than 32 bits.
    (20_000_000_000, ["65353130", "77737706", "47863826"]),
];

// H-09, H-10.
#[test]
fn codes_agree_with_rfc_6238_for_every_hash() {
    let keys = [
        key(SHA1_SEED, Algorithm::Sha1, Digits::Eight),
        key(SHA256_SEED, Algorithm::Sha256, Digits::Eight),
        key(SHA512_SEED, Algorithm::Sha512, Digits::Eight),
    ];
    for (now, codes) in RFC_6238 {
        for (key, code) in keys.iter().zip(codes) {
            assert_eq!(key.code_at(key.step_at(Instant::new(now))).expose(), code);
            let code = Code::parse(code, Digits::Eight).unwrap();
            assert_eq!(
                matched(key, &code, now, Window::CurrentAndPrevious),
                Some(Step(now / 30))
            );
        }
    }
}

// The erratum of RFC 6238: the seed it prints is right for SHA-1 alone.
#[test]
fn a_20_byte_seed_does_not_give_the_published_codes_of_the_longer_hashes() {
    let keys = [
        key(SHA1_SEED, Algorithm::Sha256, Digits::Eight),
        key(SHA1_SEED, Algorithm::Sha512, Digits::Eight),
    ];
    for (now, [_, codes @ ..]) in RFC_6238 {
        for (key, code) in keys.iter().zip(codes) {
            let code = Code::parse(code, Digits::Eight).unwrap();
            assert_eq!(matched(key, &code, now, Window::PlusMinusOne), None);
        }
    }
    assert_eq!(keys[0].code_at(Step(1)).expose(), "32247374");
    assert_eq!(keys[1].code_at(Step(1)).expose(), "69342147");
}

// H-11, H-13; an exclusive bound once dropped the forward step elsewhere.
#[test]
fn a_window_ends_exactly_one_step_from_now() {
    // The first and the last second of step 1000, and the steps to be found.
    for now in [30_000, 30_029] {
        for (window, accepted) in [
            (Window::PlusMinusOne, 999..=1001),
            (Window::CurrentAndPrevious, 999..=1000),
        ] {
            for step in 990..=1010 {
                let code = six().code_at(Step(step));
                let expected = accepted.contains(&step).then_some(Step(step));
                assert_eq!(
                    matched(&six(), &code, now, window),
                    expected,
                    "{step} {window:?}"
                );
            }
        }
    }
}

#[test]
fn a_code_lives_for_one_step_before_and_one_after_its_own() {
    let code = six().code_at(Step(1000));
    let at = |now, window| matched(&six(), &code, now, window).is_some();
    for (now, either_side, back_only) in [
        (29_969, false, false),
        (29_970, true, false),
        (29_999, true, false),
        (30_000, true, true),
        (30_059, true, true),
        (30_060, false, false),
    ] {
        assert_eq!(at(now, Window::PlusMinusOne), either_side, "{now}");
        assert_eq!(at(now, Window::CurrentAndPrevious), back_only, "{now}");
    }
}

#[test]
fn the_ends_of_time_neither_wrap_nor_panic() {
    let last = u64::MAX / 30;
    for (now, steps) in [
        (0, vec![0, 1]),
        (29, vec![0, 1]),
        (30, vec![0, 1, 2]),
        (u64::MAX, vec![last - 1, last, last + 1]),
    ] {
        for step in steps {
            let code = six().code_at(Step(step));
            assert_eq!(
                matched(&six(), &code, now, Window::PlusMinusOne),
                Some(Step(step))
            );
        }
    }
    // What a wrapped subtraction would have let in.
    for step in [u64::MAX, u64::MAX / 30] {
        let code = six().code_at(Step(step));
        assert_eq!(matched(&six(), &code, 0, Window::PlusMinusOne), None);
    }
}

// V-03, V-04, H-12, N-04.
#[test]
fn only_a_step_above_the_mark_is_unspent() {
    let unspent = |step, mark: Option<u64>| {
        let unspent = Matched(Step(step)).into_unspent(mark.map(Step));
        unspent.map(|it| it.step().number())
    };
    assert_eq!(unspent(7, None), Some(7));
    assert_eq!(unspent(0, None), Some(0));
    assert_eq!(unspent(0, Some(0)), None);
    assert_eq!(unspent(7, Some(6)), Some(7));
    assert_eq!(unspent(7, Some(7)), None);
    assert_eq!(unspent(7, Some(8)), None);
    assert_eq!(unspent(u64::MAX, Some(u64::MAX)), None);
}

// V-04: accepted at its own step, sent again one step later.
#[test]
fn an_accepted_code_is_spent_in_the_trailing_step_too() {
    let code = six().code_at(Step(1000));
    let accept = |now, mark| {
        let matched = six().match_code(&code, Instant::new(now), Window::PlusMinusOne)?;
        matched.into_unspent(mark).map(|it| it.step())
    };
    let mark = accept(30_000, None);
    assert_eq!(mark, Some(Step(1000)));
    assert_eq!(accept(30_001, mark), None);
    assert_eq!(accept(30_030, mark), None);
}

// V-10: an hour back, one period back, to the epoch.
#[test]
fn setting_the_clock_back_revives_no_spent_code() {
    let mark = Some(Step(1000));
    for now in [30_000, 29_970, 26_400, 0] {
        for step in 0..=1000 {
            let code = six().code_at(Step(step));
            let matched = six().match_code(&code, Instant::new(now), Window::PlusMinusOne);
            assert!(matched.and_then(|it| it.into_unspent(mark)).is_none());
        }
    }
}

// V-12, V-01, V-02, H-12, N-04.
#[test]
fn a_code_is_never_accepted_twice_whatever_its_spelling() {
    let now = Instant::new(1_111_111_109);
    let mut mark = None;
    let mut accepted = 0;
    for typed in [
        "081804",
        "081804 ",
        " 081804",
        "081 804",
        "081-804",
        "\t081804\r\n",
        "\u{a0}081804",
        "081804\u{200b}",
        "\u{feff}081804",
        "081804",
    ] {
        let code = Code::parse(typed, Digits::Six).unwrap();
        let matched = six().match_code(&code, now, Window::PlusMinusOne).unwrap();
        if let Some(unspent) = matched.into_unspent(mark) {
            accepted += 1;
            mark = Some(unspent.step());
        }
    }
    assert_eq!((accepted, mark), (1, Some(Step(37_037_036)))); // V-12
}

// S-1: if a window holds the same digits twice, they are still good for once.
#[test]
fn of_two_steps_with_equal_digits_the_greatest_is_spent() {
    for (earlier, apart) in [(ADJACENT, 1), (TWO_APART, 2)] {
        let code = six().code_at(Step(earlier));
        assert!(code.matches(&six().code_at(Step(earlier + apart))));

        let now = Instant::new((earlier + 1) * 30);
        let accept = |mark| {
            let matched = six().match_code(&code, now, Window::PlusMinusOne).unwrap();
            matched.into_unspent(mark).map(|it| it.step())
        };
        let mark = accept(None);
        assert_eq!(mark, Some(Step(earlier + apart)));
        assert_eq!(accept(mark), None);
    }
}

#[test]
fn a_code_of_another_length_matches_nothing() {
    let eight = key(SHA1_SEED, Algorithm::Sha1, Digits::Eight);
    for code in [
        Code::parse("287082", Digits::Six),
        Code::parse("94287082", Digits::Eight),
    ] {
        let code = code.unwrap();
        let found = [&six(), &eight].map(|key| matched(key, &code, 59, Window::PlusMinusOne));
        assert_eq!(found.iter().flatten().count(), 1);
    }
}

// V-74, H-01, N-01.
#[test]
fn a_secret_has_16_to_128_bytes() {
    for (length, usable) in [
        (0, false),
        (15, false),
        (16, true),
        (20, true),
        (128, true),
        (129, false),
    ] {
        let key = Key::standard(Secret::new(vec![7; length]));
        assert_eq!(key.is_ok(), usable, "{length}");
    }
}

// N-03.
#[test]
fn a_period_has_15_to_120_seconds() {
    for (seconds, usable) in [
        (0, false),
        (14, false),
        (15, true),
        (30, true),
        (120, true),
        (121, false),
    ] {
        assert_eq!(
            Period::new(Span::seconds(seconds)).is_ok(),
            usable,
            "{seconds}"
        );
    }
}

// I-5 of the architecture.
#[test]
fn debug_output_tells_nothing_of_the_secret() {
    assert_eq!(format!("{:?}", six()), "Key(..)");
}

/// Steps `ADJACENT` and the next one have the same digits under [`SHA1_SEED`].
const ADJACENT: u64 = 910_737;

/// Steps `TWO_APART` and the next but one have the same digits under [`SHA1_SEED`].
const TWO_APART: u64 = 153_567;

fn periods() -> impl Strategy<Value = Period> {
    (15..=120_u64).prop_map(|it| Period::new(Span::seconds(it)).unwrap())
}

fn algorithms() -> impl Strategy<Value = Algorithm> {
    prop_oneof![
        Just(Algorithm::Sha1),
        Just(Algorithm::Sha256),
        Just(Algorithm::Sha512)
    ]
}

proptest! {
    // V-09, H-09: any time of 64 bits, any period, any place in the window.
    #[test]
    fn the_unspent_step_is_the_one_whose_code_was_typed(
        seed in prop::collection::vec(any::<u8>(), 16..=128),
        algorithm in algorithms(),
        period in periods(),
        now: u64,
        back in 0..=1_u64,
    ) {
        let key = Key::new(Secret::new(seed), algorithm, Digits::Eight, period).unwrap();
        let now = Instant::new(now);
        let current = key.step_at(now).number();
        let expected = now.as_seconds().checked_div(period.as_span().as_seconds());
        prop_assert_eq!(Some(current), expected);
        let typed = Step::new(current.saturating_sub(back));
        let matched = key.match_code(&key.code_at(typed), now, Window::CurrentAndPrevious);
        let found = matched.unwrap().into_unspent(None).unwrap().step();
        // A later step with the same digits is preferred; one in 10^8.
        prop_assert!(found == typed || key.code_at(found).matches(&key.code_at(typed)));
    }

    // V-08: matching has no state that a wrong code could change.
    #[test]
    fn a_code_matches_exactly_when_a_step_of_the_window_has_it(number in 0..1_000_000_u32, now: u64) {
        let key = six();
        let code = Code::from_number(number, Digits::Six);
        let current = key.step_at(Instant::new(now)).number();
        let expected = (current.saturating_sub(1)..=current.saturating_add(1))
            .rev()
            .map(Step)
            .find(|&it| key.code_at(it).matches(&code));
        prop_assert_eq!(matched(&key, &code, now, Window::PlusMinusOne), expected);
    }

    // V-11
    #[test]
    fn a_mark_never_goes_down(steps in prop::collection::vec(0..50_u64, 1..200)) {
        let mut mark = None;
        for step in steps {
            if let Some(unspent) = Matched(Step(step)).into_unspent(mark) {
                prop_assert!(Some(unspent.step()) > mark);
                mark = Some(unspent.step());
            }
        }
    }
}

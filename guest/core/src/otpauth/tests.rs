use alloc::{format, vec};

use proptest::prelude::*;

use super::*;

/// 20 bytes as base32.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn key() -> Key {
    Key::standard(Secret::new(b"12345678901234567890".to_vec())).unwrap()
}

/// Gives the field at fault in a URI that ends like this.
fn fault(rest: &str) -> &'static str {
    parse(&format!("otpauth://totp/{rest}")).unwrap_err().field
}

fn import(rest: &str) -> Imported {
    parse(&format!("otpauth://totp/{rest}")).unwrap_or_else(|it| panic!("{it}: {rest}"))
}

#[test]
fn a_uri_encodes_all_but_the_unreserved_characters() {
    for (issuer, encoded) in [
        ("Example", "Example"),
        ("A Co", "A%20Co"),
        ("A&B", "A%26B"),
        ("A#B", "A%23B"),
        ("100%", "100%25"),
        ("A+B", "A%2BB"),
        ("A/B", "A%2FB"),
        ("A?B=C", "A%3FB%3DC"),
        ("a-b._~", "a-b._~"),
        (
            "\"<>\\^`{|}'()*,;@[]!$",
            "%22%3C%3E%5C%5E%60%7B%7C%7D%27%28%29%2A%2C%3B%40%5B%5D%21%24",
        ),
        ("Müller", "M%C3%BCller"),
        ("日本", "%E6%97%A5%E6%9C%AC"),
        ("🔑 Co", "%F0%9F%94%91%20Co"),
        ("שלום\u{200f}!", "%D7%A9%D7%9C%D7%95%D7%9D%E2%80%8F%21"),
        ("%3A", "%253A"),
    ] {
        let label = Label::parse(issuer, "ann@example.com").unwrap();
        let uri = build(&label, &key());
        assert_eq!(
            uri.expose(),
            format!(
                "otpauth://totp/{encoded}:ann%40example.com?secret={SECRET}\
                 &issuer={encoded}&algorithm=SHA1&digits=6&period=30"
            )
        );
        assert_eq!(parse(uri.expose()).unwrap(), Imported { label, key: key() });
    }
}

#[test]
fn the_longest_label_and_secret_fit_the_longest_uri() {
    let label = Label::parse(&"ü".repeat(64), &"ü".repeat(128)).unwrap();
    let secret = Secret::new(vec![0xff; 128]);
    let period = Period::new(Span::seconds(120)).unwrap();
    let key = Key::new(secret, Algorithm::Sha512, Digits::Eight, period).unwrap();
    let uri = build(&label, &key);
    assert_eq!(uri.expose().len(), 1810);
    assert!(uri.expose().len() <= LONGEST_URI);
    assert_eq!(parse(uri.expose()).unwrap(), Imported { label, key });
}

#[test]
fn every_period_is_written_and_read_back() {
    for seconds in 15..=120 {
        let secret = key().secret().duplicate();
        let period = Period::new(Span::seconds(seconds)).unwrap();
        let key = Key::new(secret, Algorithm::Sha1, Digits::Six, period).unwrap();
        let uri = build(&Label::parse("A", "ann").unwrap(), &key);
        assert!(uri.expose().ends_with(&format!("&period={seconds}")));
        assert_eq!(parse(uri.expose()).unwrap().key, key);
    }
}

#[test]
fn a_label_out_of_bounds_is_refused_with_its_field() {
    for (text, longest) in [
        ("", 64),
        ("x", 65),
        ("é", 65),
        ("日", 43),
        ("🔑", 33),
        ("x", 300),
    ] {
        let text = text.repeat(longest);
        assert_eq!(Label::parse(&text, "ann"), Err(ISSUER_FAULT), "{text}");
    }
    for (text, longest) in [("", 128), ("x", 129), ("日", 86), ("🔑", 65), ("x", 300)] {
        let text = text.repeat(longest);
        assert_eq!(Label::parse("Example", &text), Err(ACCOUNT_FAULT), "{text}");
    }
    assert!(Label::parse(&"x".repeat(64), &"x".repeat(128)).is_ok());
    assert!(Label::parse(&"日".repeat(42), &"日".repeat(85)).is_ok());
}

#[test]
fn a_label_has_no_colon_no_control_and_no_space_at_its_ends() {
    for text in [
        "a:b",
        ":",
        "a\0b",
        "a\nb",
        "a\tb",
        "a\u{7f}b",
        "a\u{85}b",
        "a\u{9b}b",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{202a}b",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{2069}b",
        " a",
        "a ",
        " ",
        "\u{a0}a",
        "a\u{3000}",
        "a\r\n",
    ] {
        assert_eq!(Label::parse(text, "ann"), Err(ISSUER_FAULT), "{text:?}");
        assert_eq!(
            Label::parse("Example", text),
            Err(ACCOUNT_FAULT),
            "{text:?}"
        );
    }
}

#[test]
fn what_other_systems_leave_out_has_defaults() {
    assert_eq!(import(&format!("Example:ann?secret={SECRET}")).key, key());
}

#[test]
fn the_issuer_may_stand_in_either_place_or_in_both() {
    let label = Label::parse("A Co", "ann@example.com").unwrap();
    for rest in [
        "A%20Co:ann@example.com?",
        "A%20Co%3Aann%40example.com?",
        "A%20Co%3aann%40example.com?",
        "A%20Co:%20%20ann@example.com?",
        "ann@example.com?issuer=A%20Co&",
        "A%20Co:ann@example.com?issuer=A%20Co&",
        "A%20Co:ann@example.com?%69ssuer=%41%20Co&",
    ] {
        assert_eq!(
            import(&format!("{rest}secret={SECRET}")).label,
            label,
            "{rest}"
        );
    }
}

#[test]
fn an_issuer_that_is_missing_or_stands_for_two_is_refused() {
    for rest in [
        "ann?",
        "A:ann?issuer=B&",
        "A:ann?issuer=a&",
        "A:ann?issuer=&",
        "A%20B:ann?issuer=A+B&",
        ":ann?",
        "ann?issuer=&",
        "ann?issuer=A:B&",
        "ann?issuer=%FF&",
        "ann?issuer=%2&",
        "%20A:ann?",
    ] {
        assert_eq!(fault(&format!("{rest}secret={SECRET}")), "issuer", "{rest}");
    }
}

#[test]
fn an_account_that_is_missing_or_broken_is_refused() {
    for rest in [
        "A:?",
        "A:a:b?",
        "A%3Aa%3Ab?",
        "A:%00?",
        "A:ann%?",
        "A:ann%2?",
        "A:ann%zz?",
        "A:ann%+1?",
        "A:%ff?",
        "A:%C3?",
        "A:%ED%A0%80?",
        "A:%E2%80%AEnna?",
        "?issuer=A&",
    ] {
        assert_eq!(
            fault(&format!("{rest}secret={SECRET}")),
            "account",
            "{rest}"
        );
    }
}

#[test]
fn a_secret_is_read_in_every_usual_spelling() {
    for secret in [
        "gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
        "GEZD%20GNBV%20GY3T%20QOJQ%20GEZD%20GNBV%20GY3T%20QOJQ",
        "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ%3D%3D",
    ] {
        assert_eq!(
            import(&format!("Example:ann?secret={secret}")).key,
            key(),
            "{secret}"
        );
    }
}

// H-01, N-01; base32 has no 0, 1, 8, 9.
#[test]
fn a_secret_that_is_missing_short_long_or_not_base32_is_refused() {
    let (short, long) = ("A".repeat(24), "A".repeat(207));
    for secret in [
        "",
        "0EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "1EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "8EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "9EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "GEZD+GNBV+GY3T+QOJQ+GEZD+GNBV+GY3T+QOJQ",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQO",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQ%C3%84JQ",
        &short,
        &long,
    ] {
        assert_eq!(
            fault(&format!("A:ann?secret={secret}")),
            "secret",
            "{secret}"
        );
    }
    assert_eq!(fault("A:ann?issuer=A"), "secret");
    assert_eq!(fault("A:ann?"), "secret");
    assert_eq!(fault("A:ann?secret"), "secret");
    assert_eq!(fault(&format!("A:ann?Secret={SECRET}")), "secret");
}

#[test]
fn parameters_within_bounds_are_taken() {
    let with = |more: &str| import(&format!("A:ann?secret={SECRET}&{more}")).key;
    assert_eq!(with("algorithm=SHA1&digits=6&period=30"), key());
    assert_eq!(with("algorithm=sha512").algorithm(), Algorithm::Sha512);
    assert_eq!(with("digits=8").digits(), Digits::Eight);
    assert_eq!(with("period=15").period().as_span(), Span::seconds(15));
    assert_eq!(with("period=120").period().as_span(), Span::seconds(120));
    // Unknown ones, and empty ones.
    assert_eq!(
        with("image=https%3A%2F%2Fx&image=%zz&counter=1&&lock"),
        key()
    );
}

// H-03, N-02, N-03.
#[test]
fn parameters_out_of_bounds_are_refused_with_their_name() {
    for (more, field) in [
        ("algorithm=MD5", "algorithm"),
        ("algorithm=SHA-1", "algorithm"),
        ("algorithm=", "algorithm"),
        ("algorithm=SHA1%00", "algorithm"),
        ("digits=5", "digits"),
        ("digits=7", "digits"),
        ("digits=9", "digits"),
        ("digits=+6", "digits"),
        ("digits=0006", "digits"),
        ("digits=%D9%A6", "digits"),
        ("digits=", "digits"),
        ("digits", "digits"),
        ("period=0", "period"),
        ("period=14", "period"),
        ("period=121", "period"),
        ("period=-30", "period"),
        ("period=30.0", "period"),
        ("period=18446744073709551646", "period"),
    ] {
        assert_eq!(
            fault(&format!("A:ann?secret={SECRET}&{more}")),
            field,
            "{more}"
        );
    }
}

#[test]
fn a_parameter_that_stands_twice_is_refused_also_if_equal_or_encoded() {
    for (more, field) in [
        (&*format!("secret={SECRET}"), "secret"),
        (&*format!("%73ecret={SECRET}"), "secret"),
        ("issuer=A&issuer=A", "issuer"),
        ("algorithm=SHA1&algorithm=SHA1", "algorithm"),
        ("digits=6&digits=8", "digits"),
        ("period=30&period=30", "period"),
    ] {
        let uri = format!("otpauth://totp/A:ann?secret={SECRET}&{more}");
        let expected = "at most once";
        assert_eq!(parse(&uri), Err(UriFault { field, expected }), "{more}");
    }
}

#[test]
fn anything_but_a_totp_uri_is_refused() {
    let rest = format!("A:ann?secret={SECRET}");
    for uri in [
        "",
        "otpauth://totp/",
        "otpauth://totp/A:ann",
        &format!("otpauth://hotp/{rest}"),
        &format!("otpauth://totp{rest}"),
        &format!("otpauth:totp/{rest}"),
        &format!("https://totp/{rest}"),
        &format!(" otpauth://totp/{rest}"),
        &format!("otpauth://totp/{rest}\n"),
        &format!("otpauth://totp/{rest}#fragment"),
        &format!("otpauth://totp/A ann{rest}"),
        &format!("otpauth://totp/ü{rest}"),
        &format!("otpauth://totp/{rest}&%zz=1"),
        &format!("otpauth://totp/{rest}&x={}", "x".repeat(2048)),
        "ααααααααααααααα",
    ] {
        assert_eq!(parse(uri), Err(URI_FAULT), "{uri}");
    }
    assert!(parse(&format!("OTPAUTH://TOTP/{rest}")).is_ok());
}

#[test]
fn the_length_limit_is_2048_bytes() {
    let uri = format!("otpauth://totp/A:ann?secret={SECRET}&x=");
    let longest = format!("{uri}{}", "x".repeat(2048 - uri.len()));
    assert!(parse(&longest).is_ok());
    assert_eq!(parse(&format!("{longest}x")), Err(URI_FAULT));
}

#[test]
fn a_key_is_shown_in_groups_of_four() {
    for (length, shown) in [
        (0, ""),
        (1, "AA"),
        (2, "AAAA"),
        (3, "AAAA A"),
        (20, "AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA"),
    ] {
        assert_eq!(grouped_key(&Secret::new(vec![0; length])).expose(), shown);
    }
}

// I-5 of the architecture.
#[test]
fn neither_an_import_nor_a_fault_prints_the_secret() {
    let imported = import(&format!("A:ann?secret={SECRET}"));
    assert!(!format!("{imported:?}").contains("GEZD"));
    assert!(!format!("{imported:?}").contains("49, 50"));
    let fault = parse(&format!("otpauth://totp/A:ann?secret={SECRET}0")).unwrap_err();
    assert!(!format!("{fault:?} {fault}").contains("GEZD"));
    assert_eq!(
        format!("{fault}"),
        "secret is unusable; expected base32 of 16 to 128 bytes"
    );
}

fn keys() -> impl Strategy<Value = Key> {
    let seed = prop::collection::vec(any::<u8>(), 16..=128);
    let algorithm =
        prop::sample::select(vec![Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512]);
    let digits = prop::sample::select(vec![Digits::Six, Digits::Eight]);
    (seed, algorithm, digits, 15..=120_u64).prop_map(|(seed, algorithm, digits, period)| {
        let period = Period::new(Span::seconds(period)).unwrap();
        Key::new(Secret::new(seed), algorithm, digits, period).unwrap()
    })
}

proptest! {
    #[test]
    fn parsing_what_was_built_gives_the_same_label_and_key(
        issuer in ".{1,64}",
        account in ".{1,128}",
        key in keys(),
    ) {
        if let Ok(label) = Label::parse(&issuer, &account) {
            let uri = build(&label, &key);
            prop_assert!(uri.expose().is_ascii() && !uri.expose().contains('+'));
            prop_assert_eq!(parse(uri.expose()), Ok(Imported { label, key }));
        }
    }

    #[test]
    fn parsing_never_panics(uri: String, rest: String, query in "[a-z=&%0-9A-F:?]{0,80}") {
        let _ = parse(&uri);
        let _ = parse(&format!("otpauth://totp/{rest}"));
        let _ = parse(&format!("otpauth://totp/A:ann?secret={SECRET}&{query}"));
    }

    #[test]
    fn a_usable_label_never_moves_its_border(issuer: String, account: String) {
        if let Ok(label) = Label::parse(&issuer, &account) {
            prop_assert_eq!((label.issuer(), label.account()), (&*issuer, &*account));
            prop_assert!(!issuer.contains(':') && !account.contains(':'));
        }
    }

    #[test]
    fn a_grouped_key_is_read_back(bytes: Vec<u8>) {
        let secret = Secret::new(bytes);
        let shown = grouped_key(&secret);
        prop_assert_eq!(Secret::parse_base32(shown.expose()), Some(secret));
    }
}

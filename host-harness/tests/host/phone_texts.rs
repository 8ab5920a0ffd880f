//! What messages say, and where they are kept while nobody sends them.

use std::collections::HashSet;

use countersign_host::sms::{
    FileOutbox, Language, Message, MessagePurpose, NOTICE, Outcome, SmsSender, Texts,
};
use proptest::prelude::*;

const PURPOSES: [MessagePurpose; 4] = [
    MessagePurpose::SignIn,
    MessagePurpose::Enroll,
    MessagePurpose::ManageFactors,
    MessagePurpose::StepUp,
];

fn message(code: &str, purpose: MessagePurpose, minutes: u32) -> Message {
    Message::new("acme", "+34600000000", code, purpose, minutes, "key")
}

fn texts() -> Texts {
    Texts::new("id.example.com", "Example").expect("both are right")
}

/// An origin-bound one-time code, as far as a page without frames has one.
#[derive(Debug, PartialEq)]
struct Bound {
    host: String,
    embedded: Option<String>,
    code: String,
}

/// Parses a message by the steps of the draft "Origin-bound one-time codes delivered via SMS", section "Parsing". Where
/// the draft has a position, this has what is left.
fn parse(message: &str) -> Option<Bound> {
    let normalized = message.replace("\r\n", "\n").replace('\r', "\n");
    let line: Vec<char> = normalized.split('\n').next_back()?.chars().collect();
    let mut left = &line[..];
    let host = marked_token(&mut left, '@')?;
    left = left.strip_prefix(&[' '])?;
    let code = marked_token(&mut left, '#')?;
    let mut embedded = None;
    if let Some(more) = left.strip_prefix(&[' ']) {
        left = more;
        embedded = marked_token(&mut left, '@');
    }
    Some(Bound {
        host,
        embedded,
        code,
    })
}

/// The draft's "extract a marked token".
fn marked_token(left: &mut &[char], marker: char) -> Option<String> {
    let rest = left.strip_prefix(&[marker])?;
    let white_space = |it: &char| ['\t', '\n', '\u{c}', '\r', ' '].contains(it);
    let end = rest.iter().position(white_space).unwrap_or(rest.len());
    let (token, more) = rest.split_at(end);
    *left = more;
    (!token.is_empty()).then(|| token.iter().collect())
}

// E-04
#[test]
fn the_parser_takes_and_refuses_what_the_draft_does() {
    let plain = parse("747723 is your ExampleCo authentication code.\n\n@example.com #747723");
    let bound = |embedded: Option<&str>| Bound {
        host: "example.com".into(),
        embedded: embedded.map(Into::into),
        code: "747723".into(),
    };
    assert_eq!(plain, Some(bound(None)));
    let framed = parse("@example.com #747723 @ecommerce.example $future");
    assert_eq!(framed, Some(bound(Some("ecommerce.example"))));
    for not in [
        "something @example.com #747723",
        "#747723 @ecommerce.example @example.com",
        "@example.com code #747723",
        "@example.com  #747723",
        "@example.com #747723\n",
        "@example.com",
        "",
    ] {
        assert_eq!(parse(not), None, "{not}");
    }
}

// E-08
#[test]
fn a_message_says_issuer_code_minutes_and_that_it_is_a_secret() {
    let text = texts().write(&message("123456", PURPOSES[0], 10));
    assert_eq!(
        text.expect("it fits"),
        "Example: 123456 is your code to sign in, good for 10 min. Never share it. We will never ask for it.\n\
         @id.example.com #123456"
    );
}

// E-08: whoever relays a sign-in elsewhere has a message sent that reads like what it is.
#[test]
fn a_message_says_what_its_code_is_for_in_every_language() {
    for (purpose, said) in [
        (MessagePurpose::SignIn, "is your code to sign in"),
        (MessagePurpose::Enroll, "adds this phone"),
        (MessagePurpose::ManageFactors, "changes how you sign in"),
        (MessagePurpose::StepUp, "confirms a sensitive action"),
    ] {
        let text = texts().write(&message("123456", purpose, 10));
        let said = format!("Example: 123456 {said}, good for 10 min. ");
        assert!(text.expect("it fits").starts_with(&said), "{said}");
    }
    for language in Language::ALL {
        let words: HashSet<&str> = PURPOSES.iter().map(|it| language.words(*it)).collect();
        assert_eq!(words.len(), PURPOSES.len(), "{language:?}");
    }
}

#[test]
fn no_message_is_written_of_minutes_that_no_policy_allows() {
    for minutes in [0, 31, u32::MAX] {
        let error = texts().write(&message("123456", PURPOSES[0], minutes));
        let error = error.expect_err("no policy allows them");
        assert_eq!(error.to_string(), "minutes: expected 1 to 30");
    }
}

// E-04, E-05, E-06
#[test]
fn the_last_line_names_a_domain_of_the_configuration_and_nothing_else() {
    for host in [
        "",
        "localhost",
        "https://example.com",
        "example.com:443",
        "example.com/",
        "Example.com",
        "ex ample.com",
        "example.com #1",
        "exämple.com",
        "-a.example.com",
        "a-.example.com",
        "example..com",
        "example.com.",
        "127.0.0.1",
        "[::1]",
        "a_b.example.com",
        "example.com\n",
        "@example.com",
    ] {
        let error = Texts::new(host, "Example").expect_err(host);
        assert_eq!(error.field(), "host", "{host}");
    }
    for host in [
        "example.com",
        "id.example.co.uk",
        "xn--exmple-cua.com",
        "1.example.com",
    ] {
        Texts::new(host, "Example").expect(host);
    }
}

// E-07
#[test]
fn an_issuer_that_does_not_fit_is_refused_when_texts_are_made() {
    let error = |issuer: &str| {
        let error = Texts::new("id.example.com", issuer).expect_err(issuer);
        assert_eq!(error.field(), "issuer", "{issuer}");
        error.to_string()
    };
    assert_eq!(
        error("Société`"),
        "issuer: expected characters of GSM 03.38, found '`'"
    );
    assert_eq!(
        error("Compañía"),
        "issuer: expected characters of GSM 03.38, found 'í'"
    );
    let long = error(&"x".repeat(60));
    assert!(
        long.starts_with("issuer: expected at most ") && long.ends_with("found 60"),
        "{long}"
    );
    for issuer in [
        "",
        " Example",
        "Exa\nmple",
        "{code}",
        "a@b",
        "Example.com",
        "https://x",
        "No 123456",
        "x.y",
    ] {
        error(issuer);
    }
    // The euro is of the extension, and takes two places.
    let host = format!("{}.example.com", "a".repeat(30));
    let room = (1..60)
        .rev()
        .find(|n| Texts::new(&host, &"x".repeat(*n)).is_ok())
        .expect("some issuer fits");
    assert!(Texts::new(&host, &"€".repeat(room / 2)).is_ok());
    assert!(Texts::new(&host, &"€".repeat(room / 2 + 1)).is_err());
}

#[test]
fn a_host_that_leaves_no_room_for_words_is_refused() {
    let host = format!("{}.{}.example.com", "a".repeat(60), "b".repeat(60));
    let error = Texts::new(&host, "Example").expect_err("there is no room");
    assert_eq!(error.field(), "host");
}

// E-07, E-08
#[test]
fn words_of_ones_own_are_checked_when_they_are_made() {
    for words in [
        "",
        "{issuer} {minutes}",
        "{issuer} {code} {code} {minutes}",
        "{issuer} {code}",
        "{code} {minutes}",
        "{issuer} {code} {minutes} {number}",
        "{issuer} {code} {minutes} {",
        "{issuer}{code} {minutes}",
        "{issuer} {code}{minutes}",
        "{issuer} x{code} {minutes}",
        "{issuer} {code} {minutes} or 654321",
        "{issuer} {code} {minutes} at http://evil.example",
        "{issuer} {code} {minutes} at evil.example",
        "{issuer} {code} {minutes}\n@evil.example #1",
        "{issuer} {code} {minutes} me@evil",
        "{issuer} {code} {minutes} minutos, válido",
        "{issuer} {code} {minutes}\r",
        "{issuer} {code} {minutes} 😀",
    ] {
        let error = texts().words(words).expect_err(words);
        assert_eq!(error.field(), "words", "{words}");
    }
    let long = format!("{{issuer}} {{code}} {{minutes}} {}", "x".repeat(120));
    let error = texts().words(&long).expect_err("it is too long");
    assert!(error.to_string().contains("at most 160 septets"), "{error}");
}

#[test]
fn words_that_other_texts_checked_are_checked_again() {
    let longest = format!("{{issuer}} {{code}} {{minutes}} {}", "x".repeat(125));
    let short = Texts::new("a.example", "A").expect("both are right");
    let words = short.words(&longest).expect("it just fits");
    let long = texts().choosing(move |_, _, _| words.clone());
    assert!(long.write(&message("12345678", PURPOSES[0], 30)).is_err());
}

#[test]
fn words_are_chosen_by_company_number_and_purpose() {
    let own = texts()
        .words("{code}: {issuer}, {minutes} min")
        .expect("they are right");
    let texts = texts().choosing(move |company, number, purpose| {
        match (company, number.starts_with("+34"), purpose) {
            ("acme", true, MessagePurpose::SignIn) => own.clone().into(),
            (_, true, _) => countersign_host::sms::Wording::from(Language::Spanish),
            _ => Language::German.into(),
        }
    });
    let write = |company: &str, number: &str, purpose| {
        let message = Message::new(company, number, "123456", purpose, 10, "key");
        texts.write(&message).expect("it fits")
    };
    assert!(write("acme", "+34600000000", PURPOSES[0]).starts_with("123456: Example, 10 min\n@"));
    assert!(write("other", "+34600000000", PURPOSES[0]).contains("es su clave"));
    assert!(write("acme", "+34600000000", PURPOSES[1]).contains("vincula"));
    assert!(write("acme", "+491700000000", PURPOSES[0]).contains("Anmeldecode"));
}

// N-15
#[test]
fn every_language_says_that_the_app_is_there_instead() {
    assert_eq!(Language::English.notice(), NOTICE);
    for language in Language::ALL {
        let notice = language.notice().to_lowercase();
        assert!(notice.contains("aut"), "no app: {notice}");
        assert!(!notice.contains("  "), "{notice}");
    }
}

proptest! {
    #[test]
    fn every_message_of_every_language_fits_and_parses_back(
        label in "[a-z0-9]{1,12}",
        issuer in "[A-Za-zÄÖÜäöüñàèéùìò&€][A-Za-z0-9 &€]{0,3}[A-Za-zéß]{0,9}[A-Za-z]",
        code in "[0-9]{6,8}",
        minutes in 1_u32..=30,
        language in prop::sample::select(Language::ALL),
        purpose in prop::sample::select(&PURPOSES[..]),
    ) {
        let host = format!("{label}.example.com");
        let texts = Texts::new(&host, &issuer).expect("both are right");
        let texts = texts.choosing(move |_, _, _| language);
        let text = texts.write(&message(&code, purpose, minutes)).expect("it fits");
        let bound = Bound { host, embedded: None, code: code.clone() };
        prop_assert_eq!(parse(&text), Some(bound));
        let septets = text.replace('€', "xx").chars().count();
        prop_assert!(septets <= 160, "{}", text);
        prop_assert_eq!(text.matches(&code).count(), 2);
        prop_assert_eq!(text.matches('@').count(), 1);
    }

    #[test]
    fn words_of_any_kind_are_refused_or_parse_back(
        words in "(\\{code\\}|\\{issuer\\}|\\{minutes\\}|[ -~]|\n|@|#|ó|€){0,40}",
        code in "[0-9]{6,8}",
    ) {
        let Ok(own) = texts().words(&words) else {
            return Ok(());
        };
        let texts = texts().choosing(move |_, _, _| own.clone());
        if let Ok(text) = texts.write(&message(&code, PURPOSES[0], 7)) {
            let bound = Bound { host: "id.example.com".into(), embedded: None, code: code.clone() };
            prop_assert_eq!(parse(&text), Some(bound));
            prop_assert_eq!(text.matches(&code).count(), 2);
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_of_messages_is_its_owners_and_has_one_object_a_line() {
    use std::os::unix::fs::PermissionsExt;

    let directory = std::env::temp_dir().join(format!("countersign-file-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("there is room");
    let path = directory.join("messages.jsonl");
    let outbox = FileOutbox::open(&path, "ES", texts()).expect("it can be made");
    for code in ["123456", "654321"] {
        let outcome = outbox.send(&message(code, PURPOSES[0], 10)).await;
        assert!(matches!(outcome, Outcome::Sent), "{outcome:?}");
    }
    let debug = format!("{outbox:?}");
    assert!(!debug.contains("123456"), "{debug}");
    let permissions = path.metadata().expect("it is there").permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
    let lines = std::fs::read_to_string(&path).expect("it can be read");
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("it is JSON"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["code"], "654321");
    assert_eq!(lines[1]["to"], "+34600000000");

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("it is ours");
    let error = FileOutbox::open(&path, "ES", texts()).expect_err("others can read it");
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    std::fs::remove_dir_all(&directory).expect("it is ours");
}

//! Which country a number is in, and which numbers are none.

use countersign_host::sms::{Lines, Permission, country};
use proptest::prelude::*;

fn permitted(number: &str) -> String {
    match country(number, Lines::Mobile) {
        Permission::Permitted(country) => country,
        Permission::Refused(why) => panic!("{number} was refused: {why}"),
    }
}

fn refused(number: &str, lines: Lines) -> String {
    match country(number, lines) {
        Permission::Permitted(country) => panic!("{number} is in {country}"),
        Permission::Refused(why) => why,
    }
}

#[test]
fn a_country_is_the_numbers_and_not_that_of_its_calling_code() {
    for (number, country) in [
        ("+12025550100", "US"),
        ("+14168123456", "CA"),
        ("+18762345678", "JM"),
        ("+16582345678", "JM"),
        ("+18092345678", "DO"),
        ("+18292345678", "DO"),
        ("+12423591234", "BS"),
        ("+14412345678", "BM"),
        ("+447400123456", "GB"),
        ("+447797712345", "JE"),
        ("+77012345678", "KZ"),
        ("+79123456789", "RU"),
        ("+393123456789", "IT"),
        ("+34612345678", "ES"),
        ("+33612345678", "FR"),
        ("+4915123456789", "DE"),
        ("+353851234567", "IE"),
        ("+61412345678", "AU"),
        ("+6421123456", "NZ"),
        ("+6581234567", "SG"),
        ("+85251234567", "HK"),
        ("+525512345678", "MX"),
    ] {
        assert_eq!(permitted(number), country, "{number}");
    }
}

// V-92
#[test]
fn a_number_is_a_plus_and_seven_to_fifteen_digits_before_any_library_sees_it() {
    for number in [
        "",
        "+",
        "+123456",
        "+1234567890123456",
        "12025550100",
        "0034612345678",
        "+02025550100",
        "+1 202 555 0100",
        "+1-202-555-0100",
        "+1(202)5550100",
        "tel:+12025550100",
        "+12025550100;ext=1",
        "+12025550100;phone-context=example.com",
        "+1202555010\u{0660}",
        "\u{ff0b}12025550100",
        // CVE-2023-42444 and CVE-2024-39697, in another library for this.
        ".;phone-context=",
        "+dwPAA;phone-context=AA",
    ] {
        assert_eq!(refused(number, Lines::All), "not-a-number", "{number}");
    }
}

#[test]
fn a_second_way_to_write_a_number_is_refused() {
    // With the trunk prefix that is dialled within the country.
    for number in ["+4407400123456", "+112025550100", "+95017195196"] {
        assert_eq!(refused(number, Lines::All), "not-a-number", "{number}");
    }
}

#[test]
fn what_no_plan_has_and_what_no_country_has_is_refused() {
    for number in ["+999123456", "+1234567", "+21234567890123", "+12002345678"] {
        assert_eq!(refused(number, Lines::All), "unassigned", "{number}");
    }
    for number in ["+870773111632", "+80012345678"] {
        assert_eq!(refused(number, Lines::All), "no-country", "{number}");
    }
}

#[test]
fn lines_that_cannot_be_mobile_are_refused_if_asked_for() {
    for (number, home) in [
        ("+442079460000", "GB"),
        ("+33812345678", "FR"),
        ("+19002345678", "US"),
        ("+18002345678", "US"),
    ] {
        assert_eq!(refused(number, Lines::Mobile), "not-a-mobile", "{number}");
        assert!(
            matches!(country(number, Lines::All), Permission::Permitted(it) if it == home),
            "{number}"
        );
    }
}

proptest! {
    #[test]
    fn digits_of_any_kind_are_answered(number in "\\+[0-9]{0,16}") {
        match country(&number, Lines::All) {
            Permission::Permitted(country) => {
                let capital = |b: u8| b.is_ascii_uppercase();
                prop_assert!(country.len() == 2 && country.bytes().all(capital), "{}", country);
            }
            Permission::Refused(why) => prop_assert!(
                ["not-a-number", "unassigned", "no-country"].contains(&why.as_str()),
                "{}", why
            ),
        }
    }

    #[test]
    fn text_of_any_kind_is_answered(number in ".{0,24}") {
        if let Permission::Permitted(_) = country(&number, Lines::All) {
            prop_assert!(number.is_ascii() && number.starts_with('+'));
        }
    }
}

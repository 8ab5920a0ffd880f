//! Which country a number is in.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::Permission;

/// Which lines a text message may be sent to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Lines {
    /// Those that are or may be mobile: where the plan does not tell them from fixed ones, as under `+1`, all those.
    #[default]
    Mobile,
    /// All that are assigned; also fixed, premium-rate and internet ones.
    All,
}

/// Finds the country of a number, or says why it may not be sent to.
///
/// The country is the number's, not that of its calling code: `+1 876` is Jamaica, not the United States.
///
/// Refused are, with these reasons: what is not `+` and 7 to 15 digits, or is a second way to write a number, such as
/// one with a trunk prefix (`not-a-number`); what no numbering plan has (`unassigned`); satellite phones and other
/// numbers of no country (`no-country`); and, if asked for, what cannot be a mobile phone (`not-a-mobile`).
///
/// Numbering plans change every few weeks, and are compiled in: a host that is not built anew with a newer
/// `rlibphonenumber` refuses numbers that were given out since.
///
/// # Security
///
/// The digits are checked before the library sees them: what has made libraries of this kind panic, such as
/// `.;phone-context=`, does not get there. Two ways to write one number would be counted as two.
///
/// # Examples
///
/// ```
/// use countersign_host::sms::{Lines, Permission, country};
///
/// assert!(matches!(
///     country("+18762345678", Lines::Mobile),
///     Permission::Permitted(country) if country == "JM"
/// ));
/// assert!(matches!(
///     country("+442079460000", Lines::Mobile),
///     Permission::Refused(why) if why == "not-a-mobile"
/// ));
/// ```
pub fn country(number: &str, lines: Lines) -> Permission {
    match find(number, lines) {
        Ok(country) => Permission::Permitted(country),
        Err(why) => Permission::Refused(why.to_owned()),
    }
}

fn find(number: &str, lines: Lines) -> Result<String, &'static str> {
    if !super::is_number(number) {
        return Err("not-a-number");
    }
    let parsed = PHONE_NUMBER_UTIL
        .parse(number, None)
        .map_err(|_| "unassigned")?;
    if parsed.format_as(PhoneNumberFormat::E164) != number {
        return Err("not-a-number");
    }
    if !parsed.is_valid() {
        return Err("unassigned");
    }
    let region = parsed.get_region_code().ok_or("unassigned")?;
    let region = region.as_region_str();
    let country = in_iso(region.as_str()).ok_or("no-country")?;
    let mobile = matches!(
        parsed.get_type(),
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile
    );
    match lines {
        Lines::Mobile if !mobile => Err("not-a-mobile"),
        Lines::Mobile | Lines::All => Ok(country.to_owned()),
    }
}

/// Says whether this is the code of a country that has numbers: `GB` and not `UK`.
pub(super) fn is_country(code: &str) -> bool {
    let mut regions = PHONE_NUMBER_UTIL.get_supported_regions();
    regions.any(|region| in_iso(region.as_region_str().as_str()) == Some(code))
}

/// Returns the country of ISO 3166-1 that a region of a numbering plan is or lies in.
fn in_iso(region: &str) -> Option<&str> {
    match region {
        // Regions of their own in numbering plans, parts of a country in ISO 3166-1.
        "AC" | "TA" => Some("SH"),
        it if it.len() == 2 && it.bytes().all(|b| b.is_ascii_uppercase()) => Some(it),
        _ => None,
    }
}

//! The alphabet of text messages: GSM 03.38 (3GPP TS 23.038), which every network and phone takes.

/// Returns how many septets a text takes up in one message, or the first character that is not in the alphabet.
///
/// One character outside it makes the whole message UCS-2, of which only 70 fit.
pub(super) fn septets(text: &str) -> Result<usize, char> {
    let mut count: usize = 0;
    for character in text.chars() {
        let more = match character {
            it if BASIC.contains(it) => 1,
            it if EXTENDED.contains(it) => 2,
            it => return Err(it),
        };
        count = count.saturating_add(more);
    }
    Ok(count)
}

/// What fits into a message that is not split: 140 octets of 7 bits.
pub(super) const CAPACITY: usize = 160;

/// Section 6.2.1, without the escape, and without the carriage return: a line of ours ends with a line feed alone.
const BASIC: &str = "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Section 6.2.1.1, without the form feed. Each is sent as an escape and a septet.
const EXTENDED: &str = "^{}\\[~]|€";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_has_128_places_less_escape_and_carriage_return() {
        assert_eq!(BASIC.chars().count(), 126);
        assert_eq!(EXTENDED.chars().count(), 9);
    }

    #[test]
    fn a_character_of_the_extension_takes_two_septets() {
        assert_eq!(septets("10 €"), Ok(5));
        assert_eq!(septets("grüß"), Ok(4));
        assert_eq!(septets("código"), Err('ó'));
        assert_eq!(septets("`"), Err('`'));
        assert_eq!(septets("a\rb"), Err('\r'));
    }
}

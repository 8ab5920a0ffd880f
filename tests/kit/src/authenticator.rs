//! An authenticator app, as the user has one: an implementation of RFC 6238 that the plugin does not use.

use std::collections::BTreeSet;

use totp_rs::{Builder, Secret, Totp};

/// An app with one entry.
#[derive(Debug)]
pub struct Authenticator(Totp);

impl Authenticator {
    /// Takes an entry: a key in base 32 with everything else as is usual, or an `otpauth://totp/` address.
    ///
    /// # Errors
    ///
    /// Why the app does not take it.
    pub fn scan(entry: &str) -> Result<Self, String> {
        let scanned = match entry.starts_with("otpauth://") {
            true => Totp::from_url_unchecked(entry).map_err(|error| error.to_string())?,
            false => {
                let secret = Secret::try_from_base32(entry).map_err(|error| error.to_string())?;
                Builder::new().with_secret(secret).build_noncompliant()
            }
        };
        Ok(Self(scanned))
    }

    /// Returns the code that it shows at a time, in seconds since 1970.
    #[must_use]
    pub fn code(&self, time: u64) -> String {
        self.0.generate(time).to_string()
    }

    /// Returns the code of the step `offset` steps from that of `time`.
    #[must_use]
    pub fn code_near(&self, time: u64, offset: i64) -> String {
        let step = self.0.step();
        let seconds = i64::try_from(step).unwrap_or(30).saturating_mul(offset);
        self.code(time.saturating_add_signed(seconds))
    }

    /// Returns the `n`th code that is that of no step within ten of that of `time`.
    #[must_use]
    pub fn wrong_code(&self, time: u64, n: usize) -> String {
        let near: BTreeSet<String> = (-10..=10)
            .map(|offset| self.code_near(time, offset))
            .collect();
        let digits = usize::from(self.0.digits());
        let mut others = (0..1_000_000_u32)
            .map(|number| format!("{number:0digits$}"))
            .filter(|code| !near.contains(code));
        // Of a million codes, at most 21 are left out.
        others.nth(n).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 6238, appendix B, cut to six digits.
    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        let app = Authenticator::scan("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").expect("it is a key");
        assert_eq!(app.code(59), "287082");
        assert_eq!(app.code(1_111_111_109), "081804");
        assert_eq!(app.code_near(89, -1), "287082");
        assert_ne!(app.wrong_code(59, 0), app.wrong_code(59, 1));
    }

    #[test]
    fn an_address_brings_its_own_digits_hash_and_period() {
        let uri = "otpauth://totp/A:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA\
                   &issuer=A&algorithm=SHA256&digits=8&period=30";
        let app = Authenticator::scan(uri).expect("it is an address");
        assert_eq!(app.code(59), "46119246");
    }
}

//! An authenticator app that is not ours.
//!
//! A demo that made its codes with the code that checks them would show nothing.

use std::fmt;
use std::process::{Command, Stdio};

use totp_rs::{Algorithm, Builder, Secret};

use crate::exit::Exit;

/// Makes the codes of an authenticator app.
#[derive(Clone, Debug)]
pub(crate) enum Authenticator {
    /// The program `oathtool`, by the name it gives itself.
    Oathtool(String),
    /// The crate `totp-rs`.
    TotpRs,
}

impl Authenticator {
    /// Takes `oathtool` where it is installed and gets a code of RFC 6238 right, else `totp-rs`.
    pub(crate) fn find() -> Self {
        let oathtool = Self::Oathtool(String::new());
        match oathtool.code(KNOWN_KEY, KNOWN_TIME) {
            Ok(code) if code == KNOWN_CODE => Self::Oathtool(version()),
            _ => Self::TotpRs,
        }
    }

    /// Makes the code of a key in base 32 at a time: SHA-1, 6 digits, 30 seconds.
    pub(crate) fn code(&self, key: &str, at: u64) -> Result<String, Exit> {
        match self {
            Self::Oathtool(_) => by_oathtool(key, at),
            Self::TotpRs => by_totp_rs(key, at),
        }
    }
}

impl fmt::Display for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oathtool(version) => write!(f, "{version}, a program of its own"),
            Self::TotpRs => f.write_str("the crate totp-rs (oathtool is not installed)"),
        }
    }
}

/// Returns the first line that `oathtool --version` prints.
fn version() -> String {
    let output = Command::new(OATHTOOL).arg("--version").output();
    let text = output.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
    match text.ok().as_deref().and_then(|it| it.lines().next()) {
        Some(line) => line.trim().to_owned(),
        None => OATHTOOL.to_owned(),
    }
}

fn by_oathtool(key: &str, at: u64) -> Result<String, Exit> {
    let output = Command::new(OATHTOOL)
        .args(["--totp", "--base32", "--now", &format!("@{at}"), key])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Exit::Fault(format!("{OATHTOOL}: {error}")))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Exit::Fault(format!("{OATHTOOL}: {}", why.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn by_totp_rs(key: &str, at: u64) -> Result<String, Exit> {
    // Its error may hold the key.
    let unusable = "expected a key in base 32 of at least 16 bytes";
    let secret = Secret::try_from_base32(key).map_err(|_| Exit::Usage(unusable.to_owned()))?;
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_secret(secret)
        .build()
        .map_err(|_| Exit::Usage(unusable.to_owned()))?;
    Ok(totp.generate(at).to_string())
}

const OATHTOOL: &str = "oathtool";

// RFC 6238, appendix B, cut to six digits.
const KNOWN_KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const KNOWN_TIME: u64 = 1_111_111_109;
const KNOWN_CODE: &str = "081804";

#[cfg(test)]
mod tests {
    use super::{Authenticator, KNOWN_CODE, KNOWN_KEY, KNOWN_TIME};

    #[test]
    fn both_make_the_code_of_the_rfc() {
        let code = Authenticator::TotpRs.code(KNOWN_KEY, KNOWN_TIME).unwrap();
        assert_eq!(code, KNOWN_CODE);
        let found = Authenticator::find().code(KNOWN_KEY, KNOWN_TIME).unwrap();
        assert_eq!(found, KNOWN_CODE);
    }

    #[test]
    fn a_key_that_is_none_is_not_repeated() {
        let error = Authenticator::TotpRs.code("NOT-A-KEY!", 0).unwrap_err();
        assert!(!error.message().unwrap().contains("NOT-A-KEY"));
    }
}

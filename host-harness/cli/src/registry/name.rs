//! What an artifact is known by.

use std::net::IpAddr;
use std::str::FromStr;

use countersign_host::Digest;
use oci_client::Reference;

/// A registry, a name in it, and a tag or a digest: `registry.example/acme/mfa:1.2.0`.
///
/// Nothing of it is guessed: neither Docker's registry nor `latest`.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    reference: Reference,
    digest: Option<Digest>,
}

impl Name {
    pub(super) fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Returns the digest of the manifest that it names, if it names one.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.digest
    }

    pub(super) fn registry(&self) -> &str {
        self.reference.registry()
    }

    /// Says whether the registry is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.registry();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let address: Result<IpAddr, _> = host.parse();
        host == "localhost" || address.is_ok_and(|it| it.is_loopback())
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.reference.fmt(f)
    }
}

impl FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let reference: Reference = text.parse().map_err(|_| EXPECTED)?;
        // What the parser added does not stand in the text.
        let is_whole = reference.to_string() == text;
        let digest = match reference.digest() {
            None => None,
            Some(it) => {
                let digits = it.strip_prefix("sha256:").ok_or(EXPECTED)?;
                Some(digits.parse().map_err(|_| EXPECTED)?)
            }
        };
        match is_whole {
            true => Ok(Self { reference, digest }),
            false => Err(EXPECTED),
        }
    }
}

const EXPECTED: &str = "expected REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:DIGEST, such as registry.example/acme/mfa:1.2.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_and_tag_are_never_guessed() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let by_digest = format!("registry.example/acme/mfa@{digest}");
        for name in [
            "registry.example/acme/mfa:1.2.0",
            "registry.example/acme/mfa:latest",
            "localhost:5000/mfa:1",
            &by_digest,
            &format!("registry.example/acme/mfa:1.2.0@{digest}"),
        ] {
            assert_eq!(name.parse::<Name>().unwrap().to_string(), name);
        }
        for text in [
            "mfa",
            "mfa:1",
            "acme/mfa:1.2.0",
            "registry.example/acme/mfa",
            "registry.example/acme/mfa:",
            "https://registry.example/acme/mfa:1",
            "registry.example/acme/mfa@sha512:ab",
            "registry.example/../mfa:1",
            "",
        ] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
        let by_digest: Name = by_digest.parse().unwrap();
        assert_eq!(by_digest.digest(), Some("ab".repeat(32).parse().unwrap()));
    }

    #[test]
    fn loopback_is_an_address_of_this_machine_and_no_name_like_it() {
        for (name, is_loopback) in [
            ("localhost:5000/mfa:1", true),
            ("127.0.0.1:5000/mfa:1", true),
            ("127.0.0.1.example/mfa:1", false),
            ("localhost.example/mfa:1", false),
            ("10.0.0.1:5000/mfa:1", false),
        ] {
            let name: Name = name.parse().unwrap();
            assert_eq!(name.is_loopback(), is_loopback, "{name}");
        }
    }
}

//! Networks of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address, or all addresses that begin with the same bits: `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    /// The bits that count, then zeros.
    base: u128,
    mask: u128,
    is_v4: bool,
}

/// A text is no address, and no network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected an address, or a network such as 10.0.0.0/8 without bits behind its length")]
pub struct NotANetwork;

impl Network {
    /// Says whether it is every address there is.
    pub(super) fn is_everything(&self) -> bool {
        self.mask == 0
    }

    /// Says whether an address is in it. An IPv4 address that is written as IPv6 is that address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, is_v4) = bits(address.to_canonical());
        is_v4 == self.is_v4 && bits & self.mask == self.base
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let (base, is_v4) = bits(address);
        let width: u32 = if is_v4 { 32 } else { 128 };
        let length = match length {
            // No sign, no leading zero: what is refused here is likely a typing error.
            Some(text) if text.len() <= 3 && text.bytes().all(|it| it.is_ascii_digit()) => {
                text.parse::<u32>().map_err(|_| NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
            None => width,
        };
        let free = width.checked_sub(length).ok_or(NotANetwork)?;
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        match base & mask == base {
            true => Ok(Self { base, mask, is_v4 }),
            false => Err(NotANetwork),
        }
    }
}

/// Says whether an address is reached from this machine, or from a network that is not the internet.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => {
            it.is_loopback() || it.is_private() || it.is_link_local() || is_shared(it)
        }
        IpAddr::V6(it) => it.is_loopback() || is_local(it),
    }
}

/// RFC 6598: 100.64.0.0/10.
fn is_shared(address: Ipv4Addr) -> bool {
    address.to_bits() >> 22 == u32::from_be_bytes([100, 64, 0, 0]) >> 22
}

/// RFC 4193, fc00::/7, and RFC 4291, fe80::/10.
fn is_local(address: Ipv6Addr) -> bool {
    address.is_unique_local() || address.is_unicast_link_local()
}

fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(it) => (u128::from(it.to_bits()), true),
        IpAddr::V6(it) => (it.to_bits(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, is_private};

    #[test]
    fn a_network_has_the_addresses_that_begin_with_its_bits() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("10.1.2.3", "::ffff:10.1.2.3", "::10.1.2.3"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("::/0", "2001:db8::1", "203.0.113.9"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
        ] {
            let it: Network = network.parse().unwrap();
            assert!(it.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(
                !it.contains(outside.parse().unwrap()),
                "{network} {outside}"
            );
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "10",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "10.0.0.0/8/8",
            "::/129",
            "proxy.internal",
            " 10.0.0.1",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_what_the_internet_does_not_reach_is_private() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("10.2.3.4", true),
            ("172.31.0.1", true),
            ("100.64.1.1", true),
            ("100.128.0.0", false),
            ("172.32.0.1", false),
            ("0.0.0.0", false),
            ("::", false),
            ("::1", true),
            ("fd00::1", true),
            ("::ffff:8.8.8.8", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), expected, "{address}");
        }
    }
}

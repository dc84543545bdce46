//! The address guard: which IP addresses the server may call.
//!
//! Everything that is not global unicast is refused. The lists are the IANA special-purpose registries
//! (IPv4: RFC 6890 and its updates; IPv6: the same registry for `2000::/3` and below) plus the addresses at
//! which clouds answer with credentials.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses a class of request may reach; part of the connection pool's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PolicyClass {
    /// Global unicast only. Everything but the webhooks of `sheetbend dev`.
    #[default]
    Public,
    /// Global unicast and loopback: webhooks of `sheetbend dev`.
    PublicOrLoopback,
}

/// Why an address was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// `0.0.0.0/8`, `::`.
    Unspecified,
    /// `127.0.0.0/8`, `::1`.
    Loopback,
    /// RFC 1918.
    Private,
    /// `100.64.0.0/10`, RFC 6598.
    CarrierNat,
    /// `169.254.0.0/16`, `fe80::/10`: also where clouds serve instance credentials.
    LinkLocal,
    /// `168.63.129.16` (Azure's host agent), `fd00:ec2::/32` (AWS instance metadata).
    CloudMetadata,
    /// `192.0.0.0/24`, `2001::/23`: IETF protocol assignments.
    ProtocolAssignment,
    /// `192.88.99.0/24`, RFC 7526.
    RelayAnycast,
    /// `192.0.2.0/24`, `198.51.100.0/24`, `203.0.113.0/24`, `2001:db8::/32`, `3fff::/20`.
    Documentation,
    /// `198.18.0.0/15`, RFC 2544.
    Benchmarking,
    /// `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// `240.0.0.0/4`.
    Reserved,
    /// `255.255.255.255`.
    Broadcast,
    /// `fc00::/7`, RFC 4193.
    UniqueLocal,
    /// `fec0::/10`, RFC 3879.
    SiteLocal,
    /// `2002::/16`, which hides an IPv4 address; deprecated by RFC 7526.
    SixToFour,
    /// `2001::/32`, which hides an IPv4 address.
    Teredo,
    /// `::a.b.c.d`, deprecated by RFC 4291 §2.5.5.1.
    Ipv4Compatible,
    /// `64:ff9b:1::/48`, a NAT64 prefix of local meaning (RFC 8215).
    LocalNat64,
    /// `100::/64` and whatever else lies outside `2000::/3`.
    NotGlobalUnicast,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "unspecified",
            Self::Loopback => "loopback",
            Self::Private => "private network",
            Self::CarrierNat => "carrier-grade NAT",
            Self::LinkLocal => "link-local",
            Self::CloudMetadata => "cloud metadata service",
            Self::ProtocolAssignment => "IETF protocol assignment",
            Self::RelayAnycast => "6to4 relay",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
            Self::Broadcast => "broadcast",
            Self::UniqueLocal => "unique local network",
            Self::SiteLocal => "site-local",
            Self::SixToFour => "6to4 tunnel",
            Self::Teredo => "Teredo tunnel",
            Self::Ipv4Compatible => "IPv4-compatible",
            Self::LocalNat64 => "local NAT64 prefix",
            Self::NotGlobalUnicast => "not global unicast",
        })
    }
}

/// Says whether `class` may reach `address`.
///
/// # Errors
/// The first rule that refuses it. For an IPv4 address inside an IPv6 one, the rule of the inner address.
pub fn check(address: IpAddr, class: PolicyClass) -> Result<(), Rule> {
    match refused_by(address) {
        None => Ok(()),
        // A tunnel's address that hides a loopback one is not loopback itself.
        Some(_) if class == PolicyClass::PublicOrLoopback && address.to_canonical().is_loopback() => Ok(()),
        Some(rule) => Err(rule),
    }
}

fn refused_by(address: IpAddr) -> Option<Rule> {
    match address {
        IpAddr::V4(v4) => refused_v4(v4),
        IpAddr::V6(v6) => refused_v6(v6),
    }
}

fn refused_v4(address: Ipv4Addr) -> Option<Rule> {
    Some(match address.octets() {
        [0, ..] => Rule::Unspecified,
        [127, ..] => Rule::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Rule::Private,
        [100, 64..=127, ..] => Rule::CarrierNat,
        [169, 254, ..] => Rule::LinkLocal,
        [168, 63, 129, 16] => Rule::CloudMetadata,
        [192, 0, 0, _] => Rule::ProtocolAssignment,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Rule::Documentation,
        [192, 88, 99, _] => Rule::RelayAnycast,
        [198, 18..=19, ..] => Rule::Benchmarking,
        [224..=239, ..] => Rule::Multicast,
        [255, 255, 255, 255] => Rule::Broadcast,
        [240..=255, ..] => Rule::Reserved,
        _ => return None,
    })
}

fn refused_v6(address: Ipv6Addr) -> Option<Rule> {
    let s = address.segments();
    Some(match s {
        [0, 0, 0, 0, 0, 0, 0, 0] => Rule::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Rule::Loopback,
        // Mapped addresses are dialled as IPv4, and NAT64 (RFC 6052) is how an IPv6-only host reaches public
        // IPv4: both are what their inner address is.
        [0, 0, 0, 0, 0, 0xffff, hi, lo] | [0x64, 0xff9b, 0, 0, 0, 0, hi, lo] => {
            return refused_v4(inner(hi, lo));
        }
        [0, 0, 0, 0, 0, 0, hi, lo] => refused_v4(inner(hi, lo)).unwrap_or(Rule::Ipv4Compatible),
        [0x64, 0xff9b, 1, ..] => Rule::LocalNat64,
        [0x2002, hi, lo, ..] => refused_v4(inner(hi, lo)).unwrap_or(Rule::SixToFour),
        // RFC 4380 §4: the client's address stands at the end with every bit flipped.
        [0x2001, 0, _, _, _, _, hi, lo] => refused_v4(inner(!hi, !lo)).unwrap_or(Rule::Teredo),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Rule::Documentation,
        [0x2001, 0..=0x1ff, ..] => Rule::ProtocolAssignment,
        [0xfd00, 0x0ec2, ..] => Rule::CloudMetadata,
        [0xfc00..=0xfdff, ..] => Rule::UniqueLocal,
        [0xfe80..=0xfebf, ..] => Rule::LinkLocal,
        [0xfec0..=0xfeff, ..] => Rule::SiteLocal,
        [0xff00..=0xffff, ..] => Rule::Multicast,
        // ISATAP (RFC 5214 §6.1) hides an IPv4 address in the interface identifier of any prefix.
        [0x2000..=0x3fff, _, _, _, 0 | 0x200, 0x5efe, hi, lo] => return refused_v4(inner(hi, lo)),
        [0x2000..=0x3fff, ..] => return None,
        _ => Rule::NotGlobalUnicast,
    })
}

fn inner(hi: u16, lo: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (hi.to_be_bytes(), lo.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

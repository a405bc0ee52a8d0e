//! A number range as written in a carrier's file.

use crate::content::check_digit::Family;
use serde::Deserialize;

/// `[[range]]`. Which keys a format needs is in `ranges`; a key it does not know is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RangeFile {
    pub id: String,
    /// Services it is issued for; empty = all.
    #[serde(default)]
    pub services: Vec<String>,
    pub format: Format,
    /// Serials as the carrier issued them, both ends included.
    pub first: u64,
    pub last: u64,
    /// From how many numbers left on it is time to order more.
    #[serde(default)]
    pub low: u64,
    /// Several stations use it: each takes numbers only out of blocks leased to it.
    #[serde(default)]
    pub shared: bool,
    /// Begins again behind its end, with what has rested for `reuse_days`, or, without them, for
    /// the carrier's own window.
    #[serde(default)]
    pub cycle: bool,
    pub reuse_days: Option<u16>,
    /// `numeric`: what precedes the serial. `dpd`: the digits DPD issued. `sscc`: `00`, if the
    /// carrier's number is written with its identifier.
    pub prefix: Option<String>,
    /// `numeric`: digits of the serial with leading zeros.
    pub digits: Option<u8>,
    /// `numeric`: the rule of the check character at the end; without it there is none.
    pub check: Option<Family>,
    /// `numeric`: leading characters the check does not cover, such as 2 for `1Z`.
    pub check_skip: Option<u8>,
    /// `s10`: two service letters. `usps-impb`: the service type code. `ups-1z`: the service.
    pub service: Option<String>,
    /// `s10`: the issuing country.
    pub country: Option<String>,
    /// `sscc`: the extension digit.
    pub extension: Option<u8>,
    /// `sscc`: the GS1 company prefix, 4 to 12 digits.
    pub company: Option<String>,
    /// `usps-impb`: the mailer id, nine digits that begin with 9 or six that do not.
    pub mailer: Option<String>,
    /// `usps-impb`: digits of the number, 22 or 26; 22 if absent.
    pub length: Option<u8>,
    /// `ups-1z`: the account, 6 characters. `fedex-96`: the shipper, 7 digits.
    pub shipper: Option<String>,
    /// `fedex-96`: the two digits behind 96.
    pub scnc: Option<String>,
    /// `fedex-96`: class of service, 3 digits.
    pub class: Option<String>,
}

/// How numbers of a range are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    #[default]
    Numeric,
    S10,
    Sscc,
    UspsImpb,
    #[serde(rename = "ups-1z")]
    Ups1z,
    #[serde(rename = "fedex-12")]
    Fedex12,
    #[serde(rename = "fedex-96")]
    Fedex96,
    Dpd,
}

impl Format {
    /// The name in the file, and the number in words.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Format::Numeric => ("numeric", "a numeric range"),
            Format::S10 => ("s10", "an S10 number"),
            Format::Sscc => ("sscc", "an SSCC"),
            Format::UspsImpb => ("usps-impb", "a USPS number"),
            Format::Ups1z => ("ups-1z", "a UPS number"),
            Format::Fedex12 => ("fedex-12", "a FedEx number of 12 digits"),
            Format::Fedex96 => ("fedex-96", "a FedEx Ground number"),
            Format::Dpd => ("dpd", "a DPD number"),
        }
    }

    /// Keys that only some formats have, as far as this one knows them.
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Format::Numeric => &["prefix", "digits", "check", "check_skip"],
            Format::S10 => &["service", "country"],
            Format::Sscc => &["prefix", "extension", "company"],
            Format::UspsImpb => &["service", "mailer", "length"],
            Format::Ups1z => &["service", "shipper"],
            Format::Fedex12 => &[],
            Format::Fedex96 => &["scnc", "class", "shipper"],
            Format::Dpd => &["prefix"],
        }
    }
}

impl RangeFile {
    /// Keys of single formats that are given.
    pub fn given(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("prefix", self.prefix.is_some()),
            ("digits", self.digits.is_some()),
            ("check", self.check.is_some()),
            ("check_skip", self.check_skip.is_some()),
            ("service", self.service.is_some()),
            ("country", self.country.is_some()),
            ("extension", self.extension.is_some()),
            ("company", self.company.is_some()),
            ("mailer", self.mailer.is_some()),
            ("length", self.length.is_some()),
            ("shipper", self.shipper.is_some()),
            ("scnc", self.scnc.is_some()),
            ("class", self.class.is_some()),
        ];
        given.into_iter().filter(|(_, is)| *is).map(|(key, _)| key)
    }
}

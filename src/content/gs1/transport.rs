//! What a transport label's 2D symbol says so that a carrier can route the parcel without a data
//! link (GS1 Scan4Transport guideline 1.1). The recipient becomes readable by every machine, so
//! the address is put in only where somebody decided so.

use super::{Dictionary, Element, Problem, percent_encode};

/// How much a symbol tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Content {
    /// The number, country and postcode: routes, names nobody.
    #[default]
    Routing,
    /// The recipient's name and street too: only if the carrier asks for it.
    Address,
}

/// A transport label's data as plain text; empty means absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transport<'a> {
    /// 18 digits.
    pub sscc: &'a str,
    pub company: &'a str,
    pub name: &'a str,
    /// Street lines; the first two fit.
    pub lines: &'a [String],
    pub city: &'a str,
    pub region: &'a str,
    pub postcode: &'a str,
    /// ISO 3166-1 alpha-2.
    pub country: &'a str,
    pub phone: &'a str,
    /// Product of the carrier, as people say it.
    pub service: &'a str,
    pub leave_without_signature: Option<bool>,
    pub signature: Option<bool>,
}

impl Transport<'_> {
    /// The elements, in the order of their identifiers. The postcode goes as (420), because (421)
    /// may not stand beside the country (4307).
    ///
    /// # Errors
    /// What does not fit: percent-encoded text counts with its encoded length.
    pub fn elements(&self, content: Content) -> Result<Vec<Element<'static>>, Vec<Problem>> {
        let mut found = vec![Element::new("00", self.sscc.to_owned())];
        let mut put = |ai: &'static str, value: String| {
            if !value.is_empty() {
                found.push(Element::new(ai, value));
            }
        };
        put("420", self.postcode.to_owned());
        if content == Content::Address {
            let line = |at: usize| self.lines.get(at).map_or("", String::as_str);
            put("4300", percent_encode(self.company));
            put("4301", percent_encode(self.name));
            put("4302", percent_encode(line(0)));
            put("4303", percent_encode(line(1)));
            put("4305", percent_encode(self.city));
            put("4306", percent_encode(self.region));
        }
        put("4307", self.country.to_owned());
        if content == Content::Address {
            put("4308", self.phone.replace(' ', ""));
        }
        put("4320", percent_encode(self.service));
        let yes_no = |flag: Option<bool>| flag.map_or(String::new(), |f| u8::from(f).to_string());
        put("4322", yes_no(self.leave_without_signature));
        put("4323", yes_no(self.signature));
        super::build::checked(&found, Dictionary::builtin())?;
        Ok(found)
    }
}

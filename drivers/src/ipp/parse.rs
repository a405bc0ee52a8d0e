//! Answers, byte by byte from a network: bounded, and never trusted further than they reach.

use super::{FIRST_VALUE_TAG, RESPONSE_BYTES_MAX, tag};

/// Values of one answer; a full job list has some thousands.
const VALUES_MAX: usize = 16_384;
const HEAD_BYTES: usize = 8;

/// What received bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// An answer, and the bytes it took up.
    Complete(Response, usize),
    /// More bytes are needed.
    Incomplete,
    /// No answer, and why: give the connection up.
    Broken(&'static str),
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Number of the request it answers.
    pub number: u32,
    pub groups: Vec<Group>,
}

/// Attributes that belong together: of the operation, of one job, of the printer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    pub tag: u8,
    pub attributes: Vec<Attribute>,
}

/// A name and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub name: String,
    pub values: Vec<Value>,
}

/// One value. Collections come as their members, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Integers and enumerations.
    Number(i32),
    Bool(bool),
    /// Text, names, keywords and the like; what is no UTF-8 is replaced.
    Text(String),
    /// Dates, ranges, and "no value".
    Other,
}

/// Reads the start of `bytes` as an answer.
pub fn parse(bytes: &[u8]) -> Parsed {
    let mut cursor = Cursor { bytes, at: 0 };
    match read(&mut cursor) {
        Ok(response) => Parsed::Complete(response, cursor.at),
        Err(Stop::Short) if bytes.len() >= RESPONSE_BYTES_MAX => {
            Parsed::Broken("the answer is longer than any queue's")
        }
        Err(Stop::Short) => Parsed::Incomplete,
        Err(Stop::Broken(reason)) => Parsed::Broken(reason),
    }
}

enum Stop {
    Short,
    Broken(&'static str),
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let end = self.at.saturating_add(count);
        let taken = self.bytes.get(self.at..end).ok_or(Stop::Short)?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    fn field(&mut self) -> Result<&'a [u8], Stop> {
        let [high, low] = array(self.take(2)?);
        self.take(usize::from(u16::from_be_bytes([high, low])))
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}

fn read(cursor: &mut Cursor<'_>) -> Result<Response, Stop> {
    let [major, _, s1, s0, n3, n2, n1, n0] = array(cursor.take(HEAD_BYTES)?);
    if !(1..=2).contains(&major) {
        return Err(Stop::Broken("the answer is not of this protocol"));
    }
    let mut response = Response {
        status: u16::from_be_bytes([s1, s0]),
        number: u32::from_be_bytes([n3, n2, n1, n0]),
        groups: Vec::new(),
    };
    let mut values = 0_usize;
    loop {
        let tag = cursor.byte()?;
        if tag == tag::END {
            return Ok(response);
        }
        values += 1;
        if values > VALUES_MAX {
            return Err(Stop::Broken("the answer has more values than any queue's"));
        }
        if tag < FIRST_VALUE_TAG {
            response.groups.push(Group {
                tag,
                attributes: Vec::new(),
            });
            continue;
        }
        let (name, value) = (cursor.field()?, cursor.field()?);
        let group = response.groups.last_mut();
        let attributes = &mut group
            .ok_or(Stop::Broken("a value without a group"))?
            .attributes;
        let value = read_value(tag, value);
        match attributes.last_mut() {
            Some(attribute) if name.is_empty() => attribute.values.push(value),
            None if name.is_empty() => return Err(Stop::Broken("a value without a name")),
            _ => attributes.push(Attribute {
                name: String::from_utf8_lossy(name).into_owned(),
                values: vec![value],
            }),
        }
    }
}

fn read_value(tag: u8, value: &[u8]) -> Value {
    match (tag, value) {
        (tag::INTEGER | tag::ENUM, [_, _, _, _]) => Value::Number(i32::from_be_bytes(array(value))),
        (tag::BOOLEAN, [flag]) => Value::Bool(*flag != 0),
        (tag::TEXT | tag::NAME | tag::KEYWORD..=tag::MIME_TYPE, _) => {
            Value::Text(String::from_utf8_lossy(value).into_owned())
        }
        _ => Value::Other,
    }
}

impl Group {
    /// The first value of an attribute.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values(name).first()
    }

    /// All values of an attribute; empty if it is absent.
    pub fn values(&self, name: &str) -> &[Value] {
        let found = self.attributes.iter().find(|a| a.name == name);
        found.map_or(&[], |a| a.values.as_slice())
    }

    /// The texts among the values of an attribute.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        self.values(name).iter().filter_map(text).collect()
    }

    /// A number of an attribute; negative ones are none.
    pub fn number(&self, name: &str) -> Option<u32> {
        match self.value(name) {
            Some(Value::Number(number)) => u32::try_from(*number).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ANSWER: &[u8] = b"\x02\x00\x00\x01\x00\x00\x00\x09\x01\
        \x47\0\x12attributes-charset\0\x05utf-8\x04\
        \x23\0\x0Dprinter-state\0\x04\0\0\0\x05\
        \x44\0\x15printer-state-reasons\0\x06paused\x44\0\0\0\x0Bmedia-empty\
        \x22\0\x19printer-is-accepting-jobs\0\x01\x01\x03";

    #[test]
    fn an_answer_is_read_once_it_is_whole_wherever_it_is_split() {
        for end in 0..ANSWER.len() {
            assert_eq!(parse(&ANSWER[..end]), Parsed::Incomplete, "{end}");
        }
        let mut more = ANSWER.to_vec();
        more.extend_from_slice(b"\x02\x00next");
        let Parsed::Complete(response, used) = parse(&more) else {
            panic!("no answer")
        };
        assert_eq!(
            (used, response.status, response.number),
            (ANSWER.len(), 1, 9)
        );
        let printer = &response.groups[1];
        assert_eq!(printer.number("printer-state"), Some(5));
        assert_eq!(
            printer.texts("printer-state-reasons"),
            ["paused", "media-empty"]
        );
        let accepting = printer.value("printer-is-accepting-jobs");
        assert_eq!(accepting, Some(&Value::Bool(true)));
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        let broken = |bytes: &[u8]| matches!(parse(bytes), Parsed::Broken(_));
        assert!(broken(b"HTTP/1.1 200 OK\r\n"));
        assert!(broken(
            b"\x01\x01\0\0\0\0\0\x01\x21\0\x01x\0\x04\0\0\0\x01\x03"
        ));
        assert!(broken(
            b"\x01\x01\0\0\0\0\0\x01\x02\x21\0\0\0\x04\0\0\0\x01\x03"
        ));
        let endless = [b"\x01\x01\0\0\0\0\0\x01".as_slice(), &[0x02; 20_000]].concat();
        assert!(broken(&endless));
        let mut long = b"\x01\x01\0\0\0\0\0\x01\x02".to_vec();
        while long.len() < RESPONSE_BYTES_MAX {
            long.extend_from_slice(b"\x41\0\x01x\xFF\xFF");
            long.resize(long.len() + 0xFFFF, b'y');
        }
        assert!(broken(&long));
    }

    #[test]
    fn any_bytes_are_read_without_harm() {
        let mut seed = 7_u64;
        for _ in 0..2000 {
            let mut bytes = ANSWER.to_vec();
            for _ in 0..4 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(seed >> 33).unwrap() % bytes.len();
                bytes[at] = seed.to_be_bytes()[3];
            }
            if let Parsed::Complete(response, used) = parse(&bytes) {
                assert!(used <= bytes.len() && response.groups.len() < bytes.len());
            }
        }
    }
}

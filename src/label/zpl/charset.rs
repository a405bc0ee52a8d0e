//! `^CI`: what the bytes of a field mean.

use std::borrow::Cow;

/// A code page in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// `^CI0` to `^CI13`. The national sets 1 to 12 differ from 0 in a dozen ASCII characters.
    #[default]
    Cp850,
    Cp1250,
    Cp1251,
    Cp1252,
    Cp1253,
    Cp1254,
    Utf8,
    Utf16Be,
    Utf16Le,
}

const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";
const CP1250: &str = "€?‚?„…†‡?‰Š‹ŚŤŽŹ?‘’“”•–—?™š›śťžź\u{A0}ˇ˘Ł¤Ą¦§¨©Ş«¬\u{AD}®Ż\
    °±˛ł´µ¶·¸ąş»Ľ˝ľżŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙";
const CP1251: &str = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—?™љ›њќћџ\u{A0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{AD}®Ї\
    °±Ііґµ¶·ё№є»јЅѕїАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя";
/// 80 to 9F; the rest is Latin-1.
const CP1252: &str = "€?‚ƒ„…†‡ˆ‰Š‹Œ?Ž??‘’“”•–—˜™š›œ?žŸ";
const CP1253: &str = "€?‚ƒ„…†‡?‰?‹?????‘’“”•–—?™?›????\u{A0}΅Ά£¤¥¦§¨©?«¬\u{AD}®―\
    °±²³΄µ¶·ΈΉΊ»Ό½ΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ?ΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ?";
const CP1254_CHANGES: [(u8, char); 6] = [
    (0xD0, 'Ğ'),
    (0xDD, 'İ'),
    (0xDE, 'Ş'),
    (0xF0, 'ğ'),
    (0xFD, 'ı'),
    (0xFE, 'ş'),
];

impl Charset {
    /// The set of a `^CI` number; None for those not read here (Asian double-byte sets).
    pub fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            0..=13 => Charset::Cp850,
            27 => Charset::Cp1252,
            28 => Charset::Utf8,
            29 => Charset::Utf16Be,
            30 => Charset::Utf16Le,
            31 => Charset::Cp1250,
            33 => Charset::Cp1251,
            34 => Charset::Cp1253,
            35 => Charset::Cp1254,
            _ => return None,
        })
    }

    /// The text of field data. Plain ASCII is not copied; broken UTF-8 becomes U+FFFD.
    pub fn decode(self, data: &[u8]) -> Cow<'_, str> {
        match self {
            Charset::Utf8 => String::from_utf8_lossy(data),
            Charset::Utf16Be | Charset::Utf16Le => {
                let units = data.chunks(2).map(|pair| {
                    let pair = [pair[0], pair.get(1).copied().unwrap_or(0)];
                    if self == Charset::Utf16Be {
                        u16::from_be_bytes(pair)
                    } else {
                        u16::from_le_bytes(pair)
                    }
                });
                char::decode_utf16(units)
                    .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect()
            }
            _ => match std::str::from_utf8(data) {
                Ok(text) if data.is_ascii() => Cow::Borrowed(text),
                _ => data.iter().map(|byte| self.character(*byte)).collect(),
            },
        }
    }

    fn character(self, byte: u8) -> char {
        if byte < 0x80 {
            return char::from(byte);
        }
        let high = usize::from(byte - 0x80);
        let of = |page: &str| {
            page.chars()
                .nth(high)
                .unwrap_or(char::REPLACEMENT_CHARACTER)
        };
        match self {
            Charset::Cp1250 => of(CP1250),
            Charset::Cp1251 => of(CP1251),
            Charset::Cp1253 => of(CP1253),
            Charset::Cp1254 => {
                let changed = CP1254_CHANGES.iter().find(|(at, _)| *at == byte);
                changed.map_or_else(|| Charset::Cp1252.character(byte), |(_, c)| *c)
            }
            Charset::Cp1252 if byte < 0xA0 => of(CP1252),
            Charset::Cp1252 => char::from(byte),
            _ => of(CP850),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_complete_and_right_in_samples() {
        for (page, count) in [(CP850, 128), (CP1250, 128), (CP1251, 128), (CP1253, 128)] {
            assert_eq!(page.chars().count(), count, "{page}");
        }
        assert_eq!(CP1252.chars().count(), 32);
        let samples = [
            (
                Charset::Cp850,
                b"M\x81nchen \xe1 \x90 \xfd".as_slice(),
                "München ß É ²",
            ),
            (Charset::Cp1252, b"M\xfcnchen \x80", "München €"),
            (Charset::Cp1250, b"\xa3\xf3d\x9f \xd8\xec", "Łódź Řě"),
            (Charset::Cp1251, b"\xca\xe8\xe5\xe2", "Киев"),
            (Charset::Cp1253, b"\xc1\xe8\xde\xed\xe1", "Αθήνα"),
            (Charset::Cp1254, b"\xddzmir", "İzmir"),
            (Charset::Utf8, "Łódź".as_bytes(), "Łódź"),
            (Charset::Utf16Be, b"\x01\x41\x00d", "Łd"),
            (Charset::Utf16Le, b"\x41\x01d\x00", "Łd"),
        ];
        for (set, bytes, text) in samples {
            assert_eq!(set.decode(bytes), text, "{set:?}");
        }
    }
}

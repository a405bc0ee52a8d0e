//! The countries of ISO 3166-1: their English names for the last line of a foreign label, and how
//! each writes the lines of an address. The orders of lines follow the posts' published habits
//! (the UPU's addressing pages); where none is given, the default is used.

/// A country as labels need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2, upper case.
    pub code: &'static str,
    /// English name in capitals, in letters every font has.
    pub name: &'static str,
    /// Lines below the recipient: `A` street lines, `Z` postcode, `C` city, `S` region; a space
    /// joins on one line, `|` begins a new one.
    pub layout: &'static str,
    /// Nothing is delivered without a postcode.
    pub needs_postcode: bool,
    /// Nothing is delivered without a state or province.
    pub needs_region: bool,
}

/// Street, then postcode and city, then region: what most posts understand.
const LAYOUT_DEFAULT: &str = "A|Z C|S";

/// Finds a country by its upper-case ISO 3166-1 alpha-2 code.
pub fn find(code: &str) -> Option<Country> {
    let at = COUNTRIES
        .binary_search_by(|(listed, ..)| (*listed).cmp(code))
        .ok()?;
    let (code, name, layout, needs) = COUNTRIES.get(at)?;
    let layout = if layout.is_empty() {
        LAYOUT_DEFAULT
    } else {
        layout
    };
    let (needs_postcode, needs_region) = (needs.contains('Z'), needs.contains('S'));
    Some(Country {
        code,
        name,
        layout,
        needs_postcode,
        needs_region,
    })
}

/// Finds a country by the three digits of ISO 3166-1 numeric, such as `276`.
pub fn by_number(digits: &str) -> Option<Country> {
    let number: u16 = match digits.len() {
        3 if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    let at = NUMBERS.binary_search_by_key(&number, |(n, _)| *n).ok()?;
    NUMBERS.get(at).and_then(|(_, code)| find(code))
}

/// ISO 3166-1 numeric with the alpha-2 code, sorted.
#[rustfmt::skip]
const NUMBERS: &[(u16, &str)] = &[
    (4, "AF"), (8, "AL"), (10, "AQ"), (12, "DZ"), (16, "AS"), (20, "AD"),
    (24, "AO"), (28, "AG"), (31, "AZ"), (32, "AR"), (36, "AU"), (40, "AT"),
    (44, "BS"), (48, "BH"), (50, "BD"), (51, "AM"), (52, "BB"), (56, "BE"),
    (60, "BM"), (64, "BT"), (68, "BO"), (70, "BA"), (72, "BW"), (74, "BV"),
    (76, "BR"), (84, "BZ"), (86, "IO"), (90, "SB"), (92, "VG"), (96, "BN"),
    (100, "BG"), (104, "MM"), (108, "BI"), (112, "BY"), (116, "KH"), (120, "CM"),
    (124, "CA"), (132, "CV"), (136, "KY"), (140, "CF"), (144, "LK"), (148, "TD"),
    (152, "CL"), (156, "CN"), (158, "TW"), (162, "CX"), (166, "CC"), (170, "CO"),
    (174, "KM"), (175, "YT"), (178, "CG"), (180, "CD"), (184, "CK"), (188, "CR"),
    (191, "HR"), (192, "CU"), (196, "CY"), (203, "CZ"), (204, "BJ"), (208, "DK"),
    (212, "DM"), (214, "DO"), (218, "EC"), (222, "SV"), (226, "GQ"), (231, "ET"),
    (232, "ER"), (233, "EE"), (234, "FO"), (238, "FK"), (239, "GS"), (242, "FJ"),
    (246, "FI"), (248, "AX"), (250, "FR"), (254, "GF"), (258, "PF"), (260, "TF"),
    (262, "DJ"), (266, "GA"), (268, "GE"), (270, "GM"), (275, "PS"), (276, "DE"),
    (288, "GH"), (292, "GI"), (296, "KI"), (300, "GR"), (304, "GL"), (308, "GD"),
    (312, "GP"), (316, "GU"), (320, "GT"), (324, "GN"), (328, "GY"), (332, "HT"),
    (334, "HM"), (336, "VA"), (340, "HN"), (344, "HK"), (348, "HU"), (352, "IS"),
    (356, "IN"), (360, "ID"), (364, "IR"), (368, "IQ"), (372, "IE"), (376, "IL"),
    (380, "IT"), (384, "CI"), (388, "JM"), (392, "JP"), (398, "KZ"), (400, "JO"),
    (404, "KE"), (408, "KP"), (410, "KR"), (414, "KW"), (417, "KG"), (418, "LA"),
    (422, "LB"), (426, "LS"), (428, "LV"), (430, "LR"), (434, "LY"), (438, "LI"),
    (440, "LT"), (442, "LU"), (446, "MO"), (450, "MG"), (454, "MW"), (458, "MY"),
    (462, "MV"), (466, "ML"), (470, "MT"), (474, "MQ"), (478, "MR"), (480, "MU"),
    (484, "MX"), (492, "MC"), (496, "MN"), (498, "MD"), (499, "ME"), (500, "MS"),
    (504, "MA"), (508, "MZ"), (512, "OM"), (516, "NA"), (520, "NR"), (524, "NP"),
    (528, "NL"), (531, "CW"), (533, "AW"), (534, "SX"), (535, "BQ"), (540, "NC"),
    (548, "VU"), (554, "NZ"), (558, "NI"), (562, "NE"), (566, "NG"), (570, "NU"),
    (574, "NF"), (578, "NO"), (580, "MP"), (581, "UM"), (583, "FM"), (584, "MH"),
    (585, "PW"), (586, "PK"), (591, "PA"), (598, "PG"), (600, "PY"), (604, "PE"),
    (608, "PH"), (612, "PN"), (616, "PL"), (620, "PT"), (624, "GW"), (626, "TL"),
    (630, "PR"), (634, "QA"), (638, "RE"), (642, "RO"), (643, "RU"), (646, "RW"),
    (652, "BL"), (654, "SH"), (659, "KN"), (660, "AI"), (662, "LC"), (663, "MF"),
    (666, "PM"), (670, "VC"), (674, "SM"), (678, "ST"), (682, "SA"), (686, "SN"),
    (688, "RS"), (690, "SC"), (694, "SL"), (702, "SG"), (703, "SK"), (704, "VN"),
    (705, "SI"), (706, "SO"), (710, "ZA"), (716, "ZW"), (724, "ES"), (728, "SS"),
    (729, "SD"), (732, "EH"), (740, "SR"), (744, "SJ"), (748, "SZ"), (752, "SE"),
    (756, "CH"), (760, "SY"), (762, "TJ"), (764, "TH"), (768, "TG"), (772, "TK"),
    (776, "TO"), (780, "TT"), (784, "AE"), (788, "TN"), (792, "TR"), (795, "TM"),
    (796, "TC"), (798, "TV"), (800, "UG"), (804, "UA"), (807, "MK"), (818, "EG"),
    (826, "GB"), (831, "GG"), (832, "JE"), (833, "IM"), (834, "TZ"), (840, "US"),
    (850, "VI"), (854, "BF"), (858, "UY"), (860, "UZ"), (862, "VE"), (876, "WF"),
    (882, "WS"), (887, "YE"), (894, "ZM"),
];

/// Code, name, layout, and what cannot be missing (`Z`, `S`). Sorted by code.
#[rustfmt::skip]
const COUNTRIES: &[(&str, &str, &str, &str)] = &[
    ("AD", "ANDORRA", "A|Z C", ""),
    ("AE", "UNITED ARAB EMIRATES", "A|C|S", ""),
    ("AF", "AFGHANISTAN", "", ""),
    ("AG", "ANTIGUA AND BARBUDA", "", ""),
    ("AI", "ANGUILLA", "", ""),
    ("AL", "ALBANIA", "", ""),
    ("AM", "ARMENIA", "", ""),
    ("AO", "ANGOLA", "", ""),
    ("AQ", "ANTARCTICA", "", ""),
    ("AR", "ARGENTINA", "A|Z C|S", ""),
    ("AS", "AMERICAN SAMOA", "", ""),
    ("AT", "AUSTRIA", "A|Z C", "Z"),
    ("AU", "AUSTRALIA", "A|C S Z", "ZS"),
    ("AW", "ARUBA", "", ""),
    ("AX", "ALAND ISLANDS", "A|Z C", ""),
    ("AZ", "AZERBAIJAN", "", ""),
    ("BA", "BOSNIA AND HERZEGOVINA", "A|Z C", ""),
    ("BB", "BARBADOS", "", ""),
    ("BD", "BANGLADESH", "A|C Z", ""),
    ("BE", "BELGIUM", "A|Z C", "Z"),
    ("BF", "BURKINA FASO", "", ""),
    ("BG", "BULGARIA", "A|Z C", "Z"),
    ("BH", "BAHRAIN", "", ""),
    ("BI", "BURUNDI", "", ""),
    ("BJ", "BENIN", "", ""),
    ("BL", "SAINT BARTHELEMY", "", ""),
    ("BM", "BERMUDA", "", ""),
    ("BN", "BRUNEI", "", ""),
    ("BO", "BOLIVIA", "", ""),
    ("BQ", "CARIBBEAN NETHERLANDS", "", ""),
    ("BR", "BRAZIL", "A|C S|Z", "Z"),
    ("BS", "BAHAMAS", "", ""),
    ("BT", "BHUTAN", "", ""),
    ("BV", "BOUVET ISLAND", "", ""),
    ("BW", "BOTSWANA", "", ""),
    ("BY", "BELARUS", "A|Z C|S", ""),
    ("BZ", "BELIZE", "", ""),
    ("CA", "CANADA", "A|C S Z", "ZS"),
    ("CC", "COCOS (KEELING) ISLANDS", "", ""),
    ("CD", "DEMOCRATIC REPUBLIC OF THE CONGO", "", ""),
    ("CF", "CENTRAL AFRICAN REPUBLIC", "", ""),
    ("CG", "CONGO", "", ""),
    ("CH", "SWITZERLAND", "A|Z C", "Z"),
    ("CI", "COTE D'IVOIRE", "", ""),
    ("CK", "COOK ISLANDS", "", ""),
    ("CL", "CHILE", "A|Z C|S", ""),
    ("CM", "CAMEROON", "", ""),
    ("CN", "CHINA", "A|C|S Z", "Z"),
    ("CO", "COLOMBIA", "A|C S Z", ""),
    ("CR", "COSTA RICA", "", ""),
    ("CU", "CUBA", "", ""),
    ("CV", "CABO VERDE", "", ""),
    ("CW", "CURACAO", "", ""),
    ("CX", "CHRISTMAS ISLAND", "", ""),
    ("CY", "CYPRUS", "A|Z C", ""),
    ("CZ", "CZECH REPUBLIC", "A|Z C", "Z"),
    ("DE", "GERMANY", "A|Z C", "Z"),
    ("DJ", "DJIBOUTI", "", ""),
    ("DK", "DENMARK", "A|Z C", "Z"),
    ("DM", "DOMINICA", "", ""),
    ("DO", "DOMINICAN REPUBLIC", "", ""),
    ("DZ", "ALGERIA", "", ""),
    ("EC", "ECUADOR", "", ""),
    ("EE", "ESTONIA", "A|Z C", "Z"),
    ("EG", "EGYPT", "A|C|S Z", ""),
    ("EH", "WESTERN SAHARA", "", ""),
    ("ER", "ERITREA", "", ""),
    ("ES", "SPAIN", "A|Z C|S", "Z"),
    ("ET", "ETHIOPIA", "", ""),
    ("FI", "FINLAND", "A|Z C", "Z"),
    ("FJ", "FIJI", "", ""),
    ("FK", "FALKLAND ISLANDS", "", ""),
    ("FM", "MICRONESIA", "", ""),
    ("FO", "FAROE ISLANDS", "A|Z C", ""),
    ("FR", "FRANCE", "A|Z C", "Z"),
    ("GA", "GABON", "", ""),
    ("GB", "UNITED KINGDOM", "A|C|Z", "Z"),
    ("GD", "GRENADA", "", ""),
    ("GE", "GEORGIA", "A|Z C", ""),
    ("GF", "FRENCH GUIANA", "A|Z C", ""),
    ("GG", "GUERNSEY", "A|C|Z", ""),
    ("GH", "GHANA", "", ""),
    ("GI", "GIBRALTAR", "A|C|Z", ""),
    ("GL", "GREENLAND", "A|Z C", ""),
    ("GM", "GAMBIA", "", ""),
    ("GN", "GUINEA", "", ""),
    ("GP", "GUADELOUPE", "A|Z C", ""),
    ("GQ", "EQUATORIAL GUINEA", "", ""),
    ("GR", "GREECE", "A|Z C", "Z"),
    ("GS", "SOUTH GEORGIA AND SOUTH SANDWICH ISLANDS", "", ""),
    ("GT", "GUATEMALA", "", ""),
    ("GU", "GUAM", "A|C S Z", ""),
    ("GW", "GUINEA-BISSAU", "", ""),
    ("GY", "GUYANA", "", ""),
    ("HK", "HONG KONG", "A|C|S", ""),
    ("HM", "HEARD AND MCDONALD ISLANDS", "", ""),
    ("HN", "HONDURAS", "", ""),
    ("HR", "CROATIA", "A|Z C", "Z"),
    ("HT", "HAITI", "", ""),
    ("HU", "HUNGARY", "C|A|Z", "Z"),
    ("ID", "INDONESIA", "A|C|S Z", "Z"),
    ("IE", "IRELAND", "A|C|S Z", ""),
    ("IL", "ISRAEL", "A|C Z", ""),
    ("IM", "ISLE OF MAN", "A|C|Z", ""),
    ("IN", "INDIA", "A|C Z|S", "Z"),
    ("IO", "BRITISH INDIAN OCEAN TERRITORY", "", ""),
    ("IQ", "IRAQ", "", ""),
    ("IR", "IRAN", "", ""),
    ("IS", "ICELAND", "A|Z C", ""),
    ("IT", "ITALY", "A|Z C S", "Z"),
    ("JE", "JERSEY", "A|C|Z", ""),
    ("JM", "JAMAICA", "", ""),
    ("JO", "JORDAN", "", ""),
    ("JP", "JAPAN", "A|C S|Z", "Z"),
    ("KE", "KENYA", "A|C|Z", ""),
    ("KG", "KYRGYZSTAN", "", ""),
    ("KH", "CAMBODIA", "", ""),
    ("KI", "KIRIBATI", "", ""),
    ("KM", "COMOROS", "", ""),
    ("KN", "SAINT KITTS AND NEVIS", "", ""),
    ("KP", "NORTH KOREA", "", ""),
    ("KR", "SOUTH KOREA", "A|C S|Z", "Z"),
    ("KW", "KUWAIT", "A|Z C", ""),
    ("KY", "CAYMAN ISLANDS", "", ""),
    ("KZ", "KAZAKHSTAN", "A|C|S Z", ""),
    ("LA", "LAOS", "", ""),
    ("LB", "LEBANON", "", ""),
    ("LC", "SAINT LUCIA", "", ""),
    ("LI", "LIECHTENSTEIN", "A|Z C", ""),
    ("LK", "SRI LANKA", "A|C|Z", ""),
    ("LR", "LIBERIA", "", ""),
    ("LS", "LESOTHO", "", ""),
    ("LT", "LITHUANIA", "A|Z C", "Z"),
    ("LU", "LUXEMBOURG", "A|Z C", "Z"),
    ("LV", "LATVIA", "A|C|S Z", ""),
    ("LY", "LIBYA", "", ""),
    ("MA", "MOROCCO", "A|Z C", ""),
    ("MC", "MONACO", "A|Z C", ""),
    ("MD", "MOLDOVA", "A|Z C", ""),
    ("ME", "MONTENEGRO", "A|Z C", ""),
    ("MF", "SAINT MARTIN", "", ""),
    ("MG", "MADAGASCAR", "", ""),
    ("MH", "MARSHALL ISLANDS", "", ""),
    ("MK", "NORTH MACEDONIA", "A|Z C", ""),
    ("ML", "MALI", "", ""),
    ("MM", "MYANMAR", "", ""),
    ("MN", "MONGOLIA", "", ""),
    ("MO", "MACAO", "A|C", ""),
    ("MP", "NORTHERN MARIANA ISLANDS", "", ""),
    ("MQ", "MARTINIQUE", "A|Z C", ""),
    ("MR", "MAURITANIA", "", ""),
    ("MS", "MONTSERRAT", "", ""),
    ("MT", "MALTA", "A|C Z", ""),
    ("MU", "MAURITIUS", "", ""),
    ("MV", "MALDIVES", "", ""),
    ("MW", "MALAWI", "", ""),
    ("MX", "MEXICO", "A|Z C S", "Z"),
    ("MY", "MALAYSIA", "A|Z C|S", "Z"),
    ("MZ", "MOZAMBIQUE", "", ""),
    ("NA", "NAMIBIA", "", ""),
    ("NC", "NEW CALEDONIA", "", ""),
    ("NE", "NIGER", "", ""),
    ("NF", "NORFOLK ISLAND", "", ""),
    ("NG", "NIGERIA", "A|C Z|S", ""),
    ("NI", "NICARAGUA", "", ""),
    ("NL", "NETHERLANDS", "A|Z C", "Z"),
    ("NO", "NORWAY", "A|Z C", "Z"),
    ("NP", "NEPAL", "", ""),
    ("NR", "NAURU", "", ""),
    ("NU", "NIUE", "", ""),
    ("NZ", "NEW ZEALAND", "A|C Z", ""),
    ("OM", "OMAN", "", ""),
    ("PA", "PANAMA", "", ""),
    ("PE", "PERU", "A|C Z|S", ""),
    ("PF", "FRENCH POLYNESIA", "", ""),
    ("PG", "PAPUA NEW GUINEA", "", ""),
    ("PH", "PHILIPPINES", "A|Z C|S", ""),
    ("PK", "PAKISTAN", "A|C Z", ""),
    ("PL", "POLAND", "A|Z C", "Z"),
    ("PM", "SAINT PIERRE AND MIQUELON", "", ""),
    ("PN", "PITCAIRN", "", ""),
    ("PR", "PUERTO RICO", "A|C S Z", ""),
    ("PS", "PALESTINE", "", ""),
    ("PT", "PORTUGAL", "A|Z C", "Z"),
    ("PW", "PALAU", "", ""),
    ("PY", "PARAGUAY", "", ""),
    ("QA", "QATAR", "", ""),
    ("RE", "REUNION", "A|Z C", ""),
    ("RO", "ROMANIA", "A|Z C", "Z"),
    ("RS", "SERBIA", "A|Z C", ""),
    ("RU", "RUSSIA", "A|C|S Z", "Z"),
    ("RW", "RWANDA", "", ""),
    ("SA", "SAUDI ARABIA", "A|C Z", ""),
    ("SB", "SOLOMON ISLANDS", "", ""),
    ("SC", "SEYCHELLES", "", ""),
    ("SD", "SUDAN", "", ""),
    ("SE", "SWEDEN", "A|Z C", "Z"),
    ("SG", "SINGAPORE", "A|C Z", "Z"),
    ("SH", "SAINT HELENA", "", ""),
    ("SI", "SLOVENIA", "A|Z C", "Z"),
    ("SJ", "SVALBARD AND JAN MAYEN", "A|Z C", ""),
    ("SK", "SLOVAKIA", "A|Z C", "Z"),
    ("SL", "SIERRA LEONE", "", ""),
    ("SM", "SAN MARINO", "A|Z C", ""),
    ("SN", "SENEGAL", "", ""),
    ("SO", "SOMALIA", "", ""),
    ("SR", "SURINAME", "", ""),
    ("SS", "SOUTH SUDAN", "", ""),
    ("ST", "SAO TOME AND PRINCIPE", "", ""),
    ("SV", "EL SALVADOR", "", ""),
    ("SX", "SINT MAARTEN", "", ""),
    ("SY", "SYRIA", "", ""),
    ("SZ", "ESWATINI", "", ""),
    ("TC", "TURKS AND CAICOS ISLANDS", "", ""),
    ("TD", "CHAD", "", ""),
    ("TF", "FRENCH SOUTHERN TERRITORIES", "", ""),
    ("TG", "TOGO", "", ""),
    ("TH", "THAILAND", "A|C|S Z", "Z"),
    ("TJ", "TAJIKISTAN", "", ""),
    ("TK", "TOKELAU", "", ""),
    ("TL", "TIMOR-LESTE", "", ""),
    ("TM", "TURKMENISTAN", "", ""),
    ("TN", "TUNISIA", "A|Z C", ""),
    ("TO", "TONGA", "", ""),
    ("TR", "TURKIYE", "A|Z C", "Z"),
    ("TT", "TRINIDAD AND TOBAGO", "", ""),
    ("TV", "TUVALU", "", ""),
    ("TW", "TAIWAN", "A|C S Z", "Z"),
    ("TZ", "TANZANIA", "", ""),
    ("UA", "UKRAINE", "A|C|S Z", "Z"),
    ("UG", "UGANDA", "", ""),
    ("UM", "UNITED STATES MINOR OUTLYING ISLANDS", "", ""),
    ("US", "UNITED STATES", "A|C S Z", "ZS"),
    ("UY", "URUGUAY", "", ""),
    ("UZ", "UZBEKISTAN", "", ""),
    ("VA", "VATICAN CITY", "A|Z C", ""),
    ("VC", "SAINT VINCENT AND THE GRENADINES", "", ""),
    ("VE", "VENEZUELA", "", ""),
    ("VG", "BRITISH VIRGIN ISLANDS", "", ""),
    ("VI", "US VIRGIN ISLANDS", "A|C S Z", ""),
    ("VN", "VIETNAM", "A|C|S Z", ""),
    ("VU", "VANUATU", "", ""),
    ("WF", "WALLIS AND FUTUNA", "", ""),
    ("WS", "SAMOA", "", ""),
    ("YE", "YEMEN", "", ""),
    ("YT", "MAYOTTE", "A|Z C", ""),
    ("ZA", "SOUTH AFRICA", "A|C|Z", ""),
    ("ZM", "ZAMBIA", "", ""),
    ("ZW", "ZIMBABWE", "", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_complete_and_well_formed() {
        assert_eq!(COUNTRIES.len(), 249);
        assert!(COUNTRIES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, name, ..) in COUNTRIES {
            let country = find(code);
            assert!(country.is_some_and(|c| c.layout.contains('A') && c.layout.contains('C')));
            let breaks = country.map(|c| c.layout.matches('|').count());
            assert!(
                breaks.is_some_and(|count| count <= 2),
                "{code}: labels have 7 lines"
            );
            assert!(name.is_ascii() && *name == name.to_uppercase(), "{name}");
        }
        assert_eq!(NUMBERS.len(), COUNTRIES.len());
        assert!(NUMBERS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (number, code) in NUMBERS {
            let found = by_number(&format!("{number:03}"));
            assert_eq!(found.map(|c| c.code), Some(*code));
        }
        for number in ["", "000", "999", "27", "2764", "+76"] {
            assert_eq!(by_number(number), None, "{number}");
        }
        for code in ["", "de", "XX", "UK", "DEU", "\u{e9}"] {
            assert_eq!(find(code), None, "{code}");
        }
    }
}

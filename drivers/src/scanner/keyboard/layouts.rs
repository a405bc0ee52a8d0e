//! The layouts as data, by their Windows names, because makers of scanners follow Windows.
//!
//! Each row reads as on the keyboard: the digits' row from the key left of 1, the row of Q, the row
//! of A with the key left of Enter or above it, the row of Z from the key beside shift. Dead keys
//! are written as modifier letters (`ˊ ˋ ˆ ˜ ¨ ˚ ˇ`), so that they differ from the characters.
//!
//! Doubt that stays: the letters and digits are certain, AltGr characters are from general
//! knowledge of these keymaps and follow Windows where systems differ (the tilde of the French
//! layout is a dead key here). A maker's guide wins; a new layout is a table like these.

use super::layout::Layout;

/// All layouts.
pub static LAYOUTS: &[Layout] = &[
    Layout {
        id: "us",
        rows: [
            ["`1234567890-=", "~!@#$%^&*()_+", "", ""],
            ["qwertyuiop[]", "QWERTYUIOP{}", "", ""],
            ["asdfghjkl;'\\", "ASDFGHJKL:\"|", "", ""],
            ["\\zxcvbnm,./", "|ZXCVBNM<>?", "", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "uk",
        rows: [
            ["`1234567890-=", "¬!\"£$%^&*()_+", "¦   €", ""],
            ["qwertyuiop[]", "QWERTYUIOP{}", "  é   úíó", "  É   ÚÍÓ"],
            ["asdfghjkl;'#", "ASDFGHJKL:@~", "á", "Á"],
            ["\\zxcvbnm,./", "|ZXCVBNM<>?", "", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "de",
        rows: [
            ["ˆ1234567890ßˊ", "°!\"§$%&/()=?ˋ", "  ²³   {[]}\\", ""],
            ["qwertzuiopü+", "QWERTZUIOPÜ*", "@ €        ~", ""],
            ["asdfghjklöä#", "ASDFGHJKLÖÄ'", "", ""],
            ["<yxcvbnm,.-", ">YXCVBNM;:_", "|      µ", ""],
        ],
        decimal: ',',
    },
    Layout {
        id: "fr",
        rows: [
            ["²&é\"'(-è_çà)=", " 1234567890°+", "  ˜#{[|ˋ\\^@]}", ""],
            ["azertyuiopˆ$", "AZERTYUIOP¨£", "  €        ¤", ""],
            ["qsdfghjklmù*", "QSDFGHJKLM%µ", "", ""],
            ["<wxcvbn,;:!", ">WXCVBN?./§", "", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "be",
        rows: [
            ["²&é\"'(§è!çà)-", "³1234567890°_", " |@#  ^  {}", ""],
            ["azertyuiopˆ$", "AZERTYUIOP¨*", "  €       []", ""],
            ["qsdfghjklmùµ", "QSDFGHJKLM%£", "          ˊˋ", ""],
            ["<wxcvbn,;:=", ">WXCVBN?./+", "\\         ˜", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "es",
        rows: [
            ["º1234567890'¡", "ª!\"·$%&/()=?¿", "\\|@#˜€¬", ""],
            ["qwertyuiopˋ+", "QWERTYUIOPˆ*", "  €       []", ""],
            ["asdfghjklñˊç", "ASDFGHJKLÑ¨Ç", "          {}", ""],
            ["<zxcvbnm,.-", ">ZXCVBNM;:_", "", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "latam",
        rows: [
            ["|1234567890'¿", "°!\"#$%&/()=?¡", "¬          \\", ""],
            ["qwertyuiopˊ+", "QWERTYUIOP¨*", "@          ~", ""],
            ["asdfghjklñ{}", "ASDFGHJKLÑ[]", "          ˆˋ", ""],
            ["<zxcvbnm,.-", ">ZXCVBNM;:_", "", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "it",
        rows: [
            ["\\1234567890'ì", "|!\"£$%&/()=?^", "     €", ""],
            [
                "qwertyuiopè+",
                "QWERTYUIOPé*",
                "  €       []",
                "          {}",
            ],
            ["asdfghjklòàù", "ASDFGHJKLç°§", "         @#", ""],
            ["<zxcvbnm,.-", ">ZXCVBNM;:_", "", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "pt",
        rows: [
            ["\\1234567890'«", "|!\"#$%&/()=?»", "  @£§€ {[]}", ""],
            ["qwertyuiop+ˊ", "QWERTYUIOP*ˋ", "  €       ¨", ""],
            ["asdfghjklçº˜", "ASDFGHJKLÇªˆ", "", ""],
            ["<zxcvbnm,.-", ">ZXCVBNM;:_", "", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "br",
        rows: [
            ["'1234567890-=", "\"!@#$%¨&*()_+", " ¹²³£¢¬     §", ""],
            ["qwertyuiopˊ[", "QWERTYUIOPˋ{", "/?°        ª", ""],
            ["asdfghjklç˜]", "ASDFGHJKLÇˆ}", "           º", ""],
            ["\\zxcvbnm,.;/", "|ZXCVBNM<>:?", "   ₢       °", ""],
        ],
        decimal: ',',
    },
    Layout {
        id: "ch-de",
        rows: [
            ["§1234567890'ˆ", "°+\"*ç%&/()=?ˋ", " ¦@#°§¬|¢  ˊ˜", ""],
            ["qwertzuiopü¨", "QWERTZUIOPè!", "  €       []", ""],
            ["asdfghjklöä$", "ASDFGHJKLéà£", "          {}", ""],
            ["<yxcvbnm,.-", ">YXCVBNM;:_", "\\", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "ch-fr",
        rows: [
            ["§1234567890'ˆ", "°+\"*ç%&/()=?ˋ", " ¦@#°§¬|¢  ˊ˜", ""],
            ["qwertzuiopè¨", "QWERTZUIOPü!", "  €       []", ""],
            ["asdfghjkléà$", "ASDFGHJKLöä£", "          {}", ""],
            ["<yxcvbnm,.-", ">YXCVBNM;:_", "\\", ""],
        ],
        decimal: '.',
    },
    Layout {
        id: "dk",
        rows: [
            ["½1234567890+ˊ", "§!\"#¤%&/()=?ˋ", "  @£$€ {[]} |", ""],
            ["qwertyuiopå¨", "QWERTYUIOPÅˆ", "  €        ˜", ""],
            ["asdfghjklæø'", "ASDFGHJKLÆØ*", "", ""],
            ["<zxcvbnm,.-", ">ZXCVBNM;:_", "\\      µ", ""],
        ],
        decimal: ',',
    },
    Layout {
        id: "no",
        rows: [
            ["|1234567890+\\", "§!\"#¤%&/()=?ˋ", "  @£$€ {[]} ˊ", ""],
            ["qwertyuiopå¨", "QWERTYUIOPÅˆ", "  €        ˜", ""],
            ["asdfghjkløæ'", "ASDFGHJKLØÆ*", "", ""],
            ["<zxcvbnm,.-", ">ZXCVBNM;:_", "       µ", ""],
        ],
        decimal: ',',
    },
    Layout {
        id: "se",
        rows: [
            ["§1234567890+ˊ", "½!\"#¤%&/()=?ˋ", "  @£$€ {[]}\\", ""],
            ["qwertyuiopå¨", "QWERTYUIOPÅˆ", "  €        ˜", ""],
            ["asdfghjklöä'", "ASDFGHJKLÖÄ*", "", ""],
            ["<zxcvbnm,.-", ">ZXCVBNM;:_", "|      µ", ""],
        ],
        decimal: ',',
    },
    Layout {
        id: "pl",
        rows: [
            ["`1234567890-=", "˜!@#$%^&*()_+", "", ""],
            ["qwertyuiop[]", "QWERTYUIOP{}", "  ę   € ó", "  Ę     Ó"],
            ["asdfghjkl;'\\", "ASDFGHJKL:\"|", "ąś      ł", "ĄŚ      Ł"],
            ["\\zxcvbnm,./", "|ZXCVBNM<>?", " żźć  ń", " ŻŹĆ  Ń"],
        ],
        decimal: ',',
    },
    Layout {
        id: "cz",
        rows: [
            [";+ěščřžýáíé=ˊ", "˚1234567890%ˇ", " ~ˇˆ ˚ ˋ ˊ  ¨", ""],
            ["qwertzuiopú)", "QWERTZUIOP/(", "\\|€       ÷×", ""],
            ["asdfghjklů§¨", "ASDFGHJKL\"!'", " đĐ[]  łŁ$ß¤", ""],
            ["\\yxcvbnm,.-", "|YXCVBNM?:_", "  #&@{} <>*", ""],
        ],
        decimal: ',',
    },
];

/// Dead keys: the mark, what it is alone, pairs of letter and what they make.
pub static COMPOSE: &[(char, char, &str)] = &[
    ('ˆ', '^', "aâeêiîoôuûAÂEÊIÎOÔUÛ"),
    ('¨', '¨', "aäeëiïoöuüyÿAÄEËIÏOÖUÜ"),
    ('ˊ', '´', "aáeéiíoóuúyýAÁEÉIÍOÓUÚYÝcćnńsśzźCĆNŃSŚZŹ"),
    ('ˋ', '`', "aàeèiìoòuùAÀEÈIÌOÒUÙ"),
    ('˜', '~', "aãnñoõAÃNÑOÕ"),
    ('˚', '°', "aåuůAÅUŮ"),
    ('ˇ', 'ˇ', "cčdďeěnňrřsštťzžCČDĎEĚNŇRŘSŠTŤZŽ"),
];

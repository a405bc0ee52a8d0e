//! Control barcodes: what a packer scans instead of touching a button.
//!
//! The bars carry `XCTL`, a three-letter token and a check letter, then the letters of a parameter
//! if the code takes one. All letters come from [`ALPHABET`]: those with the same key on US,
//! French, Belgian, German and Spanish keyboards, so that a code survives a mis-set scanner. The
//! names people read are in [`Control::name`].

/// Letters that may appear in a payload, in the order their values count.
pub const ALPHABET: &str = "BCDEFGHIJKLNOPRSTUVX";
/// What every control code begins with.
pub const PREFIX: &str = "XCTL";
/// Letters of the longest parameter.
pub const PARAM_LETTERS_MAX: usize = 12;
/// Letters after the prefix that name the code: token and check letter.
const NAME_LETTERS: usize = 4;

macro_rules! controls {
    ($($variant:ident $name:literal $token:literal $param:ident;)*) => {
        /// What a control code asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Control { $($variant,)* }

        impl Control {
            /// All control codes.
            pub const ALL: &'static [Control] = &[$(Control::$variant,)*];

            /// The name people read, such as `OK` or `BOX:x`.
            pub fn name(self) -> &'static str {
                match self { $(Control::$variant => $name,)* }
            }

            /// The three letters that stand for it.
            pub fn token(self) -> &'static str {
                match self { $(Control::$variant => $token,)* }
            }

            /// True if letters follow that say which one: `BOX:x`, `OPEN:x`, `REASON:x`.
            pub fn takes_param(self) -> bool {
                match self { $(Control::$variant => $param,)* }
            }
        }
    };
}

controls! {
    Ok "OK" "OKX" false;
    Undo "UNDO" "UND" false;
    Park "PARK" "PRK" false;
    Resume "RESUME" "RES" false;
    Abort "ABORT" "BOR" false;
    Done "DONE" "DON" false;
    NextBox "NEXTBOX" "NEX" false;
    Split "SPLIT" "SPL" false;
    Quantity "QTY:x" "TXX" true;
    Short "SHORT" "SHO" false;
    Damaged "DAMAGED" "DGE" false;
    NoCode "NOCODE" "NOC" false;
    Teach "TEACH" "TEC" false;
    SerialSkip "SERIALSKIP" "SER" false;
    Box "BOX:x" "BOX" true;
    Reweigh "REWEIGH" "REE" false;
    Zero "ZERO" "ERO" false;
    Tare "TARE" "TRE" false;
    WeightOk "WEIGHTOK" "EIG" false;
    Carrier "CARRIER:x" "CRR" true;
    Reprint "REPRINT" "REP" false;
    NoLabel "NOLABEL" "NOL" false;
    Void "VOID" "VOI" false;
    Destroyed "DESTROYED" "DES" false;
    Printer "PRINTER:x" "PRI" true;
    Slip "SLIP" "SLI" false;
    Reason "REASON:x" "REO" true;
    Open "OPEN:x" "OPE" true;
    Remove "REMOVE" "REV" false;
    Pause "PAUSE" "PUS" false;
    Close "CLOSE" "CLO" false;
    Confirm "CONFIRM" "CON" false;
    Back "BACK" "BCK" false;
    Manifest "MANIFEST" "NIF" false;
    Loaded "LOADED" "LOD" false;
    Reopen "REOPEN" "REN" false;
    Logout "LOGOUT" "LOG" false;
    Language "LANG:x" "LNG" true;
    Help "HELP" "HEL" false;
    Bench "BENCH" "BEN" false;
    Handoff "HANDOFF" "HND" false;
    Queue "QUEUE" "UEU" false;
    Devices "DEVICES" "DEV" false;
    Timeline "TIMELINE" "TIE" false;
    Provision "PROVISION:x" "PRO" true;
    BenchIs "BENCHIS:x" "BEC" true;
    Pair "PAIR" "PIR" false;
    Sync "SYNC" "SNC" false;
    TestLabel "TESTLABEL" "TES" false;
    TestSound "TESTSOUND" "TET" false;
    Calibrate "CALIBRATE" "CLI" false;
    LogBundle "LOGBUNDLE" "LOB" false;
    RestartScreen "RESTARTSCREEN" "RET" false;
    Shutdown "SHUTDOWN" "SHU" false;
}

/// A recognised control code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlScan {
    pub control: Control,
    /// The letters behind `:x`, upper case; present exactly if the code takes them.
    pub param: Option<String>,
}

/// A code that begins like a control code and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    #[error("{code} is no control code: print the bench sheet again")]
    Unknown { code: String },
    #[error("{code} was misread or misprinted (its check letter is wrong): scan it again")]
    Check { code: String },
    #[error("{name} needs to say which one: scan the code from the printed sheet")]
    ParamMissing { name: &'static str },
    #[error("{name} takes no more letters: scan it again, or print the sheet again")]
    ParamExtra { name: &'static str },
    #[error("{param:?} cannot follow {name}: use 1 to 12 letters of {ALPHABET}")]
    ParamLetters { name: &'static str, param: String },
}

/// True if a code begins with the reserved prefix, however it is typed.
pub fn is_reserved(code: &str) -> bool {
    let head = fold(code.trim_start()).take(PREFIX.len());
    head.eq(PREFIX.chars())
}

/// Reads a scan. `None` if it is no control code at all; an error (a red stop) if it has the
/// prefix and is not one of ours. Case does not matter, and a dotless or dotted Turkish i is an I.
pub fn parse(code: &str) -> Option<Result<ControlScan, ControlError>> {
    is_reserved(code).then(|| read(code))
}

/// The text to put into the bars.
///
/// # Errors
/// [`ControlError`] if the parameter is missing, superfluous, or has letters outside [`ALPHABET`].
pub fn payload(control: Control, param: Option<&str>) -> Result<String, ControlError> {
    let token = control.token();
    let scan = with_param(control, param.unwrap_or_default())?;
    let check = check_letter(token).map(String::from).unwrap_or_default();
    Ok(format!("{PREFIX}{token}{check}{}", scan.param.unwrap_or_default()))
}

fn read(code: &str) -> Result<ControlScan, ControlError> {
    let letters: String = fold(code.trim()).skip(PREFIX.len()).take(64).collect();
    let shown = || code.trim().chars().take(40).collect::<String>();
    let split = letters.char_indices().nth(NAME_LETTERS).map_or(letters.len(), |(at, _)| at);
    let (name, param) = letters.split_at(split);
    let mut token = name.to_owned();
    let check = token.pop();
    let control = Control::ALL.iter().find(|control| control.token() == token);
    let control = *control.ok_or_else(|| ControlError::Unknown { code: shown() })?;
    if check_letter(&token) != check {
        return Err(ControlError::Check { code: shown() });
    }
    with_param(control, param)
}

fn with_param(control: Control, param: &str) -> Result<ControlScan, ControlError> {
    let name = control.name();
    if !control.takes_param() {
        return match param {
            "" => Ok(ControlScan { control, param: None }),
            _ => Err(ControlError::ParamExtra { name }),
        };
    }
    let letters: String = fold(param).take(PARAM_LETTERS_MAX + 1).collect();
    if letters.is_empty() {
        return Err(ControlError::ParamMissing { name });
    }
    if !is_token(&letters) {
        return Err(ControlError::ParamLetters { name, param: letters });
    }
    Ok(ControlScan { control, param: Some(letters) })
}

/// True for 1 to 12 letters of [`ALPHABET`]: what may follow a control code as its parameter.
pub fn is_token(text: &str) -> bool {
    let legal = text.chars().all(|c| ALPHABET.contains(c));
    legal && (1..=PARAM_LETTERS_MAX).contains(&text.len())
}

/// Sum of letter values times their position from 1, modulo 20, as a letter.
fn check_letter(token: &str) -> Option<char> {
    let mut sum = 0;
    for (position, letter) in token.chars().enumerate() {
        sum += (position + 1) * ALPHABET.find(letter)?;
    }
    ALPHABET.chars().nth(sum % ALPHABET.len())
}

fn fold(code: &str) -> impl Iterator<Item = char> {
    code.chars().map(|c| match c {
        '\u{131}' | '\u{130}' => 'I',
        other => other.to_ascii_uppercase(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// The published sheet: names and bars.
    const SHEET: &str = "OK XCTLOKXI, UNDO XCTLUNDG, PARK XCTLPRKJ, RESUME XCTLRESG, \
        ABORT XCTLBORH, DONE XCTLDONX, NEXTBOX XCTLNEXR, SPLIT XCTLSPLN, QTY:x XCTLTXXN, \
        SHORT XCTLSHOE, DAMAGED XCTLDGEC, NOCODE XCTLNOCV, TEACH XCTLTECG, SERIALSKIP XCTLSERE, \
        BOX:x XCTLBOXC, REWEIGH XCTLREEK, ZERO XCTLEROI, TARE XCTLTREP, WEIGHTOK XCTLEIGO, \
        CARRIER:x XCTLCRRN, REPRINT XCTLREPX, NOLABEL XCTLNOLG, VOID XCTLVOIE, \
        DESTROYED XCTLDESP, PRINTER:x XCTLPRID, SLIP XCTLSLIT, REASON:x XCTLREOT, \
        OPEN:x XCTLOPEI, REMOVE XCTLREVR, PAUSE XCTLPUSO, CLOSE XCTLCLOU, CONFIRM XCTLCONV, \
        BACK XCTLBCKK, MANIFEST XCTLNIFU, LOADED XCTLLODB, REOPEN XCTLRENP, LOGOUT XCTLLOGK, \
        LANG:x XCTLLNGI, HELP XCTLHELD, BENCH XCTLBENX, HANDOFF XCTLHNDR, QUEUE XCTLUEUR, \
        DEVICES XCTLDEVD, TIMELINE XCTLTIEX, PROVISION:x XCTLPROU, BENCHIS:x XCTLBECK, \
        PAIR XCTLPIRK, SYNC XCTLSNCB, TESTLABEL XCTLTESI, TESTSOUND XCTLTETL, \
        CALIBRATE XCTLCLID, LOGBUNDLE XCTLLOBR, RESTARTSCREEN XCTLRETJ, SHUTDOWN XCTLSHUV";

    fn bars(control: Control) -> String {
        payload(control, control.takes_param().then_some("BS")).unwrap()
    }

    #[test]
    fn the_rule_gives_the_published_sheet() {
        let sheet: Vec<&str> = SHEET.split(", ").map(str::trim).collect();
        assert_eq!(sheet.len(), 54);
        let made: Vec<String> = Control::ALL
            .iter()
            .map(|control| format!("{} {}", control.name(), bars(*control).get(..8).unwrap()))
            .collect();
        assert_eq!(made, sheet);
        for control in Control::ALL {
            assert_eq!(control.takes_param(), control.name().ends_with(":x"));
        }
    }

    #[test]
    fn any_two_payloads_differ_in_two_letters() {
        for (index, one) in Control::ALL.iter().enumerate() {
            for other in &Control::ALL[index + 1..] {
                let (one, other) = (bars(*one), bars(*other));
                let apart = one.chars().zip(other.chars()).filter(|(a, b)| a != b).count();
                assert!(apart >= 2, "{one} {other}");
            }
        }
    }

    #[test]
    fn every_payload_reads_back_in_any_case() {
        for control in Control::ALL {
            let text = bars(*control);
            let param = control.takes_param().then(|| "BS".to_owned());
            let want = Some(Ok(ControlScan { control: *control, param }));
            let dotless = text.to_lowercase().replace('i', "\u{131}");
            for typed in [text.clone(), text.to_lowercase(), dotless, format!(" {text}\r")] {
                assert_eq!(parse(&typed), want, "{typed}");
            }
        }
    }

    #[test]
    fn strangers_are_errors_and_other_codes_are_left_alone() {
        let error = |code| parse(code).unwrap().unwrap_err().to_string();
        assert!(error("XCTL").contains("no control code"));
        assert!(error("XCTLBBBB").contains("no control code"));
        assert!(error("xctlokxj").contains("check letter"));
        assert!(error("XCTLOKXIB").contains("OK takes no more letters"));
        assert!(error("XCTLBOXC").contains("BOX:x needs to say which one"));
        assert!(error("XCTLBOXCA1").contains("\"A1\" cannot follow BOX:x"));
        assert!(error("XCTLBOXCBBBBBBBBBBBBB").contains("1 to 12 letters"));
        for code in ["", "XCT", "4006381333931", "AXCTLOKXI", "\u{2126}XCTL"] {
            assert_eq!(parse(code), None, "{code}");
        }
        let wrong = payload(Control::Ok, Some("B"));
        assert_eq!(wrong, Err(ControlError::ParamExtra { name: "OK" }));
        let none = payload(Control::Open, None);
        assert_eq!(none, Err(ControlError::ParamMissing { name: "OPEN:x" }));
    }

    proptest! {
        #[test]
        fn no_scan_panics(code in "\\PC{0,40}", tail in "(?i)xctl\\PC{0,20}") {
            prop_assert!(code.starts_with("XCTL") || parse(&code).is_none() || is_reserved(&code));
            prop_assert!(parse(&tail).is_some());
        }

        #[test]
        fn a_changed_letter_is_never_another_command(
            which in 0..Control::ALL.len(), at in 4..8_usize, letter in 0..20_usize,
        ) {
            let control = Control::ALL[which];
            let mut text: Vec<char> = bars(control).chars().collect();
            text[at] = ALPHABET.chars().nth(letter).unwrap();
            let changed: String = text.into_iter().collect();
            if let Some(Ok(scan)) = parse(&changed) {
                prop_assert_eq!(scan.control, control);
            }
        }
    }
}

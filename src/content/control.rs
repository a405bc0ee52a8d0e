//! Control barcodes: `XCTL`, a three-letter token, one check letter, optional parameter letters.
//!
//! Only letters that have the same key on US, French, Belgian, German and Spanish layouts are
//! used, so a mis-set keyboard scanner still types them. The check letter is the sum of the token
//! letters' places in the alphabet, weighted 1 to 3, modulo 20.

/// Letters that survive keyboard-layout mix-ups, in the order of the check rule.
pub const ALPHABET: &str = "BCDEFGHIJKLNOPRSTUVX";
/// What every control code begins with.
pub const PREFIX: &str = "XCTL";
/// Longest parameter in letters.
pub const PARAM_LETTERS_MAX: usize = 8;

macro_rules! controls {
    ($($name:ident $word:literal $token:literal;)*) => {
        /// A control barcode by meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Control { $($name,)* }

        impl Control {
            /// All control codes.
            pub const ALL: &'static [Control] = &[$(Control::$name,)*];

            /// The name people read.
            pub fn name(self) -> &'static str {
                match self { $(Control::$name => $word,)* }
            }

            /// The three letters in the bars.
            pub fn token(self) -> &'static str {
                match self { $(Control::$name => $token,)* }
            }
        }
    };
}

controls! {
    Ok "OK" "OKX"; Undo "UNDO" "UND"; Park "PARK" "PRK"; Resume "RESUME" "RES";
    Abort "ABORT" "BOR"; Done "DONE" "DON"; NextBox "NEXTBOX" "NEX"; Split "SPLIT" "SPL";
    Qty "QTY" "TXX"; Short "SHORT" "SHO"; Damaged "DAMAGED" "DGE"; NoCode "NOCODE" "NOC";
    Teach "TEACH" "TEC"; SerialSkip "SERIALSKIP" "SER";
    Box "BOX" "BOX"; Reweigh "REWEIGH" "REE"; Zero "ZERO" "ERO"; Tare "TARE" "TRE";
    WeightOk "WEIGHTOK" "EIG";
    Carrier "CARRIER" "CRR"; Reprint "REPRINT" "REP"; NoLabel "NOLABEL" "NOL"; Void "VOID" "VOI";
    Destroyed "DESTROYED" "DES"; Printer "PRINTER" "PRI"; Slip "SLIP" "SLI";
    Reason "REASON" "REO";
    Open "OPEN" "OPE"; Remove "REMOVE" "REV"; Pause "PAUSE" "PUS"; Close "CLOSE" "CLO";
    Confirm "CONFIRM" "CON"; Back "BACK" "BCK"; Manifest "MANIFEST" "NIF"; Loaded "LOADED" "LOD";
    Reopen "REOPEN" "REN";
    Logout "LOGOUT" "LOG"; Lang "LANG" "LNG"; Help "HELP" "HEL";
    Bench "BENCH" "BEN"; Handover "HANDOFF" "HND"; Queue "QUEUE" "UEU"; Devices "DEVICES" "DEV";
    Timeline "TIMELINE" "TIE";
    Provision "PROVISION" "PRO"; BenchIs "BENCHIS" "BEC"; Pair "PAIR" "PIR"; Sync "SYNC" "SNC";
    TestLabel "TESTLABEL" "TES"; TestSound "TESTSOUND" "TET"; Calibrate "CALIBRATE" "CLI";
    LogBundle "LOGBUNDLE" "LOB"; RestartScreen "RESTARTSCREEN" "RET"; Shutdown "SHUTDOWN" "SHU";
}

impl Control {
    /// True if letters follow that say which one: which box, which carrier, which reason.
    pub fn takes_param(self) -> bool {
        matches!(
            self,
            Control::Qty
                | Control::Box
                | Control::Carrier
                | Control::Printer
                | Control::Reason
                | Control::Open
                | Control::Lang
                | Control::Provision
                | Control::BenchIs
        )
    }
}

/// A control code with its parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlScan {
    pub control: Control,
    /// Parameter letters, upper case; there exactly if the code takes them.
    pub param: Option<String>,
}

/// Begins like a control code but is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    #[error("This control code is not known.")]
    Unknown,
    #[error("This control code is damaged.")]
    Damaged,
    /// Such as OPEN without a carrier.
    #[error("{0} does not say which one.")]
    ParamMissing(&'static str),
    /// Such as two codes read as one: OK followed by more letters is no OK.
    #[error("{0} has letters too many.")]
    ParamExtra(&'static str),
}

/// The check letter of a token.
pub fn check_letter(token: &str) -> Option<char> {
    let place = |c: char| ALPHABET.find(c);
    let mut sum = 0_usize;
    for (i, letter) in token.chars().enumerate() {
        sum = sum.checked_add(place(letter)?.checked_mul(i.checked_add(1)?)?)?;
    }
    ALPHABET.chars().nth(sum % ALPHABET.len())
}

/// Begins like a control code: no article, order or tracking number may.
pub fn is_reserved(code: &str) -> bool {
    parse(code).is_some()
}

/// What the bars of a control code carry.
pub fn payload(control: Control, param: Option<&str>) -> String {
    let check = check_letter(control.token()).unwrap_or_default();
    format!(
        "{PREFIX}{}{check}{}",
        control.token(),
        param.unwrap_or_default()
    )
}

/// Whether letters may be a parameter token. None begins like a control code, so that two codes
/// read as one are never one with a parameter.
pub fn is_token(text: &str) -> bool {
    let legal = text.chars().all(|c| ALPHABET.contains(c)) && !text.starts_with(PREFIX);
    legal && (1..=PARAM_LETTERS_MAX).contains(&text.len())
}

/// The control code in a scan; `None` if it does not begin like one. Any case; the dotless and the
/// dotted i of Turkish layouts are an i.
pub fn parse(code: &str) -> Option<Result<ControlScan, ControlError>> {
    let fold = |c: char| match c {
        '\u{131}' | '\u{130}' => 'I',
        other => other.to_ascii_uppercase(),
    };
    let upper: String = code.trim().chars().map(fold).collect();
    upper.strip_prefix(PREFIX).map(parse_rest)
}

fn parse_rest(rest: &str) -> Result<ControlScan, ControlError> {
    let token = rest.get(..3).ok_or(ControlError::Damaged)?;
    let check = rest.get(3..4).and_then(|c| c.chars().next());
    let param = rest.get(4..).ok_or(ControlError::Damaged)?;
    if check.is_none() || check != check_letter(token) {
        return Err(ControlError::Damaged);
    }
    let control = Control::ALL.iter().copied().find(|c| c.token() == token);
    let control = control.ok_or(ControlError::Unknown)?;
    match (control.takes_param(), param) {
        (false, "") => Ok(ControlScan {
            control,
            param: None,
        }),
        (false, _) => Err(ControlError::ParamExtra(control.name())),
        (true, "") => Err(ControlError::ParamMissing(control.name())),
        (true, param) if is_token(param) => Ok(ControlScan {
            control,
            param: Some(param.to_owned()),
        }),
        (true, _) => Err(ControlError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// The published table of the bench reference.
    const PUBLISHED: &str = "OK XCTLOKXI UNDO XCTLUNDG PARK XCTLPRKJ RESUME XCTLRESG \
        ABORT XCTLBORH \
        DONE XCTLDONX NEXTBOX XCTLNEXR SPLIT XCTLSPLN QTY XCTLTXXN SHORT XCTLSHOE \
        DAMAGED XCTLDGEC \
        NOCODE XCTLNOCV TEACH XCTLTECG SERIALSKIP XCTLSERE BOX XCTLBOXC REWEIGH XCTLREEK \
        ZERO XCTLEROI TARE XCTLTREP WEIGHTOK XCTLEIGO CARRIER XCTLCRRN REPRINT XCTLREPX \
        NOLABEL XCTLNOLG VOID XCTLVOIE DESTROYED XCTLDESP PRINTER XCTLPRID SLIP XCTLSLIT \
        REASON XCTLREOT OPEN XCTLOPEI REMOVE XCTLREVR PAUSE XCTLPUSO CLOSE XCTLCLOU \
        CONFIRM XCTLCONV BACK XCTLBCKK MANIFEST XCTLNIFU LOADED XCTLLODB REOPEN XCTLRENP \
        LOGOUT XCTLLOGK LANG XCTLLNGI HELP XCTLHELD BENCH XCTLBENX HANDOFF XCTLHNDR \
        QUEUE XCTLUEUR DEVICES XCTLDEVD TIMELINE XCTLTIEX PROVISION XCTLPROU BENCHIS XCTLBECK \
        PAIR XCTLPIRK SYNC XCTLSNCB TESTLABEL XCTLTESI TESTSOUND XCTLTETL CALIBRATE XCTLCLID \
        LOGBUNDLE XCTLLOBR RESTARTSCREEN XCTLRETJ SHUTDOWN XCTLSHUV";

    #[test]
    fn the_published_table_is_reproduced() {
        let words: Vec<&str> = PUBLISHED.split_whitespace().collect();
        let ours: Vec<(String, String)> = Control::ALL
            .iter()
            .map(|c| (c.name().to_owned(), payload(*c, None)))
            .collect();
        assert_eq!(ours.len(), words.len() / 2);
        for pair in words.chunks(2) {
            assert!(
                ours.contains(&(pair[0].to_owned(), pair[1].to_owned())),
                "{pair:?}"
            );
        }
    }

    #[test]
    fn any_two_payloads_differ_in_two_letters() {
        let all: Vec<String> = Control::ALL.iter().map(|c| payload(*c, None)).collect();
        for (i, a) in all.iter().enumerate() {
            for b in all.iter().skip(i + 1) {
                let differ = a.chars().zip(b.chars()).filter(|(x, y)| x != y).count();
                assert!(differ >= 2, "{a} {b}");
            }
        }
    }

    #[test]
    fn codes_are_read_in_any_case_and_damage_is_named() {
        let scan = parse("xctlokxı").unwrap().unwrap();
        assert_eq!((scan.control, scan.param), (Control::Ok, None));
        let scan = parse(&payload(Control::Open, Some("HOUSE")))
            .unwrap()
            .unwrap();
        assert_eq!(
            (scan.control, scan.param.as_deref()),
            (Control::Open, Some("HOUSE"))
        );
        assert_eq!(parse("XCTLOKXB").unwrap(), Err(ControlError::Damaged));
        assert_eq!(parse("XCTL").unwrap(), Err(ControlError::Damaged));
        assert_eq!(parse("XCTLOPEIH1").unwrap(), Err(ControlError::Damaged));
        assert_eq!(
            parse("XCTLOKXI1").unwrap(),
            Err(ControlError::ParamExtra("OK"))
        );
        let twice = parse("XCTLOKXIXCTLUNDG").unwrap();
        assert_eq!(twice, Err(ControlError::ParamExtra("OK")));
        assert_eq!(
            parse("XCTLBOXCXCTLUNDG").unwrap(),
            Err(ControlError::Damaged)
        );
        assert_eq!(
            parse("XCTLBOXC").unwrap(),
            Err(ControlError::ParamMissing("BOX"))
        );
        assert_eq!(parse("XCTLOKX\u{e9}").unwrap(), Err(ControlError::Damaged));
        let token = "BBB";
        let unknown = format!("XCTL{token}{}", check_letter(token).unwrap());
        assert_eq!(parse(&unknown).unwrap(), Err(ControlError::Unknown));
        assert!(parse("4006381333931").is_none());
    }

    #[test]
    fn every_payload_reads_back_in_any_case() {
        for control in Control::ALL {
            let param = control.takes_param().then(|| "BS".to_owned());
            let text = payload(*control, param.as_deref());
            let want = Some(Ok(ControlScan {
                control: *control,
                param,
            }));
            let dotless = text.to_lowercase().replace('i', "\u{131}");
            for typed in [
                text.clone(),
                text.to_lowercase(),
                dotless,
                format!(" {text}\r"),
            ] {
                assert_eq!(parse(&typed), want, "{typed}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_scan_panics(code in "\\PC{0,40}", tail in "(?i)xctl\\PC{0,20}") {
            prop_assert!(parse(&code).is_none() || is_reserved(&code));
            prop_assert!(parse(&tail).is_some());
        }

        #[test]
        fn one_changed_letter_is_never_another_command(
            which in 0..Control::ALL.len(), at in 4..8_usize, letter in 0..20_usize,
        ) {
            let control = Control::ALL[which];
            let param = control.takes_param().then_some("BS");
            let mut text: Vec<char> = payload(control, param).chars().collect();
            text[at] = ALPHABET.chars().nth(letter).unwrap();
            let changed: String = text.into_iter().collect();
            if let Some(Ok(scan)) = parse(&changed) {
                prop_assert_eq!(scan.control, control);
            }
        }
    }
}

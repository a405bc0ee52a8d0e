//! What the guard does with every ZPL command it knows, one row each.
//!
//! Sources: Zebra's public ZPL II programming guide for names and scopes; public reports of
//! carriers' labels that left printers mirrored, overprinting, upside down or in tear-off mode.
//! What is in no row is judged by its family (`?` for the last letter), then by its prefix: format
//! commands stay, because a printer passes over what it does not know; control commands do not,
//! because they act at once and on the whole printer.

/// How far a command reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The field it stands in.
    Field,
    /// The label it stands in.
    Label,
    /// Later labels, until something else is set or the printer is switched off.
    Stays,
    /// The printer: its memory, settings, connections and hands.
    Printer,
    /// How the rest of the stream is read.
    Stream,
}

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Passed on.
    Keep,
    /// Passed on; the closing format sets it back.
    Reset,
    /// Passed on up to the stock's size; the closing format sets it back.
    Stock,
    /// Left out.
    Drop,
    /// Left out without a word.
    Comment,
    /// `^PQ`: one label.
    Single,
    /// `^XA`, `^XZ`, `^FS`, and the commands that begin a field.
    Begin,
    End,
    FieldEnd,
    Origin,
    /// Draws something: passed on.
    Draw,
    /// `^FH`: remembered and passed on.
    Hex,
    /// Field data.
    Data,
    /// `^GF`: checked and passed on.
    Graphic,
    /// Goes to volatile memory under its own name, and is deleted after the label.
    Store,
    /// Uses what is stored: from volatile memory if this stream stored it.
    Recall,
    /// `^A`: the letter may be one that `^CW` gave.
    Font,
    /// `^CW`: left out, and the font named in each field.
    Letter,
    /// `^CC`, `^CT`, `^CD`: left out, and everything written with the standard characters.
    Characters,
}

/// What is known of one command.
#[derive(Debug)]
pub struct Row {
    /// With its prefix; `?` for any last letter.
    pub command: &'static str,
    pub scope: Scope,
    pub action: Action,
    /// What it does, to be read after the command's name.
    pub reason: &'static str,
}

use Action::*;
use Scope::*;

macro_rules! rows {
    ($($command:literal $scope:ident $action:ident $reason:literal,)*) => {
        &[$(Row { command: $command, scope: $scope, action: $action, reason: $reason }),*]
    };
}

/// Sorted by command.
pub static ROWS: &[Row] = rows! {
    "^A" Field Font "may name a font by a letter",
    "^A@" Field Recall "uses a font stored in the printer",
    "^B0" Field Keep "belongs to its field",
    "^B1" Field Keep "belongs to its field",
    "^B2" Field Keep "belongs to its field",
    "^B3" Field Keep "belongs to its field",
    "^B4" Field Keep "belongs to its field",
    "^B5" Field Keep "belongs to its field",
    "^B7" Field Keep "belongs to its field",
    "^B8" Field Keep "belongs to its field",
    "^B9" Field Keep "belongs to its field",
    "^BA" Field Keep "belongs to its field",
    "^BB" Field Keep "belongs to its field",
    "^BC" Field Keep "belongs to its field",
    "^BD" Field Keep "belongs to its field",
    "^BE" Field Keep "belongs to its field",
    "^BF" Field Keep "belongs to its field",
    "^BI" Field Keep "belongs to its field",
    "^BJ" Field Keep "belongs to its field",
    "^BK" Field Keep "belongs to its field",
    "^BL" Field Keep "belongs to its field",
    "^BM" Field Keep "belongs to its field",
    "^BO" Field Keep "belongs to its field",
    "^BP" Field Keep "belongs to its field",
    "^BQ" Field Keep "belongs to its field",
    "^BR" Field Keep "belongs to its field",
    "^BS" Field Keep "belongs to its field",
    "^BT" Field Keep "belongs to its field",
    "^BU" Field Keep "belongs to its field",
    "^BX" Field Keep "belongs to its field",
    "^BY" Stays Reset "sets the bar width of later labels",
    "^BZ" Field Keep "belongs to its field",
    "^CC" Stream Characters "changes the character that begins commands",
    "^CD" Stream Characters "changes the character between parameters",
    "^CF" Stays Reset "sets the font of later labels",
    "^CI" Stays Reset "sets the character set of later labels",
    "^CM" Printer Drop "renames the printer's memories",
    "^CN" Printer Drop "feeds, cuts or pauses by itself",
    "^CO" Printer Drop "divides the printer's memory anew",
    "^CP" Printer Drop "feeds, cuts or pauses by itself",
    "^CT" Stream Characters "changes the character that begins control commands",
    "^CV" Stays Reset "makes later labels print error words in place of symbols",
    "^CW" Stays Letter "gives a font another letter for later labels",
    "^D?" Printer Drop "may store something in the printer",
    "^DF" Printer Store "stores a format in the printer",
    "^DN" Stays Drop "ends a download",
    "^E?" Printer Drop "may delete something in the printer",
    "^EF" Printer Drop "deletes all formats stored in the printer",
    "^EG" Printer Drop "deletes all pictures stored in the printer",
    "^FB" Field Keep "belongs to its field",
    "^FC" Field Keep "belongs to its field",
    "^FD" Field Data "belongs to its field",
    "^FE" Field Keep "belongs to its field",
    "^FH" Field Hex "belongs to its field",
    "^FL" Printer Drop "links fonts for later labels",
    "^FM" Field Keep "belongs to its field",
    "^FN" Field Keep "belongs to its field",
    "^FO" Field Origin "belongs to its field",
    "^FP" Field Keep "belongs to its field",
    "^FR" Field Keep "belongs to its field",
    "^FS" Field FieldEnd "belongs to its field",
    "^FT" Field Origin "belongs to its field",
    "^FV" Field Data "belongs to its field",
    "^FW" Stays Reset "turns the fields of later labels",
    "^FX" Field Comment "is a comment",
    "^GB" Field Draw "belongs to its field",
    "^GC" Field Draw "belongs to its field",
    "^GD" Field Draw "belongs to its field",
    "^GE" Field Draw "belongs to its field",
    "^GF" Field Graphic "holds a picture",
    "^GS" Field Draw "belongs to its field",
    "^H?" Printer Drop "asks the printer for an answer nobody here expects",
    "^HF" Printer Drop "asks the printer for an answer nobody here expects",
    "^HG" Printer Drop "asks the printer for an answer nobody here expects",
    "^HH" Printer Drop "asks the printer for an answer nobody here expects",
    "^HL" Printer Drop "is for radio tags",
    "^HR" Printer Drop "is for radio tags",
    "^HT" Printer Drop "asks the printer for an answer nobody here expects",
    "^HV" Printer Drop "asks the printer for an answer nobody here expects",
    "^HW" Printer Drop "asks the printer for an answer nobody here expects",
    "^HY" Printer Drop "asks the printer for an answer nobody here expects",
    "^HZ" Printer Drop "asks the printer for an answer nobody here expects",
    "^ID" Printer Drop "deletes files stored in the printer",
    "^IL" Label Recall "uses a picture stored in the printer",
    "^IM" Field Recall "uses a picture stored in the printer",
    "^IS" Printer Store "stores a picture in the printer",
    "^J?" Printer Drop "controls the printer",
    "^JB" Printer Drop "erases the printer's memory",
    "^JH" Printer Drop "changes how the printer works",
    "^JI" Printer Drop "starts a program in the printer",
    "^JJ" Printer Drop "changes how the printer works",
    "^JM" Stays Reset "halves the resolution of later labels",
    "^JS" Printer Drop "changes how the printer works",
    "^JT" Printer Drop "changes how the printer works",
    "^JU" Printer Drop "saves all settings in the printer for good",
    "^JW" Printer Drop "changes how the printer works",
    "^JZ" Printer Drop "lets the printer reprint after an error by itself",
    "^K?" Printer Drop "changes the printer's set-up",
    "^KC" Printer Drop "changes the printer's wireless network",
    "^KD" Printer Drop "changes the printer's set-up",
    "^KL" Printer Drop "changes the printer's set-up",
    "^KN" Printer Drop "changes the printer's set-up",
    "^KP" Printer Drop "changes the printer's password",
    "^KV" Printer Drop "changes the printer's set-up",
    "^LF" Printer Drop "prints a list of font links",
    "^LH" Stays Reset "moves later labels",
    "^LL" Stays Stock "cuts later labels to another length",
    "^LR" Stays Reset "prints later labels white on black",
    "^LS" Stays Reset "shifts later labels",
    "^LT" Printer Drop "shifts the printer's own top of the label",
    "^M?" Printer Drop "may change the printer's media handling",
    "^MA" Printer Drop "changes maintenance reminders",
    "^MC" Stays Drop "makes the next label print over this one",
    "^MD" Printer Drop "changes the darkness for good and wears the head",
    "^MF" Printer Drop "changes what happens at switching on",
    "^MI" Printer Drop "changes maintenance reminders",
    "^ML" Printer Drop "sets the longest label",
    "^MM" Printer Drop "sets what happens to labels after printing",
    "^MN" Printer Drop "sets how the printer finds the edge of a label",
    "^MP" Printer Drop "locks the printer's keys",
    "^MT" Printer Drop "switches between ribbon and direct thermal",
    "^MU" Stays Reset "changes the unit of later labels",
    "^MW" Printer Drop "changes a warning of the printer",
    "^N?" Printer Drop "changes the printer's network",
    "^NB" Printer Drop "changes the printer's network",
    "^NC" Printer Drop "changes the printer's network",
    "^ND" Printer Drop "changes the printer's network",
    "^NI" Printer Drop "changes the printer's network",
    "^NN" Printer Drop "changes the printer's network",
    "^NP" Printer Drop "changes the printer's network",
    "^NS" Printer Drop "changes the printer's network",
    "^NT" Printer Drop "changes the printer's network",
    "^NW" Printer Drop "changes the printer's network",
    "^PA" Stays Reset "changes how text of later labels is set",
    "^PF" Printer Drop "feeds, cuts or pauses by itself",
    "^PH" Printer Drop "feeds, cuts or pauses by itself",
    "^PM" Stays Reset "mirrors later labels",
    "^PN" Printer Drop "feeds, cuts or pauses by itself",
    "^PO" Stays Reset "turns later labels upside down",
    "^PP" Printer Drop "feeds, cuts or pauses by itself",
    "^PQ" Label Single "prints more than one copy of a paid label",
    "^PR" Printer Drop "changes the speed of later labels",
    "^PW" Stays Stock "crops later labels to another width",
    "^R?" Printer Drop "is for radio tags",
    "^RO" Printer Drop "resets the printer's counters",
    "^S?" Printer Drop "may change a setting of the printer",
    "^SC" Printer Drop "changes the printer's serial port",
    "^SE" Stays Drop "sets the character table of later labels",
    "^SF" Field Keep "belongs to its field",
    "^SI" Printer Drop "changes the printer's sensors",
    "^SL" Printer Drop "changes the printer's clock",
    "^SN" Field Draw "belongs to its field",
    "^SO" Printer Drop "changes the printer's clock",
    "^SP" Label Drop "starts printing before the label is complete",
    "^SQ" Printer Drop "changes where the printer sends alerts",
    "^SR" Printer Drop "sets the resistance of the print head",
    "^SS" Printer Drop "changes the printer's sensors",
    "^ST" Printer Drop "changes the printer's clock",
    "^SX" Printer Drop "changes where the printer sends alerts",
    "^SZ" Printer Drop "changes the printer's language",
    "^TB" Field Keep "belongs to its field",
    "^TO" Printer Drop "copies files in the printer's memory",
    "^W?" Printer Drop "may change the printer's wireless network",
    "^WA" Printer Drop "changes the printer's wireless network",
    "^WD" Printer Drop "prints a list of settings or files",
    "^WE" Printer Drop "changes the printer's wireless network",
    "^WF" Printer Drop "is for radio tags",
    "^WI" Printer Drop "changes the printer's wireless network",
    "^WL" Printer Drop "changes the printer's wireless network",
    "^WP" Printer Drop "changes the printer's wireless network",
    "^WR" Printer Drop "changes the printer's wireless network",
    "^WS" Printer Drop "changes the printer's wireless network",
    "^WT" Printer Drop "is for radio tags",
    "^WV" Printer Drop "is for radio tags",
    "^WX" Printer Drop "changes the printer's wireless network",
    "^XA" Label Begin "begins a label",
    "^XB" Label Drop "keeps the label from being fed out",
    "^XF" Label Recall "uses a format stored in the printer",
    "^XG" Field Recall "uses a picture stored in the printer",
    "^XS" Printer Drop "changes the printer's calibration",
    "^XZ" Label End "ends a label",
    "^ZZ" Printer Drop "sends the printer to sleep",
    "~CC" Stream Characters "changes the character that begins commands",
    "~CD" Stream Characters "changes the character between parameters",
    "~CT" Stream Characters "changes the character that begins control commands",
    "~DB" Printer Store "stores a font in the printer",
    "~DE" Printer Store "stores a character table in the printer",
    "~DG" Printer Store "stores a picture in the printer",
    "~DN" Stays Drop "ends a download",
    "~DS" Printer Store "stores a font in the printer",
    "~DT" Printer Store "stores a font in the printer",
    "~DU" Printer Store "stores a font in the printer",
    "~DY" Printer Store "stores a file in the printer",
    "~EG" Printer Drop "deletes all pictures stored in the printer",
    "~H?" Printer Drop "asks the printer for an answer nobody here expects",
    "~HB" Printer Drop "asks the printer for an answer nobody here expects",
    "~HD" Printer Drop "asks the printer for an answer nobody here expects",
    "~HI" Printer Drop "asks the printer for an answer nobody here expects",
    "~HL" Printer Drop "is for radio tags",
    "~HM" Printer Drop "asks the printer for an answer nobody here expects",
    "~HQ" Printer Drop "asks the printer for an answer nobody here expects",
    "~HS" Printer Drop "asks the printer for an answer nobody here expects",
    "~HU" Printer Drop "asks the printer for an answer nobody here expects",
    "~J?" Printer Drop "controls the printer",
    "~JA" Printer Drop "cancels all jobs in the printer",
    "~JB" Printer Drop "erases the printer's memory",
    "~JC" Printer Drop "calibrates the printer with paper",
    "~JD" Printer Drop "switches the diagnostic print-out of all data",
    "~JE" Printer Drop "switches the diagnostic print-out of all data",
    "~JF" Printer Drop "changes how the printer works",
    "~JG" Printer Drop "calibrates the printer with paper",
    "~JI" Printer Drop "starts a program in the printer",
    "~JL" Printer Drop "calibrates the printer with paper",
    "~JN" Printer Drop "changes how the printer works",
    "~JO" Printer Drop "changes how the printer works",
    "~JP" Printer Drop "pauses the printer and cancels its format",
    "~JQ" Printer Drop "changes how the printer works",
    "~JR" Printer Drop "resets the printer",
    "~JS" Printer Drop "changes how the printer works",
    "~JX" Printer Drop "cancels a half-received label",
    "~K?" Printer Drop "changes the printer's set-up",
    "~KB" Printer Drop "changes the printer's set-up",
    "~N?" Printer Drop "changes the printer's network",
    "~NC" Printer Drop "changes the printer's network",
    "~NR" Printer Drop "changes the printer's network",
    "~NT" Printer Drop "changes the printer's network",
    "~PH" Printer Drop "feeds, cuts or pauses by itself",
    "~PL" Printer Drop "feeds, cuts or pauses by itself",
    "~PP" Printer Drop "feeds, cuts or pauses by itself",
    "~PR" Printer Drop "prints the last label again",
    "~PS" Printer Drop "feeds, cuts or pauses by itself",
    "~R?" Printer Drop "is for radio tags",
    "~RO" Printer Drop "resets the printer's counters",
    "~SD" Printer Drop "sets the darkness for good and wears the head",
    "~TA" Printer Drop "shifts where labels are torn off",
    "~W?" Printer Drop "may change the printer's wireless network",
    "~WC" Printer Drop "prints a list of settings or files",
    "~WQ" Printer Drop "asks the printer for an answer nobody here expects",
    "~WR" Printer Drop "changes the printer's wireless network",
};

/// Format commands in no row.
pub static UNKNOWN_FORMAT: Row = Row {
    command: "^??",
    scope: Label,
    action: Keep,
    reason: "is a command unknown here",
};
/// Control commands in no row.
pub static UNKNOWN_CONTROL: Row = Row {
    command: "~??",
    scope: Printer,
    action: Drop,
    reason: "is a control command unknown here",
};

/// The row of a command: its own, its family's, or that of its prefix.
pub fn find(prefix: char, name: &str) -> &'static Row {
    let at = |name: &[u8]| {
        let prefix = if prefix == '~' { b'~' } else { b'^' };
        let key = |row: &Row| {
            row.command
                .bytes()
                .cmp([prefix].iter().chain(name).copied())
        };
        let found = ROWS.binary_search_by(key);
        found.ok().and_then(|at| ROWS.get(at))
    };
    let name = name.as_bytes();
    let family = || at(&[name.first().copied().unwrap_or_default(), b'?']);
    let row = at(name).or_else(family);
    row.unwrap_or(if prefix == '~' {
        &UNKNOWN_CONTROL
    } else {
        &UNKNOWN_FORMAT
    })
}

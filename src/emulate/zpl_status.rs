//! What a ZPL printer answers: `~HS`, `~HI`, `~HQES` and SGD variables (`device-protocols` 5.3).

use super::printers::Condition;

/// The three lines of `~HS`.
pub fn host_status(now: &Condition) -> Vec<u8> {
    lines(now)
        .iter()
        .map(|line| format!("\x02{line}\x03\r\n"))
        .collect::<String>()
        .into_bytes()
}

fn lines(now: &Condition) -> [String; 3] {
    [
        format!(
            "030,{},{},{:04},{:03},{},0,{},000,0,0,0",
            u8::from(now.paper_out),
            u8::from(now.paused),
            now.label_length.min(9999),
            now.formats.min(999),
            u8::from(now.buffer_full),
            u8::from(now.partial),
        ),
        format!(
            "000,0,{},0,0,2,6,0,{:08},1,000",
            u8::from(now.head_open),
            now.labels_left.min(99_999_999)
        ),
        "1234,0".into(),
    ]
}

/// `~HI`: `dpmm` is dots per millimetre as printers name their head: 6, 8, 12 or 24.
pub fn identification(model: &str, firmware: &str, dpmm: u8) -> Vec<u8> {
    format!("\x02{model},{firmware},{dpmm},8192KB\x03\r\n").into_bytes()
}

/// `~HQES`: errors bit 0 media out, bit 2 head open, bit 16 paused.
pub fn error_status(now: &Condition) -> Vec<u8> {
    let errors =
        u32::from(now.paper_out) | u32::from(now.head_open) << 2 | u32::from(now.paused) << 16;
    format!(
        "\x02\r\n  PRINTER STATUS\r\n  ERRORS:         {} 00000000 {errors:08X}\r\n  \
         WARNINGS:       0 00000000 00000000\r\n\x03",
        u8::from(errors != 0)
    )
    .into_bytes()
}

/// The answer to an SGD line, or `None` if it wants none. `odometer` counts labels.
pub fn sgd(line: &str, now: &Condition, odometer: u64, model: &str) -> Option<Vec<u8>> {
    let rest = line
        .strip_prefix("! U1 getvar ")
        .or(line.strip_prefix("! U getvar "))?;
    let name = rest.trim().trim_matches('"').to_ascii_lowercase();
    let value = match name.as_str() {
        "odometer.user_label_count" | "odometer.total_label_count" => odometer.to_string(),
        "device.host_status" => lines(now).join("\r\n"),
        "device.product_name" => model.to_owned(),
        "device.languages" => "zpl".into(),
        "media.status" => if now.paper_out { "out" } else { "ok" }.into(),
        "head.latch" => if now.head_open { "open" } else { "ok" }.into(),
        _ => "?".into(),
    };
    Some(format!("\"{value}\"").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_status_has_the_published_shape() {
        let now = Condition {
            paper_out: true,
            paused: true,
            formats: 2,
            labels_left: 7,
            label_length: 812,
            ..Condition::default()
        };
        // The published vector, but with the print width mode of this model.
        let want = "\x02030,1,1,0812,002,0,0,0,000,0,0,0\x03\r\n\
                    \x02000,0,0,0,0,2,6,0,00000007,1,000\x03\r\n\x021234,0\x03\r\n";
        assert_eq!(host_status(&now), want.as_bytes());
        let open = Condition {
            head_open: true,
            partial: true,
            ..Condition::default()
        };
        let text = String::from_utf8_lossy(&host_status(&open)).into_owned();
        assert!(
            text.contains("0000,000,0,0,1,000") && text.contains("000,0,1,0,"),
            "{text}"
        );
        let errors = String::from_utf8_lossy(&error_status(&now)).into_owned();
        assert!(
            errors.contains("ERRORS:         1 00000000 00010001"),
            "{errors}"
        );
    }

    #[test]
    fn sgd_answers_in_quotes_without_a_line_end() {
        let ask = |line: &str| {
            let now = Condition::default();
            sgd(line, &now, 42, "X").map(|b| String::from_utf8_lossy(&b).into_owned())
        };
        let count = "! U1 getvar \"odometer.user_label_count\"";
        assert_eq!(ask(count).as_deref(), Some("\"42\""));
        assert_eq!(ask("! U1 getvar \"no.such\"").as_deref(), Some("\"?\""));
        assert_eq!(ask("! U1 setvar \"media.status\" \"ok\""), None);
    }
}

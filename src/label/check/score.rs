//! A relative score, 0 to 100, to compare labels and to see a trend. It is no ISO/IEC 15416 or
//! 15415 grade and must not be called one: those need a calibrated verifier and paper.
//!
//! A symbol starts at 100 and loses, each share between nothing and all of it (1000/1000):
//!
//! | what | share | at most |
//! |---|---|---:|
//! | quiet zone | white missing on the worst side | 30 |
//! | grid | worst element's deviation, of half a module | 25 |
//! | module width | micrometres missing to the rule | 25 |
//! | height | micrometres missing to the rule | 20 |
//! | contrast | missing to 70 % between the lightest and the darkest grey of the original | 30 |
//! | other | any other problem | 30 |
//!
//! Points are cut down to whole ones. A symbol that cannot be read or says something else has 0.
//! A label has the score of its worst symbol, and 0 without any.

/// Contrast, in percent, that loses nothing (the limit of the best class in ISO/IEC 15416).
const CONTRAST_PERCENT: u32 = 70;

/// What counts, in thousandths except the contrast.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shares {
    pub quiet_missing: u32,
    /// Of a module; 500 is the most there can be.
    pub off_grid: u32,
    pub module_missing: u32,
    pub height_missing: u32,
    /// None if there is no grey original.
    pub contrast_percent: Option<u32>,
    pub other: bool,
}

/// The score of a symbol that reads as it should.
pub fn score(shares: &Shares) -> u8 {
    let contrast = shares.contrast_percent.map_or(0, |percent| {
        CONTRAST_PERCENT.saturating_sub(percent) * 1_000 / CONTRAST_PERCENT
    });
    let losses = [
        (shares.quiet_missing, 30),
        (shares.off_grid * 2, 25),
        (shares.module_missing, 25),
        (shares.height_missing, 20),
        (contrast, 30),
        (u32::from(shares.other) * 1_000, 30),
    ];
    let lost: u32 = losses
        .iter()
        .map(|(share, most)| (*share.min(&1_000) * most).div_ceil(1_000))
        .sum();
    u8::try_from(100_u32.saturating_sub(lost)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_add_up_and_end_at_nothing() {
        assert_eq!(score(&Shares::default()), 100);
        let half = Shares {
            quiet_missing: 500,
            off_grid: 250,
            ..Shares::default()
        };
        assert_eq!(score(&half), 100 - 15 - 13);
        let all = Shares {
            quiet_missing: 1_000,
            off_grid: 500,
            module_missing: 1_000,
            height_missing: 1_000,
            contrast_percent: Some(0),
            other: true,
        };
        assert_eq!(score(&all), 0);
        let pale = Shares {
            contrast_percent: Some(35),
            ..Shares::default()
        };
        assert_eq!(score(&pale), 85);
    }
}

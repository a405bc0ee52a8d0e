//! Faces for a document: cut down to the glyphs it uses, so that a label stays small.

use std::collections::{BTreeMap, BTreeSet};

use allsorts::binary::read::ReadScope;
use allsorts::font_data::FontData;
use allsorts::subset::{CmapTarget, SubsetProfile, subset};
use allsorts::tables::FontTableProvider;
use allsorts::tag;
use printpdf::ParsedFont;

use super::PdfError;

/// A face with only the glyphs asked for.
#[derive(Debug)]
pub struct Face {
    pub font: ParsedFont,
    /// Glyph of the whole face -> glyph here.
    pub glyphs: BTreeMap<u16, u16>,
}

impl Face {
    /// Cuts face `index` of a font file down to `wanted`. `None` if its outlines are not TrueType:
    /// this writer would address their glyphs by another numbering.
    ///
    /// # Errors
    /// The font cannot be read or cut.
    pub fn new(
        bytes: &[u8],
        index: usize,
        wanted: &BTreeSet<u16>,
    ) -> Result<Option<Self>, PdfError> {
        let failed = |text: String| PdfError::Write(format!("font: {text}"));
        let file = ReadScope::new(bytes)
            .read::<FontData<'_>>()
            .map_err(|e| failed(e.to_string()))?;
        let provider = file
            .table_provider(index)
            .map_err(|e| failed(e.to_string()))?;
        if !provider.has_table(tag::GLYF) {
            return Ok(None);
        }
        // Glyph 0 comes first by the format's rule.
        let rest = wanted.iter().copied().filter(|glyph| *glyph != 0);
        let ids: Vec<u16> = std::iter::once(0).chain(rest).collect();
        let cut = subset(&provider, &ids, &SubsetProfile::Pdf, CmapTarget::Unicode)
            .map_err(|e| failed(e.to_string()))?;
        let mut warnings = Vec::new();
        let font = ParsedFont::from_bytes(&cut, 0, &mut warnings)
            .ok_or_else(|| failed("the cut face cannot be read back".into()))?;
        let glyphs = ids.into_iter().zip(0_u16..).collect();
        Ok(Some(Self { font, glyphs }))
    }

    /// Advance of a glyph of the whole face, thousandths of an em, as the document's width table
    /// says it.
    pub fn advance(&self, glyph: u16) -> i64 {
        let here = self.glyphs.get(&glyph).copied().unwrap_or(0);
        let units = self.font.glyph_widths.get(&here).copied().unwrap_or(0);
        i64::from(units) * 1_000 / i64::from(self.font.units_per_em.max(1))
    }
}

//! From `label.toml` as written to a checked [`Template`]: head, element tables, their copies and
//! their forms at single resolutions. [`kinds`] checks what is drawn.

mod kinds;

use toml::Spanned;
use toml::de::DeValue;

use super::condition::Condition;
use super::files::Files;
use super::schema::{CommonSpec, Head, OneOrMore};
use super::source::{self, Mistake, Table, line_of};
use super::{Area, Element, Kind, Repeat, Template, TemplateError};
use crate::label::FieldMap;
use crate::label::template::binding::is_field_name;
use crate::label::units::mm_text;

/// Sides of a label; 300 mm at 600 dpi are 50 million dots.
const SIDES_UM: std::ops::RangeInclusive<i64> = 5_000..=300_000;
/// Tables in the file, and elements with all copies.
const TABLES_MAX: usize = 200;
const ELEMENTS_MAX: usize = 2_000;
/// Copies of one element.
const COPIES_MAX: u32 = 200;
/// Resolutions one element has special forms for.
const FORMS_MAX: usize = 4;
const COMMON_KEYS: [&str; 9] = [
    "id",
    "kind",
    "when",
    "unless",
    "repeat",
    "max",
    "pitch",
    "across",
    "pitch_across",
];

/// Builds the template called `name` from its files.
pub fn template(name: &str, files: &Files) -> Result<Template, TemplateError> {
    let toml = files.text("label.toml")?;
    let shown = files.shown("label.toml");
    let wrong = |mistake: Mistake| TemplateError::File {
        file: shown.clone(),
        line: line_of(&toml, mistake.at),
        reason: mistake.reason,
    };
    let mut file = Table::parse(&toml).map_err(wrong)?;
    let tables = file.take("element");
    let head: Head = file.read().map_err(wrong)?;
    check_head(&head)
        .map_err(|(key, reason)| file.mistake_at(key, reason))
        .map_err(wrong)?;
    let page = Area {
        x_um: 0,
        y_um: 0,
        width_um: head.width.0,
        height_um: head.height.0,
    };
    let mut building = Building {
        files,
        page,
        elements: Vec::new(),
        repeats: Vec::new(),
        ids: Vec::new(),
    };
    for (index, table) in element_tables(&file, tables)
        .map_err(wrong)?
        .into_iter()
        .enumerate()
    {
        let label = match table.text("id") {
            Some(id) => id.to_owned(),
            None => format!("number {}", index + 1),
        };
        let line = line_of(&toml, table.span.start);
        building
            .add(&label, line, table)
            .map_err(|mistake| TemplateError::Element {
                file: shown.clone(),
                line: line_of(&toml, mistake.at),
                element: label,
                reason: mistake.reason,
            })?;
    }
    Ok(Template {
        name: name.to_owned(),
        title: head.title,
        width_um: page.width_um,
        height_um: page.height_um,
        sample: sample(files)?,
        elements: building.elements,
        repeats: building.repeats,
    })
}

fn check_head(head: &Head) -> Result<(), (&'static str, String)> {
    if head.format != 1 {
        let reason = format!("format {} is unknown; write format = 1", head.format);
        return Err(("format", reason));
    }
    for (key, side) in [("width", head.width), ("height", head.height)] {
        if !SIDES_UM.contains(&side.0) {
            return Err((key, format!("{key} must be 5 to 300 mm")));
        }
    }
    Ok(())
}

fn sample(files: &Files) -> Result<FieldMap, TemplateError> {
    let text = files.text("sample.json")?;
    serde_json::from_str(&text).map_err(|e| TemplateError::File {
        file: files.shown("sample.json"),
        line: e.line().max(1),
        reason: format!("{e}; it must be one JSON object of texts"),
    })
}

fn element_tables<'a>(
    file: &Table<'a>,
    value: Option<Spanned<DeValue<'a>>>,
) -> Result<Vec<Table<'a>>, Mistake> {
    let needed = || file.mistake(format!("1 to {TABLES_MAX} [[element]] tables are needed"));
    let value = value.ok_or_else(needed)?;
    let DeValue::Array(tables) = value.into_inner() else {
        return Err(needed());
    };
    if tables.is_empty() || tables.len() > TABLES_MAX {
        return Err(needed());
    }
    tables.into_iter().map(source::table).collect()
}

/// A template in the making.
struct Building<'a> {
    files: &'a Files,
    page: Area,
    elements: Vec<Element>,
    repeats: Vec<Repeat>,
    ids: Vec<String>,
}

/// Where copies go.
struct Copies {
    /// None: the element stands once.
    name: Option<String>,
    max: u32,
    columns: u32,
    pitch_um: i64,
    pitch_x_um: i64,
}

impl Building<'_> {
    fn add(&mut self, id: &str, line: usize, mut table: Table<'_>) -> Result<(), Mistake> {
        let common_table = table.split(&COMMON_KEYS);
        let forms = forms(&mut table)?;
        for key in ["id", "kind"] {
            if common_table.text(key).is_none() {
                return Err(common_table.mistake_at(key, format!("give it {key} = \"...\"")));
            }
        }
        let common: CommonSpec = common_table.read()?;
        if self.ids.contains(&common.id) {
            let reason = "this id is used twice; give each element its own";
            return Err(common_table.mistake_at("id", reason));
        }
        self.ids.push(common.id.clone());
        let copies = copies(&common, &common_table)?;
        for number in 1..=copies.max {
            let copy = copies.name.is_some().then_some(number);
            let element_id = match copy {
                Some(number) => format!("{id}.{number}"),
                None => id.to_owned(),
            };
            let mut when = conditions(&common, &common_table, copy)?;
            if let Some(name) = &copies.name {
                when.push(Condition::Group(format!("{name}.{number}")));
            }
            let place = |table: &Table<'_>| {
                let mut kind = kinds::kind(&common.kind, table, copy, self.files).map_err(|m| {
                    if m.at == 0 {
                        common_table.mistake_at("kind", m.reason)
                    } else {
                        m
                    }
                })?;
                kind.shift(&copies, number);
                inside(kind.area(), self.page, copy).map_err(|reason| table.mistake(reason))?;
                Ok::<_, Mistake>(kind)
            };
            let kind = place(&table)?;
            let at = forms
                .iter()
                .map(|(dpi, form)| Ok((*dpi, place(&table.with(form))?)))
                .collect::<Result<_, Mistake>>()?;
            if self.elements.len() == ELEMENTS_MAX {
                let reason = format!("more than {ELEMENTS_MAX} elements with all copies");
                return Err(table.mistake(reason));
            }
            self.elements.push(Element {
                id: element_id,
                line,
                when,
                kind,
                at,
            });
        }
        self.note_repeat(id, copies);
        Ok(())
    }

    /// The smallest room of all elements that repeat the same fields counts.
    fn note_repeat(&mut self, id: &str, copies: Copies) {
        let Some(name) = copies.name else { return };
        if let Some(known) = self.repeats.iter_mut().find(|repeat| repeat.name == name) {
            known.max = known.max.min(copies.max);
            return;
        }
        self.repeats.push(Repeat {
            name,
            max: copies.max,
            element: id.to_owned(),
        });
    }
}

/// `[element.at.203]` tables: keys that are different at that resolution.
fn forms<'a>(table: &mut Table<'a>) -> Result<Vec<(u32, Table<'a>)>, Mistake> {
    let Some(at) = table.take("at") else {
        return Ok(Vec::new());
    };
    let at = source::table(at)?;
    if at.entries.len() > FORMS_MAX {
        return Err(at.mistake(format!("at most {FORMS_MAX} resolutions can be special")));
    }
    let mut forms = Vec::new();
    for (name, value) in at.entries {
        let dpi = name.get_ref().parse().ok();
        let dpi = dpi.filter(|dpi| (100..=1_200).contains(dpi));
        let dpi = dpi.ok_or_else(|| Mistake {
            at: name.span().start,
            reason: format!(
                "at.{} is no resolution; write [element.at.203] (dots per inch)",
                name.get_ref()
            ),
        })?;
        forms.push((dpi, source::table(value)?));
    }
    Ok(forms)
}

fn copies(common: &CommonSpec, table: &Table<'_>) -> Result<Copies, Mistake> {
    let CommonSpec {
        max,
        pitch,
        across,
        pitch_across,
        ..
    } = common;
    let Some(name) = common.repeat.clone() else {
        let stray = [
            ("max", max.is_some()),
            ("pitch", pitch.is_some()),
            ("across", across.is_some()),
            ("pitch_across", pitch_across.is_some()),
        ];
        if let Some((key, _)) = stray.iter().find(|(_, given)| *given) {
            let reason = format!("{key} belongs to repeat; add repeat = \"items\" or remove it");
            return Err(table.mistake_at(key, reason));
        }
        return Ok(Copies {
            name: None,
            max: 1,
            columns: 1,
            pitch_um: 0,
            pitch_x_um: 0,
        });
    };
    if !is_field_name(&name) {
        let reason = format!("repeat = '{name}' is no field name; write items for items.1.sku");
        return Err(table.mistake_at("repeat", reason));
    }
    let max = max.filter(|max| (1..=COPIES_MAX).contains(max));
    let max = max.ok_or_else(|| {
        table.mistake_at(
            "max",
            format!("repeat needs max = 1 to {COPIES_MAX} copies"),
        )
    })?;
    let across = across.unwrap_or(1);
    if !(1..=COPIES_MAX).contains(&across) {
        return Err(table.mistake_at("across", format!("across must be 1 to {COPIES_MAX}")));
    }
    if max > across && pitch.is_none_or(|pitch| pitch.0 == 0) {
        return Err(table.mistake_at("pitch", "repeat needs pitch, from one copy to the next"));
    }
    if across > 1 && pitch_across.is_none_or(|pitch| pitch.0 == 0) {
        return Err(table.mistake_at(
            "pitch_across",
            "across needs pitch_across, from one to the next",
        ));
    }
    Ok(Copies {
        name: Some(name),
        max,
        columns: across,
        pitch_um: pitch.map_or(0, |pitch| pitch.0),
        pitch_x_um: pitch_across.map_or(0, |pitch| pitch.0),
    })
}

fn conditions(
    common: &CommonSpec,
    table: &Table<'_>,
    copy: Option<u32>,
) -> Result<Vec<Condition>, Mistake> {
    let mut all = Vec::new();
    for (key, sources, negate) in [
        ("when", &common.when, false),
        ("unless", &common.unless, true),
    ] {
        let sources = match sources {
            None => &[][..],
            Some(OneOrMore::One(one)) => std::slice::from_ref(one),
            Some(OneOrMore::More(more)) => more,
        };
        for source in sources {
            let condition = Condition::parse(source, copy)
                .map_err(|reason| table.mistake_at(key, format!("{key}: {reason}")))?;
            all.push(if negate {
                Condition::Not(Box::new(condition))
            } else {
                condition
            });
        }
    }
    Ok(all)
}

impl Kind {
    /// To the place of copy `number`.
    fn shift(&mut self, copies: &Copies, number: u32) {
        let index = number - 1;
        let (row, column) = (index / copies.columns, index % copies.columns);
        let area = self.area_mut();
        area.x_um += i64::from(column) * copies.pitch_x_um;
        area.y_um += i64::from(row) * copies.pitch_um;
    }
}

fn inside(area: Area, page: Area, copy: Option<u32>) -> Result<(), String> {
    let (right, bottom) = (area.x_um + area.width_um, area.y_um + area.height_um);
    if area.width_um == 0 || area.height_um == 0 {
        return Err("it has no width or height; give both".into());
    }
    if right > page.width_um || bottom > page.height_um {
        let which = copy.map_or_else(|| "it".to_owned(), |number| format!("copy {number}"));
        return Err(format!(
            "{which} ends at {} x {}, outside the label of {} x {}; move or shrink it",
            mm_text(right),
            mm_text(bottom),
            mm_text(page.width_um),
            mm_text(page.height_um)
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HEAD: &str = "format = 1\ntitle = \"t\"\nwidth = 50\nheight = 30\n\n";

    fn parse(body: &str) -> Result<Template, TemplateError> {
        Template::parse("folder", &format!("{HEAD}{body}"), "{}")
    }

    /// Lines of `body` start at 6.
    fn error(body: &str) -> String {
        parse(body).unwrap_err().to_string()
    }

    #[test]
    fn mistakes_name_the_line_of_the_key() {
        let box_a = "[[element]]\nid = \"a\"\nkind = \"box\"\nx = 1\ny = 1\nwidth = 5\nheight = 5\n\
            filled = true\n";
        for (body, line, part) in [
            // A text with a line that looks like a table does not confuse the count.
            (
                format!(
                    "{box_a}[[element]]\nid = \"b\"\nkind = \"text\"\nx = 1\ny = 1\nwidth = 20\n\
                     size = 4\ntext = \"\"\"\n[[element]]\n{{broken\"\"\"\n"
                ),
                21,
                "text:",
            ),
            (
                format!("{box_a}[[element]]\nid = \"b\"\nkind = \"oval\"\n"),
                16,
                "use text",
            ),
            (
                format!("{box_a}\n\n[[element]]\nkind = \"box\"\n"),
                16,
                "id",
            ),
            (
                format!("{box_a}[[element]]\nid = \"a\"\nkind = \"box\"\n"),
                15,
                "twice",
            ),
            (format!("{box_a}colour = 3\n"), 14, "colour"),
            (format!("{box_a}radius = \"3x\"\n"), 14, "no length"),
            (format!("{box_a}when = \"{{x}}\"\n"), 14, "without braces"),
            (format!("{box_a}max = 2\n"), 14, "belongs to repeat"),
            (
                format!("{box_a}[element.at.203]\nwidth = 60\n"),
                6,
                "outside the label",
            ),
            (
                format!("{box_a}[element.at.lots]\nwidth = 6\n"),
                14,
                "no resolution",
            ),
            ("[[element]]\nid = \"a\"\nkind = \n".into(), 8, ""),
            ("bogus = 1\n".into(), 6, "bogus"),
        ] {
            let told = error(&body);
            assert!(
                told.starts_with(&format!("folder/label.toml:{line}: ")),
                "{told}\n{body}"
            );
            assert!(told.contains(part), "{told}");
        }
        let told = Template::parse(
            "f",
            "format = 2\ntitle = \"t\"\nwidth = 50\nheight = 9\nelement = []",
            "{}",
        );
        assert!(
            told.unwrap_err()
                .to_string()
                .starts_with("f/label.toml:1: ")
        );
    }

    #[test]
    fn copies_stand_in_rows_and_columns() {
        let template = parse(
            "[[element]]\nid = \"a\"\nkind = \"text\"\nrepeat = \"items\"\nmax = 4\nacross = 2\n\
             pitch = 10\npitch_across = 20\nx = 1\ny = 2\nwidth = 18\n\
             size = 4\ntext = \"{#} {items.#.sku}\"\n",
        )
        .unwrap();
        let places: Vec<_> = template
            .elements
            .iter()
            .map(|e| (e.id.as_str(), e.kind.area().x_um, e.kind.area().y_um))
            .collect();
        assert_eq!(
            places,
            [
                ("a.1", 1_000, 2_000),
                ("a.2", 21_000, 2_000),
                ("a.3", 1_000, 12_000),
                ("a.4", 21_000, 12_000)
            ]
        );
        assert_eq!(template.repeats[0].max, 4);
        assert!(template.fields().contains(&"items.4.sku".to_owned()));
    }

    #[test]
    fn a_form_replaces_keys_at_its_resolution_only() {
        let template = parse(
            "[[element]]\nid = \"a\"\nkind = \"box\"\nx = 1\ny = 2\nwidth = 18\n\
             height = 4\nfilled = true\n\
             [element.at.203]\nwidth = 12\n",
        )
        .unwrap();
        let width = |dpi| {
            let kind =
                template.elements[0].kind_at(firstscan_drivers::bitmap::Resolution::from_dpi(dpi));
            kind.area().width_um
        };
        assert_eq!([width(203), width(300)], [12_000, 18_000]);
    }

    #[test]
    fn a_million_copies_are_refused() {
        let told = error(
            "[[element]]\nid = \"a\"\nkind = \"box\"\nrepeat = \"x\"\nmax = 1000000\npitch = 1\n\
             x = 1\ny = 1\nwidth = 1\nheight = 1\nfilled = true\n",
        );
        assert!(told.contains("max = 1 to 200"), "{told}");
    }
}

//! The rules every order must keep, whatever language it came in.

use super::canonical::{fingerprint, person_hash, sha256};
use super::draft::{Draft, LabelDraft, LineDraft, Names, OrderDraft};
use super::problem::{Refused, Report};
use super::{
    Document, Incoming, LABEL_BYTES_MAX, LINES_MAX, LabelDocument, Person, QUANTITY_MAX, Rules,
};
use crate::content::tracking::Fit;
use crate::content::{address, control, lint, tracking};
use crate::domain::ids;
use crate::domain::money::{Money, MoneyError};
use crate::domain::order::{Address, CarrierLabel, Order, OrderLine, OrderStatus, PersonRef};
use crate::domain::{OrderId, Sku};
use base64::Engine as _;

/// Characters of a seller's name, as labels show it.
const SELLER_CHARS_MAX: usize = 60;
/// Characters of an article's title.
pub(super) const TITLE_CHARS_MAX: usize = 200;
/// Characters of a cancellation's reason.
const REASON_CHARS_MAX: usize = 200;
/// Characters of a tracking number.
const TRACKING_CHARS: std::ops::RangeInclusive<usize> = 6..=40;
/// Warnings kept with an order.
const WARNINGS_MAX: usize = 20;
const ID_REMEDY: &str = "give 1 to 64 letters, digits or -_.:/#";
pub(super) const RESERVED: &str = "XCTL begins the station's control codes: give another code";

/// Judges a draft; `person` is asked only if nothing is wrong.
pub(super) fn finish(
    draft: Draft,
    rules: &Rules<'_>,
    person: &mut dyn FnMut(&OrderId) -> Person,
) -> Result<Document, Refused> {
    match draft {
        Draft::Order(draft) => order(*draft, rules, person),
        Draft::Cancel {
            order,
            reason,
            mut report,
        } => {
            check_id("cancel", &order, &mut report);
            check_text("reason", &reason, REASON_CHARS_MAX, &mut report);
            if !report.problems.is_empty() {
                return Err(refused(&order, report));
            }
            let reason = address::tidy(&reason);
            Ok(Document::Cancel {
                order: OrderId::new(order),
                reason,
            })
        }
    }
}

fn order(
    mut draft: OrderDraft,
    rules: &Rules<'_>,
    person: &mut dyn FnMut(&OrderId) -> Person,
) -> Result<Document, Refused> {
    let mut report = std::mem::take(&mut draft.report);
    if report
        .problems
        .iter()
        .any(|problem| problem.field.is_empty())
    {
        return Err(refused(&draft.id, report));
    }
    let id_field = draft.names.order_id();
    check_id(id_field, &draft.id, &mut report);
    if control::is_reserved(&draft.id) {
        report.add(id_field, address::shorten(&draft.id), RESERVED);
    }
    check_text("seller", &draft.seller, SELLER_CHARS_MAX, &mut report);
    check_glyphs("seller", &draft.seller, rules, &mut report);
    check_slug("channel", &draft.channel, &mut report);
    let service = check_service(&mut draft, &mut report);
    let value = check_value(&draft, &mut report);
    let promised = check_promised(&draft, &mut report);
    tidy(&mut draft.ship_to);
    check_address(&draft, rules, &mut report);
    let lines = check_lines(&draft, &mut report);
    let label = draft
        .label
        .take()
        .and_then(|label| check_label(&label, rules, &mut report));
    if !report.problems.is_empty() {
        return Err(refused(&draft.id, report));
    }

    let id = OrderId::new(draft.id);
    let Person { id: person, salt } = person(&id);
    let address = draft.ship_to;
    let hash = person_hash(&salt, &address);
    let (carrier_label, label) = label.unzip();
    let warnings = warnings(&address, carrier_label.as_ref(), draft.names, rules);
    let mut order = Order {
        id,
        version: 1,
        fingerprint: String::new(),
        seller: address::tidy(&draft.seller),
        channel: draft.channel,
        lines,
        ship_to: PersonRef { id: person, hash },
        country: address.country.clone(),
        area: area(&address.postcode),
        value,
        promised,
        requested_service: service,
        carrier_label,
        warnings: Vec::new(),
        status: OrderStatus::Waiting,
    };
    order.fingerprint = fingerprint(&order);
    // Not of the content: a later version may find other things.
    order.warnings = warnings;
    Ok(Document::Order(Box::new(Incoming {
        order,
        address,
        salt,
        label,
    })))
}

fn check_service(draft: &mut OrderDraft, report: &mut Report) -> Option<String> {
    let service = draft.service.take().map(|text| text.trim().to_owned());
    let service = service.filter(|text| !text.is_empty())?;
    check_slug("service", &service, report);
    Some(service)
}

fn check_value(draft: &OrderDraft, report: &mut Report) -> Option<Money> {
    let value = draft.value.as_ref()?;
    let (amount, currency) = (value.amount.trim(), value.currency.trim());
    let error = match Money::read(amount, currency) {
        Ok(money) => return Some(money),
        Err(error) => error,
    };
    let (field, text) = match error {
        MoneyError::Currency => ("currency", currency),
        MoneyError::Amount | MoneyError::Decimals { .. } => ("amount", amount),
    };
    let shown = address::shorten(text);
    let cause = match error {
        _ if text.is_empty() => "is missing".to_owned(),
        MoneyError::Decimals { digits } => format!("{shown} has more than {digits} decimals"),
        _ => format!("{shown} is no {field}"),
    };
    let remedy = "give 19.99 and the currency's three letters of ISO 4217, such as EUR";
    report.add(&draft.names.value(field), cause, remedy);
    None
}

/// A day of the calendar, `2026-11-24`.
fn check_promised(draft: &OrderDraft, report: &mut Report) -> Option<String> {
    let text = draft.promised_by.as_deref()?.trim();
    if text.is_empty() {
        return None;
    }
    let shape = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if text.len() == 10 && shape && text.parse::<jiff::civil::Date>().is_ok() {
        return Some(text.to_owned());
    }
    let cause = format!("{} is no day", address::shorten(text));
    report.add("promised_by", cause, "give the buyer's day as 2026-11-24");
    None
}

/// What looks wrong and is taken all the same, without a word of the address: events keep it.
fn warnings(
    address: &Address,
    label: Option<&CarrierLabel>,
    names: Names,
    rules: &Rules<'_>,
) -> Vec<String> {
    let Some(label) = label else {
        let doubts = lint::doubts(&address.parts()).into_iter();
        let told = |d: lint::Doubt| {
            let field = names.address(&d.field);
            format!("{field} {}: {}", d.what, d.remedy)
        };
        return doubts.map(told).take(WARNINGS_MAX).collect();
    };
    let remedy = "compare it with the label; the bench asks for it, too";
    let number = &label.tracking_number;
    match tracking::fit(number, &label.carrier, rules.carrier_known) {
        Fit::Fits => Vec::new(),
        Fit::CheckFailed { format, reason } => vec![format!(
            "carrier_label.tracking_number {number} looks like {format}, but its {reason}: {remedy}"
        )],
        Fit::Other { carrier } => vec![format!(
            "carrier_label.tracking_number {number} is a number of {carrier}, not of {}: {remedy}",
            label.carrier
        )],
    }
}

/// See [`Order::area`].
fn area(postcode: &str) -> String {
    let kept = postcode.chars().filter(char::is_ascii_alphanumeric);
    kept.take(3).map(|c| c.to_ascii_uppercase()).collect()
}

fn refused(order: &str, report: Report) -> Refused {
    let order = order.chars().take(ids::ID_BYTES_MAX).collect();
    Refused {
        order,
        problems: report.problems,
    }
}

/// Trims every text of an address and drops empty optional ones.
fn tidy(address: &mut Address) {
    let optional = |text: &mut Option<String>| {
        *text = text
            .take()
            .map(|text| address::tidy(&text))
            .filter(|text| !text.is_empty());
    };
    optional(&mut address.company);
    optional(&mut address.region);
    optional(&mut address.phone);
    for text in [&mut address.name, &mut address.postcode, &mut address.city] {
        *text = address::tidy(text);
    }
    for line in &mut address.lines {
        *line = address::tidy(line);
    }
    while address.lines.last().is_some_and(String::is_empty) {
        address.lines.pop();
    }
    address.country = address.country.trim().to_owned();
}

/// With the carrier's own label nothing of the address is printed here, and platforms mask it on
/// purpose: then only the country must be right.
fn check_address(draft: &OrderDraft, rules: &Rules<'_>, report: &mut Report) {
    let ship_to = &draft.ship_to;
    let name = |field: &str| draft.names.address(field);
    let found = match draft.label {
        Some(_) => address::check_country(&ship_to.country),
        None => address::check(&ship_to.parts()),
    };
    for problem in found {
        report.add(&name(&problem.field), problem.text, &problem.remedy);
    }
    if draft.label.is_some() {
        return;
    }
    let parts = ship_to.parts();
    let fields = [
        ("name", parts.name),
        ("company", parts.company),
        ("postcode", parts.postcode),
        ("city", parts.city),
        ("region", parts.region),
    ];
    for (field, text) in fields {
        check_glyphs(&name(field), text, rules, report);
    }
    for (index, line) in parts.lines.iter().enumerate() {
        check_glyphs(&name(&format!("lines[{index}]")), line, rules, report);
    }
}

/// Lines of the same article are put together: the bench counts articles, not lines.
fn check_lines(draft: &OrderDraft, report: &mut Report) -> Vec<OrderLine> {
    if draft.lines.is_empty() {
        report.add(
            "lines",
            "the order has no lines",
            "give at least one with sku and quantity",
        );
    }
    if draft.lines.len() > LINES_MAX {
        let text = format!("{} lines", draft.lines.len());
        report.add("lines", text, "send at most 200 per order");
    }
    let mut lines: Vec<OrderLine> = Vec::new();
    for (index, row) in draft.lines.iter().enumerate().take(LINES_MAX) {
        check_line(draft, index, row, report);
        match lines.iter_mut().find(|line| line.sku.as_str() == row.sku) {
            Some(line) => {
                line.quantity = line.quantity.saturating_add(row.quantity);
                if line.quantity > QUANTITY_MAX && row.quantity <= QUANTITY_MAX {
                    let field = draft.names.line(index, "quantity");
                    let text = format!("{} pieces of {} in all", line.quantity, row.sku);
                    report.add_at(&row.place, &field, text, "split the order at 999 pieces");
                }
            }
            None => lines.push(OrderLine {
                sku: Sku::new(&row.sku),
                title: address::tidy(&row.title),
                quantity: row.quantity,
            }),
        }
    }
    lines
}

fn check_line(draft: &OrderDraft, index: usize, row: &LineDraft, report: &mut Report) {
    let own = std::mem::replace(&mut report.place, row.place.clone());
    let name = |field| draft.names.line(index, field);
    check_id(&name("sku"), &row.sku, report);
    if control::is_reserved(&row.sku) {
        report.add(&name("sku"), address::shorten(&row.sku), RESERVED);
    }
    check_text(&name("title"), &row.title, TITLE_CHARS_MAX, report);
    if !(1..=QUANTITY_MAX).contains(&row.quantity) {
        let text = format!("{} is no quantity", row.quantity);
        report.add(&name("quantity"), text, "give a whole number from 1 to 999");
    }
    report.place = own;
}

fn check_label(
    draft: &LabelDraft,
    rules: &Rules<'_>,
    report: &mut Report,
) -> Option<(CarrierLabel, LabelDocument)> {
    let carrier = draft.carrier.trim();
    if !carrier.is_empty() && !(rules.carrier_known)(carrier) {
        let text = format!("there is no carrier {} here", address::shorten(carrier));
        let remedy = "give the id of one (`carrier list`), or add its file";
        report.add("carrier_label.carrier", text, remedy);
    }
    check_slug("carrier_label.service", draft.service.trim(), report);
    let tracking_number = tracking::normalise(&draft.tracking_number);
    let plain = tracking_number.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain || !TRACKING_CHARS.contains(&tracking_number.len()) {
        let text = format!(
            "{} is no tracking number",
            address::shorten(&draft.tracking_number)
        );
        let remedy = "give the 6 to 40 letters and digits of the label's barcode";
        report.add("carrier_label.tracking_number", text, remedy);
    } else if control::is_reserved(&tracking_number) {
        let text = address::shorten(&tracking_number);
        report.add("carrier_label.tracking_number", text, RESERVED);
    }
    let document = check_document(&draft.document, report)?;
    let label = CarrierLabel {
        document: sha256(&[&document.bytes]),
        format: document.format.to_owned(),
        carrier: carrier.to_owned(),
        service: draft.service.trim().to_owned(),
        tracking_number,
    };
    Some((label, document))
}

fn check_document(base64: &str, report: &mut Report) -> Option<LabelDocument> {
    const FIELD: &str = "carrier_label.document";
    if base64.len() > LABEL_BYTES_MAX / 3 * 4 + LABEL_BYTES_MAX / 8 {
        report.add(FIELD, "the label is too large", "send at most 5 MiB");
        return None;
    }
    let plain: String = base64
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .collect();
    let bytes = match base64::engine::general_purpose::STANDARD.decode(&plain) {
        Ok(bytes) => bytes,
        Err(error) => {
            let remedy = "send the file's bytes as standard base64 and nothing else";
            report.add(FIELD, format!("this is no base64 ({error})"), remedy);
            return None;
        }
    };
    if bytes.len() > LABEL_BYTES_MAX {
        report.add(
            FIELD,
            format!("the label has {} bytes", bytes.len()),
            "send at most 5 MiB",
        );
        return None;
    }
    let Some(format) = label_format(&bytes) else {
        let found = "the label is neither PDF nor ZPL nor a picture";
        report.add(FIELD, found, "send PDF, ZPL, PNG, JPEG, GIF, BMP or TIFF");
        return None;
    };
    Some(LabelDocument { format, bytes })
}

/// What a label file is, by its first bytes.
fn label_format(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("pdf"),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("png"),
        [0xff, 0xd8, 0xff, ..] => Some("jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("gif"),
        [b'B', b'M', ..] => Some("bmp"),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some("tiff"),
        // Comments, downloads and prefix changes may come before the first format.
        _ => bytes
            .windows(3)
            .any(|w| w.eq_ignore_ascii_case(b"^XA"))
            .then_some("zpl"),
    }
}

pub(super) fn check_id(field: &str, id: &str, report: &mut Report) {
    if id.is_empty() {
        report.add(field, "is missing", ID_REMEDY);
    } else if ids::check(id).is_err() {
        report.add(
            field,
            format!("{} is no usable id", address::shorten(id)),
            ID_REMEDY,
        );
    }
}

/// A required text of one line.
pub(super) fn check_text(field: &str, text: &str, chars_max: usize, report: &mut Report) {
    let text = address::tidy(text);
    if text.is_empty() {
        report.add(field, "is missing", "give a text");
        return;
    }
    let chars = text.chars().count();
    if let Some(c) = text.chars().find(|c| address::is_unprintable(*c)) {
        let code = u32::from(c);
        let told = format!(
            "{} has the control character U+{code:04X}",
            address::shorten(&text)
        );
        report.add(field, told, "remove it");
    } else if chars > chars_max {
        let told = format!("{} has {chars} characters", address::shorten(&text));
        report.add(field, told, &format!("shorten it to {chars_max}"));
    }
}

/// A short word that tables compare, such as `tiktok-shop` or `express`.
fn check_slug(field: &str, text: &str, report: &mut Report) {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_. ".contains(&b);
    if !(1..=40).contains(&text.len()) || !text.bytes().all(legal) {
        let told = match text {
            "" => "is missing".to_owned(),
            _ => format!("{} cannot be compared", address::shorten(text)),
        };
        report.add(
            field,
            told,
            "give 1 to 40 letters, digits, hyphens or spaces",
        );
    }
}

fn check_glyphs(field: &str, text: &str, rules: &Rules<'_>, report: &mut Report) {
    let Err(missing) = (rules.printable)(text) else {
        return;
    };
    let told = format!(
        "no printable form of {missing} in {}",
        address::shorten(text)
    );
    report.add(field, told, &missing.remedy());
}

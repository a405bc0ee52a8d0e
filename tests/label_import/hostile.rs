//! Files made to hurt: refused, with a reason and a remedy, within a second and 256 MB.
//!
//! Each runs in a process of its own, which measures itself: the highest memory the kernel saw.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use firstscan::label::import::{self, Kind};
use firstscan_drivers::bitmap::Resolution;

use super::STOCK;
use super::art::{FOUR_BY_SIX, Pdf, file_of, stream, zlib};

/// Memory a refused file may take, kilobytes; the test program itself included.
const PEAK_KB_MAX: u64 = 256 << 10;
/// A second is promised of the built program; without optimisation it is some ten times slower.
const TIME_MAX: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });

type Case = (&'static str, fn() -> Vec<u8>);

/// Every case by name. Made where it is used: some are large.
fn cases() -> Vec<Case> {
    let mut cases = files();
    cases.extend(drawings());
    cases
}

/// Pages that would take long to draw.
fn drawings() -> Vec<Case> {
    vec![
        ("a million full pages", || {
            content(&b"0 0 288 432 re f\n".repeat(1_000_000))
        }),
        ("a million letters", || {
            content(&b"BT /F1 9 Tf 9 9 Td (a) Tj ET\n".repeat(1_000_000))
        }),
        ("a path of tall lines", || content(&tall_lines(100_000))),
        ("paths of tall lines", || {
            content(&tall_lines(2_000).repeat(200))
        }),
        ("strokes of tall lines", || {
            let path = [&tall_lines(1_000)[..], b"S\n"].concat();
            content(&[&b"40 w 1 j 1 J "[..], &path.repeat(100)].concat())
        }),
        ("full triangles", || {
            content(&b"0 0 m 288 0 l 288 432 l h f\n".repeat(100_000))
        }),
        ("full curves", || {
            content(&b"0 0 m 900 0 -600 432 288 432 c h f\n".repeat(100_000))
        }),
        ("a curve from far away", || {
            content(b"/half gs 0 0 m 99999999999999999 9 9 99999999999999999 9 9 c f\n")
        }),
        ("curves that come back", || {
            content(
                &[
                    &b"0 0 m "[..],
                    &b"0 9999 9 -9999 0 0 c ".repeat(300_000),
                    b"f",
                ]
                .concat(),
            )
        }),
        ("thin paths of such curves", || {
            let path = [
                &b"0 0 m "[..],
                &b"0 9999 1 -9999 0 0 c ".repeat(4_000),
                b"f\n",
            ]
            .concat();
            content(&path.repeat(75))
        }),
        ("a wide stroke to and fro", || {
            let there = b"0.1 200 l 0 200 l ".repeat(300_000);
            content(&[&b"2000 w 0 200 m "[..], &there, b"S"].concat())
        }),
        ("strokes of far curves", || {
            let curve = b"0 0 m 900000 1 1 900000 9 9 c S\n";
            content(&curve.repeat(100_000))
        }),
        ("a path that is never drawn", || {
            content(&b"1 1 1 1 re ".repeat(8_000_000))
        }),
        ("letters as large as the page", || {
            content(&b"BT /F1 432 Tf 9 9 Td (aWg) Tj ET\n".repeat(100_000))
        }),
        ("letters of every size", || {
            let letter = |n: u32| format!("BT /F1 {}.{n:05} Tf 9 9 Td (a) Tj ET\n", 4 + n % 8);
            content((0..60_000).map(letter).collect::<String>().as_bytes())
        }),
        ("large letters", || {
            content(&b"BT /F1 40 Tf 9 9 Td (aWg) Tj ET\n".repeat(100_000))
        }),
        ("fine dashes", || {
            content(&b"[0.001 0.001] 0 d 0 0 m 9000 9000 l S\n".repeat(1_000))
        }),
    ]
}

/// Files that claim or unpack to more than they are.
fn files() -> Vec<Case> {
    vec![
        ("png of 60,000", || png_header(60_000, 60_000)),
        ("png that unpacks", png_bomb),
        ("png text that unpacks", png_text_bomb),
        ("gif of 60,000", gif),
        ("bmp of 60,000", bmp),
        ("tiff of 60,000", tiff),
        ("jpeg of 60,000", jpeg),
        ("pdf picture of 60,000", || {
            picture(60_000, 60_000, "/DeviceGray", b"")
        }),
        ("pdf inline picture of 60,000", inline_picture),
        ("pdf mask of 60,000", soft_mask_picture),
        ("content that unpacks", || content(&vec![b' '; 200 << 20])),
        ("content that unpacks twice", || {
            let inner = zlib(&vec![b' '; 200 << 20]);
            packed_twice(&inner)
        }),
        ("table that unpacks", table_bomb),
        ("picture that unpacks", || {
            let data = zlib(&vec![0; 200 << 20]);
            picture_with(4_000, 4_000, "/Filter /FlateDecode", &data)
        }),
        ("forms of forms of forms", billion_laughs),
        ("a form that draws itself", recursion),
        ("large forms many times", large_forms),
        ("deep arrays", || content(&b"[".repeat(2_000_000))),
        ("deep states", || content(&b"q ".repeat(2_000_000))),
        ("a deep tree of pages", deep_tree),
        ("thousands of pages", thousands_of_pages),
        ("a page of 90 m", || Pdf::new((255_000.0, 255_000.0)).file()),
        ("a page that is nothing", || {
            Pdf::new((0.0001, 0.0001)).file()
        }),
        ("jbig2", || {
            picture_with(100, 100, "/Filter /JBIG2Decode", &[0xFF; 64])
        }),
        ("jpeg 2000", || {
            picture_with(100, 100, "/Filter /JPXDecode", &[0xFF; 64])
        }),
        ("fax of a billion columns", || {
            let parms = "/Filter /CCITTFaxDecode /DecodeParms << /Columns 1000000000 /K -1 >>";
            picture_with(100, 100, parms, &[0; 64])
        }),
        ("predictor of a billion columns", || {
            let parms = "/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 1000000000 >>";
            picture_with(100, 100, parms, &zlib(&[0; 64]))
        }),
        ("encrypted", encrypted),
        ("a million objects", || {
            b"1 0 obj<</A 1>>endobj\n".repeat(1_000_000)
        }),
        ("dictionaries that never end", || {
            b"1 0 obj<</A<<".repeat(500_000)
        }),
        ("a table that points at itself", table_loop),
        ("nothing but junk", || {
            [b"%PDF-1.7\n".to_vec(), vec![b'%'; 30 << 20]].concat()
        }),
    ]
}

/// Only does something in the child: imports one case and prints what happened.
#[test]
fn child() {
    let Ok(name) = std::env::var("HOSTILE_CASE") else {
        return;
    };
    let (_, make) = cases().into_iter().find(|(case, _)| *case == name).unwrap();
    let mut file = make();
    if Kind::detect(&file).is_none() {
        file.splice(0..0, *b"%PDF-1.7\n");
    }
    file.shrink_to_fit();
    // What making the file took does not count.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let start = Instant::now();
    let kind = Kind::detect(&file).unwrap();
    let outcome = import::to_bitmaps(&file, kind, STOCK, Resolution::from_dpi(203));
    let taken = start.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let told = match outcome {
        Err(error) => format!("refused: {error}"),
        Ok(labels) => {
            let problems: Vec<String> = labels
                .iter()
                .flat_map(|l| &l.problems)
                .map(ToString::to_string)
                .collect();
            format!("{} labels, problems {problems:?}", labels.len())
        }
    };
    println!(
        "\nRESULT\t{}\t{}\t{told}",
        taken.as_millis(),
        peak.trim().trim_end_matches(" kB")
    );
}

#[test]
fn files_made_to_hurt_are_refused_in_time() {
    let mut wrong = String::new();
    for (name, _) in cases() {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["hostile::child", "--exact", "--nocapture"])
            .env("HOSTILE_CASE", name)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        let Some(line) = text.lines().find_map(|line| line.strip_prefix("RESULT\t")) else {
            let error = String::from_utf8_lossy(&run.stderr);
            writeln!(wrong, "{name}: {:?} {error}", run.status).unwrap();
            continue;
        };
        let mut parts = line.splitn(3, '\t');
        let millis: u64 = parts.next().unwrap().parse().unwrap();
        let peak: u64 = parts.next().unwrap().parse().unwrap();
        let told = parts.next().unwrap();
        println!("{name}: {millis} ms, {} MB, {told}", peak >> 10);
        let in_time = Duration::from_millis(millis) <= TIME_MAX;
        let clear =
            told.starts_with("refused: ") && told.contains(';') || told.contains("problems [\"");
        if !in_time || peak > PEAK_KB_MAX || !clear {
            writeln!(wrong, "{name}: {millis} ms, {peak} kB, {told}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = (data.len() as u32).to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(data);
    let mut crc = flate2::Crc::new();
    crc.update(&out[4..]);
    out.extend(crc.sum().to_be_bytes());
    out
}

fn png_of(width: u32, height: u32, more: &[Vec<u8>]) -> Vec<u8> {
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([8, 0, 0, 0, 0]);
    let chunks = [
        vec![chunk(b"IHDR", &head)],
        more.to_vec(),
        vec![chunk(b"IEND", &[])],
    ];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat().concat()].concat()
}

fn png_header(width: u32, height: u32) -> Vec<u8> {
    png_of(width, height, &[chunk(b"IDAT", &zlib(&[0; 100]))])
}

fn png_bomb() -> Vec<u8> {
    png_of(100, 100, &[chunk(b"IDAT", &zlib(&vec![0; 200 << 20]))])
}

fn png_text_bomb() -> Vec<u8> {
    let packed = zlib(&vec![b' '; 200 << 20]);
    let text = [b"Comment\0\0".to_vec(), packed.clone()].concat();
    let profile = [b"icc\0\0".to_vec(), packed].concat();
    let idat = chunk(b"IDAT", &zlib(&[0; 10_100]));
    png_of(
        100,
        100,
        &[chunk(b"iCCP", &profile), chunk(b"zTXt", &text), idat],
    )
}

fn gif() -> Vec<u8> {
    let side = 60_000_u16.to_le_bytes();
    let screen = [&side[..], &side, &[0x80, 0, 0], &[0; 6]].concat();
    let image = [
        &[0x2C, 0, 0, 0, 0][..],
        &side,
        &side,
        &[0, 2, 2, 0x4C, 1, 0, 0x3B],
    ]
    .concat();
    [b"GIF89a".to_vec(), screen, image].concat()
}

fn bmp() -> Vec<u8> {
    let mut file = b"BM".to_vec();
    for number in [
        1_000_u32,
        0,
        54,
        40,
        60_000,
        60_000,
        1 | 24 << 16,
        0,
        0,
        7_992,
        7_992,
        0,
        0,
    ] {
        file.extend(number.to_le_bytes());
    }
    file.extend([0; 946]);
    file
}

fn tiff() -> Vec<u8> {
    let mut file = b"II\x2A\0\x08\0\0\0".to_vec();
    let tags: [(u16, u32); 9] = [
        (256, 60_000),
        (257, 60_000),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 60_000),
        (279, 3_600_000_000),
    ];
    file.extend((tags.len() as u16).to_le_bytes());
    for (tag, value) in tags {
        file.extend(tag.to_le_bytes());
        file.extend([4, 0, 1, 0, 0, 0]);
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file
}

fn jpeg() -> Vec<u8> {
    let side = 60_000_u16.to_be_bytes();
    let frame = [&[0xFF, 0xC0, 0, 11, 8][..], &side, &side, &[1, 1, 0x11, 0]].concat();
    let scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0, 0, 0xFF, 0xD9];
    [&[0xFF, 0xD8][..], &frame, &scan].concat()
}

fn page_with(content: Vec<u8>, more: &[Vec<u8>]) -> Vec<u8> {
    let objects = [
        vec![
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R /Resources \
              << /Font << /F1 5 0 R >> /XObject << /X 6 0 R /Y 7 0 R >> >> >>"
                .to_vec(),
            content,
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
        ],
        more.to_vec(),
    ];
    file_of(&objects.concat())
}

/// A path that runs up and down the page.
fn tall_lines(count: u32) -> Vec<u8> {
    let mut path = String::from("0 0 m ");
    for n in 0..count / 2 {
        write!(path, "{} 432 l {} 0 l ", n * 7 % 288, n * 13 % 288).unwrap();
    }
    path.push_str("f\n");
    path.into_bytes()
}

fn content(operators: &[u8]) -> Vec<u8> {
    page_with(stream("/Filter /FlateDecode", &zlib(operators)), &[])
}

fn packed_twice(inner: &[u8]) -> Vec<u8> {
    page_with(
        stream("/Filter [/FlateDecode /FlateDecode]", &zlib(inner)),
        &[],
    )
}

fn picture_with(width: u32, height: u32, entries: &str, data: &[u8]) -> Vec<u8> {
    let entries = format!(
        "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray \
         /BitsPerComponent 8 {entries}"
    );
    let draw = stream("", b"q 288 0 0 432 0 0 cm /X Do Q");
    page_with(draw, &[stream(&entries, data)])
}

fn picture(width: u32, height: u32, _: &str, data: &[u8]) -> Vec<u8> {
    picture_with(width, height, "", data)
}

fn inline_picture() -> Vec<u8> {
    content(b"q 288 0 0 432 0 0 cm BI /W 60000 /H 60000 /BPC 8 /CS /G ID abc EI Q")
}

fn soft_mask_picture() -> Vec<u8> {
    let picture = "/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray \
                   /BitsPerComponent 8 /SMask 7 0 R";
    let mask = "/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /ColorSpace /DeviceGray \
                /BitsPerComponent 8";
    let draw = stream("", b"q 288 0 0 432 0 0 cm /X Do Q");
    page_with(draw, &[stream(picture, &[0; 64]), stream(mask, &[0; 64])])
}

/// A table of objects that is a stream.
fn table_bomb() -> Vec<u8> {
    let mut file = b"%PDF-1.6\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n".to_vec();
    let start = file.len();
    let table = stream(
        "/Type /XRef /W [1 4 2] /Size 99999999 /Root 1 0 R /Filter /FlateDecode",
        &zlib(&vec![1; 200 << 20]),
    );
    file.extend(b"9 0 obj\n");
    file.extend(table);
    file.extend(format!("\nendobj\nstartxref\n{start}\n%%EOF\n").bytes());
    file
}

fn form(resources: &str, data: &[u8]) -> Vec<u8> {
    let entries =
        format!("/Type /XObject /Subtype /Form /BBox [0 0 288 432] /Resources << {resources} >>");
    stream(&entries, data)
}

fn billion_laughs() -> Vec<u8> {
    let mut forms = Vec::new();
    for next in 7..30 {
        let resources = format!("/XObject << /X {next} 0 R >>");
        forms.push(form(&resources, &b"/X Do\n".repeat(10)));
    }
    forms.push(form("", b"0 0 1 1 re f"));
    page_with(stream("", b"/X Do"), &forms)
}

fn recursion() -> Vec<u8> {
    let again = form("/XObject << /X 6 0 R >>", &b"/X Do\n".repeat(100));
    page_with(stream("", b"/X Do"), &[again])
}

fn large_forms() -> Vec<u8> {
    let entries = "/Type /XObject /Subtype /Form /BBox [0 0 288 432] /Filter /FlateDecode";
    let large = stream(entries, &zlib(&vec![b' '; 40 << 20]));
    page_with(stream("", &b"/X Do\n".repeat(100_000)), &[large])
}

fn deep_tree() -> Vec<u8> {
    let mut objects = vec![b"<< /Type /Catalog /Pages 2 0 R >>".to_vec()];
    for next in 3..15_000 {
        objects.push(format!("<< /Type /Pages /Kids [{next} 0 R] /Count 1 >>").into_bytes());
    }
    objects.push(b"<< /Type /Page /MediaBox [0 0 288 432] >>".to_vec());
    file_of(&objects)
}

fn thousands_of_pages() -> Vec<u8> {
    let kids: String = (3..5_003).fold(String::new(), |kids, page| kids + &format!("{page} 0 R "));
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{kids}] /Count 5000 >>").into_bytes(),
    ];
    objects.extend((0..5_000).map(|_| b"<< /Type /Page /MediaBox [0 0 288 432] >>".to_vec()));
    file_of(&objects)
}

fn encrypted() -> Vec<u8> {
    let file = Pdf::new(FOUR_BY_SIX).file();
    let text = String::from_utf8(file).unwrap();
    let key = "01234567890123456789012345678901";
    let entries = format!(
        "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O ({key}) /U ({key}) >> /ID \
         [(a) (a)] /Root"
    );
    text.replace("/Root", &entries).into_bytes()
}

fn table_loop() -> Vec<u8> {
    let mut file = b"%PDF-1.6\n1 0 obj << /Type /Catalog /Pages 1 0 R >> endobj\n".to_vec();
    let start = file.len();
    file.extend(
        format!(
            "xref\n0 1\n0000000000 65535 f \ntrailer << /Size 2 /Root 1 0 R /Prev {start} \
             >>\nstartxref\n{start}\n%%EOF\n"
        )
        .bytes(),
    );
    file
}

//! Files of 500 lines without their tests, functions of 70 lines, lines of 100 columns.

use crate::Finding;
use crate::tree::Tree;

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
/// A test is one story, read from top to bottom.
const TEST_LINES_MAX: usize = 120;
const COLUMNS_MAX: usize = 100;

/// Product files that may be longer: (file, reason). An entry that is not needed fails.
const LONG_FILES: &[(&str, &str)] = &[];

/// Functions that may be longer: (file, function, reason). An entry that is not needed fails.
const LONG_FUNCTIONS: &[(&str, &str, &str)] = &[
    ("src/domain/apply.rs", "apply_parcel", FLAT),
    ("src/domain/apply/labels.rs", "apply_label", FLAT),
    ("src/domain/apply/handovers.rs", "apply_handover", FLAT),
];

const FLAT: &str = "one flat arm per fact; a fact that is forgotten does not compile";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = files(tree);
    found.extend(functions(tree));
    found.extend(tree.texts.iter().flat_map(|t| columns(&t.path, &t.text)));
    found
}

fn files(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut needed = Vec::new();
    let rust = tree
        .rust
        .iter()
        .map(|f| (f.path.as_str(), f.product_lines()));
    let assets = tree
        .texts
        .iter()
        .filter(|t| t.path.ends_with(".js") || t.path.ends_with(".css"));
    let assets = assets.map(|t| (t.path.as_str(), t.text.lines().count()));
    for (path, lines) in rust
        .chain(assets)
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
    {
        if LONG_FILES.iter().any(|(file, _)| *file == path) {
            needed.push(path);
            continue;
        }
        let text = format!(
            "{lines} lines without tests, {FILE_LINES_MAX} are the limit; move one concern into \
             a file of its own"
        );
        found.push(Finding::new(path, 1, text));
    }
    for (file, _) in LONG_FILES.iter().filter(|(file, _)| !needed.contains(file)) {
        let text = format!("LONG_FILES need not name {file} any more; delete the entry");
        found.push(Finding::new("tests/tidy/sizes.rs", 1, text));
    }
    found
}

fn functions(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut needed = Vec::new();
    for file in &tree.rust {
        for function in file.functions() {
            let (first, last) = function.lines;
            let lines = last - first + 1;
            let test = file.is_test(file.start(first));
            let most = if test {
                TEST_LINES_MAX
            } else {
                FUNCTION_LINES_MAX
            };
            if lines <= most {
                continue;
            }
            let listed = |(f, n, _): &&(&str, &str, &str)| *f == file.path && *n == function.name;
            if let Some(entry) = LONG_FUNCTIONS.iter().find(listed) {
                needed.push(entry);
                continue;
            }
            let text = format!(
                "`{}` has {lines} lines, {most} are the limit; give a step of it a name",
                function.name
            );
            found.push(Finding::new(&file.path, first, text));
        }
    }
    for entry in LONG_FUNCTIONS.iter().filter(|e| !needed.contains(e)) {
        let text = format!(
            "LONG_FUNCTIONS need not name `{}` any more; delete the entry",
            entry.1
        );
        found.push(Finding::new("tests/tidy/sizes.rs", 1, text));
    }
    found
}

fn columns(path: &str, text: &str) -> Vec<Finding> {
    let kind = path.rsplit('.').next().unwrap_or_default();
    let measured = matches!(kind, "rs" | "js" | "css" | "html" | "sql" | "md" | "toml");
    let script = matches!(path, "tests/run" | ".ci/run");
    if !measured && !script {
        return Vec::new();
    }
    // What cannot be broken: addresses, table rows, recorded bytes and lists in TOML.
    let excused = |line: &str| {
        let start = line.trim_start();
        line.contains("://")
            || kind == "md" && start.starts_with('|')
            || kind == "toml" && !start.starts_with('#')
    };
    let long = text
        .lines()
        .enumerate()
        .filter(|(_, l)| l.chars().count() > COLUMNS_MAX);
    let report = |(i, line): (usize, &str)| {
        let text = format!(
            "{} columns, {COLUMNS_MAX} are the limit; break the line",
            line.chars().count()
        );
        Finding::new(path, i + 1, text)
    };
    long.filter(|(_, l)| !excused(l)).map(report).collect()
}

#[test]
fn long_files_functions_and_lines_are_found() {
    let body = "    x();\n".repeat(69);
    let text = format!(
        "fn short() {{\n}}\nfn long() {{\n{body}}}\n{}",
        "// a\n".repeat(430)
    );
    let path = "src/a.rs".to_owned();
    let file = crate::tree::Text {
        path: path.clone(),
        text,
    };
    let rust = vec![crate::rust::Rust::parse(&file)];
    let texts = vec![file];
    let (root, paths) = (std::path::PathBuf::new(), Vec::new());
    let found = check(&Tree {
        root,
        paths,
        texts,
        rust,
    });
    let here = found.iter().filter(|f| f.file == path);
    let shown: Vec<String> = here.map(Finding::to_string).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].starts_with("src/a.rs:1: 503 lines"), "{shown:?}");
    assert!(
        shown[1].starts_with("src/a.rs:3: `long` has 71 lines"),
        "{shown:?}"
    );
    let wide = "x".repeat(101);
    assert_eq!(columns("a.css", &wide).len(), 1);
    assert_eq!(columns("a.css", &"ä".repeat(100)).len(), 0);
    assert_eq!(columns("a.md", &format!("| {wide}")).len(), 0);
}

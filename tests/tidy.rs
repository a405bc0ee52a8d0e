//! The habits of this tree, as tests: layers, bounds, sizes, registries, packages, documents.
//!
//! Every rule prints `file:line: what is wrong; what to do`. A rule that is wrong for good reason
//! gets an entry, with that reason, in the list beside it; lists shrink, because an entry that is
//! no longer needed fails too. The rules read text, not types: they find what people write, not
//! what somebody hides.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "tidy/bounds.rs"]
mod bounds;
#[path = "tidy/docs.rs"]
mod docs;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/packages.rs"]
mod packages;
#[path = "tidy/registry.rs"]
mod registry;
#[path = "tidy/rust.rs"]
mod rust;
#[path = "tidy/sizes.rs"]
mod sizes;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/words.rs"]
mod words;

use std::fmt;

/// One broken rule.
#[derive(Debug)]
pub struct Finding {
    file: String,
    line: usize,
    /// What is wrong, then what to do.
    text: String,
}

impl Finding {
    fn new(file: &str, line: usize, text: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            text: text.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// Fails with all findings, one per line.
fn none(mut found: Vec<Finding>) {
    found.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let lines: Vec<String> = found.iter().map(Finding::to_string).collect();
    assert!(
        lines.is_empty(),
        "{} found:\n{}",
        lines.len(),
        lines.join("\n")
    );
}

#[test]
fn layers_use_only_what_the_table_allows() {
    none(layers::check(tree::tree()));
}

#[test]
fn bounds_of_layers_hold() {
    none(bounds::check(tree::tree()));
}

#[test]
fn clocks_are_read_only_where_listed() {
    none(bounds::check_clocks(tree::tree()));
}

#[test]
fn files_functions_and_lines_are_small() {
    none(sizes::check(tree::tree()));
}

#[test]
fn every_source_file_is_part_of_the_program() {
    none(registry::check_modules(tree::tree()));
}

#[test]
fn every_protocol_sink_and_profile_is_registered_and_shown() {
    none(registry::check(tree::tree()));
}

#[test]
fn nothing_is_left_unfinished_and_no_path_of_a_machine_remains() {
    none(words::check(tree::tree()));
}

#[test]
fn the_top_level_holds_only_what_it_should() {
    none(words::check_top_level(tree::tree()));
}

#[test]
fn modules_and_the_map_are_documented() {
    none(docs::check(tree::tree()));
}

#[test]
fn packages_are_allowed_by_deny_toml() {
    none(packages::check(tree::tree()));
}

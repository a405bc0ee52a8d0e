//! README.md tells the truth: its configuration is accepted, its commands and options exist.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::{Command, Output, Stdio};

const README: &str = include_str!("../README.md");

fn firstscan(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firstscan"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Text of the first code block in a language.
fn block(language: &str) -> &'static str {
    let from = README.split(&format!("```{language}\n")).nth(1);
    from.and_then(|text| text.split("```").next())
        .expect("no such block in README.md")
}

#[test]
fn the_configuration_example_is_accepted_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("platform.secret");
    std::fs::write(&secret, "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n").unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let example = block("toml");
    let here = secret.to_str().unwrap();
    let text = example.replace("/etc/firstscan/platform.secret", here);
    assert_ne!(text, example);
    let file = folder.path().join("station.toml");
    std::fs::write(&file, text).unwrap();
    let checked = firstscan(&["--config", file.to_str().unwrap(), "config", "check"]);
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}");
}

#[test]
fn every_command_of_the_table_exists_and_none_is_missing() {
    let rows = README
        .lines()
        .filter_map(|l| l.strip_prefix("| `firstscan "));
    let mut named = Vec::new();
    for row in rows {
        let command = row.split('`').next().unwrap();
        let words = command.split(' ').filter(|w| {
            w.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
        let mut args: Vec<&str> = words.collect();
        named.push(args[0].to_owned());
        args.push("--help");
        let help = firstscan(&args);
        let text = String::from_utf8_lossy(&help.stdout);
        assert!(help.status.success(), "firstscan {command}");
        // `--help` of a group that lacks the noun would show the group; its usage line tells.
        let usage = format!("firstscan {}", args[..args.len() - 1].join(" "));
        let shown = text
            .lines()
            .find(|l| l.starts_with("Usage:"))
            .unwrap_or_default();
        assert!(shown.contains(&usage), "{usage}: {shown}");
        for option in row.split('`').filter(|part| part.starts_with("--")) {
            let name = option.split(' ').next().unwrap();
            assert!(text.contains(name), "firstscan {command} has no {name}");
        }
    }
    assert!(named.len() > 20, "only {} rows found", named.len());
    let all = firstscan(&["--help"]);
    let all = String::from_utf8_lossy(&all.stdout).into_owned();
    let list = all
        .split("Commands:")
        .nth(1)
        .and_then(|t| t.split("\n\n").next())
        .unwrap();
    for line in list
        .lines()
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
    {
        let name = line.split_whitespace().next().unwrap();
        assert!(
            name == "help" || named.iter().any(|n| n == name),
            "README.md lacks {name}"
        );
    }
}

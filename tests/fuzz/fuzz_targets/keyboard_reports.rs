#![no_main]

#[path = "../targets.rs"]
#[allow(dead_code)]
mod targets;

use targets::scanners::keyboard_reports;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::quietly(keyboard_reports, data));

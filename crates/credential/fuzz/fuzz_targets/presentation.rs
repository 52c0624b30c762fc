//! Any text a scanner could give.
#![no_main]

use credential::Presentation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Presentation::parse(text);
});

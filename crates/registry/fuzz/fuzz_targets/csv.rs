//! No export makes the reader panic, and what it lists lies inside the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::bridge::{Export, Hashing};

fuzz_target!(|file: &[u8]| {
    let layout = registry::bench::layout();
    let export = Export::read(file, None, &layout, Hashing::InnerOnly);
    let lines = u32::try_from(file.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(u32::MAX) + 1;
    assert!(export.problems.listed.iter().all(|problem| problem.line <= lines));
    let known = export.known();
    assert!(export.problems.total > 0 || export.compare(&known) == registry::bridge::Delta::default());
});

//! No bytes open as a bundle but those that were sealed, and none make opening panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::bridge::{Chain, Opening, OpeningKey, SigningKey, open, peek};

fuzz_target!(|bundle: &[u8]| {
    let layout = registry::bench::layout();
    let signers = [SigningKey::new(&[2; 32]).expect("32 bytes").public()];
    let centre = OpeningKey::new(&[3; 32]).expect("32 bytes");
    let opening = Opening { town: registry::bench::TOWN, layout: &layout, signers: &signers, centre: &centre, chain: Chain::default() };
    let _ = peek(bundle);
    assert!(open(bundle, &opening).is_err());
});

//! A station with a reader: the real programs over pcscd, with the virtual reader of vsmartcard and our software card on it.
//!
//! They need pcscd and vpcd, which `./test cards` provides; without `TEGATA_TEST_READER` they are passed over.

mod kiosk;
mod opensc;
mod path;
mod pcscd;
mod table;

/// Whether a virtual reader can be had; says so when not.
fn is_there() -> bool {
    let there = std::env::var_os("TEGATA_TEST_READER").is_some();
    if !there {
        eprintln!("passed over: no virtual reader; ./test cards provides one");
    }
    there
}

/// How long a reader and its service may take for anything.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// Tries until it holds, since readers take their time.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "it did not come about: {what}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

//! Measures a verifier: `cargo run --release -p credential --example verify_bench [cards]`. `bench/verify.md` says what it means.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use credential::workload::Workload;
use credential::{PhoneKey, Seen};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cards: u32 = std::env::args().nth(1).map_or(Ok(10_000), |text| text.parse())?;
    let workload = Workload::new(cards, "2026-11-23T02:00:00Z".parse()?)?;
    let (verifier, status) = workload.verifier()?;
    let seen = Seen::new();
    measure("verify first sight", &workload.first, |text| workload.verify(text, &verifier, &status, &seen).is_ok())?;
    measure("verify seen before", &workload.again, |text| workload.verify(text, &verifier, &status, &seen).is_ok())?;
    // one flipped bit each: a fast wrong answer is no answer
    let refused = workload.first.iter().filter(|text| workload.verify(&spoil(text), &verifier, &status, &Seen::new()).is_err()).count();
    assert_eq!(refused, workload.first.len(), "a spoiled presentation was accepted");

    let (phone, _) = PhoneKey::generate()?;
    let message = [7; 180];
    let signature = phone.sign(&message)?;
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, phone.public().0.to_uncompressed())?;
    measure("limit: one ES256 verification", &vec![String::new(); cards as usize], |_| {
        key.verify_sig(black_box(&message), &signature).is_ok()
    })
}

/// Runs over all texts, each of which must be accepted, and prints a line of JSON.
fn measure(job: &str, texts: &[String], mut accepted: impl FnMut(&str) -> bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut each = Vec::with_capacity(texts.len());
    let (cpu, wall) = (cpu_time()?, Instant::now());
    for text in texts {
        let start = Instant::now();
        assert!(accepted(black_box(text)), "a good presentation was refused");
        each.push(start.elapsed());
    }
    let (cpu_s, wall_s) = ((cpu_time()? - cpu).as_secs_f64(), wall.elapsed().as_secs_f64());
    each.sort_unstable();
    let n = texts.len();
    let ms = |permille: usize| each[(n * permille / 1000).min(n - 1)].as_secs_f64() * 1e3;
    let (per_cpu_s, p50_ms, p99_ms) = (n as f64 / cpu_s, ms(500), ms(990));
    println!(
        r#"{{"job": "{job}", "n": {n}, "wall_s": {wall_s:.3}, "cpu_s": {cpu_s:.3}, "per_cpu_s": {per_cpu_s:.0}, "p50_ms": {p50_ms:.4}, "p99_ms": {p99_ms:.4}}}"#
    );
    Ok(())
}

/// This thread's time on the processor, as the kernel counts it.
fn cpu_time() -> Result<Duration, Box<dyn std::error::Error>> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(stat.split_whitespace().next().ok_or("empty schedstat")?.parse()?))
}

/// The text with a bit of its last byte flipped: the end of the phone's signature.
fn spoil(text: &str) -> String {
    let encoded = text.strip_prefix(credential::PREFIX).unwrap_or_default();
    let mut bytes = credential::base45::decode(encoded).unwrap_or_default();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    format!("{}{}", credential::PREFIX, credential::base45::encode(&bytes))
}

//! Measures the eligibility jobs and prints JSON; `--export DIR` writes the same people for the programs compared with.

use std::fs;
use std::path::Path;
use std::time::Instant;

use rule::bench;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let after = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    let people = after("--people").map_or(Ok(1_000_000), |text| text.parse())?;
    let seed = after("--seed").map_or(Ok(1), |text| text.parse())?;
    if let Some(folder) = after("--export") {
        return export(Path::new(folder), people, seed);
    }
    let start = Instant::now();
    let mut clocks = || (start.elapsed().as_nanos() as u64, cpu_ns());
    let report = bench::run(people, seed, 200, &mut clocks)?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

/// Processor time of this process so far, as Linux keeps it.
fn cpu_ns() -> u64 {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Little-endian columns: births.i32, non_taxed.u8, current.u8, households.u64, homes.f64 (x and y in turn), outline.f64.
fn export(folder: &Path, people: usize, seed: u64) -> Result<(), Box<dyn std::error::Error>> {
    fs::create_dir_all(folder)?;
    let town = bench::town(people, seed)?;
    let pairs = |pairs: &[(f64, f64)]| pairs.iter().flat_map(|(x, y)| [x.to_le_bytes(), y.to_le_bytes()].concat()).collect::<Vec<u8>>();
    fs::write(folder.join("births.i32"), town.births.iter().flat_map(|day| day.to_le_bytes()).collect::<Vec<u8>>())?;
    fs::write(folder.join("non_taxed.u8"), town.non_taxed.iter().map(|value| u8::from(*value)).collect::<Vec<u8>>())?;
    fs::write(folder.join("current.u8"), town.current.iter().map(|value| u8::from(*value)).collect::<Vec<u8>>())?;
    fs::write(folder.join("households.u64"), town.households.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())?;
    fs::write(folder.join("homes.f64"), pairs(&town.homes))?;
    fs::write(folder.join("outline.f64"), pairs(&town.outline))?;
    Ok(())
}

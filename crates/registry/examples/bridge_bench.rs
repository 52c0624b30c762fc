//! Runs the bridge's bench without the house around it: `cargo run --release -p registry --example bridge_bench -- [residents] [folder for the CSVs]`.

use std::sync::Arc;

use registry::bench::{TwoDays, applied, pure, two_days};
use store::{Db, Reactions, StoreBuilder, SystemClock};
use town::{PackFile, Town};

const PACK: &str = include_str!("../tests/bench.toml");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let residents = arguments.first().map_or(Ok(50_000), |text| text.parse())?;
    let days = two_days(residents, 7)?;
    if let Some(folder) = arguments.get(1) {
        for (name, bytes) in [("yesterday.csv", &days.yesterday), ("today.csv", &days.today), ("today_sjis.csv", &days.today_shift_jis)] {
            std::fs::write(std::path::Path::new(folder).join(name), bytes)?;
        }
    }
    let (added, changed, gone) = report_pure(&days);
    println!("{{\"added\": {added}, \"changed\": {changed}, \"gone\": {gone}}}");
    let town = Town::from_files(&[PackFile { path: "town.toml".into(), bytes: PACK.into() }]).map_err(|faults| format!("{faults:?}"))?;
    let folder = std::env::temp_dir().join(format!("tegata-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let address = std::env::var("TEGATA_DATABASE_URL").unwrap_or_else(|_| format!("sqlite:{}", folder.join("town.db").display()));
    let store = StoreBuilder {
        db: Db::open(&address).await?,
        town,
        clock: Arc::new(SystemClock),
        migrations: vec![registry::MIGRATIONS],
        reactions: Reactions::default(),
    };
    for measure in applied(&store.open().await?, &days).await? {
        println!("{}", serde_json::to_string(&measure)?);
    }
    std::fs::remove_dir_all(folder)?;
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    Ok(())
}

fn report_pure(days: &TwoDays) -> (usize, usize, usize) {
    let mut difference = (0, 0, 0);
    // Three rounds, as the first pays for cold memory.
    for _ in 0..3 {
        let run = pure(days);
        difference = run.difference;
        for measure in run.measures {
            println!("{}", serde_json::to_string(&measure).unwrap_or_default());
        }
    }
    difference
}

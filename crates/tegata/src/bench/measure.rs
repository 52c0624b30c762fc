//! Clocks, percentiles, and the line that is printed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

/// One thing measured.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Line {
    /// What was done.
    pub job: String,
    /// How often, or for how many.
    pub n: u64,
    /// Seconds on the wall clock; none where the room's own measurement does not tell.
    pub wall_s: Option<f64>,
    /// Seconds of processor time of the whole process, the client's too where there is one.
    pub cpu_s: f64,
    /// How many in a second of processor time.
    pub per_cpu_s: f64,
    /// Half were at least as fast, in milliseconds.
    pub p50_ms: Option<f64>,
    /// 99 of 100 were at least as fast, in milliseconds.
    pub p99_ms: Option<f64>,
    /// What else there is to say.
    #[serde(flatten)]
    pub more: BTreeMap<&'static str, f64>,
}

impl Line {
    /// A line for `n` done in this time.
    pub(super) fn new(job: impl Into<String>, n: u64, wall_s: Option<f64>, cpu_s: f64) -> Self {
        let per_cpu_s = if cpu_s > 0.0 { n as f64 / cpu_s } else { 0.0 };
        Self { job: job.into(), n, wall_s, cpu_s, per_cpu_s, ..Self::default() }
    }

    /// With percentiles of single times.
    pub(super) fn times(mut self, mut each: Vec<Duration>) -> Self {
        each.sort_unstable();
        self.p50_ms = percentile(&each, 500);
        self.p99_ms = percentile(&each, 990);
        self
    }

    /// With another figure.
    pub(super) fn with(mut self, name: &'static str, figure: f64) -> Self {
        self.more.insert(name, figure);
        self
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: n {}", self.job, self.n)?;
        let measured = [
            ("wall_s", self.wall_s),
            ("cpu_s", Some(self.cpu_s)),
            ("per_cpu_s", Some(self.per_cpu_s)),
            ("p50_ms", self.p50_ms),
            ("p99_ms", self.p99_ms),
        ];
        let more = self.more.iter().map(|(name, figure)| (*name, Some(*figure)));
        for (name, figure) in measured.into_iter().chain(more) {
            if let Some(figure) = figure {
                write!(f, ", {name} {figure:.3}")?;
            }
        }
        Ok(())
    }
}

/// A part of sorted times, in milliseconds; none of none.
pub(super) fn percentile(sorted: &[Duration], permille: usize) -> Option<f64> {
    let at = (sorted.len() * permille / 1000).min(sorted.len().checked_sub(1)?);
    Some(sorted[at].as_secs_f64() * 1e3)
}

/// Both clocks, started.
pub(super) struct Stopwatch {
    wall: Instant,
    cpu: Duration,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self { wall: Instant::now(), cpu: process_cpu() }
    }

    /// Seconds of wall and of processor time since.
    pub(super) fn stop(&self) -> (f64, f64) {
        (self.wall.elapsed().as_secs_f64(), (process_cpu().saturating_sub(self.cpu)).as_secs_f64())
    }
}

/// Processor time of this process so far, as the kernel counts it in hundredths; nothing where there is no /proc.
pub(super) fn process_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|number| number.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Processor time of this thread so far, to the nanosecond; nothing where there is no /proc.
pub(super) fn thread_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_times_there_are() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 500), Some(101.0));
        assert_eq!(percentile(&times, 990), Some(199.0));
        assert_eq!(percentile(&[], 500), None);
    }
}

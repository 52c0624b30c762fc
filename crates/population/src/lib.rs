//! Generated residents for the demo town, the benchmarks and the tests: households that hang together, on districts the caller names. Pure.
//!
//! ```
//! use population::{District, Plan, generate};
//! let plan = Plan {
//!     seed: 1,
//!     residents: 500,
//!     as_of: civil::Date::constant(2026, 11, 23),
//!     address_prefix: "青空県青空市".into(),
//!     districts: vec![District::new("中央一丁目", 3), District::new("大字山里", 1)],
//!     ..Plan::default()
//! };
//! let town = generate(&plan)?;
//! assert_eq!(town.current().count(), 500);
//! # Ok::<(), population::Error>(())
//! ```
//!
//! The same plan gives the same residents on every machine. Nobody here exists; names are drawn from lists of common ones.

mod cells;
mod change;
mod draft;
mod generate;
mod household;
mod model;
mod names;
mod register;
mod rng;

pub use change::{DayChanges, Pace};
pub use generate::{District, Error, Plan, Population, generate};
pub use model::{Event, FactValue, Relation, Resident, Status};
pub use register::{Column, Encoding, Layout, Written, write_csv};
pub use rng::Rng;

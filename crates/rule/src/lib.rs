//! The eligibility language: check, explain, one person, the whole town. Pure.
//!
//! A rule is a [CEL](https://cel.dev) expression over the typed facts a [`Schema`] declares. [`Rule::check`] reads it and says what is
//! wrong with it; [`Rule::decide`] answers for one [`Person`] in microseconds, [`Rule::explain`] says why in words, and
//! [`Rule::select`] answers for every row of a [`Table`]. Both evaluators agree on every input.
//!
//! ```
//! use jiff::civil::date;
//! use rule::{Person, Rule, Schema};
//!
//! let schema = Schema::builder().build()?;
//! let rule = Rule::check("resident.current && today <= fiscal_year_end(attains(18))", &schema).expect("the rule is sound");
//! let child = Person::new(&schema).with("resident.date_of_birth", date(2008, 4, 2))?.with("resident.current", true)?;
//!
//! assert_eq!(rule.decide(&child, date(2026, 4, 1)), Ok(true));
//! assert_eq!(rule.last_day(&child, date(2026, 4, 1), 36_600), Some(date(2027, 3, 31)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod area;
mod ast;
pub mod bench;
mod bits;
mod calendar;
pub mod cel;
mod change;
mod check;
mod columns;
mod diagnostic;
mod error;
mod eval;
mod explain;
mod functions;
mod lexer;
mod monotone;
mod never;
mod node;
mod parser;
mod person;
mod rule;
mod schema;
mod signatures;
mod span;
mod table;
mod time;
mod types;
mod value;
mod words;

pub use bits::Bits;
pub use calendar::{day_number, day_of_number};
pub use diagnostic::{Code, Diagnostic};
pub use error::EvalError;
pub use explain::{Explanation, Outcome, Sentence, Step};
pub use person::{FactError, Person};
pub use rule::Rule;
pub use schema::{FactType, Schema, SchemaBuilder, SchemaError, Slot, SlotInfo};
pub use table::{Table, TableBuilder, TableError};
pub use value::{Moment, Value, compare, equal};

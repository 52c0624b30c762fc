//! The eligibility language: check, explain, one person, the whole town. Pure.
//!
//! A rule is a [CEL](https://cel.dev) expression over the typed facts a [`Schema`] declares. [`Rule::check`] reads it and says what is
//! wrong with it; [`Rule::decide`] answers for one [`Person`] in microseconds, [`Rule::explain`] says why in words, and
//! [`Rule::select`] answers for every row of a [`Table`]. Both evaluators agree on every input.

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

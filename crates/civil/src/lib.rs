//! Days, ages, school years, eras, names, addresses, positions and files of text, as Japanese towns count and write them. Pure: no clock, no files, no chance.
//!
//! A *day* is [`Date`], a day on a calendar in Japan; a *moment* is [`Timestamp`], in UTC. A range of days includes its last day.
//! Names and addresses are kept exactly as given; only *keys* made from them are normalised, and only to compare.

mod address;
mod age;
mod code;
mod encoding;
mod error;
mod fiscal;
mod holiday;
mod kana;
mod lines;
mod moment;
mod name;
mod partial;
mod position;
mod residence;
mod shorten;
pub mod wareki;
mod width;
mod words;

pub use address::address_key;
pub use age::{age_on, attains, birthday, legal_age_on, months_old};
pub use code::{LocalGovernmentCode, PayerNumber, RecipientNumber, Sex, looks_like_my_number};
pub use encoding::{NotText, TextEncoding, decode_text};
pub use error::Error;
pub use fiscal::{SchoolYear, fiscal_year, fiscal_year_end, fiscal_year_start, school_year, school_year_end_after, school_year_number};
pub use holiday::{Holiday, holiday};
pub use kana::{kana_key, without_accents};
pub use lines::Lines;
pub use moment::{day_in_japan, next_midnight_in_japan, start_of_day_in_japan};
pub use name::{common_form, name_key, without_variation_selectors};
pub use partial::{Deeming, PartialDate};
pub use position::{Position, degrees, degrees_text, read_degrees};
pub use residence::{ResidenceEnd, is_resident_on};
pub use shorten::{in_one_line, shortened};
pub use width::half_width;
pub use words::{day_in_english, day_in_japanese, read_day};

pub use jiff::Timestamp;
pub use jiff::civil::Date;

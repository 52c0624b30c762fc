//! The whole house put together: the one list of services, the keys, the demonstration town, and the commands of the binary.

pub mod address;
pub mod apps;
pub mod backup;
pub mod bench;
pub mod bridge;
pub mod centre;
pub mod demo;
pub mod doctor;
mod export;
pub mod house;
pub mod keys;
pub mod line_server;
mod made_up;
pub mod mail_server;
pub mod outside;
pub mod phone_cards;
pub mod revocation;
pub mod scenario;
pub mod serve;
pub mod simulator;
pub mod staff_command;
pub mod station_command;
pub mod town_command;

/// Why a command ended without doing what it was asked: one line for the operator, with what it came from.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Result of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

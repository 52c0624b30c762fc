//! The town's signature in a PDF: put in without touching a byte of what was there, and read again.
//!
//! A signature is an incremental update of the file (ISO 32000-1 section 7.5.6) with a detached CMS signature (RFC 5652) over everything but itself,
//! `adbe.pkcs7.detached`. The signing certificate (RFC 5035) and the moment stand in the signed attributes.

mod certificate;
mod check;
mod cms;
mod encode;
mod seal;
mod sealer;
mod update;

pub use check::{Checked, Unsealed, check};
pub use seal::{PdfFault, inspect, seal};
pub use sealer::{Made, Sealer, SealerError};

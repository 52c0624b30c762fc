//! What went wrong, in plain words.

use jpki::{CardError, CertificateKind, PinKind, Tries};

use super::view::View;
use crate::at_card::Fault;
use crate::centre::CentreError;

/// The key of the sentence a fault is told by; the same key means the same state.
pub(super) fn fault_key(fault: &Fault) -> String {
    match fault {
        Fault::Trouble(trouble) => trouble.key().to_owned(),
        Fault::Away { asked: false } => "card-removed".to_owned(),
        Fault::Away { asked: true } => "card-removed-asked".to_owned(),
        Fault::Card(error) => card_key(error),
    }
}

/// The sentences of the signature password have no ending: they are what most people meet.
fn ending(which: PinKind) -> &'static str {
    match which {
        PinKind::Signature => "",
        PinKind::UserAuthentication => "-user-auth",
        PinKind::Text | PinKind::Juki | PinKind::Town => "-text",
    }
}

fn card_key(error: &CardError) -> String {
    match error {
        CardError::WrongPin { which, left: Tries::Left(_) } => format!("card-wrong-pin{}", ending(*which)),
        CardError::WrongPin { which, left: Tries::Blocked } | CardError::Blocked(which) => format!("card-blocked{}", ending(*which)),
        CardError::WrongPin { left: Tries::NotTold, .. } => "card-wrong-pin-untold".to_owned(),
        CardError::MalformedPin { which: PinKind::Signature, .. } => "card-malformed-pin".to_owned(),
        CardError::MalformedPin { .. } => "card-malformed-digits".to_owned(),
        CardError::NoCertificate(CertificateKind::UserAuthentication) => "card-no-certificate-user-auth".to_owned(),
        other => format!("card-{}", other.code().replace('_', "-")),
    }
}

/// A fault as it is told to the holder.
pub(super) fn fault_text(view: &View<'_>, fault: &Fault) -> String {
    let key = fault_key(fault);
    match fault {
        Fault::Card(CardError::WrongPin { left: Tries::Left(left), .. }) => view.tn(&key, left),
        Fault::Card(CardError::Reader(error)) => {
            tracing::warn!(error, "the reader failed");
            view.t(&key)
        }
        _ => view.t(&key),
    }
}

/// What the centre said, or that it said nothing.
pub(super) fn centre_text(view: &View<'_>, error: &CentreError) -> String {
    match error {
        CentreError::Unreachable(source) => {
            tracing::warn!(error = %source, "centre cannot be reached");
            view.t("station-unreachable")
        }
        CentreError::Refused { code } => refusal_text(view, code),
    }
}

pub(super) fn refusal_text(view: &View<'_>, code: &str) -> String {
    view.t(match code {
        "proof_not_found" | "proof_expired" | "proof_replayed" => "station-code-wrong",
        "too_many_tries" => "station-too-many-tries",
        "station_needed" => "station-parted",
        _ => "station-refused",
    })
}

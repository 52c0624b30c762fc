use ::store::Permission;

use super::{AppRefusal, NoGuest, PhoneCardRefusal};

/// What a person or a page can do something about. [`Error::code`] names the sentence to show.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such proof session, code or secret.
    #[error("no such proof session")]
    ProofNotFound,
    /// The ten minutes are over.
    #[error("proof session is over")]
    ProofExpired,
    /// The session was answered, or its answer claimed, before.
    #[error("proof session was used before")]
    ProofReplayed,
    /// Nothing to claim yet.
    #[error("proof session is not answered")]
    ProofWaiting,
    /// What a card says of itself is believed only from an enrolled station at its own place.
    #[error("four items are accepted from an enrolled station only")]
    StationNeeded,
    /// The card's answer is not believed.
    #[error("card was refused")]
    Card(#[source] jpki::Refusal),
    /// The four-information file cannot be read.
    #[error("four-information file cannot be read")]
    FourInformation(#[source] jpki::TextError),
    /// No account knows this 利用者証明用 certificate: prove with 署名用 or at a station first.
    #[error("no account knows this card")]
    UnknownCard,
    /// The town offers no such identity app.
    #[error("no such identity app")]
    UnknownApp,
    /// The identity app's answer is not believed.
    #[error("identity app was refused")]
    App(#[source] AppRefusal),
    /// The answer of a card in a phone is not believed.
    #[error("card in a phone was refused")]
    PhoneCard(#[source] PhoneCardRefusal),
    /// The card or the app's answer is another person's than the account.
    #[error("proof belongs to another person than the account")]
    OtherPerson,
    /// No such account.
    #[error("no such account")]
    AccountNotFound,
    /// The account has no proven items to be matched by.
    #[error("account has no proven items")]
    NotProven,
    /// The account is tied to another resident.
    #[error("account is linked to another resident")]
    AlreadyLinked,
    /// The account is tied to nobody.
    #[error("account is not linked")]
    NotLinked,
    /// The register does not give exactly this resident for the account, or a clerk decided otherwise before: a clerk has to look.
    #[error("whose resident the account is, a clerk decides")]
    ForClerk,
    /// No such resident, or none the caller may know of.
    #[error("no such resident")]
    ResidentNotFound,
    /// No such open request, or not for these eyes.
    #[error("no such open match request")]
    MatchNotOpen,
    /// The key is no public key on P-256.
    #[error("phone key is not a public key on P-256")]
    PhoneKey,
    /// The phone did not sign this challenge in time.
    #[error("phone did not answer the challenge")]
    PhoneChallenge,
    /// The key is bound already, or was: an ended key does not come back.
    #[error("phone key is known")]
    PhoneKnown,
    /// No such phone, or another person's.
    #[error("no such phone")]
    PhoneNotFound,
    /// What was read is no number of a card or sticker.
    #[error("not the number of a medium")]
    MediumUnreadable,
    /// A phone that plays a card makes up another number each time.
    #[error("the medium gives another number each time")]
    MediumChanging,
    /// The number is bound already.
    #[error("the medium is bound")]
    MediumTaken,
    /// The account has as many as it may have.
    #[error("the account has as many media as it may have")]
    TooManyMedia,
    /// A pass needs a last day, today or within a week.
    #[error("last day of a temporary pass")]
    MediumDay,
    /// No such medium, or another person's.
    #[error("no such medium")]
    MediumNotFound,
    /// No such proxy, or one that is not the caller's.
    #[error("no such proxy")]
    ProxyNotFound,
    /// A proxy's days are past, out of order or more than it may last.
    #[error("days of a proxy")]
    ProxyDays,
    /// Nobody acts for themselves.
    #[error("principal and agent are one person")]
    ProxySelf,
    /// The account cannot be closed or merged so.
    #[error("accounts cannot be merged: {reason}")]
    NotOnePerson {
        /// Why.
        reason: &'static str,
    },
    /// The one-time code is wrong, used or over.
    #[error("one-time code does not count")]
    CodeNotValid,
    /// Too many wrong codes from one place lately.
    #[error("too many wrong codes; again in {wait_s} s")]
    TooManyTries {
        /// After how many seconds the next try counts.
        wait_s: u32,
    },
    /// There is staff already: the first administrator is appointed once.
    #[error("there is an administrator")]
    AdministratorExists,
    /// No such member of staff, or they left.
    #[error("no such member of staff")]
    StaffNotFound,
    /// A member of staff needs at least one role.
    #[error("no role given")]
    NoRole,
    /// The last administrator stays until there is another.
    #[error("last administrator")]
    LastAdministrator,
    /// The passkey's answer is not believed, or the passkey is unknown.
    #[error("passkey was refused")]
    Passkey,
    /// No such passkey, or another person's.
    #[error("no such passkey")]
    PasskeyNotFound,
    /// The account has as many passkeys as one may have.
    #[error("too many passkeys")]
    TooManyPasskeys,
    /// Only who has just proven who they are may do this: the session was begun by something less, or too long ago.
    #[error("a proof is needed")]
    ProofNeeded,
    /// The ceremony is over or was used.
    #[error("passkey ceremony is over")]
    CeremonyOver,
    /// Relying party id and origin do not go together.
    #[error("passkey settings: {reason}")]
    PasskeySettings {
        /// What is wrong.
        reason: String,
    },
    /// The town has no such place.
    #[error("no such place")]
    UnknownPlace,
    /// No such device.
    #[error("no such device")]
    DeviceNotFound,
    /// No such session, or another person's.
    #[error("no such session")]
    SessionNotFound,
    /// Somebody cannot join a roll or bring a neighbour's statement.
    #[error("no guest: {}", .0.as_str())]
    NoGuest(NoGuest),
    /// No such residence of a guest, or another person's, or one that ended.
    #[error("no such residence")]
    ResidenceNotFound,
    /// A name or label is empty, too long, or holds what looks like a My Number.
    #[error("text cannot be kept: {reason}")]
    Text {
        /// What is wrong.
        reason: &'static str,
    },
    /// The key for an identity app cannot be made or read.
    #[error("no key on P-256 for the identity app")]
    AppKey,
    /// A secret of the settings is too short.
    #[error("a secret needs at least 32 bytes")]
    Secret,
    /// A row holds what this room did not write.
    #[error("stored {what} cannot be read")]
    Stored {
        /// What.
        what: &'static str,
    },
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] ::store::Error),
}

/// Result with this room's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The stable code by which catalogues name the sentence to show.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ProofNotFound => "proof_not_found",
            Self::ProofExpired => "proof_expired",
            Self::ProofReplayed => "proof_replayed",
            Self::ProofWaiting => "proof_waiting",
            Self::StationNeeded => "station_needed",
            Self::Card(refusal) => refusal.code(),
            Self::FourInformation(_) => "four_information_unreadable",
            Self::UnknownCard => "unknown_card",
            Self::UnknownApp => "unknown_app",
            Self::App(refusal) => refusal.as_str(),
            Self::PhoneCard(refusal) => refusal.as_str(),
            Self::OtherPerson => "other_person",
            Self::AccountNotFound => "account_not_found",
            Self::NotProven => "not_proven",
            Self::AlreadyLinked => "already_linked",
            Self::NotLinked => "not_linked",
            Self::ForClerk => "for_clerk",
            Self::ResidentNotFound => "resident_not_found",
            Self::MatchNotOpen => "match_not_open",
            Self::PhoneKey => "phone_key",
            Self::PhoneChallenge => "phone_challenge",
            Self::PhoneKnown => "phone_known",
            Self::PhoneNotFound => "phone_not_found",
            Self::MediumUnreadable => "medium_unreadable",
            Self::MediumChanging => "medium_changing",
            Self::MediumTaken => "medium_taken",
            Self::TooManyMedia => "too_many_media",
            Self::MediumDay => "medium_day",
            Self::MediumNotFound => "medium_not_found",
            Self::ProxyNotFound => "proxy_not_found",
            Self::ProxyDays => "proxy_days",
            Self::ProxySelf => "proxy_self",
            Self::NotOnePerson { .. } => "not_one_person",
            Self::CodeNotValid => "code_not_valid",
            Self::TooManyTries { .. } => "too_many_tries",
            Self::AdministratorExists => "administrator_exists",
            Self::StaffNotFound => "staff_not_found",
            Self::NoRole => "no_role",
            Self::LastAdministrator => "last_administrator",
            Self::Passkey => "passkey_refused",
            Self::PasskeyNotFound => "passkey_not_found",
            Self::TooManyPasskeys => "too_many_passkeys",
            Self::ProofNeeded => "proof_needed",
            Self::CeremonyOver => "passkey_over",
            Self::PasskeySettings { .. } => "passkey_settings",
            Self::UnknownPlace => "unknown_place",
            Self::DeviceNotFound => "device_not_found",
            Self::SessionNotFound => "session_not_found",
            Self::NoGuest(why) => match why {
                NoGuest::Resident => "guest_resident",
                NoGuest::ProofTooWeak => "guest_proof_too_weak",
                NoGuest::Unknown => "guest_unknown",
                NoGuest::Full => "guest_full",
                NoGuest::TermsNotAgreed => "guest_terms_not_agreed",
            },
            Self::ResidenceNotFound => "residence_not_found",
            Self::Text { .. } => "text",
            Self::AppKey => "app_key_file",
            Self::Secret => "secret",
            Self::Stored { .. } => "stored",
            Self::Store(::store::Error::Forbidden(_)) => "forbidden",
            Self::Store(_) => "store",
        }
    }

    /// What the caller was not permitted, if that is what went wrong.
    pub fn forbidden(&self) -> Option<Permission> {
        match self {
            Self::Store(::store::Error::Forbidden(permission)) => Some(*permission),
            _ => None,
        }
    }
}

impl From<AppRefusal> for Error {
    fn from(refusal: AppRefusal) -> Self {
        Self::App(refusal)
    }
}

impl From<PhoneCardRefusal> for Error {
    fn from(refusal: PhoneCardRefusal) -> Self {
        Self::PhoneCard(refusal)
    }
}

impl From<jpki::Refusal> for Error {
    fn from(refusal: jpki::Refusal) -> Self {
        Self::Card(refusal)
    }
}

impl From<jpki::TextError> for Error {
    fn from(error: jpki::TextError) -> Self {
        Self::FourInformation(error)
    }
}

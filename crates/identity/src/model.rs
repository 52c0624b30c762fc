//! The things this room knows.

pub use ::store::DeviceId;
use ::store::{AccountId, MatchKeys, ResidentId, Role, StaffId, text_enum};
use civil::{Date, PartialDate, Sex, Timestamp};
use credential::HolderKey;

mod apps;
mod devices;
mod error;
mod media;
mod passkeys;
mod phone_cards;
mod proxies;
mod residences;
mod sessions;

pub use apps::{AppAnswer, AppBegun, AppPrepared, AppQuestion, AppQuestionId, AppRefusal, AppTold, UsedApp};
pub(crate) use apps::{AppSigned, AppSigning};
pub use devices::{Device, DeviceKind, Paired};
pub use error::{Error, Result};
pub use media::{BoundBy, BoundMedium, Document, MediaKey, MediumEnd, MediumId, MediumNumber};
pub use passkeys::{Ceremony, CeremonyId, OwnPasskey, PasskeyId};
pub(crate) use passkeys::{OwnerKind, PasskeyOwner};
pub use phone_cards::{
    PhoneCardBegun, PhoneCardQuestion, PhoneCardQuestionId, PhoneCardRefusal, PhoneCardState, PhoneCardStep, PhoneCardTold,
};
pub use proxies::{Proxy, ProxyEnd, ProxyId, ProxyScope};
pub use residences::{Belonging, BelongingCount, BelongsBy, Guest, NoGuest, ResidenceEnd, ResidenceId, Statement};
pub use sessions::{Caller, Entry, Session, SessionId, SessionKind, SessionOwner, SignedIn, Started};

::store::id!(ProofSessionId, "A question put to a card, from the moment a person asks to be proven until the answer is claimed.");
::store::id!(ProofId, "A proof that was given.");
::store::id!(MatchRequestId, "A request to a clerk to find the resident of an account.");
::store::id!(PhoneId, "A phone's key.");
::store::id!(PhoneChallengeId, "A question put to a phone's key.");

/// How surely an account's person is known, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assurance {
    /// Not at all: a family member who holds shared cards only.
    None,
    /// A clerk looked at a document.
    Counter,
    /// The card's 利用者証明用 key answered, and a station of the town read the four items from it; or an identity app as sure as that.
    UserAuth,
    /// The card's 署名用 key answered, and its certificate says who it is; or an identity app as sure as that.
    Signature,
}
text_enum!(Assurance { None = "none", Counter = "counter", UserAuth = "user_auth", Signature = "signature" });

impl Assurance {
    /// Says whether it is at least what a programme asks for.
    pub fn meets(self, asked: town::Proof) -> bool {
        match asked {
            town::Proof::Counter => self >= Self::Counter,
            town::Proof::Jpki => self >= Self::UserAuth,
        }
    }
}

/// A level of assurance, 1 to 3, of identity (IAL) or of authentication (AAL).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Self-asserted; one factor.
    One,
    /// Checked against evidence; two factors.
    Two,
    /// Proven with the card itself; two factors, one of them hardware.
    Three,
}
text_enum!(Level { One = "1", Two = "2", Three = "3" });

/// What a proof was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProofKind {
    /// 署名用電子証明書.
    Signature,
    /// 利用者証明用電子証明書, with the four items a station read.
    UserAuth,
    /// An identity app.
    App,
    /// 署名用電子証明書, by an identity app that has the card sign.
    AppSignature,
    /// A card that a phone holds by itself.
    PhoneCard,
    /// A clerk looked at a document at the counter.
    Counter,
}
text_enum!(ProofKind {
    Signature = "signature",
    UserAuth = "user_auth",
    App = "app",
    AppSignature = "app_signature",
    PhoneCard = "phone_card",
    Counter = "counter",
});

/// A person's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The name as the card gives it, or the label of a light account. For the person's own eyes.
    pub name: String,
    /// The date of birth as the card gives it; none on a light account.
    pub date_of_birth: Option<PartialDate>,
    /// How surely the person is known.
    pub assurance: Assurance,
    /// What the person is compared with the register by; none on a light account.
    pub keys: Option<MatchKeys>,
    /// A character of the name or address has no standard code: equality with the register is not to be expected.
    pub substitutes: bool,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when, if its owner closed it or it was merged into another.
    pub closed_at: Option<Timestamp>,
}

/// A proof that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Its id.
    pub id: ProofId,
    /// Whose.
    pub account: AccountId,
    /// What with.
    pub kind: ProofKind,
    /// How sure the identity is.
    pub ial: Level,
    /// How sure it was the holder who answered.
    pub aal: Level,
    /// When.
    pub at: Timestamp,
    /// The last day it counts, in Japan: the certificate's; a year from the day for an identity app, which tells none.
    pub until: Date,
    /// What was checked, as JSON without personal data: kind, roots, revocation source and time.
    pub evidence: String,
}

/// A question put to a card, as the person who asked sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProofSession {
    /// Its id.
    pub id: ProofSessionId,
    /// What a person types where the card is; eight characters, shown as `ABCD-EFGH`.
    pub code: String,
    /// Two digits shown beside the code and again where the card is read, to be compared: `47`.
    pub comparison: String,
    /// What the asking browser keeps to claim the answer; nobody else is given it.
    pub secret: String,
    /// The challenge; the card signs `challenge.message()`.
    pub challenge: jpki::Challenge,
    /// The first moment it is too late.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for ProofSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProofSession({})", self.id)
    }
}

/// A question put to a card, as the reader sees it that was given the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofAsked {
    /// Its id.
    pub id: ProofSessionId,
    /// The challenge; the card signs `challenge.message()`.
    pub challenge: jpki::Challenge,
    /// The two digits the asking browser shows.
    pub comparison: String,
}

/// What came back from a card: untrusted.
#[derive(Clone)]
pub enum ProofInput {
    /// 署名用: the four items come from the certificate.
    Signature {
        /// The certificate in DER.
        certificate: Vec<u8>,
        /// The signature over the challenge's message.
        signature: Vec<u8>,
    },
    /// 利用者証明用: tells who it is only to an account that knows the certificate, or together with what a station read.
    UserAuth {
        /// The certificate in DER.
        certificate: Vec<u8>,
        /// The signature over the challenge's message.
        signature: Vec<u8>,
        /// The four-information file as an enrolled station read it.
        read: Option<StationRead>,
    },
}

impl std::fmt::Debug for ProofInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Signature { .. } => "ProofInput::Signature(…)",
            Self::UserAuth { .. } => "ProofInput::UserAuth(…)",
        })
    }
}

/// What a station read from the card besides its certificate.
#[derive(Clone)]
pub struct StationRead {
    /// The station; it must be the asking actor itself.
    pub station: DeviceId,
    /// The four-information file (EF 0002), without filler.
    pub four_information: Vec<u8>,
}

/// A proof just given: the right to tie its account to a resident, which only [`complete_proof`](crate::complete_proof),
/// [`complete_app_proof`](crate::complete_app_proof) and [`complete_phone_card`](crate::complete_phone_card) hand out.
#[derive(Debug)]
pub struct Proven {
    pub(crate) account: Account,
    pub(crate) proof: ProofId,
    pub(crate) opened: bool,
    pub(crate) keys: Option<MatchKeys>,
    pub(crate) items: Option<jpki::FourItems>,
    pub(crate) purpose: jpki::Purpose,
}

impl Proven {
    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The proof.
    pub fn proof(&self) -> ProofId {
        self.proof
    }

    /// Says whether the account is new.
    pub fn opened(&self) -> bool {
        self.opened
    }

    /// What the person is compared with the register by, when this proof told the four items: a mere sign-in does not, nor does what a station read
    /// count against what a signature proved.
    pub fn keys(&self) -> Option<MatchKeys> {
        self.keys
    }

    /// What the proof was asked for.
    pub fn purpose(&self) -> jpki::Purpose {
        self.purpose
    }

    /// The four items just read, to be compared and forgotten; there when [`keys`](Self::keys) are.
    pub fn items(&self) -> Option<&jpki::FourItems> {
        self.items.as_ref()
    }
}

/// Where a proof stands, for the browser that asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofState {
    /// No answer yet.
    Waiting,
    /// The last answer was refused, for this reason ([`Error::code`]); another may follow until the time is over.
    Refused {
        /// The reason's code.
        code: String,
    },
    /// Answered and believed: [`claim_proof`](crate::claim_proof) gives the account, once.
    Ready,
}

/// On what strength an account is tied to a resident without a clerk.
#[derive(Debug, Clone, Copy)]
pub enum LinkBy<'a> {
    /// The proof just given, whose keys agreed with exactly one resident.
    Proof(&'a Proven),
    /// The house, when a bundle brought the resident afterwards.
    Bundle,
}

/// A tie between an account and a resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The account.
    pub account: AccountId,
    /// The resident.
    pub resident: ResidentId,
    /// Since when.
    pub linked_at: Timestamp,
}

/// Why the register alone could not say who an account's person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchReason {
    /// No resident agrees.
    NoMatch,
    /// Several do.
    Ambiguous,
    /// The person is under protection measures (支援措置): seen only by who may.
    Protected,
    /// One agrees, but a clerk has parted the two before, or said it was somebody else.
    Decided,
}
text_enum!(MatchReason { NoMatch = "no_match", Ambiguous = "ambiguous", Protected = "protected", Decided = "decided" });

/// Why a clerk did not link an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// The person is not in the register.
    NotAResident,
    /// The resident found is somebody else.
    NotTheSamePerson,
    /// The person no longer wishes it.
    Withdrawn,
}
text_enum!(RejectReason { NotAResident = "not_a_resident", NotTheSamePerson = "not_the_same_person", Withdrawn = "withdrawn" });

/// A request in the clerk's queue, without what it says of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRequest {
    /// Its id.
    pub id: MatchRequestId,
    /// The account.
    pub account: AccountId,
    /// Why it is here.
    pub reason: MatchReason,
    /// When it was asked.
    pub asked_at: Timestamp,
}

/// A request opened by a clerk: the four items as the card gave them. They are deleted when the request is answered.
#[derive(Clone, PartialEq, Eq)]
pub struct MatchCase {
    /// The request.
    pub request: MatchRequest,
    /// 氏名.
    pub name: String,
    /// 住所.
    pub address: String,
    /// 生年月日.
    pub date_of_birth: PartialDate,
    /// 性別.
    pub sex: Sex,
    /// What residents are looked up by.
    pub keys: MatchKeys,
}

impl std::fmt::Debug for MatchCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MatchCase({})", self.request.id)
    }
}

/// A question put to a phone's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneChallenge {
    /// Its id, to be handed back with the answer.
    pub id: PhoneChallengeId,
    /// What the phone signs, as it is (ECDSA on P-256 with SHA-256).
    pub message: Vec<u8>,
    /// The first moment it is too late.
    pub expires_at: Timestamp,
}

/// A phone bound to an account by a key it never lets go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// Its id.
    pub id: PhoneId,
    /// Whose.
    pub account: AccountId,
    /// Its public key.
    pub key: HolderKey,
    /// The key's thumbprint (RFC 7638, SHA-256, base64url).
    pub thumbprint: String,
    /// What its owner calls it.
    pub label: String,
    /// Since when.
    pub registered_at: Timestamp,
    /// Until when, if it is no longer trusted.
    pub ended_at: Option<Timestamp>,
}

/// Why a phone is no longer trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhoneEnd {
    /// The owner no longer uses it.
    NotUsed,
    /// Lost or stolen.
    Lost,
    /// Its owner set it up anew.
    Replaced,
    /// The town ended it.
    EndedByTown,
}
text_enum!(PhoneEnd { NotUsed = "not_used", Lost = "lost", Replaced = "replaced", EndedByTown = "ended_by_town" });

/// A one-time code and until when it counts.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode {
    /// What is typed or opened as a link.
    pub code: String,
    /// The first moment it is too late.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

/// A code that people type, and may type wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeKind {
    /// Typed at a card reader to find the question for the card.
    Proof,
    /// Pairs a verifier or enrols a station.
    Pairing,
    /// Opens an invitation to the staff.
    Invitation,
    /// Takes a shared card.
    Share,
    /// Lets a device without a keyboard sign in.
    Device,
    /// Agrees to act for somebody.
    Proxy,
}
text_enum!(CodeKind { Proof = "proof", Pairing = "pairing", Invitation = "invitation", Share = "share", Device = "device", Proxy = "proxy" });

/// Who types codes, to be told from others and not to be known: a hash of an account, or of a network address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrySource(pub(crate) [u8; 32]);

impl TrySource {
    /// The source behind a text that stands for one: `holder:…`, `address:…`.
    pub fn new(who: &str) -> Self {
        Self(crate::secret::token_hash(who))
    }
}

/// An invitation to the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Who is invited.
    pub staff: StaffId,
    /// What opens it, once.
    pub code: OneTimeCode,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    /// Their id.
    pub id: StaffId,
    /// The name colleagues see.
    pub name: String,
    /// What they are trusted with.
    pub roles: Vec<Role>,
    /// Since when they have a passkey; none while only invited.
    pub joined_at: Option<Timestamp>,
    /// Until when, if they left.
    pub ended_at: Option<Timestamp>,
}

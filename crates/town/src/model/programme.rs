//! Programmes: who is entitled to what, how it is obtained and what is shown where.

use std::collections::BTreeMap;

use civil::{Date, PartialDate, PayerNumber, Sex};

use super::{Colour, FactName, PlaceKind, ProgrammeId, Residence, Words, words};
use crate::Location;

/// A programme (制度) of the town: a card, certificate or pass some residents are entitled to.
#[derive(Debug, Clone)]
pub struct Programme {
    /// Its name in addresses, events and credentials.
    pub id: ProgrammeId,
    /// Its name for people, as printed on the card.
    pub name: Words,
    /// One or two sentences: what it is good for.
    pub short: Words,
    /// Who may show the card.
    pub shown_by: Vec<ShownBy>,
    /// How a resident comes to it.
    pub apply: Apply,
    /// The weakest proof of identity accepted to obtain it.
    pub proof: Proof,
    /// How the card looks.
    pub design: Design,
    /// The barcode a counter reads, if any.
    pub barcode: Option<Barcode>,
    /// 公費負担者番号, for medical programmes.
    pub payer_number: Option<PayerNumber>,
    /// The fact that holds the 受給者番号, for medical programmes.
    pub beneficiary_number: Option<FactName>,
    /// What the holder pays, in words.
    pub copayment: Option<Words>,
    /// What each kind of place sees besides yes or no. A kind that is not listed sees yes or no alone.
    pub disclose: BTreeMap<PlaceKind, Vec<Disclosed>>,
    /// How many phones may hold the same card at a time.
    pub max_holders: u32,
    /// What counts at a place as showing it, besides the card in a phone, which always does.
    pub accepts: Vec<Medium>,
    /// The dated rules, oldest first, never overlapping.
    pub versions: Vec<Version>,
    /// The examples `town check` runs.
    pub cases: Vec<Case>,
    /// Where it stands in the pack.
    pub location: Location,
}

impl Programme {
    /// The version in force on a day, if any.
    pub fn in_force(&self, day: Date) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.from <= day).filter(|version| version.until.is_none_or(|until| day <= until))
    }

    /// The last day of a version: its own, or the day before the next one begins; none while it runs on.
    pub fn last_day_of(&self, version: &Version) -> Option<Date> {
        let next = self.versions.iter().map(|other| other.from).filter(|from| *from > version.from).min();
        version.until.or_else(|| next.and_then(|next| next.yesterday().ok()))
    }

    /// What a kind of place sees besides yes or no.
    pub fn disclosed_to(&self, kind: PlaceKind) -> &[Disclosed] {
        self.disclose.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Whether such a thing is enough to be answered yes.
    pub fn accepts_medium(&self, medium: Medium) -> bool {
        self.accepts.contains(&medium)
    }

    /// Whether the card may be shown by such a person.
    pub fn may_be_shown_by(&self, who: ShownBy) -> bool {
        self.shown_by.contains(&who)
    }
}

words! {
    /// Who may show a card.
    ShownBy {
        /// The entitled person.
        Own = "self",
        /// A parent or guardian of the entitled person.
        Guardian = "guardian",
        /// Whoever the holder shares the card with: grandparents, the child's own phone.
        Shared = "shared",
        /// Whom the entitled person, or a clerk for them, declared to act for them (代理人).
        Proxy = "proxy",
    }
}

words! {
    /// A thing that is laid on a reader or held before a camera in place of a phone. Each can be used by whoever has it in hand, and some can be
    /// copied: a programme says which are enough for it.
    Medium {
        /// The town's own number in the free area of the My Number Card (地域ID): read by a tap, without a PIN.
        RegionId = "region_id",
        /// A transit IC card, known by the number its chip tells every reader (FeliCa IDm).
        TransitIc = "transit_ic",
        /// A printed QR code: on a sticker, a bag, a plain card.
        Sticker = "sticker",
        /// A QR code that is good for some days only: for an event, or until a lost card is replaced (一時的なデジタル本人確認証).
        Temporary = "temporary",
    }
}

words! {
    /// How a resident comes to a programme's card.
    Apply {
        /// It appears by itself for everybody entitled who has proved who they are.
        Automatic = "automatic",
        /// Somebody asks for it in the app or at the counter.
        Application = "application",
    }
}

words! {
    /// How surely a person is known, weakest first.
    Proof {
        /// A clerk looked at a document at the counter.
        Counter = "counter",
        /// A My Number Card answered our challenge (公的個人認証).
        Jpki = "jpki",
    }
}

words! {
    /// What a place may be told about the holder.
    Disclosed {
        /// The name the holder gave, checked against the register's keyed hash.
        Name = "name",
        /// The birthday.
        DateOfBirth = "date_of_birth",
        /// 公費負担者番号.
        PayerNumber = "payer_number",
        /// 受給者番号, with its barcode.
        BeneficiaryNumber = "beneficiary_number",
        /// What the holder pays.
        Copayment = "copayment",
        /// The last day the card is good for.
        ValidUntil = "valid_until",
    }
}

/// How a card looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Design {
    /// Background; white text on it is readable (checked).
    pub colour: Colour,
    /// The picture.
    pub icon: Icon,
}

words! {
    /// The picture on a card; the pages draw it.
    Icon {
        /// A child.
        Child = "child",
        /// A parent with a child.
        Family = "family",
        /// A bus.
        Bus = "bus",
        /// A ball.
        Sport = "sport",
        /// A percent sign.
        Discount = "discount",
        /// A town hall gate.
        Town = "town",
        /// A book.
        Book = "book",
        /// A heart.
        Health = "health",
        /// A drop of hot water (温泉).
        Bath = "bath",
        /// A snowflake.
        Snow = "snow",
    }
}

words! {
    /// The symbology of a barcode.
    BarcodeKind {
        /// NW-7 (Codabar), which Japanese clinics' readers know.
        Nw7 = "nw7",
        /// Code 128.
        Code128 = "code128",
        /// QR code.
        Qr = "qr",
    }
}

/// A barcode on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barcode {
    /// Its symbology.
    pub kind: BarcodeKind,
    /// The fact it carries.
    pub value: FactName,
}

/// A rule of a programme for a span of days. Past versions stay: past days are still asked about.
#[derive(Debug, Clone)]
pub struct Version {
    /// The first day it is in force (施行日).
    pub from: Date,
    /// The last day it is in force, where the programme ends; else it runs until the next version.
    pub until: Option<Date>,
    /// Who is entitled (CEL); [`rule::Rule::source`] gives it as the pack writes it.
    pub eligible: rule::Rule,
    /// The ordinance it implements.
    pub source: String,
    /// Where it stands in the pack.
    pub location: Location,
}

words! {
    /// The type of a fact.
    FactKind {
        /// Yes or no.
        Bool = "bool",
        /// A whole number.
        Int = "int",
        /// A text; numbers with leading zeros are texts.
        String = "string",
        /// A day.
        Date = "date",
    }
}

/// Something the town knows about a resident beyond the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name; rules say `facts.<name>`.
    pub name: FactName,
    /// Its type.
    pub kind: FactKind,
    /// What residents and staff read.
    pub label: Words,
}

/// A value of a fact.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    String(String),
    /// A day.
    Date(Date),
}

impl FactValue {
    /// The type the value has.
    pub fn kind(&self) -> FactKind {
        match self {
            FactValue::Bool(_) => FactKind::Bool,
            FactValue::Int(_) => FactKind::Int,
            FactValue::String(_) => FactKind::String,
            FactValue::Date(_) => FactKind::Date,
        }
    }
}

/// An example an official can read: this person, on this day, is entitled or not.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it shows, as a sentence.
    pub name: String,
    /// The day that is asked about.
    pub on: Date,
    /// The person.
    pub resident: CaseResident,
    /// Where somebody belongs who is not in the register; nothing for somebody of the register.
    pub residence: Option<Residence>,
    /// The person's facts.
    pub facts: BTreeMap<FactName, FactValue>,
    /// The other people of the household.
    pub household: Vec<CaseResident>,
    /// The answer the ordinance gives.
    pub eligible: Expected,
    /// Where it stands in the pack.
    pub location: Location,
}

words! {
    /// The answer a case expects.
    Expected {
        /// The person is entitled.
        Yes = "yes",
        /// The person is not entitled.
        No = "no",
        /// It depends on something the register does not know; a clerk decides.
        Unknown = "unknown",
    }
}

words! {
    /// What the register says of a person today (住民状態).
    Status {
        /// Lives in the town.
        Current = "current",
        /// Moved out (転出).
        MovedOut = "moved_out",
        /// Died.
        Died = "died",
    }
}

/// A person of an example. What is left out is unknown, except that everybody is a current resident unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResident {
    /// The birthday, possibly unknown in part.
    pub date_of_birth: Option<PartialDate>,
    /// The sex as registered.
    pub sex: Option<Sex>,
    /// The district.
    pub district: Option<String>,
    /// The relation to the head of the household (続柄).
    pub relation: Option<String>,
    /// Current, moved out or died.
    pub status: Status,
    /// The day the person became a resident.
    pub became_resident_on: Option<Date>,
    /// The day the person moved out.
    pub moved_out_on: Option<Date>,
    /// The day the person died.
    pub died_on: Option<Date>,
}

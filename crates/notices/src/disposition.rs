//! Dispositions (処分通知): what they are, what people agree to, and how the law counts.

use civil::{Date, Timestamp};
use jiff::ToSpan;
use store::{AccountId, ResidentId};
use town::TopicId;

use crate::model::{DeliveryId, NoticeId};

store::id!(ConsentId, "What somebody agreed to get electronically.");

store::text_enum!(PaperWhy { NoConsent = "no-consent", Withdrawn = "withdrawn", Unopened = "unopened" });

/// Why somebody gets a disposition on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaperWhy {
    /// They had not agreed.
    NoConsent,
    /// They withdrew before it was sent, or their account ended.
    Withdrawn,
    /// They did not open it within the days of its kind.
    Unopened,
}

store::text_enum!(ConsentEnd { Person = "person", Account = "account" });

/// Why a consent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsentEnd {
    /// The person withdrew it.
    Person,
    /// The account was closed, or is no longer that person's.
    Account,
}

/// What makes a notice a disposition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// The notice.
    pub notice: NoticeId,
    /// Its kind, of the pack.
    pub kind: TopicId,
    /// Its number (文書番号).
    pub number: String,
    /// The day it bears.
    pub dated: Date,
    /// When it is signed and goes out, once it was approved.
    pub release_at: Option<Timestamp>,
    /// The last resident whose document was prepared, in the order of ids.
    pub prepared: String,
}

/// What somebody agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its id.
    pub id: ConsentId,
    /// Who agreed.
    pub account: AccountId,
    /// Whose dispositions: their own, or a child's they act for.
    pub resident: ResidentId,
    /// Which kind.
    pub kind: TopicId,
    /// The words agreed to.
    pub words: String,
    /// The language they were in.
    pub language: String,
    /// When.
    pub agreed_at: Timestamp,
    /// Since when it is over.
    pub ended_at: Option<Timestamp>,
}

/// A document the town signed for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The delivery it belongs to.
    pub delivery: DeliveryId,
    /// SHA-256 of the file as the person gets it.
    pub sha256: Vec<u8>,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// What the person had agreed to.
    pub consent: ConsentId,
}

/// How many of a list get it how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways {
    /// Electronically.
    pub electronic: u32,
    /// On paper.
    pub paper: u32,
}

/// The last day of a period of months that begins on the day after something came (民法 第140条, 第143条).
pub(crate) fn last_day(came: Date, months: u32) -> Date {
    let first = came.saturating_add(1.day());
    let there = first.saturating_add(i64::from(months).months());
    // A month without that day ends the period with its own last day.
    if there.day() == first.day() { there.saturating_sub(1.day()) } else { there }
}

#[cfg(test)]
mod tests {
    use civil::Date;

    use super::last_day;

    #[test]
    fn three_months_from_the_day_after_it_came() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (came, last) in [
            ("2026-06-01", "2026-09-01"),
            ("2026-05-31", "2026-08-31"),
            ("2026-11-30", "2027-02-28"),
            ("2026-11-29", "2027-02-28"),
            ("2026-11-28", "2027-02-28"),
            ("2027-11-29", "2028-02-29"),
            ("2026-12-31", "2027-03-31"),
        ] {
            assert_eq!(last_day(day(came), 3), day(last), "{came}");
        }
    }
}

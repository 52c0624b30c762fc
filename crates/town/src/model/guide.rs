//! Guides that citizens write: what verified people know about places, published as open data.

use super::{AssetId, GuideCode, GuideId, Icon, Proof, Words, words};

words! {
    /// When a member of staff looks over what was written.
    Moderation {
        /// Before anybody else reads it.
        Before = "before",
        /// After it is there already; what looks wrong by its form still waits.
        After = "after",
    }
}

/// A guide: what it is about, what its posts may say, and under which licence everybody may use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// Its name in addresses, files and events.
    pub id: GuideId,
    /// Its name for people.
    pub name: Words,
    /// One or two sentences about what it is for.
    pub about: Words,
    /// What posts are filed under, in the order of the form.
    pub categories: Vec<GuideCategory>,
    /// What a post can say of its place with yes, no or nothing.
    pub tags: Vec<GuideTag>,
    /// For whom it is good, by age.
    pub ages: Vec<GuideAge>,
    /// The licence of what is published.
    pub licence: Licence,
    /// The weakest proof of who posts.
    pub proof: Proof,
    /// Whether only people of the town's register post.
    pub residents_only: bool,
    /// When staff look over posts.
    pub moderation: Moderation,
    /// What a published post earns, once.
    pub points: Option<GuidePoints>,
}

impl Guide {
    /// The category of a code.
    pub fn category(&self, code: &str) -> Option<&GuideCategory> {
        self.categories.iter().find(|category| category.id.as_str() == code)
    }

    /// The tag of a code.
    pub fn tag(&self, code: &str) -> Option<&GuideTag> {
        self.tags.iter().find(|tag| tag.id.as_str() == code)
    }

    /// The age group of a code.
    pub fn age(&self, code: &str) -> Option<&GuideAge> {
        self.ages.iter().find(|age| age.id.as_str() == code)
    }
}

/// What posts are filed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideCategory {
    /// Its code in files and addresses.
    pub id: GuideCode,
    /// Its name for people.
    pub name: Words,
    /// Its picture.
    pub icon: Icon,
}

/// Something a post can say of its place: a nappy table, room for a pram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideTag {
    /// Its code in files and addresses.
    pub id: GuideCode,
    /// Its name for people.
    pub name: Words,
}

/// A group of ages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideAge {
    /// Its code in files and addresses.
    pub id: GuideCode,
    /// Its name for people.
    pub name: Words,
}

/// Under what terms everybody may use what is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// Its SPDX identifier, such as `CC-BY-4.0`: for programs.
    pub id: String,
    /// Its name for people.
    pub name: Words,
    /// Where its text is.
    pub url: String,
    /// Whom users of the data are to name.
    pub credit: Words,
}

/// What a published post earns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuidePoints {
    /// The asset of the town's ledger.
    pub asset: AssetId,
    /// How many.
    pub amount: u32,
}

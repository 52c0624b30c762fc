//! Dispositions a town sends electronically (処分通知).

use super::{TopicId, Words};

/// A kind of disposition, `[[disposition_kind]]`: people agree beforehand to get it electronically (デジタル手続法 第7条第1項ただし書).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispositionKind {
    /// Its id.
    pub id: TopicId,
    /// What it is called, 納税通知書.
    pub name: Words,
    /// The notice topic it stands under.
    pub topic: TopicId,
    /// The law or ordinance it is made by.
    pub basis: String,
    /// What happens when it is not opened, in words people agree to.
    pub if_unopened: Words,
    /// How one appeals against it (教示, 行政不服審査法 第82条); none for what nobody can appeal against.
    pub appeal: Option<Words>,
    /// The months within which one appeals, counted from the day after it came; none where they are not counted from its coming.
    pub appeal_months: Option<u32>,
    /// Days after which who has not opened it is reminded.
    pub remind_days: u32,
    /// Days after which who has not opened it gets it on paper.
    pub print_days: u32,
    /// How many years it and what is known of its delivery are kept.
    pub keep_years: u32,
    /// Whether a guardian may agree for a child they act for, and then reads the child's.
    pub guardians: bool,
}

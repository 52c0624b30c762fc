//! What the town tells its residents by itself, and how it does so.

use rule::Rule;

use super::{FactName, TopicId, Words, words};

/// How notices go out, `[notices]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notices {
    /// Above so many people a second member of staff has to approve (決裁).
    pub two_people_above: u32,
    /// How many years a notice stays in the inbox, unless its person keeps it.
    pub keep_years: u32,
    /// Hosts a notice may lead to: `www.town.example.jp`. Others are refused, so that no notice can be a trap.
    pub link_hosts: Vec<String>,
    /// The most push messages of a bulk run in a second; 0 is as many as go.
    pub bulk_per_s: u32,
}

impl Default for Notices {
    /// What holds for a town that says nothing: two people for more than a hundred, five years, no links.
    fn default() -> Self {
        Self { two_people_above: 100, keep_years: 5, link_hosts: Vec::new(), bulk_per_s: 0 }
    }
}

/// Something notices are about, `[[notice_topic]]`; residents choose of which they are pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeTopic {
    /// Its id.
    pub id: TopicId,
    /// Its name.
    pub name: Words,
    /// Nobody can switch it off: warnings of danger.
    pub always: bool,
}

words! {
    /// The line an automatic notice waits in; an alert is never automatic.
    NoticeQueue {
        /// What a person waits for.
        Normal = "normal",
        /// Much of the town at once.
        Bulk = "bulk",
    }
}

/// A notice the house sends by itself to whom a rule selects, `[[notice_rule]]`: once to each, or once for each value of a fact.
#[derive(Debug, Clone)]
pub struct NoticeRule {
    /// Its id.
    pub id: TopicId,
    /// What it is about.
    pub topic: TopicId,
    /// Who gets it, asked every day; people who are no residents never do.
    pub who: Rule,
    /// The fact for each value of which it is sent once: the day a card expires, so that the next card's end is told, too.
    pub once_per: Option<FactName>,
    /// The line it waits in.
    pub queue: NoticeQueue,
    /// The hour of the day in Japan at which it goes out.
    pub hour: u32,
    /// One line.
    pub title: Words,
    /// What it says.
    pub body: Words,
    /// An address with more of it.
    pub link: Option<String>,
    /// Whether people are asked to say that they have read it.
    pub wants_answer: bool,
    /// Days after which who has not opened it is reminded.
    pub remind_days: Option<u32>,
    /// Days after which who has not opened it goes on the paper list.
    pub print_days: Option<u32>,
    /// The rule or page it follows.
    pub source: String,
}

words! {
    /// The line a notice begun from a template waits in.
    TemplateQueue {
        /// Danger to life.
        Alert = "alert",
        /// What a person waits for.
        Normal = "normal",
        /// Much of the town at once.
        Bulk = "bulk",
    }
}

/// A notice to begin from, `[[notice_template]]`: what staff would otherwise write anew each time, in a hurry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeTemplate {
    /// Its id.
    pub id: TopicId,
    /// What staff choose it by.
    pub name: Words,
    /// What it is about.
    pub topic: TopicId,
    /// The line it waits in.
    pub queue: TemplateQueue,
    /// One line.
    pub title: Words,
    /// What it says.
    pub body: Words,
    /// An address with more of it.
    pub link: Option<String>,
    /// Whether people are asked to say that they have read it.
    pub wants_answer: bool,
    /// Days after which who has not opened it is reminded.
    pub remind_days: Option<u32>,
    /// Days after which who has not opened it goes on the paper list.
    pub print_days: Option<u32>,
}

impl Notices {
    /// Whether a notice may lead to an address: over TLS, to a host of the list, and to nothing that only looks like one.
    pub fn allows_link(&self, address: &str) -> bool {
        let Some(rest) = address.strip_prefix("https://") else { return false };
        let plain = address.len() <= 2000 && address.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\".contains(&byte));
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        plain && self.link_hosts.iter().any(|allowed| allowed == host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_hosts_of_the_list_only() {
        let notices = Notices { link_hosts: vec!["www.town.example.jp".to_owned()], ..Notices::default() };
        for good in ["https://www.town.example.jp", "https://www.town.example.jp/a?b=c#d"] {
            assert!(notices.allows_link(good), "{good}");
        }
        for bad in [
            "http://www.town.example.jp/",
            "https://www.town.example.jp.evil.example/",
            "https://www.town.example.jp@evil.example/",
            "https://www.town.example.jp:8443/",
            "https://evil.example/?https://www.town.example.jp",
            "https://www.town.example.jp/\"onclick=",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!notices.allows_link(bad), "{bad}");
        }
    }
}

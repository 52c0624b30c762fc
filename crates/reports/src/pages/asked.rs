//! What of the reports staff ask for: in the queue, on the map, and in what the map draws.

use civil::{Date, start_of_day_in_japan};
use jiff::Span;
use serde::Deserialize;
use store::{Actor, Ctx};
use web::query_value;

use crate::store::reports::{Order, Sieve};

/// The ages one can ask for, in days.
pub(super) const AGES: [u16; 4] = [3, 7, 14, 30];

/// The query of an address. What is empty counts as left out, as forms send it.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    pub(super) section: String,
    pub(super) status: Option<String>,
    pub(super) category: String,
    pub(super) district: String,
    pub(super) urgency: String,
    pub(super) person: String,
    pub(super) age: String,
    pub(super) late: String,
    pub(super) danger: String,
    pub(super) sort: String,
    pub(super) page: u32,
    /// What was just done, and to how many.
    pub(super) did: String,
    pub(super) count: String,
    pub(super) people: String,
}

impl Asked {
    /// What is asked for; the open ones where nothing was said.
    pub(crate) fn sieve(&self, ctx: &Ctx) -> Sieve {
        let today = ctx.today();
        let person = match (self.person.as_str(), &ctx.actor) {
            ("me", Actor::Staff(me, _)) => me.to_string(),
            (person, _) => person.to_owned(),
        };
        Sieve {
            section: self.section.clone(),
            status: self.status.clone().unwrap_or_else(|| "open".to_owned()),
            category: self.category.clone(),
            district: self.district.clone(),
            urgency: self.urgency.clone(),
            person,
            due_before: (self.late == "yes").then_some(today),
            danger: self.danger == "yes",
            sent_before: self.age.parse().ok().filter(|days| AGES.contains(days)).and_then(|days| before(today, days)),
        }
    }

    /// In which order.
    pub(super) fn order(&self) -> Order {
        self.sort.parse().unwrap_or(Order::Press)
    }

    /// The question, for an address.
    pub(super) fn query(&self) -> String {
        let pairs = [
            ("section", self.section.as_str()),
            ("status", self.status.as_deref().unwrap_or("open")),
            ("category", &self.category),
            ("district", &self.district),
            ("urgency", &self.urgency),
            ("person", &self.person),
            ("age", &self.age),
            ("late", &self.late),
            ("danger", &self.danger),
            ("sort", &self.sort),
        ];
        let said = pairs.iter().filter(|(name, value)| !value.is_empty() || *name == "status");
        said.map(|(name, value)| format!("{name}={}", query_value(value))).collect::<Vec<_>>().join("&")
    }

    /// The same question on another page of the queue.
    pub(super) fn href(&self, page: u32) -> String {
        format!("/staff/reports?{}&page={page}", self.query())
    }
}

/// The beginning of the day so many days ago.
fn before(today: Date, days: u16) -> Option<civil::Timestamp> {
    today.checked_sub(Span::new().days(i64::from(days))).ok().map(start_of_day_in_japan)
}

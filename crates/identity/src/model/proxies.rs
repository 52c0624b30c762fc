//! Who may act for whom by declaration.

use std::collections::BTreeSet;

use ::store::{AccountId, Row, text_enum};
use civil::{Date, Timestamp};
use town::ProgrammeId;

::store::id!(ProxyId, "A declaration that somebody may act for somebody else.");

/// For what somebody acts for somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyScope {
    /// For every programme of the town that allows it.
    Everything,
    /// For these programmes alone.
    Programmes(BTreeSet<ProgrammeId>),
}

impl ProxyScope {
    /// Whether it covers a programme.
    pub fn covers(&self, programme: &ProgrammeId) -> bool {
        match self {
            Self::Everything => true,
            Self::Programmes(these) => these.contains(programme),
        }
    }

    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Everything => "*".to_owned(),
            Self::Programmes(these) => these.iter().map(ProgrammeId::as_str).collect::<Vec<_>>().join(" "),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everything);
        }
        text.split(' ').map(|id| id.parse().ok()).collect::<Option<_>>().map(Self::Programmes)
    }
}

/// A declaration that somebody, the agent (代理人), may act for somebody else, the principal (本人).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its id.
    pub id: ProxyId,
    /// For whom.
    pub principal: AccountId,
    /// Who; nobody yet while it is offered.
    pub agent: Option<AccountId>,
    /// For what.
    pub scope: ProxyScope,
    /// What the principal calls the agent: 娘, ヘルパー.
    pub label: String,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When the agent agreed.
    pub agreed_at: Option<Timestamp>,
    /// Until when, if it was ended before its last day.
    pub ended_at: Option<Timestamp>,
}

impl Proxy {
    /// Whether the agent acts on a day.
    pub fn in_force(&self, day: Date) -> bool {
        self.agreed_at.is_some() && self.ended_at.is_none() && self.from <= day && day <= self.until
    }

    /// Whether it is over on a day, so that it is only remembered.
    pub fn is_over(&self, day: Date) -> bool {
        self.ended_at.is_some() || day > self.until
    }
}

impl ::store::FromRow for Proxy {
    fn from_row(row: &Row) -> ::store::Result<Self> {
        let scope: String = row.get(3)?;
        Ok(Self {
            id: row.get(0)?,
            principal: row.get(1)?,
            agent: row.get(2)?,
            scope: ProxyScope::from_text(&scope)
                .ok_or_else(|| ::store::Error::Decode { column: 3, reason: "not a proxy's scope".to_owned() })?,
            label: row.get(4)?,
            from: row.get(5)?,
            until: row.get(6)?,
            declared_at: row.get(7)?,
            agreed_at: row.get(8)?,
            ended_at: row.get(9)?,
        })
    }
}

/// Why a proxy ended before its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyEnd {
    /// The principal no longer wishes it.
    ByPrincipal,
    /// The agent gave it back.
    ByAgent,
    /// The town ended it at the counter.
    ByTown,
    /// One of the two accounts was closed.
    AccountClosed,
}
text_enum!(ProxyEnd { ByPrincipal = "by_principal", ByAgent = "by_agent", ByTown = "by_town", AccountClosed = "account_closed" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_kept_as_text_and_read_back() {
        let these = ProxyScope::Programmes(["bath-pass", "snow-help"].iter().map(|id| id.parse().unwrap()).collect());
        for scope in [ProxyScope::Everything, these.clone()] {
            assert_eq!(ProxyScope::from_text(&scope.to_text()), Some(scope));
        }
        assert_eq!(ProxyScope::from_text("Bath Pass!"), None);
        assert!(these.covers(&"bath-pass".parse().unwrap()) && !these.covers(&"school-bus".parse().unwrap()));
    }
}

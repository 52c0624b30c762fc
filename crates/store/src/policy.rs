//! Who may do what: one table for the whole house. Rooms ask [`Ctx::allow`](crate::Ctx::allow); the table is printed and compared by a test.

use std::fmt;

use town::PlaceId;

crate::id!(AccountId, "A person's account: what a proof leads to.");
crate::id!(ResidentId, "A resident of the town's register: the house's own id, never the register's number.");
crate::id!(StaffId, "A member of the town's staff.");
crate::id!(DeviceId, "A paired verifier or an enrolled station.");

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody who is known yet.
    Anonymous,
    /// A resident or family member with an account.
    Holder(AccountId),
    /// A paired verifier at a place.
    Verifier(PlaceId),
    /// An enrolled station at a place: which one, since what it read counts as read by it alone.
    Station(PlaceId, DeviceId),
    /// A member of staff with their roles.
    Staff(StaffId, Vec<Role>),
    /// The house itself: bundles, midnight, jobs.
    System,
}

impl fmt::Display for Actor {
    /// As written to events and the audit trail.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Anonymous => f.write_str("anonymous"),
            Actor::Holder(id) => write!(f, "holder:{id}"),
            Actor::Verifier(id) => write!(f, "verifier:{id}"),
            Actor::Station(id, _) => write!(f, "station:{id}"),
            Actor::Staff(id, _) => write!(f, "staff:{id}"),
            Actor::System => f.write_str("system"),
        }
    }
}

crate::text_enum!(Role {
    Administrator = "administrator",
    Operator = "operator",
    Officer = "officer",
    Clerk = "clerk",
    ProtectionClerk = "protection_clerk",
    Auditor = "auditor",
});

/// What a member of staff is trusted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Invites staff and gives roles (管理者).
    Administrator,
    /// Runs the data bridge and approves its differences (運用担当).
    Operator,
    /// Answers for a programme: counts, what-if, use (担当課).
    Officer,
    /// Serves residents at the counter: matching, verifiers, ended cards (窓口).
    Clerk,
    /// Handles people under protection measures (支援措置担当).
    ProtectionClerk,
    /// Reads the audit trail (監査).
    Auditor,
}

/// What can be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Use one's own account, cards, shares and access log.
    OwnAccount,
    /// Decide on a presented card and log its use.
    Decide,
    /// Apply bundles, change entitlements, run jobs.
    RunHouse,
    /// Invite staff, change roles.
    ManageStaff,
    /// See programmes and their counts.
    SeeProgrammes,
    /// Ask who would qualify under another rule.
    AskWhatIf,
    /// See bridge runs and differences.
    SeeBridge,
    /// Approve or reject a held bundle.
    ApproveBundle,
    /// See the matching queue.
    SeeMatching,
    /// Link an account to a resident.
    ResolveMatch,
    /// See and link people under protection measures.
    ResolveProtected,
    /// Look up a resident.
    SeePerson,
    /// End a card or a phone for its holder.
    EndCard,
    /// Open accounts, bind media and note proxies for who stands at the counter.
    ServeCounter,
    /// Make a pairing code for a place.
    PairVerifier,
    /// See use statistics.
    SeeUse,
    /// Read the audit trail.
    SeeAudit,
    /// Register services that trust the town's accounts, and end them.
    ManageServices,
    /// Write notices and send them, within what one person may send alone.
    WriteNotices,
    /// Approve what another wrote, where two are needed (決裁).
    ApproveNotices,
    /// See residents' reports, answer and route them.
    AnswerReports,
    /// Bring open data of places in, and see what was refused.
    KeepPlaces,
    /// Keep events and who takes part.
    KeepCalendar,
    /// Look over what citizens wrote for the guide before everybody reads it.
    KeepGuide,
}

impl Permission {
    /// Every permission, in the order of the printed table.
    pub const ALL: &'static [Self] = &[
        Self::OwnAccount,
        Self::Decide,
        Self::RunHouse,
        Self::ManageStaff,
        Self::SeeProgrammes,
        Self::AskWhatIf,
        Self::SeeBridge,
        Self::ApproveBundle,
        Self::SeeMatching,
        Self::ResolveMatch,
        Self::ResolveProtected,
        Self::SeePerson,
        Self::EndCard,
        Self::ServeCounter,
        Self::PairVerifier,
        Self::SeeUse,
        Self::SeeAudit,
        Self::ManageServices,
        Self::WriteNotices,
        Self::ApproveNotices,
        Self::AnswerReports,
        Self::KeepPlaces,
        Self::KeepCalendar,
        Self::KeepGuide,
    ];
}

/// Says whether `actor` may do it.
pub fn permitted(actor: &Actor, permission: Permission) -> bool {
    match actor {
        Actor::Anonymous => false,
        Actor::Holder(_) => permission == Permission::OwnAccount,
        // A station hands in what a card answered, as anyone may; what more it is believed is decided there. It asks about cards that are tapped on it.
        Actor::Verifier(_) | Actor::Station(..) => permission == Permission::Decide,
        // The house looks after its own bridge: doctor and the running server.
        Actor::System => matches!(permission, Permission::RunHouse | Permission::SeeBridge),
        Actor::Staff(_, roles) => roles.iter().any(|role| role_permits(*role, permission)),
    }
}

fn role_permits(role: Role, permission: Permission) -> bool {
    use Permission as P;
    match role {
        Role::Administrator => {
            matches!(
                permission,
                P::ManageStaff | P::ManageServices | P::SeeProgrammes | P::SeeBridge | P::PairVerifier | P::SeeUse | P::ApproveNotices
            )
        }
        Role::Operator => matches!(permission, P::SeeProgrammes | P::SeeBridge | P::ApproveBundle | P::SeeUse | P::KeepPlaces),
        Role::Officer => {
            matches!(
                permission,
                P::SeeProgrammes
                    | P::AskWhatIf
                    | P::SeeBridge
                    | P::PairVerifier
                    | P::SeeUse
                    | P::WriteNotices
                    | P::ApproveNotices
                    | P::AnswerReports
                    | P::KeepPlaces
                    | P::KeepCalendar
                    | P::KeepGuide
            )
        }
        Role::Clerk => {
            matches!(
                permission,
                P::SeeProgrammes
                    | P::SeeMatching
                    | P::ResolveMatch
                    | P::SeePerson
                    | P::EndCard
                    | P::ServeCounter
                    | P::PairVerifier
                    | P::AnswerReports
            )
        }
        Role::ProtectionClerk => matches!(permission, P::SeeMatching | P::ResolveMatch | P::ResolveProtected | P::SeePerson),
        Role::Auditor => matches!(permission, P::SeeProgrammes | P::SeeBridge | P::SeeUse | P::SeeAudit),
    }
}

/// Prints the policy, a line per permission: what the test compares with `docs/policy.md`.
pub fn policy_table() -> String {
    use std::fmt::Write as _;
    let mut actors: Vec<(String, Actor)> = vec![
        ("anonymous".to_owned(), Actor::Anonymous),
        ("holder".to_owned(), Actor::Holder(AccountId::from_bytes([0; 16]))),
        ("verifier".to_owned(), Actor::Verifier("place".parse().expect("a plain name"))),
        ("station".to_owned(), Actor::Station("place".parse().expect("a plain name"), DeviceId::from_bytes([0; 16]))),
        ("system".to_owned(), Actor::System),
    ];
    actors.extend(Role::ALL.iter().map(|role| (role.to_string(), Actor::Staff(StaffId::from_bytes([0; 16]), vec![*role]))));
    let mut table = String::from("| permission |");
    for (name, _) in &actors {
        let _ = write!(table, " {name} |");
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(actors.len()));
    for permission in Permission::ALL {
        let _ = write!(table, "\n| {permission:?} |");
        for (_, actor) in &actors {
            table.push_str(if permitted(actor, *permission) { " yes |" } else { " |" });
        }
    }
    table.push('\n');
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_policy_is_the_one_in_the_book() {
        let book = include_str!("../../../docs/policy.md");
        assert!(book.contains(&policy_table()), "docs/policy.md must hold this table:\n{}", policy_table());
    }

    #[test]
    fn nobody_unknown_may_do_anything() {
        assert!(Permission::ALL.iter().all(|permission| !permitted(&Actor::Anonymous, *permission)));
    }
}

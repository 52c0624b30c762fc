//! What happens in this room, as the town's event log tells it: ids only, never a name, an address or a key.

use ::store::{AccountId, ResidentId, StaffId};
use serde::{Deserialize, Serialize};
use town::{AppId, PlaceId};

use crate::{
    AppQuestionId, DeviceId, DeviceKind, MatchRequestId, MediumId, PhoneCardQuestionId, PhoneId, ProofId, ProxyId, ResidenceEnd,
    ResidenceId, SessionId,
};

macro_rules! event {
    ($(#[$meta:meta])* $name:ident = $kind:literal { $($(#[$field_meta:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type),+ }

        impl $name {
            /// The kind under which the event log keeps it.
            pub const KIND: &'static str = $kind;
        }
    };
}

event! {
    /// A card, on a reader or in a phone, or an identity app proved the person of an account.
    AccountProven = "identity.account_proven" {
        /// Whose.
        account: AccountId,
        /// The proof.
        proof: ProofId,
        /// The account is new.
        opened: bool,
    }
}
event! {
    /// The answer of an identity app was not believed.
    AppRefused = "identity.app_refused" {
        /// The question it was for.
        question: AppQuestionId,
        /// At which app's address it arrived.
        app: AppId,
        /// Why, as a code.
        reason: String,
    }
}
event! {
    /// The answer of a card in a phone was not believed.
    PhoneCardRefused = "identity.phone_card_refused" {
        /// The question it was for.
        question: PhoneCardQuestionId,
        /// Which card was asked for.
        card: AppId,
        /// Why, as a code.
        reason: String,
    }
}
event! {
    /// An account without a proof was opened, to receive a shared card.
    LightAccountOpened = "identity.light_account_opened" {
        /// Which.
        account: AccountId,
    }
}
event! {
    /// An account was tied to a resident.
    Linked = "identity.linked" {
        /// The account.
        account: AccountId,
        /// The resident.
        resident: ResidentId,
    }
}
event! {
    /// An account is no longer tied to a resident.
    Unlinked = "identity.unlinked" {
        /// The account.
        account: AccountId,
        /// The resident it was tied to.
        resident: ResidentId,
    }
}
event! {
    /// A clerk is asked to match an account.
    MatchAsked = "identity.match_asked" {
        /// The request.
        request: MatchRequestId,
        /// The account.
        account: AccountId,
    }
}
event! {
    /// A clerk answered a request: linked or rejected.
    MatchAnswered = "identity.match_answered" {
        /// The request.
        request: MatchRequestId,
        /// The account.
        account: AccountId,
        /// True when it was linked.
        linked: bool,
    }
}
event! {
    /// A phone's key was bound to an account.
    PhoneRegistered = "identity.phone_registered" {
        /// Whose.
        account: AccountId,
        /// The phone.
        phone: PhoneId,
    }
}
event! {
    /// A phone is no longer trusted.
    PhoneEnded = "identity.phone_ended" {
        /// Whose it was.
        account: AccountId,
        /// The phone.
        phone: PhoneId,
    }
}
event! {
    /// A resident let an identity app lead to their account no more.
    AppEnded = "identity.app_ended" {
        /// Whose.
        account: AccountId,
        /// Which.
        app: AppId,
    }
}
event! {
    /// One call at the counter ended all by which an account was used: phones, things laid on a reader, sessions.
    AllEnded = "identity.all_ended" {
        /// Whose.
        account: AccountId,
    }
}
event! {
    /// A resident made a passkey.
    PasskeyAdded = "identity.passkey_added" {
        /// Whose.
        account: AccountId,
    }
}
event! {
    /// A resident signed in with a passkey.
    PasskeyUsed = "identity.passkey_used" {
        /// Whose.
        account: AccountId,
        /// The session that began.
        session: SessionId,
    }
}
event! {
    /// A passkey of a resident, or all of them, no longer counts.
    PasskeyEnded = "identity.passkey_ended" {
        /// Whose.
        account: AccountId,
    }
}
event! {
    /// Something that is laid on a reader in place of a phone was bound to an account.
    MediumBound = "identity.medium_bound" {
        /// Whose.
        account: AccountId,
        /// What.
        medium: MediumId,
    }
}
event! {
    /// Such a thing no longer counts.
    MediumEnded = "identity.medium_ended" {
        /// Whose it was.
        account: AccountId,
        /// What.
        medium: MediumId,
    }
}
event! {
    /// Somebody may act for somebody else from now on.
    ProxyAgreed = "identity.proxy_agreed" {
        /// The declaration.
        proxy: ProxyId,
        /// For whom.
        principal: AccountId,
        /// Who.
        agent: AccountId,
    }
}
event! {
    /// Somebody may no longer act for somebody else.
    ProxyEnded = "identity.proxy_ended" {
        /// The declaration.
        proxy: ProxyId,
        /// For whom.
        principal: AccountId,
        /// Who, if anybody had agreed.
        agent: Option<AccountId>,
    }
}
event! {
    /// Somebody who is not in the register belongs somewhere from now on: proven or joined, for the first time or again.
    ResidenceBegan = "identity.residence_began" {
        /// Whose.
        account: AccountId,
        /// Which.
        residence: ResidenceId,
    }
}
event! {
    /// They no longer do.
    ResidenceEnded = "identity.residence_ended" {
        /// Whose.
        account: AccountId,
        /// Which.
        residence: ResidenceId,
        /// Why.
        why: ResidenceEnd,
    }
}
event! {
    /// An account was closed by its owner.
    AccountClosed = "identity.account_closed" {
        /// Which.
        account: AccountId,
    }
}
event! {
    /// Two accounts of one person became one.
    AccountsMerged = "identity.accounts_merged" {
        /// The one that stays.
        kept: AccountId,
        /// The one that was closed.
        closed: AccountId,
    }
}
event! {
    /// Sessions of an account were ended: which stand still, [`session_stands`](crate::session_stands) says.
    SignedOut = "identity.signed_out" {
        /// Whose.
        account: AccountId,
    }
}
event! {
    /// A verifier or a station was paired to a place.
    DevicePaired = "identity.verifier_paired" {
        /// The device.
        device: DeviceId,
        /// Which of the two.
        kind: DeviceKind,
        /// Where.
        place: PlaceId,
    }
}
event! {
    /// A verifier or a station is no longer trusted.
    DeviceEnded = "identity.verifier_ended" {
        /// The device.
        device: DeviceId,
        /// Which of the two.
        kind: DeviceKind,
        /// Where it was.
        place: PlaceId,
    }
}
event! {
    /// Somebody was invited to the staff.
    StaffInvited = "identity.staff_invited" {
        /// Who.
        staff: StaffId,
    }
}
event! {
    /// Somebody accepted the invitation with a passkey.
    StaffJoined = "identity.staff_joined" {
        /// Who.
        staff: StaffId,
    }
}
event! {
    /// The roles of a member of staff were changed.
    RolesSet = "identity.roles_set" {
        /// Whose.
        staff: StaffId,
    }
}
event! {
    /// A member of staff left.
    StaffEnded = "identity.staff_ended" {
        /// Who.
        staff: StaffId,
    }
}

//! Who somebody is: accounts, proofs, links to residents, phones, passkeys, sessions, staff, paired verifiers and stations.
//!
//! A person proves who they are with the card ([`begin_proof`], [`complete_proof`]); the account that comes of it is tied to a resident
//! ([`link`]) by the room above, which knows the register: here a resident is only a [`store::ResidentId`]. A phone is bound by its own key
//! ([`register_phone`]); whoever asks next carries the token of a session ([`actor_of`]).
//!
//! Of a card, this room keeps the name as given, the date of birth, and keyed hashes of everything else. Names, addresses and serials are in no
//! event, audit line, error or log.

mod domain;
mod events;
pub mod jose;
mod model;
mod passkeys;
mod phone_cards;
mod rp;
mod rules;
pub mod secret;
mod store;

pub use domain::apps::{apps_of, begin_app_proof, complete_app_proof, end_app, note_app_refusal, take_app_answer};
pub use domain::counter::{CounterItems, assurance_of, end_everything, prove_at_counter};
pub use domain::devices::{devices, end_device, pair, pairing_code, verifiers_of};
pub use domain::life::{close_account, duplicates, merge_accounts};
pub use domain::links::{accounts_of, accounts_waiting, link, link_of, linked_after, unlink};
pub use domain::matches::{ask_for_match, match_open_for, match_requests, protect_matches, reject_match, resolve_match, see_match_request};
pub use domain::media::{ask_region_id, bind_medium, bind_region_id, end_medium, make_medium, media_of, medium_of, region_number};
pub use domain::passkeys::{
    add_own_passkey, begin_own_passkey, begin_own_sign_in, end_passkey, may_make_passkey, name_passkey, passkey_offered, passkeys_of,
    sign_in_as_by_passkey, sign_in_by_passkey,
};
pub use domain::people::{account, forget_expired, label_of, start_light_account, who_looked};
pub use domain::phone_cards::{
    begin_phone_card, claim_phone_card, complete_phone_card, note_phone_card_claim_refusal, note_phone_card_refusal, phone_card_question,
    phone_card_state, take_phone_card_answer,
};
pub use domain::phones::{end_phone, phone, phone_challenge, phones_of, register_phone, speak_for};
pub use domain::prove::{
    ask_revocation, begin_proof, claim_proof, complete_proof, note_refusal, open_question, proof_asked, proof_state, proofs_of,
};
pub use domain::proxies::{agents_of, agree_to_proxy, declare_proxy, end_proxy, principals_of, proxy_allows, proxy_offered};
pub use domain::residences::{
    compared_with, end_past_residences, end_residence, follow_status_list, guest, guests_after, guests_selected, is_full, join_roll,
    keep_statement, known_as, leave, residence_counts, residences_of, residences_to_remind, status_lists_of,
};
pub use domain::sessions::{
    actor_of, end_session, end_sessions_of, refresh_session, renew_session, session_stands, sessions_of, signed_in, start_kiosk_session,
    start_session,
};
pub use domain::staff::{
    Demonstration, accept_invitation, accept_invitation_without_passkey, add_passkey, begin_acceptance, begin_passkey, begin_sign_in,
    colleagues, end_staff, first_administrator, has_administrator, invite_staff, recover_administration, set_roles, sign_in, staff,
    staff_member,
};
pub use domain::tries::{count_try, give_try_back};
pub use events::*;
pub use model::*;
pub use passkeys::Passkeys;
pub use phone_cards::{PhoneCards, ReaderKey};
pub use rp::{AppBody, AppKey, AppNetwork, AppReply, AppRequest, AppSilent, Apps};
pub use rules::{CODE_ALPHABET, readable_code, thumbprint};
pub use secret::Settings;

/// This room's tables.
pub const MIGRATIONS: ::store::Migrations = ::store::Migrations {
    room: "identity",
    files: &[
        ("202611230930_create.sql", include_str!("../migrations/202611230930_create.sql")),
        ("202611252200_phone_of_session.sql", include_str!("../migrations/202611252200_phone_of_session.sql")),
        ("202611252230_parted.sql", include_str!("../migrations/202611252230_parted.sql")),
        ("202611252300_code_tries.sql", include_str!("../migrations/202611252300_code_tries.sql")),
        ("202611260230_identity_apps.sql", include_str!("../migrations/202611260230_identity_apps.sql")),
        ("202611261000_media.sql", include_str!("../migrations/202611261000_media.sql")),
        ("202611261430_passkeys_of_holders.sql", include_str!("../migrations/202611261430_passkeys_of_holders.sql")),
        ("202611270600_residences.sql", include_str!("../migrations/202611270600_residences.sql")),
        ("202611270600_phone_cards.sql", include_str!("../migrations/202611270600_phone_cards.sql")),
        ("202611271000_app_signing.sql", include_str!("../migrations/202611271000_app_signing.sql")),
        ("202611271130_residence_reminded.sql", include_str!("../migrations/202611271130_residence_reminded.sql")),
    ],
};

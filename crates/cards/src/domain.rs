//! One function per thing a person can do with cards.

mod apply;
mod decide;
mod entitle;
mod guardian;
mod guests;
mod hold;
mod issue;
mod learn;
mod media;
mod neighbours;
mod share;
mod status;
mod wallet;
mod wallet_issue;
mod wallet_show;

pub use apply::{Offer, apply, offers};
pub use decide::{Asked, decide, deliver_offline, knowledge};
pub use entitle::{
    EVERY_MIDNIGHT, FOLLOW_BUNDLE, ToFollow, end_closed, end_of_proxy, end_phone_cards, end_unlinked, follow_bundle, plan_to_follow,
    reevaluate_people, reevaluate_town,
};
pub use guests::{REMIND_GUESTS, end_of_guest, reevaluate_guests, remind_guests, residence_ended};
pub use hold::{CardView, Held, Taken, asks_from, cards_of_resident, end_by_clerk, make_room, my_cards, places_taken};
pub use issue::{Office, phone_has};
pub(crate) use learn::export;
pub use learn::{UseStatistics, programme_counts, use_statistics};
pub use media::decide_medium;
pub use neighbours::{
    EVERY_DAY as NEIGHBOURS_DAILY, FOLLOW as FOLLOW_NEIGHBOUR, NeighbourKept, ToFollowNeighbour, ask_residence, follow_neighbour,
    follow_now, my_residences, neighbour_kept, neighbours_daily, plan_neighbours, residence_answered, residence_question,
    residence_request, residence_uri,
};
pub use share::{SHARE_MINUTES, ShareState, Sharer, end_share, holders, join, share_code, share_state};
pub use status::{free_places, status_jwt, status_token};
pub use wallet::{InWallet, OFFER_LIFE, WalletOffer, end_all_in_wallets, end_in_wallet, forget_wallets, in_wallets, offer_to_wallet};
pub use wallet_issue::{
    Answer, TOKEN_LIFE_S, WalletAsks, WalletCard, issue_to_wallet, redeem_offer, wallet_nonce, wallet_notes, wallet_offer,
};
pub use wallet_show::{WalletRequest, WalletSays, WalletState, ask_wallet, wallet_question, wallet_shows, wallet_state};

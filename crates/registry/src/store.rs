//! This room's own tables (`registry_*`), each query written once.

mod bundles;
mod known;
mod residents;
mod staged;

pub(crate) use bundles::{add_bundle, bundles, chain, chain_before, decide_bundle, problems, residents_before, sealed, stand_at, state};
pub(crate) use known::{KNOWN_PER_PART, folded, forget_folded, forget_unapplied, is_to_fold, know, know_change, know_part, known};
pub(crate) use residents::{
    Keyed, Stored, as_of, by_three_items, each, find, find_all, household, household_as_of, load, number, search, three_items_of,
};
pub(crate) use staged::{STEP, begin_staging, end_staging, is_anyone_staged, is_staging, make_room, settle, stage};

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn both_engines_understand_every_query() {
        let all = [super::bundles::ALL, super::known::ALL, super::residents::ALL, super::staged::ALL];
        for test in store::testing::databases().await.unwrap() {
            store::migrate(&test.db, &[crate::MIGRATIONS], &store::SystemClock).await.unwrap();
            for queries in all {
                store::testing::prepare_all(&test.db, queries).await.unwrap();
            }
        }
    }
}

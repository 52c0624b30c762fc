//! This room's own tables (`identity_*`), each query written once.

pub(crate) mod apps;
pub(crate) mod devices;
pub(crate) mod life;
pub(crate) mod links;
pub(crate) mod matches;
pub(crate) mod media;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod phone_cards;
pub(crate) mod phones;
pub(crate) mod prove;
pub(crate) mod proxies;
pub(crate) mod residences;
pub(crate) mod sessions;
pub(crate) mod staff;
pub(crate) mod tries;

#[cfg(test)]
mod tests {
    use ::store::testing::{databases, prepare_all};
    use ::store::{SystemClock, migrate};

    #[tokio::test]
    async fn both_engines_understand_every_query() {
        let all = [
            super::apps::ALL,
            super::devices::ALL,
            super::life::ALL,
            super::links::ALL,
            super::matches::ALL,
            super::media::ALL,
            super::passkeys::ALL,
            super::people::ALL,
            super::phone_cards::ALL,
            super::phones::ALL,
            super::prove::ALL,
            super::proxies::ALL,
            super::residences::ALL,
            super::sessions::ALL,
            super::staff::ALL,
            super::tries::ALL,
        ];
        for test in databases().await.unwrap() {
            migrate(&test.db, &[crate::MIGRATIONS], &SystemClock).await.unwrap();
            for queries in all {
                prepare_all(&test.db, queries).await.unwrap();
            }
        }
    }
}

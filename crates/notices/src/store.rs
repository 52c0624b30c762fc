//! This room's tables, each query written once.

pub(crate) mod deliveries;
pub(crate) mod dispositions;
pub(crate) mod letters;
pub(crate) mod line;
pub(crate) mod made_up;
pub(crate) mod messages;
pub(crate) mod notices;
pub(crate) mod pace;
pub(crate) mod reach;
pub(crate) mod subscriptions;
pub(crate) mod templates;
pub(crate) mod trials;

/// Every query, for the test that prepares them.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static str> {
    [
        notices::ALL,
        deliveries::ALL,
        dispositions::ALL,
        messages::ALL,
        letters::ALL,
        line::ALL,
        pace::ALL,
        reach::ALL,
        subscriptions::ALL,
        made_up::ALL,
        templates::ALL,
        trials::ALL,
    ]
    .concat()
}

//! Who is told in a step of a run, whatever way: browsers and addresses alike.

use std::collections::HashSet;

use store::{AccountId, Ctx, ResidentId};

use crate::domain::dispositions::{Agreeing, agrees};
use crate::domain::reach::people_of;
use crate::model::{DeliveryId, Result};
use crate::store::reach::Reaching;

/// The people of a step, and what decides who of their families is told.
pub(super) struct Among<'a> {
    /// Deliveries in the order of their residents.
    pub(super) people: &'a [(DeliveryId, ResidentId)],
    /// Who left the topic out.
    pub(super) muting: &'a HashSet<AccountId>,
    /// Who agreed to the disposition; none for any other notice.
    pub(super) agreeing: Option<&'a Agreeing>,
    /// Everybody the run chooses, in the order of ids; none of a list, whose words are each person's own.
    pub(super) chosen: Option<&'a [ResidentId]>,
}

impl Among<'_> {
    /// What of this is told, and of which delivery. A parent's is asked of the register: who acts for a child may have changed this morning.
    pub(super) async fn told<T>(&self, ctx: &mut Ctx, reaching: Vec<Reaching<T>>) -> Result<Vec<(DeliveryId, T)>> {
        let mut told = Vec::with_capacity(reaching.len());
        let mut next = self.people.iter().peekable();
        for Reaching { resident, own, account, by } in reaching {
            // Both are in the order of ids.
            while next.peek().is_some_and(|(_, other)| *other < resident) {
                next.next();
            }
            let Some((delivery, _)) = next.peek().filter(|(_, other)| *other == resident) else { continue };
            if self.muting.contains(&account) {
                continue;
            }
            if own || agrees(self.agreeing, account, resident) && self.acts_for(ctx, account, resident).await? {
                told.push((*delivery, by));
            }
        }
        Ok(told)
    }

    /// Whether an account is told of a child's notice: its person acts for the child, and is told the same neither for themself nor for a child before.
    async fn acts_for(&self, ctx: &mut Ctx, account: AccountId, child: ResidentId) -> Result<bool> {
        let (own, wards) = people_of(ctx, account).await?;
        let told = |resident: &ResidentId| self.chosen.is_some_and(|chosen| chosen.binary_search(resident).is_ok());
        let before = own.iter().any(told) || wards.iter().any(|ward| *ward < child && told(ward));
        Ok(!before && wards.contains(&child))
    }
}

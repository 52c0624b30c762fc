//! The rows of the last applied bundle by id and hash, packed, for tomorrow's comparison.
//!
//! A million of them are 32 MB: what a day changes is written beside them, and folded in only when it has become much.

use store::{Ctx, Result, params};

use super::residents::number;
use crate::bridge::{Known, RegisterId};

store::queries! {
    KNOWN = "select rows from registry_known order by part";
    KNOWN_CHANGES = "select c.rows from registry_known_change c join registry_bundle b on b.number = c.bundle
        where b.state = 'applied' order by c.bundle, c.part";
    KNOW = "insert into registry_known (part, rows) values ($1, $2) on conflict (part) do update set rows = excluded.rows";
    KNOW_CHANGE = "insert into registry_known_change (bundle, part, rows) values ($1, $2, $3)";
    FORGET_UNAPPLIED = "delete from registry_known_change where bundle not in (select number from registry_bundle where state = 'applied')";
    FORGET_FOLDED = "delete from registry_known_change where bundle <= $1";
    BYTES = "select coalesce(sum(length(rows)), 0) from registry_known";
    CHANGE_BYTES = "select coalesce(sum(length(rows)), 0) from registry_known_change";
}

/// Known rows in a stored part.
pub(crate) const KNOWN_PER_PART: usize = 32_768;
/// Changes are folded in when they are more than one in so many of what is known.
const FOLD_AT: i64 = 4;

/// What the last applied bundle said, by id and hash, sorted by id.
pub(crate) async fn known(ctx: &mut Ctx) -> Result<Vec<Known>> {
    let parts: Vec<(Vec<u8>,)> = ctx.tx().query(KNOWN, &[]).await?;
    let known = unpack(&parts);
    let changes = changes(ctx).await?;
    Ok(if changes.is_empty() { known } else { merge(&known, &changes) })
}

/// The first of what is known: the whole register.
pub(crate) async fn know(ctx: &mut Ctx, known: &[Known]) -> Result<()> {
    for (part, at) in known.chunks(KNOWN_PER_PART).zip(0i64..) {
        ctx.tx().execute(KNOW, params![at, pack(part)]).await?;
    }
    Ok(())
}

/// A part of what a bundle changes; of effect once it is applied.
pub(crate) async fn know_change(ctx: &mut Ctx, bundle: u64, part: i64, changes: &[Known]) -> Result<()> {
    ctx.tx().execute(KNOW_CHANGE, params![number(bundle), part, pack(changes)]).await.map(drop)
}

/// Clears away what was written for a bundle that was not applied after all.
pub(crate) async fn forget_unapplied(ctx: &mut Ctx) -> Result<()> {
    ctx.tx().execute(FORGET_UNAPPLIED, &[]).await.map(drop)
}

/// Says whether so much has changed that it should be folded in.
pub(crate) async fn is_to_fold(ctx: &mut Ctx) -> Result<bool> {
    let (all,): (i64,) = ctx.tx().query_one(BYTES, &[]).await?;
    let (changes,): (i64,) = ctx.tx().query_one(CHANGE_BYTES, &[]).await?;
    Ok(changes > all / FOLD_AT)
}

/// What is known with the changes folded in, part by part: each holds the ids from its first up to the next part's.
pub(crate) async fn folded(ctx: &mut Ctx) -> Result<Vec<Vec<Known>>> {
    let parts: Vec<(Vec<u8>,)> = ctx.tx().query(KNOWN, &[]).await?;
    let parts: Vec<Vec<Known>> = parts.into_iter().map(|part| unpack(&[part])).collect();
    let changes = changes(ctx).await?;
    let mut rest = &changes[..];
    let mut folded = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let next = parts.get(at + 1).and_then(|next| next.first());
        let of_part = next.map_or(rest.len(), |next| rest.partition_point(|change| change.id < next.id));
        let (own, after) = rest.split_at(of_part);
        folded.push(merge(part, own));
        rest = after;
    }
    Ok(folded)
}

/// Writes a folded part over the one before. Its changes may stay a while: to take them in twice makes no difference.
pub(crate) async fn know_part(ctx: &mut Ctx, part: usize, known: &[Known]) -> Result<()> {
    let part = i64::try_from(part).unwrap_or(i64::MAX);
    ctx.tx().execute(KNOW, params![part, pack(known)]).await.map(drop)
}

/// Clears away the changes of all bundles up to one, once every part holds them.
pub(crate) async fn forget_folded(ctx: &mut Ctx, bundle: i64) -> Result<()> {
    ctx.tx().execute(FORGET_FOLDED, params![bundle]).await.map(drop)
}

/// The changes of all applied bundles, sorted by id, the newest of each.
async fn changes(ctx: &mut Ctx) -> Result<Vec<Known>> {
    let parts: Vec<(Vec<u8>,)> = ctx.tx().query(KNOWN_CHANGES, &[]).await?;
    let mut changes = unpack(&parts);
    // Newest first and stable: of several with one id the first is kept.
    changes.reverse();
    changes.sort_by_key(|change| change.id);
    changes.dedup_by_key(|change| change.id);
    Ok(changes)
}

fn merge(known: &[Known], changes: &[Known]) -> Vec<Known> {
    let mut merged = Vec::with_capacity(known.len() + changes.len());
    let mut changes = changes.iter().copied().peekable();
    for row in known {
        while let Some(new) = changes.next_if(|change| change.id < row.id) {
            merged.push(new);
        }
        merged.push(changes.next_if(|change| change.id == row.id).unwrap_or(*row));
    }
    merged.extend(changes);
    merged
}

fn pack(known: &[Known]) -> Vec<u8> {
    known.iter().flat_map(|known| [known.id.bits().to_be_bytes(), known.hash.to_be_bytes()]).flatten().collect()
}

fn unpack(parts: &[(Vec<u8>,)]) -> Vec<Known> {
    let mut known = Vec::with_capacity(parts.iter().map(|(part,)| part.len() / 32).sum());
    for (part,) in parts {
        known.extend(part.chunks_exact(32).map(|pair| {
            let number = |at: usize| u128::from_be_bytes(*pair[at..].first_chunk().expect("chunks of 32 bytes"));
            Known { id: RegisterId::from_bits(number(0)), hash: number(16) }
        }));
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_takes_the_place_of_what_was_known_or_comes_in_between() {
        let row = |id: u128, hash| Known { id: RegisterId::from_bits(id), hash };
        let known = [row(2, 20), row(4, 40)];
        assert_eq!(merge(&known, &[row(1, 11), row(4, 41), row(5, 51)]), [row(1, 11), row(2, 20), row(4, 41), row(5, 51)]);
        assert_eq!(merge(&known, &[]), known);
        assert_eq!(unpack(&[(pack(&known),)]), known);
    }
}

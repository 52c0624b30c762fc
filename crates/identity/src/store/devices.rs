use ::store::{Ctx, params};
use civil::Timestamp;
use town::PlaceId;

use crate::{Device, DeviceId, DeviceKind, Result};

::store::queries! {
    DEVICE = "select id, kind, place, label, paired_at, ended_at from identity_device where id = $1";
    EVERY = "select id, kind, place, label, paired_at, ended_at from identity_device order by place, id";
    AT_PLACE = "select id, kind, place, label, paired_at, ended_at from identity_device where place = $1 and kind = $2 order by id";
    INSERT = "insert into identity_device (id, kind, place, label, paired_at) values ($1, $2, $3, $4, $5)";
    END = "update identity_device set ended_at = $2 where id = $1 and ended_at is null";
    INSERT_PAIRING = "insert into identity_pairing (code_hash, kind, place, expires_at) values ($1, $2, $3, $4)";
    PAIRING = "select kind, place, expires_at from identity_pairing where code_hash = $1";
    DELETE_PAIRING = "delete from identity_pairing where code_hash = $1";
    FORGET = "delete from identity_pairing where expires_at < $1";
}

::store::from_row!(Device { id, kind, place, label, paired_at, ended_at });

pub(crate) async fn find(ctx: &mut Ctx, id: DeviceId) -> Result<Option<Device>> {
    Ok(ctx.tx().query_opt(DEVICE, params![id]).await?)
}

pub(crate) async fn every(ctx: &mut Ctx) -> Result<Vec<Device>> {
    Ok(ctx.tx().query(EVERY, params![]).await?)
}

pub(crate) async fn at_place(ctx: &mut Ctx, place: &PlaceId, kind: DeviceKind) -> Result<Vec<Device>> {
    Ok(ctx.tx().query(AT_PLACE, params![place.clone(), kind]).await?)
}

pub(crate) async fn insert(ctx: &mut Ctx, device: &Device) -> Result<()> {
    let values = params![device.id, device.kind, device.place.clone(), device.label.as_str(), device.paired_at];
    ctx.tx().execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn end(ctx: &mut Ctx, id: DeviceId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(END, params![id, now]).await? == 1)
}

pub(crate) async fn insert_pairing(
    ctx: &mut Ctx,
    code_hash: [u8; 32],
    kind: DeviceKind,
    place: &PlaceId,
    expires_at: Timestamp,
) -> Result<()> {
    ctx.tx().execute(INSERT_PAIRING, params![code_hash, kind, place.clone(), expires_at]).await?;
    Ok(())
}

/// Takes a pairing code away; none when it is wrong, over or was used.
pub(crate) async fn take_pairing(ctx: &mut Ctx, code_hash: [u8; 32]) -> Result<Option<(DeviceKind, PlaceId)>> {
    let now = ctx.now();
    let Some((kind, place, expires_at)) = ctx.tx().query_opt::<(DeviceKind, PlaceId, Timestamp)>(PAIRING, params![code_hash]).await? else {
        return Ok(None);
    };
    let taken = ctx.tx().execute(DELETE_PAIRING, params![code_hash]).await? == 1;
    Ok((taken && now < expires_at).then_some((kind, place)))
}

pub(crate) async fn forget(ctx: &mut Ctx, before: Timestamp) -> Result<u64> {
    Ok(ctx.tx().execute(FORGET, params![before]).await?)
}

use ::store::{Ctx, Permission};
use town::PlaceId;

use super::sessions::start_session;
use crate::store::{devices as store, sessions};
use crate::{
    Device, DeviceEnded, DeviceId, DeviceKind, DevicePaired, Error, OneTimeCode, Paired, Result, SessionKind, SessionOwner, rules, secret,
};

const CODE: &str = "pair";

/// Makes a code that pairs a verifier, or enrols a station, at a place of the town: once, within thirty minutes.
///
/// # Errors
/// [`Error::UnknownPlace`]; the store's `Forbidden`.
pub async fn pairing_code(ctx: &mut Ctx, kind: DeviceKind, place: &PlaceId) -> Result<OneTimeCode> {
    ctx.allow(Permission::PairVerifier)?;
    ctx.town().place(place).ok_or(Error::UnknownPlace)?;
    let (code, expires_at) = (secret::code(), ctx.now() + rules::PAIRING_LIFE);
    let code_hash = secret::code_hash(CODE, &code).ok_or(Error::Stored { what: "code" })?;
    store::insert_pairing(ctx, code_hash, kind, place, expires_at).await?;
    ctx.audit("device.code_made", None, &format!("{kind} {place}")).await?;
    Ok(OneTimeCode { code: format!("{}-{}", &code[..4], &code[4..]), expires_at })
}

/// Pairs the device on which the code was typed and gives it its token.
///
/// # Errors
/// [`Error::CodeNotValid`]; [`Error::Text`] for the label.
pub async fn pair(ctx: &mut Ctx, typed: &str, label: &str) -> Result<Paired> {
    let label = rules::kept_text(label)?;
    let code_hash = secret::code_hash(CODE, typed).ok_or(Error::CodeNotValid)?;
    let (kind, place) = store::take_pairing(ctx, code_hash).await?.ok_or(Error::CodeNotValid)?;
    let device = Device { id: DeviceId::new(ctx.now()), kind, place, label, paired_at: ctx.now(), ended_at: None };
    store::insert(ctx, &device).await?;
    let session = start_session(ctx, SessionOwner::Device(device.id), &device.label).await?;
    ctx.audit("device.paired", None, &format!("{kind} {} {}", device.place, device.id)).await?;
    ctx.record(DevicePaired::KIND, &DevicePaired { device: device.id, kind, place: device.place.clone() }).await?;
    Ok(Paired { device, session })
}

/// Gives every device there is or was, by place.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn devices(ctx: &mut Ctx) -> Result<Vec<Device>> {
    ctx.allow(Permission::PairVerifier)?;
    store::every(ctx).await
}

/// Gives the verifiers of a place, ended ones too.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn verifiers_of(ctx: &mut Ctx, place: &PlaceId) -> Result<Vec<Device>> {
    ctx.allow(Permission::PairVerifier)?;
    store::at_place(ctx, place, DeviceKind::Verifier).await
}

/// Stops trusting a device; its token ends with it. Twice changes nothing.
///
/// # Errors
/// [`Error::DeviceNotFound`]; the store's `Forbidden`.
pub async fn end_device(ctx: &mut Ctx, id: DeviceId) -> Result<()> {
    ctx.allow(Permission::PairVerifier)?;
    let device = store::find(ctx, id).await?.ok_or(Error::DeviceNotFound)?;
    if store::end(ctx, id).await? {
        for kind in [SessionKind::Verifier, SessionKind::Station] {
            sessions::delete_of(ctx, kind, &id.to_string()).await?;
        }
        ctx.audit("device.ended", None, &format!("{} {} {id}", device.kind, device.place)).await?;
        ctx.record(DeviceEnded::KIND, &DeviceEnded { device: id, kind: device.kind, place: device.place }).await?;
    }
    Ok(())
}

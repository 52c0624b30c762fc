use ::store::{Actor, Ctx, Permission, Role, StaffId};
use serde_json::Value;

use super::passkeys as ceremonies;
use crate::model::{OwnerKind, PasskeyOwner};
use crate::store::{passkeys as kept, sessions, staff as store};
use crate::{
    Ceremony, CeremonyId, Error, Invitation, OneTimeCode, Passkeys, Result, RolesSet, SessionKind, StaffEnded, StaffInvited, StaffJoined,
    StaffMember, rules, secret,
};

const CODE: &str = "staff";

/// Appoints the first administrator, when nobody has joined the staff yet: gives the invitation the house prints when it starts. An earlier one that
/// nobody accepted ends.
///
/// # Errors
/// [`Error::AdministratorExists`]; [`Error::Text`]; the store's `Forbidden` for anyone but the house.
pub async fn first_administrator(ctx: &mut Ctx, name: &str) -> Result<Invitation> {
    ctx.allow(Permission::RunHouse)?;
    let everyone = store::everyone(ctx).await?;
    if everyone.iter().any(|member| member.joined_at.is_some() && member.ended_at.is_none()) {
        return Err(Error::AdministratorExists);
    }
    for member in everyone.iter().filter(|member| member.ended_at.is_none()) {
        store::end(ctx, member.id).await?;
    }
    invite(ctx, name, &[Role::Administrator]).await
}

/// Says whether somebody has joined the staff who may invite others.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub async fn has_administrator(ctx: &mut Ctx) -> Result<bool> {
    ctx.allow(Permission::RunHouse)?;
    Ok(store::everyone(ctx).await?.iter().any(administers))
}

/// Invites an administrator although there may be one: the way back in for a town whose last administrator lost every passkey. Nobody else's rights
/// change; the trail keeps that it was the house itself that invited, so a recovery nobody knows of is seen.
///
/// # Errors
/// [`Error::Text`]; the store's `Forbidden` for anyone but the house.
pub async fn recover_administration(ctx: &mut Ctx, name: &str) -> Result<Invitation> {
    ctx.allow(Permission::RunHouse)?;
    let invitation = invite(ctx, name, &[Role::Administrator]).await?;
    ctx.audit("staff.recovery_invited", Some(invitation.staff.to_string()), "").await?;
    Ok(invitation)
}

/// Invites somebody to the staff: a code that opens the page where they make their passkey, once, within three days.
///
/// # Errors
/// [`Error::NoRole`], [`Error::Text`]; the store's `Forbidden`.
pub async fn invite_staff(ctx: &mut Ctx, name: &str, roles: &[Role]) -> Result<Invitation> {
    ctx.allow(Permission::ManageStaff)?;
    invite(ctx, name, roles).await
}

async fn invite(ctx: &mut Ctx, name: &str, roles: &[Role]) -> Result<Invitation> {
    let name = rules::kept_text(name)?;
    let roles = each_once(roles)?;
    let staff = StaffId::new(ctx.now());
    store::insert(ctx, staff, &name, &roles).await?;
    let (code, expires_at) = (secret::code(), ctx.now() + rules::INVITATION_LIFE);
    let code_hash = secret::code_hash(CODE, &code).ok_or(Error::Stored { what: "code" })?;
    store::insert_invitation(ctx, code_hash, staff, expires_at).await?;
    ctx.audit("staff.invited", Some(staff.to_string()), &store::roles_text(&roles)).await?;
    ctx.record(StaffInvited::KIND, &StaffInvited { staff }).await?;
    Ok(Invitation { staff, code: OneTimeCode { code, expires_at } })
}

/// Begins to accept an invitation: gives what the browser needs to make a passkey. The code still counts until it is accepted.
///
/// # Errors
/// [`Error::CodeNotValid`].
pub async fn begin_acceptance(ctx: &mut Ctx, passkeys: &Passkeys, typed: &str) -> Result<Ceremony> {
    let (_, staff) = invited(ctx, typed).await?;
    let member = current(ctx, staff).await.map_err(|_| Error::CodeNotValid)?;
    ceremonies::begin_registration(ctx, passkeys, PasskeyOwner::Staff(member.id), &member.name).await
}

/// Accepts an invitation with the passkey the browser made; the code is used up.
///
/// # Errors
/// [`Error::CodeNotValid`], [`Error::CeremonyOver`], [`Error::Passkey`].
pub async fn accept_invitation(ctx: &mut Ctx, passkeys: &Passkeys, typed: &str, ceremony: CeremonyId, answer: Value) -> Result<StaffId> {
    let (code_hash, staff) = invited(ctx, typed).await?;
    current(ctx, staff).await.map_err(|_| Error::CodeNotValid)?;
    ceremonies::finish_registration(ctx, passkeys, PasskeyOwner::Staff(staff), ceremony, answer, "").await?;
    joined(ctx, code_hash, staff, "").await?;
    Ok(staff)
}

/// The right to let people in without their passkey: only the binary makes one, and only for a town of made-up people.
///
/// A newcomer's browser may have no authenticator; a real town's console never holds this.
#[derive(Debug, Clone, Copy)]
pub struct Demonstration(());

impl Demonstration {
    /// Says that every person of this town is made up.
    pub fn of_a_made_up_town() -> Self {
        Self(())
    }
}

/// Accepts an invitation without a passkey, in a demonstration; the code is used up.
///
/// # Errors
/// [`Error::CodeNotValid`].
pub async fn accept_invitation_without_passkey(ctx: &mut Ctx, _made_up: Demonstration, typed: &str) -> Result<StaffId> {
    let (code_hash, staff) = invited(ctx, typed).await?;
    current(ctx, staff).await.map_err(|_| Error::CodeNotValid)?;
    joined(ctx, code_hash, staff, "without_passkey").await?;
    Ok(staff)
}

async fn joined(ctx: &mut Ctx, code_hash: [u8; 32], staff: StaffId, how: &str) -> Result<()> {
    if !store::delete_invitation(ctx, code_hash).await? {
        return Err(Error::CodeNotValid);
    }
    store::join(ctx, staff).await?;
    ctx.audit("staff.joined", Some(staff.to_string()), how).await?;
    ctx.record(StaffJoined::KIND, &StaffJoined { staff }).await?;
    Ok(())
}

/// Begins to add another passkey to the one who is signed in.
///
/// # Errors
/// [`Error::StaffNotFound`] for anyone but a member of staff.
pub async fn begin_passkey(ctx: &mut Ctx, passkeys: &Passkeys) -> Result<Ceremony> {
    let member = signed_in(ctx).await?;
    ceremonies::begin_registration(ctx, passkeys, PasskeyOwner::Staff(member.id), &member.name).await
}

/// Adds another passkey to the one who is signed in.
///
/// # Errors
/// [`Error::StaffNotFound`], [`Error::CeremonyOver`], [`Error::Passkey`].
pub async fn add_passkey(ctx: &mut Ctx, passkeys: &Passkeys, ceremony: CeremonyId, answer: Value) -> Result<()> {
    let member = signed_in(ctx).await?;
    ceremonies::finish_registration(ctx, passkeys, PasskeyOwner::Staff(member.id), ceremony, answer, "").await?;
    ctx.audit("staff.passkey_added", Some(member.id.to_string()), "").await?;
    Ok(())
}

/// Begins to sign in with a passkey; nobody types a name, the browser offers what it has.
///
/// # Errors
/// The store's.
pub async fn begin_sign_in(ctx: &mut Ctx, passkeys: &Passkeys) -> Result<Ceremony> {
    ceremonies::begin_sign_in_of(ctx, passkeys, OwnerKind::Staff).await
}

/// Signs a member of staff in by their passkey's answer; a session may then be started for them.
///
/// # Errors
/// [`Error::CeremonyOver`]; [`Error::Passkey`] when the answer is not believed, the passkey unknown, or its owner gone.
pub async fn sign_in(ctx: &mut Ctx, passkeys: &Passkeys, ceremony: CeremonyId, answer: Value) -> Result<StaffId> {
    let (owner, _) = ceremonies::finish_sign_in(ctx, passkeys, OwnerKind::Staff, ceremony, answer).await?;
    let PasskeyOwner::Staff(staff) = owner else { return Err(Error::Passkey) };
    current(ctx, staff).await.map_err(|_| Error::Passkey)?;
    ctx.audit("staff.signed_in", Some(staff.to_string()), "").await?;
    Ok(staff)
}

/// Gives everyone who is or was on the staff, oldest first.
///
/// # Errors
/// The store's `Forbidden`.
pub async fn staff(ctx: &mut Ctx) -> Result<Vec<StaffMember>> {
    ctx.allow(Permission::ManageStaff)?;
    store::everyone(ctx).await
}

/// Gives those who have a permission the caller has too, by their names: whom work of that kind can be given to.
///
/// # Errors
/// The store's `Forbidden` for who has it not.
pub async fn colleagues(ctx: &mut Ctx, permission: Permission) -> Result<Vec<StaffMember>> {
    ctx.allow(permission)?;
    let mut found = store::everyone(ctx).await?;
    found.retain(|member| {
        let works = member.joined_at.is_some() && member.ended_at.is_none();
        works && ::store::permitted(&Actor::Staff(member.id, member.roles.clone()), permission)
    });
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Gives a member of staff, present or past: the name behind `staff:<id>` in the audit trail, for who may read that line.
///
/// # Errors
/// The store's.
pub async fn staff_member(ctx: &mut Ctx, id: StaffId) -> Result<Option<StaffMember>> {
    store::find(ctx, id).await
}

/// Changes what a member of staff is trusted with, from their next request on.
///
/// # Errors
/// [`Error::StaffNotFound`], [`Error::NoRole`], [`Error::LastAdministrator`]; the store's `Forbidden`.
pub async fn set_roles(ctx: &mut Ctx, id: StaffId, roles: &[Role]) -> Result<()> {
    ctx.allow(Permission::ManageStaff)?;
    let roles = each_once(roles)?;
    let member = current(ctx, id).await?;
    if !roles.contains(&Role::Administrator) {
        not_the_last_administrator(ctx, &member).await?;
    }
    store::set_roles(ctx, id, &roles).await?;
    ctx.audit("staff.roles_set", Some(id.to_string()), &store::roles_text(&roles)).await?;
    ctx.record(RolesSet::KIND, &RolesSet { staff: id }).await?;
    Ok(())
}

/// Ends a member of staff: sessions, passkeys and an open invitation with them.
///
/// # Errors
/// [`Error::StaffNotFound`], [`Error::LastAdministrator`]; the store's `Forbidden`.
pub async fn end_staff(ctx: &mut Ctx, id: StaffId) -> Result<()> {
    ctx.allow(Permission::ManageStaff)?;
    let member = current(ctx, id).await?;
    not_the_last_administrator(ctx, &member).await?;
    store::end(ctx, id).await?;
    kept::delete_of(ctx, PasskeyOwner::Staff(id)).await?;
    sessions::delete_of(ctx, SessionKind::Staff, &id.to_string()).await?;
    ctx.audit("staff.ended", Some(id.to_string()), "").await?;
    ctx.record(StaffEnded::KIND, &StaffEnded { staff: id }).await?;
    Ok(())
}

async fn invited(ctx: &mut Ctx, typed: &str) -> Result<([u8; 32], StaffId)> {
    let code_hash = secret::code_hash(CODE, typed).ok_or(Error::CodeNotValid)?;
    let (staff, expires_at) = store::invitation(ctx, code_hash).await?.ok_or(Error::CodeNotValid)?;
    if ctx.now() >= expires_at { Err(Error::CodeNotValid) } else { Ok((code_hash, staff)) }
}

async fn current(ctx: &mut Ctx, id: StaffId) -> Result<StaffMember> {
    store::find(ctx, id).await?.filter(|member| member.ended_at.is_none()).ok_or(Error::StaffNotFound)
}

async fn signed_in(ctx: &mut Ctx) -> Result<StaffMember> {
    let ::store::Actor::Staff(id, _) = ctx.actor else { return Err(Error::StaffNotFound) };
    current(ctx, id).await
}

async fn not_the_last_administrator(ctx: &mut Ctx, member: &StaffMember) -> Result<()> {
    if !administers(member) {
        return Ok(());
    }
    let others = store::everyone(ctx).await?.into_iter().any(|other| other.id != member.id && administers(&other));
    if others { Ok(()) } else { Err(Error::LastAdministrator) }
}

fn administers(member: &StaffMember) -> bool {
    member.ended_at.is_none() && member.joined_at.is_some() && member.roles.contains(&Role::Administrator)
}

fn each_once(roles: &[Role]) -> Result<Vec<Role>> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() { Err(Error::NoRole) } else { Ok(roles) }
}

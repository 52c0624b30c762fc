//! Who works with the console, and with what they are trusted.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use identity::StaffMember;
use store::{Ctx, Permission, Role, StaffId};
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use crate::words;

#[derive(Template)]
#[template(path = "members.html")]
struct Members<'a> {
    view: &'a View,
    present: Vec<MemberRow>,
    past: Vec<MemberRow>,
    roles: Vec<RoleChoice>,
    typed_name: String,
    invited: Option<Invited>,
    error: Option<(&'static str, String)>,
}

struct MemberRow {
    id: StaffId,
    name: String,
    state: String,
    tag: &'static str,
    roles: String,
    choices: Vec<RoleChoice>,
}

struct RoleChoice {
    code: &'static str,
    name: String,
    what: String,
    chosen: bool,
}

struct Invited {
    name: String,
    link: String,
    until: String,
}

fn choices(view: &View, chosen: &[Role]) -> Vec<RoleChoice> {
    let choice = |role: &Role| RoleChoice {
        code: role.as_str(),
        name: words::role(view, *role),
        what: view.t(&format!("console-role-{}.what", role.as_str().replace('_', "-"))),
        chosen: chosen.contains(role),
    };
    Role::ALL.iter().map(choice).collect()
}

fn row(view: &View, member: &StaffMember) -> MemberRow {
    let (state, tag) = match (&member.joined_at, &member.ended_at) {
        (_, Some(ended)) => (view.t1("console-member-ended", "moment", &view.moment(ended)), "tag tag--quiet"),
        (Some(joined), None) => (view.t1("console-member-joined", "moment", &view.moment(joined)), "tag tag--good"),
        (None, None) => (view.t("console-member-invited"), "tag tag--warn"),
    };
    let roles: Vec<String> = member.roles.iter().map(|role| words::role(view, *role)).collect();
    MemberRow {
        id: member.id,
        name: member.name.clone(),
        state,
        tag,
        roles: roles.join(&view.t("console-comma")),
        choices: choices(view, &member.roles),
    }
}

/// What the form of an invitation shows again.
#[derive(Default)]
struct InviteForm {
    name: String,
    roles: Vec<Role>,
    invited: Option<Invited>,
    error: Option<(&'static str, String)>,
}

/// Everyone who is or was on the staff.
pub(crate) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::ManageStaff).await?;
    list_page(&view, &mut ctx, name, InviteForm::default()).await
}

async fn list_page(view: &View, ctx: &mut Ctx, name: String, form: InviteForm) -> Result<Response, Problem> {
    let everyone = identity::staff(ctx).await?;
    let (present, past): (Vec<_>, Vec<_>) = everyone.iter().partition(|member| member.ended_at.is_none());
    let rows = |members: Vec<&StaffMember>| members.into_iter().map(|member| row(view, member)).collect();
    let body = Members {
        view,
        present: rows(present),
        past: rows(past),
        roles: choices(view, &form.roles),
        typed_name: form.name,
        invited: form.invited,
        error: form.error,
    };
    let title = view.t("menu-members");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &body))
}

/// The fields of a form in which a name may come several times.
type Fields = Vec<(String, String)>;

fn chosen(fields: &Fields) -> Vec<Role> {
    fields.iter().filter(|(name, _)| name == "role").filter_map(|(_, role)| role.parse().ok()).collect()
}

/// Invites somebody and shows the link, this once.
pub(crate) async fn invite(view: View, Caller(mut ctx): Caller, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::ManageStaff).await?;
    let name = fields.iter().find(|(field, _)| field == "name").map(|(_, name)| name.trim().to_owned()).unwrap_or_default();
    let roles = chosen(&fields);
    let invitation = match identity::invite_staff(&mut ctx, &name, &roles).await {
        Ok(invitation) => invitation,
        Err(error @ (identity::Error::NoRole | identity::Error::Text { .. })) => {
            let (field, key) = if matches!(error, identity::Error::NoRole) {
                ("roles", "console-members-no-role")
            } else {
                ("name", "console-members-no-name")
            };
            let form = InviteForm { name, roles, invited: None, error: Some((field, view.t(key))) };
            return Ok(to_mend(list_page(&view, &mut ctx, who, form).await?));
        }
        Err(error) => return Err(error.into()),
    };
    let link = format!("{}/staff/join/{}", view.app.origin(), invitation.code.code);
    let invited = Some(Invited { name, link, until: view.moment(&invitation.code.expires_at) });
    let page = list_page(&view, &mut ctx, who, InviteForm { invited, ..InviteForm::default() }).await?;
    ctx.commit().await?;
    Ok(page)
}

/// Changes what somebody is trusted with.
pub(crate) async fn set_roles(
    Caller(mut ctx): Caller,
    Path(member): Path<StaffId>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::ManageStaff).await?;
    identity::set_roles(&mut ctx, member, &chosen(&fields)).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/members"))
}

/// Ends somebody's work with the console.
pub(crate) async fn end(Caller(mut ctx): Caller, Path(member): Path<StaffId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::ManageStaff).await?;
    identity::end_staff(&mut ctx, member).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/members"))
}

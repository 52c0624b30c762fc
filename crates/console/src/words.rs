//! What other rooms' values are called on the staff's pages.

use std::collections::BTreeMap;

use civil::{Date, PartialDate, Sex};
use registry::bridge::Status;
use store::{Ctx, Role};
use web::{Problem, View};

/// A code as the end of a key: `protection_clerk` to `protection-clerk`.
fn ending(code: &str) -> String {
    code.replace(['_', '.'], "-")
}

pub(crate) fn role(view: &View, role: Role) -> String {
    view.t(&format!("console-role-{}", ending(role.as_str())))
}

pub(crate) fn sex(view: &View, sex: Sex) -> String {
    view.t(&format!("console-sex-{}", ending(sex.as_str())))
}

/// Where a person stands in the register, and since when.
pub(crate) fn status(view: &View, status: Status, on: Option<Date>) -> String {
    let name = view.t(&format!("console-status-{}", ending(status.code())));
    match on {
        Some(day) if status != Status::Current => format!("{name}（{}）", view.day(&day)),
        _ => name,
    }
}

pub(crate) fn status_tag(status: Status) -> &'static str {
    if status == Status::Current { "tag tag--good" } else { "tag tag--quiet" }
}

/// A date of birth as the reader writes it; unknown parts as the register writes them.
pub(crate) fn birth(view: &View, birth: Option<PartialDate>) -> String {
    let Some(birth) = birth else { return view.t("console-not-known") };
    match (birth.exact(), view.language.html()) {
        (Some(day), "ja") => format!("{}（{}）", view.day(&day), civil::wareki::format(birth)),
        (Some(day), _) => view.day(&day),
        (None, _) => civil::wareki::format(birth),
    }
}

/// What was done, in words where there are some.
pub(crate) fn action(view: &View, action: &str) -> String {
    let key = format!("console-action-{}", ending(action));
    if view.has(&key) { view.t(&key) } else { action.to_owned() }
}

/// Names behind the actors of the audit trail, each looked up once.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// The name of an actor as written in the audit trail.
    pub(crate) async fn of(&mut self, ctx: &mut Ctx, view: &View, actor: &str) -> Result<String, Problem> {
        if let Some(name) = self.0.get(actor) {
            return Ok(name.clone());
        }
        let name = match actor.split_once(':') {
            Some(("staff", id)) => match id.parse() {
                Ok(id) => identity::staff_member(ctx, id).await?.map_or_else(|| actor.to_owned(), |member| member.name),
                Err(_) => actor.to_owned(),
            },
            Some(("verifier" | "station", place)) => {
                let place = place.parse().ok().and_then(|place| view.app.town().place(&place));
                place.map_or_else(|| view.t("console-actor-verifier"), |place| view.words(&place.name).to_owned())
            }
            Some(("holder", _)) => view.t("console-actor-holder"),
            _ if actor == "anonymous" => view.t("console-actor-anonymous"),
            _ => view.t("console-actor-house"),
        };
        self.0.insert(actor.to_owned(), name.clone());
        Ok(name)
    }
}

/// Escapes a text for use as a query value.
pub(crate) fn query_value(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

//! What is done to the picked reports of the queue at once.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use store::{Actor, Ctx, Permission, StaffId};
use web::{Caller, Page, Problem, View, staff, to_mend};

use super::status_words;
use crate::domain::bulk::{self, Reach};
use crate::model::{Error, ReportId, Status};

/// The form of the queue: what is picked, and what to do with it.
struct Picked {
    fields: Vec<(String, String)>,
    ids: Vec<ReportId>,
}

impl Picked {
    fn of(fields: Vec<(String, String)>) -> Self {
        let ids = fields.iter().filter(|(name, _)| name == "report").filter_map(|(_, value)| value.parse().ok()).collect();
        Self { fields, ids }
    }

    fn one(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str())
    }

    /// Back to the same page of the queue, and nowhere else.
    fn back(&self) -> &str {
        let back = self.one("back");
        if back.starts_with("/staff/reports?") { back } else { "/staff/reports?" }
    }

    fn done(&self, did: &str, reach: Reach) -> Response {
        Redirect::to(&format!("{}&did={did}&count={}&people={}", self.back(), reach.reports, reach.people)).into_response()
    }

    /// Whom to give them to: somebody, oneself, or nobody.
    fn person(&self, ctx: &Ctx) -> Result<Option<StaffId>, Error> {
        match (self.one("person"), &ctx.actor) {
            ("nobody", _) => Ok(None),
            ("me", Actor::Staff(me, _)) => Ok(Some(*me)),
            (other, _) => other.parse().map(Some).map_err(|_| Error::Unknown("staff")),
        }
    }
}

#[derive(Template)]
#[template(path = "staff_close.html")]
struct Close<'a> {
    view: &'a View,
    ids: &'a [ReportId],
    back: &'a str,
    words: &'a str,
    step: Status,
    step_words: String,
    reports: String,
    people: String,
    error: Option<String>,
}

/// Does to the picked ones what the pressed button says. Closing asks first, with how many people it tells.
pub(super) async fn act(view: View, Caller(mut ctx): Caller, Form(fields): Form<Vec<(String, String)>>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::AnswerReports).await?;
    let picked = Picked::of(fields);
    let did = picked.one("act").to_owned();
    if picked.ids.is_empty() {
        return Ok(Redirect::to(picked.back()).into_response());
    }
    let counted = |reports| Reach { reports, people: 0 };
    let reach = match did.as_str() {
        "route" => {
            let section = picked.one("to").parse().map_err(|_| Error::Unknown("section"))?;
            counted(bulk::route(&mut ctx, &picked.ids, &section).await?)
        }
        "assign" => {
            let person = picked.person(&ctx)?;
            counted(bulk::assign(&mut ctx, &picked.ids, person).await?)
        }
        "merge" => bulk::merge(&mut ctx, &picked.ids, super::number_of(picked.one("number"))?).await?,
        "close" => return close(&view, ctx, name, &picked).await,
        _ => return Err(Problem::new(StatusCode::BAD_REQUEST, "web.not_understood")),
    };
    ctx.commit().await?;
    Ok(picked.done(&did, reach))
}

/// Closes them once it was looked at.
async fn close(view: &View, mut ctx: Ctx, name: String, picked: &Picked) -> Result<Response, Problem> {
    let step = picked.one("step").parse().unwrap_or(Status::Done);
    let words = picked.one("words");
    let mut error = None;
    if picked.one("sure") == "yes" {
        match bulk::close(&mut ctx, &picked.ids, words, step).await {
            Ok(reach) => {
                ctx.commit().await?;
                return Ok(picked.done("close", reach));
            }
            Err(Error::Text { reason, .. }) => error = Some(view.t(&format!("reports-error-text-{}", reason.replace('_', "-")))),
            Err(other) => return Err(other.into()),
        }
    }
    let reach = bulk::reach(&mut ctx, &picked.ids).await?;
    let count = |count: usize| view.count(&i64::try_from(count).unwrap_or(i64::MAX));
    let wrong = error.is_some();
    let body = Close {
        view,
        ids: &picked.ids,
        back: picked.back(),
        words,
        step,
        step_words: status_words(view, step),
        reports: count(reach.reports),
        people: count(reach.people),
        error,
    };
    let page = view.page(&Page::staff(&view.t("reports-close-title"), &ctx.actor, name), &body);
    Ok(if wrong { to_mend(page) } else { page })
}

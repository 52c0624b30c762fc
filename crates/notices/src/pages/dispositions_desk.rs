//! The desk where dispositions are begun; their list, approval and sending are those of every notice.

use askama::Template;
use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use civil::Timestamp;
use store::{Ctx, Permission};
use web::{Caller, Page, Problem, Reader, View, staff_name, to_mend};

use super::write::{Choice, Fields, InLanguage, Typed};
use crate::disposition::{Disposition, Ways};
use crate::domain::dispositions::write::{Draft, NUMBER_CHARS_MAX, draft};
use crate::model::{Error, Result};
use crate::rules::{BODY_CHARS_MAX, TITLE_CHARS_MAX};

/// What was typed.
#[derive(Default)]
pub(super) struct Entry {
    notice: Typed,
    kind: String,
    number: String,
    dated: String,
}

impl Entry {
    fn of(fields: &Fields) -> Self {
        let text =
            |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.trim().to_owned()).unwrap_or_default();
        Self { notice: Typed::of_fields(fields), kind: text("kind"), number: text("number"), dated: text("dated") }
    }

    fn draft(&self) -> Result<Draft> {
        let wrong = |field, reason| Error::Written { field, reason };
        let send_at: Option<Timestamp> = self.notice.send_at()?;
        Ok(Draft {
            kind: self.kind.parse().map_err(|_| wrong("kind", "disposition-kind"))?,
            number: self.number.clone(),
            dated: self.dated.parse().map_err(|_| wrong("dated", "disposition-dated"))?,
            texts: self.notice.texts(),
            send_at,
        })
    }
}

#[derive(Template)]
#[template(path = "staff_disposition_write.html")]
struct WritePage<'a> {
    view: &'a View,
    entry: &'a Entry,
    kinds: Vec<Choice>,
    languages: Vec<InLanguage>,
    title_max: usize,
    body_max: usize,
    number_max: usize,
    error: Option<(&'static str, String)>,
}

/// The empty form.
pub(super) async fn blank(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let who = staff_name(&mut ctx).await?;
    ctx.allow(Permission::WriteNotices)?;
    let entry = Entry { dated: ctx.today().to_string(), ..Entry::default() };
    Ok(form(&view, &ctx, who, &entry, None))
}

/// Begins a disposition.
pub(super) async fn begin(view: View, Caller(mut ctx): Caller, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    let who = staff_name(&mut ctx).await?;
    ctx.allow(Permission::WriteNotices)?;
    let entry = Entry::of(&fields);
    let begun = match entry.draft() {
        Ok(written) => draft(&mut ctx, written).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok(id) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/staff/notices/{id}")).into_response())
        }
        Err(Error::Written { field, reason }) => Ok(to_mend(form(&view, &ctx, who, &entry, Some((field, reason))))),
        Err(Error::NoKind) => Ok(to_mend(form(&view, &ctx, who, &entry, Some(("kind", "disposition-kind"))))),
        Err(error) => Err(error.into()),
    }
}

fn form(view: &View, ctx: &Ctx, who: String, entry: &Entry, error: Option<(&'static str, &'static str)>) -> Response {
    let kind = |kind: &town::DispositionKind| Choice {
        code: kind.id.to_string(),
        name: view.words(&kind.name).to_owned(),
        chosen: kind.id.as_str() == entry.kind,
    };
    let page = WritePage {
        view,
        entry,
        kinds: view.app.town().disposition_kinds.iter().map(kind).collect(),
        languages: entry.notice.in_languages(view),
        title_max: TITLE_CHARS_MAX,
        body_max: BODY_CHARS_MAX,
        number_max: NUMBER_CHARS_MAX,
        error: error.map(|(field, reason)| (super::write::anchor(field), view.t(&format!("notices-wrong-{reason}")))),
    };
    let title = view.t("notices-disposition-write");
    view.page(&Page::staff(&title, &ctx.actor, who), &page)
}

/// A disposition on the page of its notice.
pub(super) struct AtDesk {
    pub(super) kind: String,
    pub(super) basis: String,
    pub(super) number: String,
    pub(super) dated: String,
    pub(super) appeal: Option<String>,
    pub(super) electronic: i64,
    pub(super) paper: i64,
    pub(super) begun: bool,
    /// Approved, and being signed.
    pub(super) release_at: Option<String>,
}

pub(super) fn at_desk(view: &View, notice: &crate::model::Notice, disposition: &Disposition, ways: Ways) -> AtDesk {
    let kind = view.app.town().disposition_kind(&disposition.kind);
    AtDesk {
        kind: super::dispositions::kind_words(view, &disposition.kind),
        basis: kind.map(|kind| kind.basis.clone()).unwrap_or_default(),
        number: disposition.number.clone(),
        dated: view.day(&disposition.dated),
        appeal: kind.and_then(|kind| kind.appeal.as_ref()).map(|words| view.words(words).to_owned()),
        electronic: ways.electronic.into(),
        paper: ways.paper.into(),
        begun: notice.begun_at.is_some(),
        release_at: disposition.release_at.filter(|_| notice.begun_at.is_none()).map(|at| view.moment(&at)),
    }
}

//! Notices to begin from, at the desk.

use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::Permission;
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use super::write::{Choice, Fields, InLanguage, Typed, queue_choices, topic_choices};
use super::{queue_words, topic_words};
use crate::domain::templates as domain;
use crate::model::{Error, NoticeId, Template, TemplateId};
use crate::rules::{BODY_CHARS_MAX, TITLE_CHARS_MAX};

/// A template in a list.
pub(super) struct Line {
    /// What a notice is begun from it by.
    pub(super) begin: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) about: String,
    /// Where it is changed; none for one of the pack.
    pub(super) change: Option<TemplateId>,
}

#[derive(askama::Template)]
#[template(path = "staff_templates.html")]
struct List<'a> {
    view: &'a View,
    own: Vec<Line>,
    of_pack: Vec<Line>,
}

/// Every template there is.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let own = domain::list(&mut ctx).await?;
    let title_of = |template: &Template| template.texts.in_language(&view.language).map(|(_, text)| text.title.clone()).unwrap_or_default();
    let about = |template: &Template| format!("{}　{}", topic_words(&view, &template.topic), queue_words(&view, template.queue));
    let own_line = |template: &Template| Line {
        begin: template.id.to_string(),
        name: template.name.clone(),
        title: title_of(template),
        about: about(template),
        change: Some(template.id),
    };
    let pack_line = |written: &town::NoticeTemplate| {
        let template = domain::of_pack(written, TemplateId::new(ctx.now()));
        Line {
            begin: written.id.to_string(),
            name: view.words(&written.name).to_owned(),
            title: title_of(&template),
            about: about(&template),
            change: None,
        }
    };
    let body = List {
        view: &view,
        own: own.iter().map(own_line).collect(),
        of_pack: view.app.town().notice_templates.iter().map(pack_line).collect(),
    };
    let title = view.t("notices-templates");
    Ok(view.page(&Page::staff(&title, &ctx.actor, who), &body))
}

/// What a template is to be called.
#[derive(Deserialize)]
pub(super) struct Name {
    #[serde(default)]
    name: String,
}

/// Makes a template of a notice.
pub(super) async fn make(Caller(mut ctx): Caller, Path(id): Path<NoticeId>, Form(name): Form<Name>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::WriteNotices).await?;
    let made = domain::make(&mut ctx, id, &name.name).await.map_err(|error| match error {
        // Said in words of its own: the form is the notice's page.
        Error::Written { reason, .. } => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "notices.template").with("reason", reason),
        other => other.into(),
    })?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/notices/templates/{made}")))
}

#[derive(askama::Template)]
#[template(path = "staff_template.html")]
struct ChangePage<'a> {
    view: &'a View,
    id: TemplateId,
    name: &'a str,
    typed: &'a Typed,
    languages: Vec<InLanguage>,
    queues: Vec<Choice>,
    topics: Vec<Choice>,
    name_max: usize,
    title_max: usize,
    body_max: usize,
    error: Option<(&'static str, String)>,
}

fn page<'a>(view: &'a View, id: TemplateId, name: &'a str, typed: &'a Typed, error: Option<(&'static str, String)>) -> ChangePage<'a> {
    ChangePage {
        view,
        id,
        name,
        languages: typed.in_languages(view),
        queues: queue_choices(view, typed),
        topics: topic_choices(view, typed),
        typed,
        name_max: domain::NAME_CHARS_MAX,
        title_max: TITLE_CHARS_MAX,
        body_max: BODY_CHARS_MAX,
        error,
    }
}

/// The form of a template.
pub(super) async fn edit(view: View, Reader(mut ctx): Reader, Path(id): Path<TemplateId>) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let template = domain::see(&mut ctx, id).await?;
    let typed = Typed::of_template(&template);
    let title = template.name.clone();
    Ok(view.page(&Page::staff(&title, &ctx.actor, who), &page(&view, id, &template.name, &typed, None)))
}

/// Changes a template.
pub(super) async fn change(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<TemplateId>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let who = staff(&mut ctx, Permission::WriteNotices).await?;
    let name = fields.iter().find(|(field, _)| field == "name").map(|(_, name)| name.clone()).unwrap_or_default();
    let typed = Typed::of_fields(&fields);
    let changed = match typed.template(id, &name) {
        Ok(template) => domain::change(&mut ctx, &template).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => {
            ctx.commit().await?;
            Ok(Redirect::to("/staff/notices/templates").into_response())
        }
        Err(Error::Written { field, reason }) => {
            let error = Some((super::write::anchor(field), view.t(&format!("notices-wrong-{reason}"))));
            let title = view.t("notices-templates");
            Ok(to_mend(view.page(&Page::staff(&title, &ctx.actor, who), &page(&view, id, &name, &typed, error))))
        }
        Err(error) => Err(error.into()),
    }
}

/// Deletes a template.
pub(super) async fn delete(Caller(mut ctx): Caller, Path(id): Path<TemplateId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::WriteNotices).await?;
    domain::delete(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to("/staff/notices/templates"))
}

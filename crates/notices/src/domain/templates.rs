//! Notices to begin from.

use std::collections::BTreeMap;

use store::{Ctx, Permission};
use town::{NoticeTemplate, TemplateQueue};

use super::member;
use super::write::found;
use crate::model::{Error, NoticeId, Queue, Result, Template, TemplateId, Text, Texts};
use crate::rules;
use crate::store as rows;

/// The most characters of a name.
pub(crate) const NAME_CHARS_MAX: usize = 60;
/// The most templates of a town: who looks for one reads the list.
const TEMPLATES_MAX: u32 = 200;

/// The town's own templates, by name.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn list(ctx: &mut Ctx) -> Result<Vec<Template>> {
    member(ctx, Permission::WriteNotices)?;
    rows::templates::list(ctx).await
}

/// A template.
///
/// # Errors
/// [`Error::NotFound`]; the store's `Forbidden`.
pub(crate) async fn see(ctx: &mut Ctx, id: TemplateId) -> Result<Template> {
    member(ctx, Permission::WriteNotices)?;
    rows::templates::find(ctx, id).await?.ok_or(Error::NotFound)
}

/// Makes a template of a notice: its words and how it goes, not to whom.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Written`] for a name that is none, or one too many; the store's `Forbidden`.
pub(crate) async fn make(ctx: &mut Ctx, id: NoticeId, name: &str) -> Result<TemplateId> {
    let staff = member(ctx, Permission::WriteNotices)?;
    let notice = found(ctx, id).await?;
    if rows::templates::count(ctx).await? >= TEMPLATES_MAX {
        return Err(Error::Written { field: "name", reason: "templates" });
    }
    let template = Template {
        id: TemplateId::new(ctx.now()),
        name: named(name)?,
        queue: notice.queue,
        topic: notice.topic,
        texts: notice.texts,
        link: notice.link,
        wants_answer: notice.wants_answer,
        remind_days: notice.remind_days,
        print_days: notice.print_days,
    };
    rows::templates::insert(ctx, &template, staff).await?;
    ctx.audit("notice_template.made", None, &template.id.to_string()).await?;
    Ok(template.id)
}

fn named(name: &str) -> Result<String> {
    let name = name.trim();
    let good = !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX;
    if good { Ok(name.to_owned()) } else { Err(Error::Written { field: "name", reason: "template-name" }) }
}

/// Changes a template. Notices begun from it stay as they were written.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Written`] for what no notice could say; the store's `Forbidden`.
pub(crate) async fn change(ctx: &mut Ctx, template: &Template) -> Result<()> {
    let staff = member(ctx, Permission::WriteNotices)?;
    let town = ctx.town().clone();
    let template = Template { name: named(&template.name)?, ..template.clone() };
    rules::check_texts(&template.texts)?;
    rules::check_link(&template.link, &town.notices)?;
    if town.notice_topic(&template.topic).is_none() {
        return Err(Error::Written { field: "topic", reason: "topic" });
    }
    if !rows::templates::change(ctx, &template, staff).await? {
        return Err(Error::NotFound);
    }
    ctx.audit("notice_template.changed", None, &template.id.to_string()).await?;
    Ok(())
}

/// Deletes a template.
///
/// # Errors
/// [`Error::NotFound`]; the store's `Forbidden`.
pub(crate) async fn delete(ctx: &mut Ctx, id: TemplateId) -> Result<()> {
    member(ctx, Permission::WriteNotices)?;
    if !rows::templates::delete(ctx, id).await? {
        return Err(Error::NotFound);
    }
    ctx.audit("notice_template.deleted", None, &id.to_string()).await?;
    Ok(())
}

/// A template of the pack, as one of the town's own would be.
pub(crate) fn of_pack(template: &NoticeTemplate, id: TemplateId) -> Template {
    let text = |language| Text {
        title: template.title.in_language(language).to_owned(),
        body: template.body.in_language(language).trim().to_owned(),
    };
    let texts: BTreeMap<String, Text> = template.title.languages().map(|language| (language.to_string(), text(language))).collect();
    Template {
        id,
        name: template.name.ja().to_owned(),
        queue: match template.queue {
            TemplateQueue::Alert => Queue::Alert,
            TemplateQueue::Normal => Queue::Normal,
            TemplateQueue::Bulk => Queue::Bulk,
        },
        topic: template.topic.clone(),
        texts: Texts(texts),
        link: template.link.clone().unwrap_or_default(),
        wants_answer: template.wants_answer,
        remind_days: template.remind_days,
        print_days: template.print_days,
    }
}

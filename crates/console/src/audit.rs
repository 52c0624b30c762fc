//! The audit trail: who saw or changed what, newest first.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use store::{AuditEntry, Ctx, Permission};
use web::{Caller, Page, Problem, View, staff};

use crate::words::{self, Names, query_value};

/// Lines on a page.
const PAGE: u32 = 50;
/// Lines looked through at a time for one actor.
const STRIDE: u32 = 500;
/// Lines looked through for one page of an actor; the page says where it stopped.
const LOOKED_THROUGH_MAX: u32 = 20_000;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Filter {
    by: String,
    id: String,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Trail<'a> {
    view: &'a View,
    by_actor: bool,
    id: &'a str,
    lines: Vec<Line>,
    older: Option<String>,
}

struct Line {
    seq: i64,
    at: String,
    who: String,
    who_href: String,
    action: String,
    subject: Option<(String, String)>,
    detail: String,
}

/// The newest lines, all or those of one actor or about one person. Looking one person up is itself recorded.
pub(crate) async fn trail(view: View, Caller(mut ctx): Caller, Query(filter): Query<Filter>) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeeAudit).await?;
    let (id, by_actor) = (filter.id.trim(), filter.by == "actor");
    let before = filter.before.unwrap_or(i64::MAX);
    let (entries, next) = match (id.is_empty(), by_actor) {
        (true, _) => paged(ctx.audit_latest(before, PAGE).await?),
        (false, true) => of_actor(&mut ctx, id, before).await?,
        (false, false) => {
            ctx.audit("audit.seen", Some(id.to_owned()), "").await?;
            paged(ctx.audit_of(id, before, PAGE).await?)
        }
    };
    let mut names = Names::default();
    let mut lines = Vec::new();
    for entry in &entries {
        lines.push(line(&view, entry, names.of(&mut ctx, &view, &entry.actor).await?));
    }
    let by = if by_actor { "actor" } else { "subject" };
    let older = next.map(|before| format!("/staff/audit?by={by}&id={}&before={before}", query_value(id)));
    let title = view.t("menu-audit");
    let page = view.page(&Page::staff(&title, &ctx.actor, name), &Trail { view: &view, by_actor, id, lines, older });
    ctx.commit().await?;
    Ok(page)
}

/// A page of lines and where the next begins.
type Lines = (Vec<AuditEntry>, Option<i64>);

fn paged(entries: Vec<AuditEntry>) -> Lines {
    let next = entries.last().filter(|_| entries.len() == PAGE as usize).map(|entry| entry.seq);
    (entries, next)
}

/// Looks through the trail for one actor: the store keeps no index of actors, who are few.
async fn of_actor(ctx: &mut Ctx, actor: &str, before: i64) -> Result<Lines, Problem> {
    let (mut found, mut before, mut looked_through) = (Vec::new(), before, 0);
    while looked_through < LOOKED_THROUGH_MAX {
        let entries = ctx.audit_latest(before, STRIDE).await?;
        let whole = entries.len() == STRIDE as usize;
        for entry in entries {
            before = entry.seq;
            if entry.actor == actor {
                found.push(entry);
                if found.len() == PAGE as usize {
                    return Ok((found, Some(before)));
                }
            }
        }
        if !whole {
            return Ok((found, None));
        }
        looked_through += STRIDE;
    }
    Ok((found, Some(before)))
}

fn line(view: &View, entry: &AuditEntry, who: String) -> Line {
    Line {
        seq: entry.seq,
        at: view.moment(&entry.at),
        who,
        who_href: format!("/staff/audit?by=actor&id={}", query_value(&entry.actor)),
        action: words::action(view, &entry.action),
        subject: entry.subject.as_ref().map(|id| (id.clone(), format!("/staff/audit?by=subject&id={}", query_value(id)))),
        detail: detail(view, &entry.detail),
    }
}

/// What was noted beside it: a programme by its name, everything else as it stands.
fn detail(view: &View, noted: &str) -> String {
    let programme = noted.parse().ok().and_then(|id| view.app.town().programme(&id));
    programme.map_or_else(|| noted.to_owned(), |programme| view.words(&programme.name).to_owned())
}

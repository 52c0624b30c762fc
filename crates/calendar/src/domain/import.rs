//! Events from the standard list (「イベント一覧」): every row that stands is taken, every other is said with line and column.

use std::collections::BTreeSet;

use store::{Ctx, Permission};

use super::events::{cancel, check};
use crate::model::{Details, Error, Event, EventId, Result, RowFault};
use crate::rules::list::{self, ListRow, heading, heading_in};
use crate::store::events as rows;

/// What an import would do, or did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Titles of rows that are new.
    pub made: Vec<String>,
    /// Titles of rows that are known and say something else now.
    pub changed: Vec<String>,
    /// How many are as they were.
    pub same: usize,
    /// Events that came with a list, are yet to be, and stand in this one no more.
    pub gone: Vec<(EventId, String)>,
    /// Rows that cannot stand.
    pub faults: Vec<RowFault>,
}

/// Says what an import of a list would do, and changes nothing.
///
/// # Errors
/// [`Error::Headings`]; the store's `Forbidden`.
pub async fn preview(ctx: &mut Ctx, text: &str) -> Result<Imported> {
    go(ctx, text, false).await
}

/// Takes the rows of a list that stand. A row is known again by its number (NO), so that nothing is doubled. Of the events that are gone those are
/// cancelled that are named: a list may be one of several.
///
/// # Errors
/// As [`preview`].
pub async fn import(ctx: &mut Ctx, text: &str, cancelled: &[EventId]) -> Result<Imported> {
    let imported = go(ctx, text, true).await?;
    for (id, _) in imported.gone.iter().filter(|(id, _)| cancelled.contains(id)) {
        cancel(ctx, *id).await?;
    }
    let counts = format!("{}+{}", imported.made.len(), imported.changed.len());
    ctx.audit("calendar.imported", None, &counts).await?;
    ctx.record("calendar.imported", &serde_json::json!({ "made": imported.made.len(), "changed": imported.changed.len() })).await?;
    Ok(imported)
}

async fn go(ctx: &mut Ctx, text: &str, apply: bool) -> Result<Imported> {
    ctx.allow(Permission::KeepCalendar)?;
    let languages = ctx.town().languages.clone();
    let (read, faults) = list::read(text, &languages)?;
    let mut imported = Imported { faults, ..Imported::default() };
    let today = ctx.today();
    // What came with a list before; taken out as the list names it.
    let mut gone: Vec<Event> = rows::imported(ctx, today).await?;
    let mut seen = BTreeSet::new();
    for row in read {
        gone.retain(|event| event.key.as_deref() != Some(&row.key));
        let fault =
            |column: &str, reason, value: &str| RowFault { line: row.line, column: column.to_owned(), reason, value: value.to_owned() };
        let wrong = match check(ctx, &row.details) {
            Err(Error::Field(field)) => Some((heading(field).to_owned(), value_of(field, &row.details))),
            Err(Error::Text { language, part }) => Some((heading_in(part, &language), "")),
            _ => None,
        };
        if let Some((column, value)) = wrong {
            imported.faults.push(fault(&column, "cannot-stand", value));
        } else if !seen.insert(row.key.clone()) {
            imported.faults.push(fault("NO", "twice", &row.key));
        } else {
            take(ctx, row, apply, &mut imported).await?;
        }
    }
    imported.gone = gone.into_iter().map(|event| (event.id, event.details.title().to_owned())).collect();
    imported.faults.sort_by_key(|fault| fault.line);
    Ok(imported)
}

fn value_of<'a>(field: &str, details: &'a Details) -> &'a str {
    match field {
        "starts_at" => &details.starts_at,
        "ends_at" => &details.ends_at,
        "url" => &details.url,
        _ => "",
    }
}

async fn take(ctx: &mut Ctx, row: ListRow, apply: bool, imported: &mut Imported) -> Result<()> {
    let now = ctx.now();
    let Some(known) = rows::of_key(ctx, &row.key).await? else {
        imported.made.push(row.details.title().to_owned());
        let id = EventId::new(now);
        let event = Event { id, key: Some(row.key), details: row.details, taken: 0, cancelled_at: None, changed_at: now, feed: None };
        return if apply { rows::insert(ctx, &event).await } else { Ok(()) };
    };
    // What staff set here and the list does not say stays: who may register, other languages, and places that are given already.
    let capacity = row.details.capacity.map(|places| places.max(known.taken.max(1)));
    let mut texts = row.details.texts.clone();
    texts.keep_others(&known.details.texts);
    let details = Details { texts, who: known.details.who.clone(), capacity, ..row.details };
    if details == known.details {
        imported.same += 1;
        return Ok(());
    }
    imported.changed.push(details.title().to_owned());
    if apply { rows::change(ctx, &Event { details, changed_at: now, ..known }).await } else { Ok(()) }
}

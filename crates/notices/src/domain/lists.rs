//! Mailing lists: each person with their own words and their own file.

use std::collections::{BTreeMap, BTreeSet};

use registry::bridge::RegisterId;
use store::{Ctx, Permission, ResidentId};

use super::member;
use super::write::found;
use crate::mailing::{self, FAULTS_MAX, List, ListRow};
use crate::model::{Audience, DeliveryId, DocumentId, Error, ListFault, Notice, NoticeId, Result, State};
use crate::rules;
use crate::store as rows;
use crate::store::deliveries::ListEntry;

/// The largest file of one person, in bytes.
pub(crate) const FILE_BYTES_MAX: usize = 5 * 1024 * 1024;

/// A file handed in with a list.
pub(crate) struct Attached {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Takes the list of a draft, in place of the one before: all of it or nothing. Gives how many people it names.
///
/// # Errors
/// [`Error::List`] with every fault by line and column; [`Error::State`] when the notice is no draft for a list; the store's `Forbidden`.
pub(crate) async fn take_list(ctx: &mut Ctx, id: NoticeId, csv: &[u8], files: Vec<Attached>) -> Result<u32> {
    member(ctx, Permission::WriteNotices)?;
    let notice = found(ctx, id).await?;
    if notice.state != State::Draft || !matches!(notice.audience, Audience::List { .. }) {
        return Err(Error::State(notice.state));
    }
    let list = mailing::read(csv)?;
    let mut faults = places_without_words(&notice, &list);
    let residents = residents_of(ctx, &list.rows, &mut faults).await?;
    faults.extend(file_faults(&list.rows, &files));
    faults.extend(super::dispositions::write::file_faults(ctx, id, &list.rows, &files).await?);
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.line);
        faults.truncate(FAULTS_MAX);
        return Err(Error::List(faults));
    }
    rows::deliveries::drop_list(ctx, id).await?;
    let documents = keep_files(ctx, id, files).await?;
    let now = ctx.now();
    let people = u32::try_from(list.rows.len()).unwrap_or(u32::MAX);
    let mut entries = list.rows.into_iter().zip(residents).map(|(row, resident)| ListEntry {
        id: DeliveryId::new(now),
        resident,
        occasion: String::new(),
        document: row.file.as_ref().and_then(|name| documents.get(name)).copied(),
        fields: serde_json::to_string(&row.fields).ok(),
    });
    rows::deliveries::insert_list(ctx, id, &mut entries).await?;
    let after = Notice { audience: Audience::List { columns: list.columns }, people, ..notice };
    rows::notices::rewrite(ctx, &after).await?;
    ctx.audit("notice.list_taken", None, &format!("{id} {people}")).await?;
    Ok(people)
}

/// A text asks for words the list does not have, or has no word for somebody.
fn places_without_words(notice: &Notice, list: &List) -> Vec<ListFault> {
    let fault = |line, column: &str, reason| ListFault { line, column: column.to_owned(), reason, found: String::new() };
    let missing = rules::unfilled(&notice.texts, &list.columns);
    let mut faults: Vec<ListFault> = missing.iter().map(|place| fault(1, place, "no-column")).collect();
    let asked: BTreeSet<&str> =
        notice.texts.0.values().flat_map(|text| rules::places(&text.title).into_iter().chain(rules::places(&text.body))).collect();
    for row in &list.rows {
        let empty = row.fields.iter().filter(|(column, word)| asked.contains(column.as_str()) && word.is_empty());
        faults.extend(empty.map(|(column, _)| fault(row.line, column, "no-word")));
    }
    faults
}

/// The residents of the lines; a number nobody has, or somebody who has left, is a fault.
async fn residents_of(ctx: &mut Ctx, list: &[ListRow], faults: &mut Vec<ListFault>) -> Result<Vec<ResidentId>> {
    let fault = |row: &ListRow, reason| ListFault { line: row.line, column: "宛名番号".to_owned(), reason, found: String::new() };
    let mut numbers = Vec::with_capacity(list.len());
    let mut lines = Vec::with_capacity(list.len());
    for row in list {
        match RegisterId::parse(row.number.as_bytes()) {
            Some(number) => {
                numbers.push(number);
                lines.push(row);
            }
            None => faults.push(fault(row, "number")),
        }
    }
    let found = registry::residents_of_numbers(ctx, &numbers).await?;
    let mut residents = Vec::with_capacity(found.len());
    for (row, found) in lines.into_iter().zip(found) {
        match found {
            Some((resident, true)) => residents.push(resident),
            Some((_, false)) => faults.push(fault(row, "left")),
            None => faults.push(fault(row, "nobody-has")),
        }
    }
    Ok(residents)
}

fn file_faults(list: &[ListRow], files: &[Attached]) -> Vec<ListFault> {
    let fault = |line, reason, found: &str| ListFault { line, column: "ファイル".to_owned(), reason, found: found.to_owned() };
    let line_of = |name: &str| list.iter().find(|row| row.file.as_deref() == Some(name)).map_or(0, |row| row.line);
    let mut faults = Vec::new();
    let mut handed = BTreeMap::new();
    for file in files {
        if file.bytes.len() > FILE_BYTES_MAX {
            faults.push(fault(line_of(&file.name), "file-large", &file.name));
        } else if !file.bytes.starts_with(b"%PDF-") {
            faults.push(fault(line_of(&file.name), "file-kind", &file.name));
        }
        if handed.insert(file.name.as_str(), false).is_some() {
            faults.push(fault(0, "file-twice", &file.name));
        }
    }
    let mut named = BTreeSet::new();
    for row in list {
        let Some(name) = row.file.as_deref() else { continue };
        match handed.get_mut(name) {
            None => faults.push(fault(row.line, "file-missing", name)),
            // One person's file must never reach another by a slip of the list.
            Some(_) if !named.insert(name) => faults.push(fault(row.line, "file-shared", name)),
            Some(used) => *used = true,
        }
    }
    faults.extend(handed.into_iter().filter(|(_, used)| !used).map(|(name, _)| fault(0, "file-unused", name)));
    faults
}

async fn keep_files(ctx: &mut Ctx, notice: NoticeId, files: Vec<Attached>) -> Result<BTreeMap<String, DocumentId>> {
    let mut kept = BTreeMap::new();
    for file in files {
        let id = DocumentId::new(ctx.now());
        rows::deliveries::insert_document(ctx, id, notice, &file.name, file.bytes).await?;
        kept.insert(file.name, id);
    }
    Ok(kept)
}

//! What became of a notice: counts and pictures, and the list of who was not reached.

use civil::Date;
use jiff::SignedDuration;
use rule::Schema;
use store::{Ctx, Permission};

use super::member;
use super::write::found;
use crate::disposition::PaperWhy;
use crate::model::{DeliveryId, Effect, Error, Halted, Notice, NoticeId, Pace, Queue, Result, Way};
use crate::rules::FEW;
use crate::store as rows;
use crate::store::dispositions::{Letter, on_paper as letters};

/// How many notices a list shows.
const LISTED: u32 = 200;
/// Days of which the pace is shown.
const PACE_SHOWN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The first ages of the picture's bands.
const BANDS: [i16; 8] = [0, 15, 25, 40, 55, 65, 75, 85];

/// Everything staff see at a glance.
pub(crate) struct Overview {
    pub(crate) written: Vec<Notice>,
    pub(crate) automatic: Vec<Notice>,
    /// How it goes by each way the town has, push first.
    pub(crate) ways: Vec<ByWay>,
}

/// How one way goes.
pub(crate) struct ByWay {
    pub(crate) way: Way,
    pub(crate) paces: Vec<Pace>,
    pub(crate) waiting: Vec<(Queue, i64)>,
    /// Residents who are told by it themselves.
    pub(crate) reachable: i64,
    /// Why it takes nothing for now.
    pub(crate) halted: Option<Halted>,
}

/// The notices, how quickly each queue goes, how many residents a push reaches.
///
/// # Errors
/// The store's `Forbidden`.
pub(crate) async fn overview(ctx: &mut Ctx) -> Result<Overview> {
    if ctx.allow(Permission::WriteNotices).is_err() {
        ctx.allow(Permission::ApproveNotices)?;
    }
    let since = civil::day_in_japan(ctx.now() - PACE_SHOWN);
    let town = ctx.town();
    let has = [(Way::Push, true), (Way::Line, town.line.is_some()), (Way::Mail, town.mail.is_some())];
    let mut ways = Vec::new();
    for (way, _) in has.into_iter().filter(|(_, has)| *has) {
        ways.push(ByWay {
            way,
            paces: rows::pace::of_way(ctx, way, since).await?,
            waiting: rows::pace::waiting(ctx, way).await?,
            reachable: rows::reach::count(ctx, way).await?,
            halted: rows::pace::halted(ctx, way).await?,
        });
    }
    Ok(Overview { written: rows::notices::newest(ctx, LISTED).await?, automatic: rows::notices::automatic(ctx, LISTED).await?, ways })
}

/// A group of people in the picture of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group<T> {
    pub(crate) what: T,
    pub(crate) put: i64,
    pub(crate) opened: i64,
}

/// What became of a notice.
pub(crate) struct Became {
    pub(crate) effect: Effect,
    /// By age, the first of each band; groups of fewer than ten are joined to their neighbours.
    pub(crate) ages: Vec<Group<i16>>,
    /// By district, the greatest first; none for small ones, which stand together at the end under an empty name.
    pub(crate) districts: Vec<Group<String>>,
}

/// Counts what became of a notice, by age and district. Nothing is told of fewer than ten, and people under protection measures are in no district.
///
/// # Errors
/// [`Error::NotFound`]; the store's `Forbidden`.
pub(crate) async fn became(ctx: &mut Ctx, id: NoticeId) -> Result<Became> {
    let effect = rows::deliveries::effect(ctx, id).await?;
    let moments = rows::deliveries::moments(ctx, id).await?;
    let today = ctx.today();
    let town = registry::table(ctx).await?;
    let mut ages: Vec<Group<i16>> = BANDS.iter().map(|first| Group { what: *first, put: 0, opened: 0 }).collect();
    let mut districts: std::collections::BTreeMap<String, Group<String>> = std::collections::BTreeMap::new();
    for (resident, _, opened_at) in moments {
        let Some(row) = town.row(resident) else { continue };
        let opened = i64::from(opened_at.is_some());
        if let Some(age) = age_of(&town, row, today) {
            let band = BANDS.iter().rposition(|first| *first <= age).unwrap_or(0);
            ages[band].put += 1;
            ages[band].opened += opened;
        }
        let district = match town.table.fact(row, Schema::DISTRICT) {
            rule::Value::String(name) if !town.protected.get(row) => name.to_string(),
            _ => String::new(),
        };
        let group = districts.entry(district.clone()).or_insert(Group { what: district, put: 0, opened: 0 });
        group.put += 1;
        group.opened += opened;
    }
    Ok(Became { effect, ages: joined_ages(ages), districts: joined_districts(districts.into_values().collect()) })
}

fn age_of(town: &registry::TownTable, row: usize, today: Date) -> Option<i16> {
    match town.table.fact(row, Schema::DATE_OF_BIRTH) {
        rule::Value::Date(born) => Some(civil::age_on(born, today)),
        _ => None,
    }
}

/// Joins neighbouring bands until each counts nobody or at least [`FEW`].
fn joined_ages(bands: Vec<Group<i16>>) -> Vec<Group<i16>> {
    let mut joined: Vec<Group<i16>> = Vec::new();
    let mut small: Option<Group<i16>> = None;
    for band in bands {
        let band = match small.take() {
            Some(before) => Group { what: before.what, put: before.put + band.put, opened: before.opened + band.opened },
            None => band,
        };
        if band.put == 0 {
            continue;
        }
        if band.put >= FEW { joined.push(band) } else { small = Some(band) }
    }
    if let (Some(rest), Some(last)) = (small, joined.last_mut()) {
        last.put += rest.put;
        last.opened += rest.opened;
    }
    joined
}

/// Puts the small districts together, under an empty name at the end, until what is joined counts nobody or at least [`FEW`].
fn joined_districts(groups: Vec<Group<String>>) -> Vec<Group<String>> {
    let (mut rest, mut named): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.what.is_empty());
    named.sort_by_key(|group| std::cmp::Reverse(group.put));
    let mut joined = rest.pop().unwrap_or(Group { what: String::new(), put: 0, opened: 0 });
    while let Some(smallest) = named.pop_if(|group| group.put < FEW || (1..FEW).contains(&joined.put)) {
        joined.put += smallest.put;
        joined.opened += smallest.opened;
    }
    if joined.put >= FEW {
        named.push(joined);
    }
    named
}

/// Who has not opened a notice, to be written to on paper: the register's number and the person's own words. They are noted as printed; names and
/// addresses are put beside the numbers in the inner network, where they are.
pub(crate) struct Paper {
    pub(crate) notice: Notice,
    pub(crate) lines: Vec<PaperLine>,
    /// It is a disposition: whoever gets it on paper is on the list, opened or not.
    pub(crate) disposition: bool,
}

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaperLine {
    pub(crate) number: String,
    pub(crate) fields: std::collections::BTreeMap<String, String>,
    pub(crate) printed_before: bool,
    /// Of a disposition: why it goes on paper.
    pub(crate) why: Option<PaperWhy>,
    /// Of a disposition: the file to be printed.
    pub(crate) file: Option<String>,
    /// Whether the person is a resident today.
    pub(crate) lives_here: bool,
    /// The language the person reads, where that is known.
    pub(crate) language: Option<town::Language>,
}

/// Gives the paper list of a notice and notes that it was given. The look at these people is in the trail.
///
/// # Errors
/// [`Error::NotFound`]; the store's `Forbidden`.
pub(crate) async fn paper(ctx: &mut Ctx, id: NoticeId) -> Result<Paper> {
    member(ctx, Permission::WriteNotices)?;
    let notice = found(ctx, id).await?;
    if notice.begun_at.is_none() {
        return Err(Error::State(notice.state));
    }
    let disposition = rows::dispositions::of(ctx, id).await?.is_some();
    let unreached = if disposition { letters(ctx, id).await? } else { unreached(ctx, id).await? };
    let mut lines = Vec::with_capacity(unreached.len());
    let mut printed: Vec<DeliveryId> = Vec::with_capacity(unreached.len());
    let may_see_protected = ctx.allow(Permission::ResolveProtected).is_ok();
    for Letter { delivery, resident, fields, printed_at, why, file, language } in unreached {
        let Some(person) = registry::resident(ctx, resident).await? else { continue };
        // Whoever is under protection measures gets their letter by staff who handle them.
        if person.protected && !may_see_protected {
            continue;
        }
        let lives_here = person.current_on(ctx.today());
        // A disposition has to reach whoever has moved away, too.
        if !lives_here && !disposition {
            continue;
        }
        lines.push(PaperLine {
            number: person.register_id.to_string(),
            fields: fields.and_then(|fields| serde_json::from_str(&fields).ok()).unwrap_or_default(),
            printed_before: printed_at.is_some(),
            why,
            file,
            lives_here,
            language: language.and_then(|tag| tag.parse().ok()),
        });
        printed.push(delivery);
        ctx.audit("notice.printed", Some(resident.to_string()), "paper list").await?;
    }
    rows::deliveries::printed(ctx, &printed).await?;
    Ok(Paper { notice, lines, disposition })
}

/// Who has not opened a notice.
async fn unreached(ctx: &mut Ctx, id: NoticeId) -> Result<Vec<Letter>> {
    let found = rows::deliveries::unreached(ctx, id).await?.into_iter();
    let letter =
        |(delivery, resident, fields, printed_at)| Letter { delivery, resident, fields, printed_at, why: None, file: None, language: None };
    Ok(found.map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group<T>(what: T, put: i64) -> Group<T> {
        Group { what, put, opened: put / 2 }
    }

    #[test]
    fn nothing_is_told_of_fewer_than_ten() {
        let ages = joined_ages(vec![group(0, 3), group(15, 4), group(25, 20), group(40, 0), group(55, 9)]);
        assert_eq!(ages.iter().map(|group| (group.what, group.put)).collect::<Vec<_>>(), [(0, 36)]);
        let districts = joined_districts(vec![group("a".to_owned(), 30), group("b".to_owned(), 12), group("c".to_owned(), 3)]);
        assert_eq!(districts.iter().map(|group| (group.what.as_str(), group.put)).collect::<Vec<_>>(), [("a", 30), ("", 15)]);
        assert!(joined_ages(vec![group(0, 4)]).is_empty());
        assert!(joined_districts(vec![group("a".to_owned(), 4)]).is_empty());
    }
}

//! One resident: the record, the household, what follows from it today or on another day, and the phones.

use std::cmp::Ordering;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{Redirect, Response};
use civil::Date;
use identity::{Link, PhoneEnd, PhoneId};
use registry::{Resident, ResidentId};
use rule::{Outcome, Person};
use serde::Deserialize;
use store::{AccountId, Ctx, Permission, permitted};
use town::Programme;
use web::{Caller, Page, Problem, View, staff, to_mend};

use crate::access::refused;
use crate::words;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct AsOf {
    on: String,
}

#[derive(Template)]
#[template(path = "person.html")]
struct Record<'a> {
    view: &'a View,
    title: &'a str,
    id: ResidentId,
    protected: bool,
    status: String,
    status_tag: &'static str,
    items: Vec<(String, String)>,
    facts: Vec<(String, String)>,
    household: Vec<Member>,
    on: String,
    day: String,
    when: When,
    decisions: Option<Vec<Decision>>,
    accounts: Vec<AccountRow>,
    may_end: bool,
    may_unlink: bool,
    may_serve: bool,
    error: Option<String>,
}

/// Which knowledge a decision is made with.
#[derive(PartialEq, Eq)]
enum When {
    Past,
    Today,
    Ahead,
}

struct Member {
    id: ResidentId,
    number: String,
    relation: String,
    birth: String,
}

/// What a programme answers for the person on the day.
struct Decision {
    programme: String,
    answer: String,
    tag: &'static str,
    rule: Option<InForce>,
    reasons: Vec<(String, &'static str, String)>,
}

/// The rule that was in force.
struct InForce {
    text: String,
    source: String,
    since: String,
}

struct AccountRow {
    id: AccountId,
    name: String,
    linked: String,
    assurance: String,
    phones: Vec<PhoneRow>,
}

struct PhoneRow {
    id: PhoneId,
    label: String,
    since: String,
    ended: Option<String>,
}

/// The record. The look at the person, at the household and at the accounts is recorded, and so is a replay of another day.
pub(crate) async fn record(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<ResidentId>,
    Query(as_of): Query<AsOf>,
) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::SeePerson).await?;
    let resident = registry::see_resident(&mut ctx, id).await.map_err(refused)?;
    let today = ctx.today();
    let asked = civil::read_day(&as_of.on);
    let faulty = asked.is_err();
    let day = asked.ok().flatten().unwrap_or(today);
    let when = match day.cmp(&today) {
        Ordering::Less => When::Past,
        Ordering::Equal => When::Today,
        Ordering::Greater => When::Ahead,
    };
    let title = view.t1("console-person-title", "number", &resident.register_id.to_string());
    let body = Record {
        view: &view,
        title: &title,
        id,
        protected: resident.protected,
        status: words::status(&view, resident.status, resident.status_on),
        status_tag: words::status_tag(resident.status),
        items: items(&view, &resident, today),
        facts: facts(&view, &resident),
        household: household(&view, &mut ctx, id).await?,
        on: if faulty { as_of.on.clone() } else { day.to_string() },
        day: view.day(&day),
        decisions: decisions(&view, &mut ctx, id, day, &when).await?,
        when,
        accounts: accounts(&view, &mut ctx, id).await?,
        may_end: permitted(&ctx.actor, Permission::EndCard),
        may_serve: permitted(&ctx.actor, Permission::ServeCounter),
        may_unlink: permitted(&ctx.actor, Permission::ResolveMatch),
        error: faulty.then(|| view.t("shell-not-a-day")),
    };
    let page = view.page(&Page::staff(&title, &ctx.actor, name), &body);
    ctx.commit().await?;
    Ok(if faulty { to_mend(page) } else { page })
}

fn items(view: &View, resident: &Resident, today: Date) -> Vec<(String, String)> {
    let birth = resident.date_of_birth.and_then(|birth| view.app.town().bridge.unknown_birthday.day(birth));
    let mut items = vec![
        (view.t("console-register-id"), resident.register_id.to_string()),
        (view.t("console-item-birth"), words::birth(view, resident.date_of_birth)),
    ];
    if let Some(birth) = birth {
        items.push((view.t("console-age"), civil::age_on(birth, today).to_string()));
    }
    items.push((view.t("console-item-sex"), words::sex(view, resident.sex)));
    if !resident.district.is_empty() {
        items.push((view.t("console-district"), resident.district.clone()));
    }
    if let Some(household) = resident.household {
        items.push((view.t("console-household-id"), household.to_string()));
    }
    if !resident.relation.is_empty() {
        items.push((view.t("console-relation"), resident.relation.clone()));
    }
    if let Some(day) = &resident.became_resident_on {
        items.push((view.t("console-became-resident"), view.day(day)));
    }
    items.push((view.t("console-recorded"), view.moment(&resident.recorded_at)));
    items
}

fn facts(view: &View, resident: &Resident) -> Vec<(String, String)> {
    let town = view.app.town();
    let known = registry::typed_facts(resident, town);
    let named = |fact: &town::Fact| Some((view.words(&fact.label).to_owned(), view.fact(known.get(fact.name.as_str())?)));
    town.facts.iter().filter_map(named).collect()
}

/// Who lives with the person; each of them is thereby looked at.
async fn household(view: &View, ctx: &mut Ctx, id: ResidentId) -> Result<Vec<Member>, Problem> {
    let together = registry::household_of(ctx, id).await.map_err(refused)?;
    let mut members = Vec::new();
    for other in together.iter().skip(1) {
        ctx.audit("person.listed", Some(other.id.to_string()), "household").await?;
        let (number, birth) = (other.register_id.to_string(), words::birth(view, other.date_of_birth));
        members.push(Member { id: other.id, number, relation: other.relation.clone(), birth });
    }
    Ok(members)
}

/// What every programme answers on the day: today's and coming days with today's knowledge, past days with the knowledge and the rule of that day.
/// `None` when the person was not known on that day.
async fn decisions(view: &View, ctx: &mut Ctx, id: ResidentId, day: Date, when: &When) -> Result<Option<Vec<Decision>>, Problem> {
    let person = match when {
        When::Past => registry::person_as_of(ctx, id, day).await,
        When::Today => registry::person(ctx, id).await,
        When::Ahead => registry::person_on(ctx, id, day).await,
    };
    if *when == When::Past {
        ctx.audit("decision.replayed", Some(id.to_string()), &day.to_string()).await?;
    }
    match person {
        Ok(person) => Ok(Some(view.app.town().programmes.iter().map(|programme| decision(view, programme, &person, day)).collect())),
        Err(registry::Error::ResidentNotFound) => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

fn decision(view: &View, programme: &Programme, person: &Person, day: Date) -> Decision {
    let named = view.words(&programme.name).to_owned();
    let Some(version) = programme.in_force(day) else {
        let answer = view.t("console-no-rule");
        return Decision { programme: named, answer, tag: "tag tag--quiet", rule: None, reasons: Vec::new() };
    };
    let explained = version.eligible.explain(person, day);
    let japanese = view.language.html() == "ja";
    let reason = |sentence: rule::Sentence| {
        let (word, tag) = outcome(view, sentence.outcome);
        (word, tag, if japanese { sentence.ja } else { sentence.en })
    };
    let (answer, tag) = match (explained.answer, explained.outcome) {
        (true, _) => (view.t("console-entitled"), "tag tag--good"),
        (false, Outcome::NotKnown) => (view.t("console-undecided"), "tag tag--warn"),
        (false, _) => (view.t("console-not-entitled"), "tag tag--bad"),
    };
    let text = version.eligible.source().trim().to_owned();
    Decision {
        programme: named,
        answer,
        tag,
        rule: Some(InForce { text, source: version.source.clone(), since: view.day(&version.from) }),
        reasons: explained.reasons.into_iter().map(reason).collect(),
    }
}

fn outcome(view: &View, outcome: Outcome) -> (String, &'static str) {
    match outcome {
        Outcome::Holds => (view.t("console-holds"), "tag tag--good"),
        Outcome::Fails => (view.t("console-fails"), "tag tag--bad"),
        Outcome::NotKnown => (view.t("console-not-known"), "tag tag--warn"),
        Outcome::Failed => (view.t("console-failed"), "tag tag--warn"),
    }
}

/// The accounts tied to the person; their phones for who may end them.
async fn accounts(view: &View, ctx: &mut Ctx, id: ResidentId) -> Result<Vec<AccountRow>, Problem> {
    let mut rows = Vec::new();
    for Link { account, linked_at, .. } in identity::accounts_of(ctx, id).await? {
        let known = identity::account(ctx, account).await?;
        let phones = if permitted(&ctx.actor, Permission::EndCard) { identity::phones_of(ctx, account).await? } else { Vec::new() };
        let phone = |phone: identity::Phone| PhoneRow {
            id: phone.id,
            label: phone.label,
            since: view.moment(&phone.registered_at),
            ended: phone.ended_at.map(|ended| view.moment(&ended)),
        };
        rows.push(AccountRow {
            id: account,
            name: known.name,
            linked: view.moment(&linked_at),
            assurance: view.t(&format!("console-assurance-{}", known.assurance.as_str().replace('_', "-"))),
            phones: phones.into_iter().map(phone).collect(),
        });
    }
    Ok(rows)
}

/// Ends a phone of the resident's for its holder: everything in it stops at once.
pub(crate) async fn end_phone(Caller(mut ctx): Caller, Path((id, phone)): Path<(ResidentId, PhoneId)>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::EndCard).await?;
    let owner = identity::phone(&mut ctx, phone).await?.ok_or_else(Problem::not_found)?.account;
    linked(&mut ctx, id, owner).await?;
    identity::end_phone(&mut ctx, phone, PhoneEnd::EndedByTown).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/people/{id}")))
}

/// Unties an account from the resident, when the link was a mistake.
pub(crate) async fn unlink(Caller(mut ctx): Caller, Path((id, account)): Path<(ResidentId, AccountId)>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::ResolveMatch).await?;
    linked(&mut ctx, id, account).await?;
    identity::unlink(&mut ctx, account).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/people/{id}")))
}

/// Refuses an account that is not the resident's, and a resident the caller may not know of; the look is recorded.
async fn linked(ctx: &mut Ctx, id: ResidentId, account: AccountId) -> Result<(), Problem> {
    registry::see_resident(ctx, id).await.map_err(refused)?;
    let links = identity::accounts_of(ctx, id).await?;
    if links.iter().any(|link| link.account == account) { Ok(()) } else { Err(Problem::not_found()) }
}

//! The console's calendar: events, who registered, and lists from elsewhere.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::ToSpan as _;
use serde::Deserialize;
use store::{AccountId, Ctx, Permission};
use town::Language;
use web::{Caller, Page, Problem, Reader, View, staff, to_mend};

use super::events::who_words;
use super::{of_others, when_words};
use crate::domain::events;
use crate::model::{Details, Error, Event, EventId, Part, Said, SeatState, TEXT_MAX, TITLE_MAX, Texts, Who};

struct Row {
    id: EventId,
    title: String,
    when: String,
    taken: i32,
    capacity: Option<i32>,
    cancelled: bool,
    whose: Option<String>,
}

#[derive(Template)]
#[template(path = "calendar_staff.html")]
struct List<'a> {
    view: &'a View,
    rows: Vec<Row>,
}

/// The events from last month on.
pub(super) async fn list(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    let name = staff(&mut ctx, Permission::KeepCalendar).await?;
    let today = ctx.today();
    let events = events::events_between(&mut ctx, today.saturating_sub(31.days()), today.saturating_add(2.years())).await?;
    let row = |event: &Event| Row {
        id: event.id,
        title: event.details.title().to_owned(),
        when: when_words(&view, event),
        taken: event.taken,
        capacity: event.details.capacity,
        cancelled: event.cancelled_at.is_some(),
        whose: of_others(&view, event),
    };
    let rows = events.iter().map(row).collect();
    let title = view.t("calendar-menu-staff");
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &List { view: &view, rows }))
}

/// What stands in the form, as it was typed.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct Typed {
    title: String,
    about: String,
    place: String,
    starts_on: String,
    ends_on: String,
    starts_at: String,
    ends_at: String,
    url: String,
    who: String,
    capacity: String,
    apply_from: String,
    apply_until: String,
    /// The same in other languages: `title_vi`, `place_vi`, `about_vi`.
    #[serde(flatten)]
    others: BTreeMap<String, String>,
}

impl Typed {
    fn of(event: &Event) -> Self {
        let details = event.details.clone();
        let Said { title, place, about } = details.texts.said(&Language::JAPANESE);
        let mut others = BTreeMap::new();
        for (language, said) in details.texts.iter().filter(|(language, _)| **language != Language::JAPANESE) {
            others.extend(Part::ALL.map(|part| (name_in(part, language), said.part(part).to_owned())));
        }
        let day = |day: Option<civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        Self {
            title,
            about,
            place,
            starts_on: details.starts_on.to_string(),
            ends_on: details.ends_on.to_string(),
            starts_at: details.starts_at,
            ends_at: details.ends_at,
            url: details.url,
            who: details.who.to_string(),
            capacity: details.capacity.map(|places| places.to_string()).unwrap_or_default(),
            apply_from: day(details.apply_from),
            apply_until: day(details.apply_until),
            others,
        }
    }

    /// What was typed in a language other than Japanese.
    fn said(&self, language: &Language) -> Said {
        let mut said = Said::default();
        for part in Part::ALL {
            *said.part_mut(part) = self.others.get(&name_in(part, language)).map(|text| text.trim().to_owned()).unwrap_or_default();
        }
        said
    }

    fn texts(&self, languages: &[Language]) -> Texts {
        let [title, place, about] = [&self.title, &self.place, &self.about].map(|text| text.trim().to_owned());
        let mut texts = Texts::of(Language::JAPANESE, Said { title, place, about });
        for language in languages.iter().filter(|language| **language != Language::JAPANESE) {
            texts.set(language.clone(), self.said(language));
        }
        texts
    }

    fn read(&self, languages: &[Language]) -> Result<Details, Error> {
        let day = |text: &str, field| civil::read_day(text).map_err(|_| Error::Field(field));
        let starts_on = day(&self.starts_on, "starts_on")?.ok_or(Error::Field("starts_on"))?;
        let places = self.capacity.trim().chars().map(civil::half_width).collect::<String>();
        Ok(Details {
            texts: self.texts(languages),
            starts_on,
            ends_on: day(&self.ends_on, "ends_on")?.unwrap_or(starts_on),
            starts_at: self.starts_at.trim().to_owned(),
            ends_at: self.ends_at.trim().to_owned(),
            url: self.url.trim().to_owned(),
            who: self.who.parse().map_err(|_| Error::Field("who"))?,
            capacity: if places.is_empty() { None } else { Some(places.parse().map_err(|_| Error::Field("capacity"))?) },
            apply_from: day(&self.apply_from, "apply_from")?,
            apply_until: day(&self.apply_until, "apply_until")?,
        })
    }
}

/// The name of a field in a language.
fn name_in(part: Part, language: &Language) -> String {
    format!("{}_{language}", part.as_str())
}

/// The fields of another language than Japanese.
struct InLanguage {
    tag: String,
    html: String,
    name: String,
    said: Said,
    open: bool,
}

/// The town's other languages; those in which something stands are open.
fn in_languages(view: &View, typed: &Typed, wrong: Option<&Wrong>) -> Vec<InLanguage> {
    let others = view.app.town().languages.iter().filter(|language| **language != Language::JAPANESE);
    let one = |language: &Language| {
        let said = typed.said(language);
        let to_mend = wrong.is_some_and(|wrong| Part::ALL.iter().any(|part| wrong.anchor == name_in(*part, language)));
        InLanguage {
            tag: language.to_string(),
            html: language.html().to_owned(),
            name: view.t(&format!("language-{language}")),
            open: to_mend || said != Said::default(),
            said,
        }
    };
    others.map(one).collect()
}

/// What cannot stand: where it is on the form, and why.
struct Wrong {
    anchor: String,
    text: String,
}

impl Wrong {
    fn field(view: &View, field: &str) -> Self {
        Self { anchor: field.to_owned(), text: view.t(&format!("calendar-error-{}", field.replace('_', "-"))) }
    }

    /// What is wrong with what was typed; gives the error back where it is another.
    fn of(view: &View, error: Error) -> Result<Self, Error> {
        match error {
            Error::Field(field) => Ok(Self::field(view, field)),
            Error::Text { language, part } => {
                let name = view.t(&format!("language-{language}"));
                Ok(Self { anchor: name_in(part, &language), text: view.t1("calendar-error-in-language", "language", &name) })
            }
            other => Err(other),
        }
    }
}

struct AttendeeRow {
    account: AccountId,
    name: Option<String>,
    placed: bool,
    at: String,
}

struct Shown {
    id: EventId,
    title: String,
    cancelled: bool,
    registers: bool,
    attendees: Vec<AttendeeRow>,
}

#[derive(Template)]
#[template(path = "calendar_staff_event.html")]
struct EventForm<'a> {
    view: &'a View,
    typed: &'a Typed,
    action: String,
    choices: Vec<(String, String, bool)>,
    languages: Vec<InLanguage>,
    error: Option<Wrong>,
    shown: Option<Shown>,
    title_max: usize,
    text_max: usize,
}

async fn form(view: &View, ctx: &mut Ctx, typed: &Typed, id: Option<EventId>, error: Option<Wrong>) -> Result<Response, Problem> {
    let name = staff(ctx, Permission::KeepCalendar).await?;
    let programmes = view.app.town().programmes.iter().map(|programme| Who::Programme(programme.id.clone()));
    let choices = [Who::Nobody, Who::Anyone, Who::Proven].into_iter().chain(programmes);
    let chosen = if typed.who.is_empty() { "nobody" } else { &typed.who };
    let choices = choices.map(|who| (who.to_string(), who_words(view, &who), who.to_string() == chosen)).collect();
    let shown = match id {
        Some(id) => Some(shown(view, ctx, id).await?),
        None => None,
    };
    let title = view.t(if id.is_some() { "calendar-staff-event" } else { "calendar-staff-new" });
    let body = EventForm {
        view,
        typed,
        action: id.map_or_else(|| "/staff/calendar/new".to_owned(), |id| format!("/staff/calendar/{id}")),
        choices,
        languages: in_languages(view, typed, error.as_ref()),
        error,
        shown,
        title_max: TITLE_MAX,
        text_max: TEXT_MAX,
    };
    Ok(view.page(&Page::staff(&title, &ctx.actor, name), &body))
}

async fn shown(view: &View, ctx: &mut Ctx, id: EventId) -> Result<Shown, Problem> {
    let event = events::event(ctx, id).await?;
    let attendees = events::attendees(ctx, id).await?;
    let row = |one: events::Attendee| AttendeeRow {
        account: one.seat.account,
        name: one.name,
        placed: one.seat.state == SeatState::Placed,
        at: view.moment(&one.seat.at),
    };
    Ok(Shown {
        id,
        title: event.details.title().to_owned(),
        cancelled: event.cancelled_at.is_some(),
        registers: event.details.who != Who::Nobody,
        attendees: attendees.into_iter().map(row).collect(),
    })
}

pub(super) async fn blank(view: View, Reader(mut ctx): Reader) -> Result<Response, Problem> {
    form(&view, &mut ctx, &Typed::default(), None, None).await
}

/// The look at who registered is written down, so it is a change.
pub(super) async fn one(view: View, Caller(mut ctx): Caller, Path(id): Path<EventId>) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::KeepCalendar).await?;
    let typed = Typed::of(&events::event(&mut ctx, id).await?);
    let page = form(&view, &mut ctx, &typed, Some(id), None).await?;
    ctx.commit().await?;
    Ok(page)
}

pub(super) async fn make(view: View, Caller(ctx): Caller, Form(typed): Form<Typed>) -> Result<Response, Problem> {
    keep(view, ctx, None, typed).await
}

pub(super) async fn change(
    view: View,
    Caller(ctx): Caller,
    Path(id): Path<EventId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    keep(view, ctx, Some(id), typed).await
}

async fn keep(view: View, mut ctx: Ctx, id: Option<EventId>, typed: Typed) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::KeepCalendar).await?;
    let made = match typed.read(&view.app.town().languages) {
        Ok(details) => events::make(&mut ctx, id, details).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(id) => {
            ctx.commit().await?;
            Ok(Redirect::to(&format!("/staff/calendar/{id}")).into_response())
        }
        Err(error) => {
            let wrong = Wrong::of(&view, error)?;
            Ok(to_mend(form(&view, &mut ctx, &typed, id, Some(wrong)).await?))
        }
    }
}

pub(super) async fn cancel(Caller(mut ctx): Caller, Path(id): Path<EventId>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::KeepCalendar).await?;
    events::cancel(&mut ctx, id).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/calendar/{id}")))
}

#[derive(Deserialize)]
pub(super) struct Whom {
    account: String,
}

/// Registers somebody at the counter by the number of their account, which the counter's page shows.
pub(super) async fn register(
    view: View,
    Caller(mut ctx): Caller,
    Path(id): Path<EventId>,
    Form(whom): Form<Whom>,
) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::KeepCalendar).await?;
    let done = match whom.account.trim().parse() {
        Ok(account) => events::register_for(&mut ctx, id, account).await,
        Err(_) => Err(Error::Closed("no_account")),
    };
    if let Err(Error::Closed(_)) = done {
        let typed = Typed::of(&events::event(&mut ctx, id).await?);
        return Ok(to_mend(form(&view, &mut ctx, &typed, Some(id), Some(Wrong::field(&view, "account"))).await?));
    }
    done?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/calendar/{id}")).into_response())
}

pub(super) async fn strike(Caller(mut ctx): Caller, Path(id): Path<EventId>, Form(whom): Form<Whom>) -> Result<Redirect, Problem> {
    staff(&mut ctx, Permission::KeepCalendar).await?;
    let account = whom.account.parse().map_err(|_| Problem::not_found())?;
    events::strike(&mut ctx, id, account).await?;
    ctx.commit().await?;
    Ok(Redirect::to(&format!("/staff/calendar/{id}")))
}

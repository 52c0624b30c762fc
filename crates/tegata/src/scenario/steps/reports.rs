//! What residents tell the town, what staff make of it, and calls in a disaster: by the pages of both.

use identity::SessionOwner;
use serde_json::Value;
use store::{Actor, Role};

use super::{Heard, otherwise, same};
use crate::Outcome;
use crate::scenario::browser::{Browser, unescaped};
use crate::scenario::world::World;

/// A browser in which a member of staff who answers reports is signed in.
async fn desk(world: &World) -> Outcome<Browser> {
    let store = &world.house()?.store;
    let mut ctx = store.begin(world.staff(&[Role::Administrator])).await?;
    let invited = identity::invite_staff(&mut ctx, "担当の職員", &[Role::Clerk]).await?;
    ctx.commit().await?;
    let mut ctx = store.begin(Actor::Anonymous).await?;
    let made_up = identity::Demonstration::of_a_made_up_town();
    let id = identity::accept_invitation_without_passkey(&mut ctx, made_up, &invited.code.code).await?;
    let started = identity::start_session(&mut ctx, SessionOwner::Staff(id), "Firefox").await?;
    ctx.commit().await?;
    let mut browser = Browser::default();
    browser.hold(web::STAFF_COOKIE, &started.token);
    Ok(browser)
}

/// The kind of report of a Japanese name.
fn category(world: &World, name: &str) -> Outcome<String> {
    let reports = world.town.reports.as_ref().ok_or("the pack takes no reports")?;
    let found = reports.categories.iter().find(|category| category.name.ja() == name);
    Ok(found.ok_or_else(|| format!("the pack has no kind of report 「{name}」"))?.id.to_string())
}

/// The report of the steps before.
fn reported(world: &World) -> Outcome<String> {
    match &world.last.report {
        Some(Ok(id)) => Ok(id.clone()),
        other => otherwise("a report", other),
    }
}

/// What somebody fills in.
struct Written<'a> {
    kind: &'a str,
    /// The fields that say where.
    place: Vec<(&'static str, String)>,
    words: &'a str,
    picture: Option<&'static [u8]>,
    call: Option<String>,
}

impl<'a> Written<'a> {
    fn in_district(district: &str, kind: &'a str, words: &'a str) -> Self {
        Self { kind, place: vec![("district", district.to_owned())], words, picture: None, call: None }
    }
}

pub(super) async fn report(world: &mut World, heard: &Heard) -> Outcome {
    let [name, district, kind, words] = heard.values()?;
    send(world, name, Written::in_district(district, kind, words)).await
}

/// How far from the middle of a district a pin is put, in millionths of a degree: some eighty metres.
const BESIDE: i32 = 700;

/// The middle of a district, in millionths of a degree.
fn middle_of(world: &World, district: &str) -> Outcome<(i32, i32)> {
    let found = world.town.districts.iter().find(|known| known.name == district);
    let middle = found.ok_or_else(|| format!("the town has no district 「{district}」"))?.position();
    Ok((middle.latitude, middle.longitude))
}

pub(super) async fn report_by_pin(world: &mut World, heard: &Heard) -> Outcome {
    let [name, district, kind, words] = heard.values()?;
    let (latitude, longitude) = middle_of(world, district)?;
    let pin = (latitude + BESIDE, longitude + BESIDE);
    let place = vec![("latitude", pin.0.to_string()), ("longitude", pin.1.to_string())];
    world.last.pin = Some(pin);
    send(world, name, Written { kind, place, words, picture: None, call: None }).await
}

/// A picture as a phone makes it, with the place in its EXIF: drawn by another maker's tools.
const WITH_PLACE: &[u8] = include_bytes!("../../../../reports/tests/data/with-place.jpg");
/// A square of the grid in which much is drawn, which is hidden, and another, which is not.
const HIDDEN: u32 = 10;
const SHOWN: u32 = 30;
/// Columns and rows of the grid.
const GRID: u32 = 8;

pub(super) async fn report_with_picture(world: &mut World, heard: &Heard) -> Outcome {
    let [name, district, kind, words] = heard.values()?;
    send(world, name, Written { picture: Some(WITH_PLACE), ..Written::in_district(district, kind, words) }).await
}

/// The key that the form gave a draft.
fn key_of(form: &str) -> Outcome<String> {
    Ok(form.split("name=\"key\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or("the form has no key")?.to_owned())
}

/// The parts of the form with its picture.
fn parts_of(written: &Written<'_>, key: &str) -> Vec<(&'static str, String, Vec<u8>)> {
    let text = |name: &'static str, value: &str| (name, String::new(), value.as_bytes().to_vec());
    let mut parts = vec![text("key", key), text("words", written.words)];
    parts.extend(written.place.iter().map(|(name, value)| text(name, value)));
    parts.extend(written.call.iter().map(|call| text("call", call)));
    parts.extend(written.picture.map(|bytes| ("photo", "photo.jpg".to_owned(), bytes.to_vec())));
    parts
}

async fn send(world: &mut World, name: &str, written: Written<'_>) -> Outcome {
    let id = category(world, written.kind)?;
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let query = written.call.as_ref().map(|call| format!("?call={call}")).unwrap_or_default();
    let form = browser.page(&router, &format!("/reports/new/{id}{query}")).await?;
    if !form.status.is_success() {
        world.last.report = Some(Err(form.status.to_string()));
        return Ok(());
    }
    let parts = parts_of(&written, &key_of(&form.body)?);
    let kept = browser.upload_all(&router, &format!("/reports/new/{id}"), &parts).await?.good()?;
    let check = kept.location.ok_or_else(|| format!("the form was not kept: {}", kept.body))?;
    let page = browser.page(&router, &check).await?.good()?;
    if !unescaped(&page.body).contains(written.words) {
        return otherwise(written.words, page.body);
    }
    if written.picture.is_some() {
        let photo = page.body.split("<img class=\"photos__one\" src=\"").nth(1).and_then(|rest| rest.split('"').next());
        let hide = format!("{}/hide", photo.ok_or("the page shows no picture")?);
        browser.form(&router, &hide, &[("square", &HIDDEN.to_string())]).await?.good()?;
    }
    let sent = browser.form(&router, &check.replace("/check", "/send"), &[]).await?.good()?;
    let to = sent.location.ok_or("sending leads nowhere")?;
    let id = to.trim_start_matches("/reports/").split('?').next().unwrap_or_default().to_owned();
    world.last.report_before = world.last.report.replace(Ok(id)).and_then(Result::ok);
    Ok(())
}

/// What the form's island does when it was kept without a network: the same again until an answer comes.
pub(super) async fn send_again(world: &mut World, heard: &Heard) -> Outcome {
    let [name, district, kind, words, times] = heard.values()?;
    let id = category(world, kind)?;
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let form = browser.page(&router, &format!("/reports/new/{id}")).await?.good()?;
    let mut parts = parts_of(&Written::in_district(district, kind, words), &key_of(&form.body)?);
    parts.push(("category", String::new(), id.into_bytes()));
    let mut sent = Value::Null;
    for _ in 0..times.parse()? {
        sent = browser.upload_all(&router, "/api/v1/me/reports", &parts).await?.json()?;
    }
    world.last.report = Some(Ok(sent["id"].as_str().ok_or("the answer names no report")?.to_owned()));
    Ok(())
}

pub(super) async fn has_so_many(world: &mut World, heard: &Heard) -> Outcome {
    let [name, number] = heard.values()?;
    let account = super::checks::account_of(world, name).await?;
    let mut ctx = world.house()?.store.begin(Actor::System).await?;
    let count = "select count(*) from reports_report where account = $1 and sent_at is not null";
    let (found,) = ctx.tx().query_one::<(i64,)>(count, &[account.into()]).await?;
    same(&number.parse()?, &found)
}

/// The only picture of the report, as it is kept.
async fn picture(world: &World) -> Outcome<Vec<u8>> {
    let id = reported(world)?;
    let mut ctx = world.house()?.store.begin(Actor::System).await?;
    let (jpeg,) = ctx.tx().query_one::<(Vec<u8>,)>("select jpeg from reports_photo where report = $1", &[id.into()]).await?;
    Ok(jpeg)
}

pub(super) async fn picture_without_place(world: &mut World, _: &Heard) -> Outcome {
    let kept = picture(world).await?;
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    same(&(true, false), &(holds(WITH_PLACE, b"Exif"), holds(&kept, b"Exif")))
}

/// What was drawn in the hidden square is there no more; in another everything is as it was, but for what a JPEG written anew loses.
pub(super) async fn picture_is_hidden(world: &mut World, _: &Heard) -> Outcome {
    let whole = web::picture::open_picture(WITH_PLACE)?.to_luma8();
    let kept = web::picture::open_picture(&picture(world).await?)?.to_luma8();
    same(&whole.dimensions(), &kept.dimensions())?;
    let (width, height) = whole.dimensions();
    let changed = |square: u32| {
        let (column, row) = (square % GRID, square / GRID);
        let across = width * column / GRID..width * (column + 1) / GRID;
        let down = height * row / GRID..height * (row + 1) / GRID;
        let pixels = down.flat_map(|y| across.clone().map(move |x| (x, y)));
        pixels.filter(|(x, y)| whole.get_pixel(*x, *y)[0].abs_diff(kept.get_pixel(*x, *y)[0]) > 48).count()
    };
    let (hidden, shown) = (changed(HIDDEN), changed(SHOWN));
    if hidden > 100 && shown == 0 { Ok(()) } else { otherwise("one square changed and the other not", (hidden, shown)) }
}

pub(super) async fn say(world: &mut World, heard: &Heard) -> Outcome {
    let [name, words] = heard.values()?;
    let (id, router) = (reported(world)?, world.house()?.router.clone());
    let browser = &mut world.person_mut(name)?.browser;
    browser.form(&router, &format!("/reports/{id}/say"), &[("words", words)]).await?.good().map(drop)
}

pub(super) async fn not_yet(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let (id, router) = (reported(world)?, world.house()?.router.clone());
    let browser = &mut world.person_mut(name)?.browser;
    browser.form(&router, &format!("/reports/{id}/confirm"), &[("answer", "not_yet")]).await?.good().map(drop)
}

async fn on_desk(world: &World, what: &str, fields: &[(&str, &str)]) -> Outcome {
    let id = reported(world)?;
    let mut staff = desk(world).await?;
    staff.form(&world.house()?.router, &format!("/staff/reports/{id}/{what}"), fields).await?.good().map(drop)
}

pub(super) async fn answer(world: &mut World, heard: &Heard) -> Outcome {
    let [words] = heard.values()?;
    on_desk(world, "answer", &[("words", words)]).await
}

/// The step of a Japanese name.
fn step_called(world: &World, status: &str) -> Outcome<&'static str> {
    let app = &world.house()?.app;
    let in_words = |step: &reports::Status| {
        let key = format!("reports-status-{}", step.as_str().replace('_', "-"));
        app.catalogue().text(&town::Language::JAPANESE, &key, &[])
    };
    let step = reports::Status::ALL.iter().find(|step| in_words(step) == status);
    Ok(step.ok_or_else(|| format!("no step is called 「{status}」"))?.as_str())
}

pub(super) async fn step(world: &mut World, heard: &Heard) -> Outcome {
    let [status] = heard.values()?;
    let step = step_called(world, status)?;
    on_desk(world, "answer", &[("words", ""), ("step", step)]).await
}

pub(super) async fn note(world: &mut World, heard: &Heard) -> Outcome {
    let [words] = heard.values()?;
    on_desk(world, "note", &[("words", words)]).await
}

pub(super) async fn publish(world: &mut World, heard: &Heard) -> Outcome {
    let [words] = heard.values()?;
    on_desk(world, "publish", &[("words", words)]).await
}

pub(super) async fn merge(world: &mut World, _: &Heard) -> Outcome {
    let before = world.last.report_before.clone().ok_or("there is no report before it")?;
    let mut ctx = world.house()?.store.begin(Actor::System).await?;
    let (number,) = ctx.tx().query_one::<(i64,)>("select number from reports_report where id = $1", &[before.into()]).await?;
    drop(ctx);
    on_desk(world, "merge", &[("number", &number.to_string())]).await
}

pub(super) async fn settle_the_one_before(world: &mut World, heard: &Heard) -> Outcome {
    let [status, words] = heard.values()?;
    let before = world.last.report_before.clone().ok_or("there is no report before it")?;
    let step = step_called(world, status)?;
    let mut staff = desk(world).await?;
    let path = format!("/staff/reports/{before}/answer");
    staff.form(&world.house()?.router, &path, &[("words", words), ("step", step)]).await?.good().map(drop)
}

pub(super) async fn triage(world: &mut World, heard: &Heard) -> Outcome {
    let [pressing] = heard.values()?;
    let app = &world.house()?.app;
    let in_words = |group: &str| app.catalogue().text(&town::Language::JAPANESE, &format!("reports-triage-{group}"), &[]);
    let to = [("life", "1_life"), ("urgent", "2_urgent"), ("later", "4_later")].into_iter().find(|(group, _)| in_words(group) == pressing);
    let (_, to) = to.ok_or_else(|| format!("nothing presses 「{pressing}」"))?;
    let call = called(world)?;
    on_desk(world, "triage", &[("to", to), ("call", &call)]).await
}

pub(super) async fn taken(world: &mut World, heard: &Heard) -> Outcome {
    let [section] = heard.values()?;
    let id = reported(world)?;
    let mut staff = desk(world).await?;
    let page = staff.page(&world.house()?.router, &format!("/staff/reports/{id}")).await?.good()?;
    if page.body.contains(&format!("<dd>{section}</dd>")) { Ok(()) } else { otherwise(section, page.body) }
}

pub(super) async fn refused(world: &mut World, _: &Heard) -> Outcome {
    match &world.last.report {
        Some(Err(_)) => Ok(()),
        other => otherwise("a refusal", other),
    }
}

/// What somebody's page of the report says.
async fn page(world: &mut World, name: &str) -> Outcome<String> {
    let (id, router) = (reported(world)?, world.house()?.router.clone());
    let reply = world.person_mut(name)?.browser.page(&router, &format!("/reports/{id}")).await?;
    Ok(unescaped(&reply.body))
}

pub(super) async fn reads(world: &mut World, heard: &Heard) -> Outcome {
    let [name, words] = heard.values()?;
    let page = page(world, name).await?;
    if page.contains(words) { Ok(()) } else { otherwise(words, page) }
}

pub(super) async fn does_not_read(world: &mut World, heard: &Heard) -> Outcome {
    let [name, words] = heard.values()?;
    let page = page(world, name).await?;
    if page.contains(words) { otherwise(format!("nothing of {words}"), page) } else { Ok(()) }
}

pub(super) async fn told(world: &mut World, heard: &Heard) -> Outcome {
    let [name, times] = heard.values()?;
    let account = super::checks::account_of(world, name).await?.to_string();
    let mut ctx = world.house()?.store.begin(Actor::System).await?;
    let rows: Vec<(String,)> = ctx.tx().query("select payload from store_event where kind = 'web.tell'", &[]).await?;
    let of_them = |payload: &str| {
        serde_json::from_str::<Value>(payload).is_ok_and(|told| told["account"] == account.as_str() && told["topic"] == "reports")
    };
    let found = rows.iter().filter(|(payload,)| of_them(payload)).count();
    same(&times.parse::<usize>()?, &found)
}

pub(super) async fn everybody_sees(world: &mut World, heard: &Heard) -> Outcome {
    let [words] = heard.values()?;
    let map = Browser::default().ask(&world.house()?.router, "/api/v1/reports.geojson").await?;
    if map.body.contains(words) { Ok(()) } else { otherwise(words, map.body) }
}

/// Where everybody sees a report, in millionths of a degree.
async fn seen_at(world: &World, words: &str) -> Outcome<(i32, i32)> {
    let map: Value = Browser::default().ask(&world.house()?.router, "/api/v1/reports.geojson").await?.json()?;
    let features = map["features"].as_array().ok_or("no features")?;
    let found = features.iter().find(|feature| feature.to_string().contains(words));
    let coordinates = &found.ok_or_else(|| format!("nobody sees 「{words}」"))?["geometry"]["coordinates"];
    let millionths = |place: usize| coordinates[place].as_f64().map(|degrees| format!("{:.0}", degrees * 1e6).parse());
    let (longitude, latitude) = (millionths(0).ok_or("no longitude")??, millionths(1).ok_or("no latitude")??);
    Ok((latitude, longitude))
}

pub(super) async fn at_the_pin(world: &mut World, heard: &Heard) -> Outcome {
    let [words] = heard.values()?;
    same(&world.last.pin, &Some(seen_at(world, words).await?))
}

pub(super) async fn in_the_middle(world: &mut World, heard: &Heard) -> Outcome {
    let [words, district] = heard.values()?;
    same(&middle_of(world, district)?, &seen_at(world, words).await?)
}

pub(super) async fn nobody_sees(world: &mut World, heard: &Heard) -> Outcome {
    let [words] = heard.values()?;
    let router = &world.house()?.router;
    for path in ["/api/v1/reports.geojson", "/reports/public", "/open311/v2/requests.json"] {
        let reply = Browser::default().page(router, path).await?;
        if reply.body.contains(words) {
            return otherwise(format!("nothing of {words} at {path}"), reply.body);
        }
    }
    Ok(())
}

pub(super) async fn call(world: &mut World, heard: &Heard) -> Outcome {
    let [district, kind, words] = heard.values()?;
    let kind = category(world, kind)?;
    let mut staff = desk(world).await?;
    let router = world.house()?.router.clone();
    let begun =
        staff.form(&router, "/staff/reports/calls", &[("category", &kind), ("district", district), ("words", words)]).await?.good()?;
    let to = begun.location.ok_or("the call leads nowhere")?;
    world.last.call = to.rsplit('/').next().map(str::to_owned);
    world.do_due_jobs().await
}

/// The call of the steps before.
fn called(world: &World) -> Outcome<String> {
    Ok(world.last.call.clone().ok_or("nobody has called")?)
}

async fn is_asked(world: &mut World, name: &str) -> Outcome<bool> {
    let (call, router) = (called(world)?, world.house()?.router.clone());
    let page = world.person_mut(name)?.browser.page(&router, "/reports").await?.good()?;
    Ok(page.body.contains(&call))
}

pub(super) async fn asked(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    if is_asked(world, name).await? { Ok(()) } else { otherwise(format!("{name} is asked"), "not asked") }
}

pub(super) async fn not_asked(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    if is_asked(world, name).await? { otherwise(format!("{name} is not asked"), "asked") } else { Ok(()) }
}

pub(super) async fn fine(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let (call, router) = (called(world)?, world.house()?.router.clone());
    world.person_mut(name)?.browser.form(&router, &format!("/reports/calls/{call}/fine"), &[]).await?.good().map(drop)
}

pub(super) async fn cannot_answer(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let (call, router) = (called(world)?, world.house()?.router.clone());
    let reply = world.person_mut(name)?.browser.form(&router, &format!("/reports/calls/{call}/fine"), &[]).await?;
    same(&axum::http::StatusCode::NOT_FOUND, &reply.status)
}

pub(super) async fn end_call(world: &mut World, _: &Heard) -> Outcome {
    let call = called(world)?;
    let mut staff = desk(world).await?;
    staff.form(&world.house()?.router, &format!("/staff/reports/calls/{call}/end"), &[]).await?.good().map(drop)
}

pub(super) async fn in_order(world: &mut World, heard: &Heard) -> Outcome {
    let wanted: [&str; 3] = heard.values()?;
    let call = called(world)?;
    let mut staff = desk(world).await?;
    let page = unescaped(&staff.page(&world.house()?.router, &format!("/staff/reports/calls/{call}")).await?.good()?.body);
    let places: Vec<Option<usize>> = wanted.iter().map(|words| page.find(words)).collect();
    if places.iter().all(Option::is_some) && places.is_sorted() { Ok(()) } else { otherwise(wanted.join("、"), places) }
}

pub(super) async fn damage(world: &mut World, heard: &Heard) -> Outcome {
    let [name, district, kind, words] = heard.values()?;
    let call = called(world)?;
    send(world, name, Written { call: Some(call), ..Written::in_district(district, kind, words) }).await
}

pub(super) async fn counts(world: &mut World, heard: &Heard) -> Outcome {
    let [asked, damage, fine] = heard.values()?;
    let call = called(world)?;
    let mut staff = desk(world).await?;
    let page = staff.page(&world.house()?.router, &format!("/staff/reports/calls/{call}")).await?.good()?.body;
    for (what, wanted) in [("asked", asked), ("damage", damage), ("fine", fine)] {
        let found = page.split(&format!("data-count=\"{what}\">")).nth(1).and_then(|rest| rest.split('<').next());
        same(&Some(wanted), &found)?;
    }
    Ok(())
}

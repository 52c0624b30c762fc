//! The map: what people find from where they stand, and what the staff do with its data.

use places::{Refusal, State, Version};
use serde_json::Value;
use store::Role;
use town::{Dataset, DatasetSource, HazardKind};

use super::{Heard, otherwise};
use crate::Outcome;
use crate::scenario::browser::Browser;
use crate::scenario::world::World;

/// Hazards as stories say them.
const HAZARDS: [(&str, HazardKind); 8] = [
    ("洪水", HazardKind::Flood),
    ("土砂災害", HazardKind::Landslide),
    ("高潮", HazardKind::StormSurge),
    ("地震", HazardKind::Earthquake),
    ("津波", HazardKind::Tsunami),
    ("大規模な火事", HazardKind::Fire),
    ("内水氾濫", HazardKind::InlandFlood),
    ("火山現象", HazardKind::Volcano),
];

fn hazard(word: &str) -> Outcome<HazardKind> {
    let found = HAZARDS.iter().find(|(known, _)| *known == word);
    Ok(found.map(|(_, kind)| *kind).ok_or_else(|| format!("「{word}」 is no hazard of these stories"))?)
}

pub(super) async fn flee(world: &mut World, heard: &Heard) -> Outcome {
    let [district, word] = heard.values()?;
    let hazard = hazard(word)?.word().to_owned();
    ask(world, district, &[("hazard", &hazard)]).await
}

pub(super) async fn look(world: &mut World, heard: &Heard) -> Outcome {
    let [district] = heard.values()?;
    ask(world, district, &[]).await
}

/// Asks as anybody does, without an account.
async fn ask(world: &mut World, district: &str, more: &[(&str, &str)]) -> Outcome {
    let query: String =
        more.iter().chain(&[("district", district)]).map(|(name, value)| format!("{name}={}&", web::query_value(value))).collect();
    let reply = Browser::default().ask(&world.house()?.router, &format!("/api/v1/places?{query}")).await?;
    let answer: Value = serde_json::from_str(&reply.body)?;
    let found = answer["places"].as_array().ok_or_else(|| format!("no places in {}", reply.body))?;
    world.last.places = found.clone();
    Ok(())
}

pub(super) async fn open_list(world: &mut World, heard: &Heard) -> Outcome {
    let [district] = heard.values()?;
    let path = format!("/map/list?district={}", web::query_value(district));
    let page = Browser::default().page(&world.house()?.router, &path).await?.good()?;
    world.last.page = Some(page.body);
    Ok(())
}

pub(super) async fn nearest(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let first = world.last.places.first().and_then(|place| place["name"].as_str());
    if first == Some(name) { Ok(()) } else { otherwise(name, first) }
}

pub(super) async fn all_for(world: &mut World, heard: &Heard) -> Outcome {
    let [word] = heard.values()?;
    let hazard = hazard(word)?.word();
    let is_for = |place: &Value| place["hazards"].as_array().is_some_and(|hazards| hazards.iter().any(|known| known == hazard));
    match world.last.places.iter().find(|place| !is_for(place)) {
        None if !world.last.places.is_empty() => Ok(()),
        other => otherwise(format!("places for {hazard} only, and one at least"), other),
    }
}

pub(super) async fn both(world: &mut World, heard: &Heard) -> Outcome {
    let [one, other] = heard.values()?;
    let is_both = |place: &Value| place["kind_label"].as_str().is_some_and(|label| label.contains(one) && label.contains(other));
    if world.last.places.iter().any(is_both) { Ok(()) } else { otherwise("one place that is both", world.last.places.len()) }
}

pub(super) async fn count(world: &mut World, heard: &Heard) -> Outcome {
    let [name, wanted] = heard.values()?;
    let (dataset, wanted): (Dataset, usize) = (dataset(world, name)?, wanted.parse()?);
    let path = format!("/api/v1/places?kind={}", dataset.kind);
    let reply = Browser::default().ask(&world.house()?.router, &path).await?;
    let answer: Value = serde_json::from_str(&reply.body)?;
    let found = answer["places"].as_array().map_or(0, Vec::len);
    if found == wanted { Ok(()) } else { otherwise(wanted, found) }
}

fn dataset(world: &World, name: &str) -> Outcome<Dataset> {
    let found = world.town.datasets.iter().find(|dataset| dataset.name.ja() == name);
    Ok(found.cloned().ok_or_else(|| format!("the pack has no data set 「{name}」"))?)
}

/// The file the pack has for a data set.
fn pack_file(dataset: &Dataset) -> Outcome<Vec<u8>> {
    match &dataset.source {
        DatasetSource::File { bytes, .. } => Ok(bytes.to_vec()),
        other => Err(format!("the data set has no file in the pack: {other:?}").into()),
    }
}

pub(super) async fn cut_file(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let dataset = dataset(world, name)?;
    let whole = pack_file(&dataset)?;
    bring(world, &dataset, &whole[..whole.len() / 2]).await
}

pub(super) async fn file_without_names(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let dataset = dataset(world, name)?;
    let text = String::from_utf8(pack_file(&dataset)?)?.replace("\"施設・場所名\"", "\"呼び名\"");
    bring(world, &dataset, text.as_bytes()).await
}

pub(super) async fn file_without(world: &mut World, heard: &Heard) -> Outcome {
    let [name, fewer] = heard.values()?;
    let (dataset, fewer): (Dataset, usize) = (dataset(world, name)?, fewer.parse()?);
    let mut collection: Value = serde_json::from_slice(&pack_file(&dataset)?)?;
    let features = collection["features"].as_array_mut().ok_or("the pack's file has no features")?;
    features.drain(..fewer.min(features.len()));
    bring(world, &dataset, &serde_json::to_vec(&collection)?).await
}

/// The form of the staff's page.
async fn bring(world: &mut World, dataset: &Dataset, bytes: &[u8]) -> Outcome {
    let mut ctx = world.house()?.store.begin(world.staff(&[Role::Operator])).await?;
    let version = places::upload(&mut ctx, &dataset.id, bytes).await?;
    ctx.commit().await?;
    world.last.file = Some(version);
    world.do_due_jobs().await
}

fn file(world: &World) -> Outcome<&Version> {
    Ok(world.last.file.as_ref().ok_or("no file was brought yet")?)
}

pub(super) async fn approve(world: &mut World, _: &Heard) -> Outcome {
    let id = file(world)?.id;
    let mut ctx = world.house()?.store.begin(world.staff(&[Role::Operator])).await?;
    places::approve(&mut ctx, id).await?;
    Ok(ctx.commit().await?)
}

pub(super) async fn take_back(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let dataset = dataset(world, name)?;
    let mut ctx = world.house()?.store.begin(world.staff(&[Role::Operator])).await?;
    places::take_back(&mut ctx, &dataset.id).await?;
    Ok(ctx.commit().await?)
}

pub(super) async fn refused(world: &mut World, heard: &Heard) -> Outcome {
    let [why] = heard.values()?;
    let report = &file(world)?.report;
    let fits = match (why, &report.refusal) {
        ("途中で切れている", refusal) => matches!(refusal, Some(Refusal::Truncated { .. })),
        ("列がない", refusal) => matches!(refusal, Some(Refusal::Columns { .. })),
        _ => return Err(format!("「{why}」 is no reason of these stories").into()),
    };
    if fits { Ok(()) } else { otherwise(why, &report.refusal) }
}

pub(super) async fn waits(world: &mut World, _: &Heard) -> Outcome {
    let state = file(world)?.state;
    if state == State::Held { Ok(()) } else { otherwise(State::Held, state) }
}

pub(super) async fn waits_with_fewer(world: &mut World, heard: &Heard) -> Outcome {
    let [fewer] = heard.values()?;
    let (fewer, version): (u32, &Version) = (fewer.parse()?, file(world)?);
    let gone = version.report.lost.as_ref().map(|lost| lost.gone);
    if version.state == State::Held && gone == Some(fewer) { Ok(()) } else { otherwise(fewer, gone) }
}

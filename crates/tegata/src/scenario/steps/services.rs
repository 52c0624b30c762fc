//! What people do at services of others, and what those come to know.

use oidc::Acr;
use serde_json::Value;

use super::{Heard, otherwise};
use crate::Outcome;
use crate::scenario::services::LogIn;
use crate::scenario::world::World;

pub(super) async fn registered(world: &mut World, heard: &Heard) -> Outcome {
    let [service, scope] = heard.values()?;
    world.register_service(service, scope).await
}

pub(super) async fn log_in(world: &mut World, heard: &Heard) -> Outcome {
    let [name, service] = heard.values()?;
    let login = world.log_in_at(name, service, None).await?;
    world.last.login = Some(login);
    Ok(())
}

pub(super) async fn log_in_by_card(world: &mut World, heard: &Heard) -> Outcome {
    let [name, service] = heard.values()?;
    let login = world.log_in_at(name, service, Some(Acr::Card)).await?;
    world.last.login = Some(login);
    Ok(())
}

pub(super) async fn withdraw(world: &mut World, heard: &Heard) -> Outcome {
    let [name, service, scope] = heard.values()?;
    world.withdraw_from(name, service, scope).await
}

pub(super) async fn agreed_and_in(world: &mut World, _: &Heard) -> Outcome {
    ended(world, LogIn::Done { asked: true })
}

pub(super) async fn in_at_once(world: &mut World, _: &Heard) -> Outcome {
    ended(world, LogIn::Done { asked: false })
}

pub(super) async fn card_wanted(world: &mut World, _: &Heard) -> Outcome {
    ended(world, LogIn::CardWanted)
}

pub(super) async fn proof_wanted(world: &mut World, _: &Heard) -> Outcome {
    ended(world, LogIn::ProofWanted)
}

fn ended(world: &World, wanted: LogIn) -> Outcome {
    match world.last.login {
        Some(login) if login == wanted => Ok(()),
        other => otherwise(format!("{wanted:?}"), other),
    }
}

pub(super) async fn knows(world: &mut World, heard: &Heard) -> Outcome {
    let [service, name, claim, value] = heard.values()?;
    let told = world.told_to(service, name).await?;
    let found = told.as_ref().map(|told| in_words(&told[claim]));
    if found.as_deref() == Some(value) { Ok(()) } else { otherwise(format!("{claim}: {value}"), told) }
}

pub(super) async fn does_not_know(world: &mut World, heard: &Heard) -> Outcome {
    let [service, name, claim] = heard.values()?;
    let told = world.told_to(service, name).await?;
    match told.as_ref().and_then(|told| told.get(claim)) {
        None => Ok(()),
        Some(_) => otherwise(format!("nothing about {claim}"), told),
    }
}

pub(super) async fn by_card(world: &mut World, heard: &Heard) -> Outcome {
    let [service, name] = heard.values()?;
    how(world, service, name, Acr::Card)
}

pub(super) async fn by_session(world: &mut World, heard: &Heard) -> Outcome {
    let [service, name] = heard.values()?;
    how(world, service, name, Acr::Login)
}

fn how(world: &World, service: &str, name: &str, wanted: Acr) -> Outcome {
    let told = world.claim_at(service, name, "acr")?;
    if told == wanted.as_str() { Ok(()) } else { otherwise(wanted.as_str(), told) }
}

pub(super) async fn other_names(world: &mut World, heard: &Heard) -> Outcome {
    let [one, other, name] = heard.values()?;
    let (at_one, at_other) = (world.subject_at(one, name)?, world.subject_at(other, name)?);
    if at_one == at_other { otherwise("two names", at_one) } else { Ok(()) }
}

/// A claim as a story says it.
fn in_words(claim: &Value) -> String {
    match claim {
        Value::Bool(true) => "はい".to_owned(),
        Value::Bool(false) => "いいえ".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(several) => several.iter().map(in_words).collect::<Vec<_>>().join("、"),
        other => other.to_string(),
    }
}

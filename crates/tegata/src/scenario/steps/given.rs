//! 前提: how things stand.

use town::Apply;

use super::{Heard, acts, day, otherwise};
use crate::Outcome;
use crate::scenario::people::Proof;
use crate::scenario::world::World;

pub(super) async fn today(world: &mut World, heard: &Heard) -> Outcome {
    let [text] = heard.values()?;
    world.begin(day(text)?).await
}

pub(super) async fn residents(world: &mut World, heard: &Heard) -> Outcome {
    for name in world.register_mut()?.add(&heard.table, None)? {
        world.person_of_row(&name)?;
    }
    world.settle().await
}

pub(super) async fn more_residents(world: &mut World, heard: &Heard) -> Outcome {
    let [number] = heard.values()?;
    let today = world.today();
    world.register_mut()?.add_generated(number.parse()?, today)?;
    world.settle().await
}

pub(super) async fn stranger(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    if world.register()?.knows(name) {
        return Err(format!("「{name}」 is in the register").into());
    }
    world.stranger(name);
    Ok(())
}

pub(super) async fn revoked(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    world.revoke(name).await
}

pub(super) async fn proven(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    prove_once(world, name).await
}

pub(super) async fn holds(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, title] = heard.values()?;
    let programme = world.programme(title)?;
    prove_once(world, name).await?;
    if programme.apply == Apply::Application {
        let application = acts::apply_for(world, name, of, title).await?;
        if let Some(refused) = application.refused {
            return otherwise("the application granted", refused);
        }
    }
    match world.live_card(name, of, &programme).await? {
        Some(_) => Ok(()),
        None => otherwise(format!("「{title}」 of 「{of}」 on the phone of 「{name}」"), "no such card"),
    }
}

async fn prove_once(world: &mut World, name: &str) -> Outcome {
    if world.has_phone(name) {
        return Ok(());
    }
    match world.prove(name, true).await? {
        Proof::Believed => super::checks::is_linked(world, name).await,
        other => otherwise("a proof that is believed", other),
    }
}

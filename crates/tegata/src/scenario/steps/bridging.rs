//! The data bridge's own steps: what happens to bundles, and what becomes of them.

use registry::Counts;
use registry::bridge::OpenError;

use super::{Heard, otherwise};
use crate::Outcome;
use crate::scenario::crossing::Carried;
use crate::scenario::register::{full_width_blank, in_shift_jis};
use crate::scenario::world::World;

pub(super) async fn one_bundle(world: &mut World, _: &Heard) -> Outcome {
    world.run_bridge().await
}

pub(super) async fn seal(world: &mut World, _: &Heard) -> Outcome {
    world.seal()
}

pub(super) async fn open(world: &mut World, _: &Heard) -> Outcome {
    world.open_pending().await
}

pub(super) async fn open_again(world: &mut World, _: &Heard) -> Outcome {
    world.open_again().await
}

pub(super) async fn open_only_the_last(world: &mut World, _: &Heard) -> Outcome {
    world.open_only_the_last().await
}

pub(super) async fn open_foreign(world: &mut World, _: &Heard) -> Outcome {
    world.open_foreign().await
}

pub(super) async fn flip_a_bit(world: &mut World, _: &Heard) -> Outcome {
    world.flip_a_bit()
}

pub(super) async fn vanish(world: &mut World, heard: &Heard) -> Outcome {
    let [people] = heard.values()?;
    world.register_mut()?.lose(people.parse()?)
}

pub(super) async fn mistake(world: &mut World, heard: &Heard) -> Outcome {
    let [name, heading, value] = heard.values()?;
    world.register_mut()?.set(name, heading, value)
}

pub(super) async fn approve(world: &mut World, _: &Heard) -> Outcome {
    world.approve().await
}

fn carried(world: &World) -> Outcome<&Carried> {
    Ok(world.crossing.last.as_ref().ok_or("there was no bundle yet")?)
}

pub(super) async fn accepted(world: &mut World, _: &Heard) -> Outcome {
    match carried(world)? {
        Carried::Applied => Ok(()),
        other => otherwise("the bundle applied", other),
    }
}

pub(super) async fn waits(world: &mut World, _: &Heard) -> Outcome {
    match carried(world)? {
        Carried::Waiting(_) => Ok(()),
        other => otherwise("the bundle waiting for approval", other),
    }
}

pub(super) async fn refused(world: &mut World, heard: &Heard) -> Outcome {
    let [word] = heard.values()?;
    let Carried::Refused(error) = carried(world)? else { return otherwise("the bundle refused", carried(world)?) };
    let fits = match word {
        "再送" => matches!(error, OpenError::Replayed { .. }),
        "欠番" => matches!(error, OpenError::Gap { .. }),
        // Another town signs with keys that are not trusted here, which is found first.
        "他の町" => matches!(error, OpenError::OtherTown(_) | OpenError::UnknownSigner(_)),
        "改ざん" => matches!(error, OpenError::Altered),
        _ => return Err(format!("「{word}」 is no reason of a refused bundle").into()),
    };
    if fits { Ok(()) } else { otherwise(format!("a refusal for 「{word}」"), error) }
}

pub(super) async fn not_sealed(world: &mut World, heard: &Heard) -> Outcome {
    let [name, heading] = heard.values()?;
    let Carried::NotSealed(problems) = carried(world)? else { return otherwise("no bundle", carried(world)?) };
    let line = world.register()?.line_of(name)?;
    let found = problems.iter().any(|problem| problem.line == line && problem.header == heading && problem.column > 0);
    if found { Ok(()) } else { otherwise(format!("a problem on line {line} under 「{heading}」"), problems) }
}

/// Looks for the words as they stand, with a full-width blank and without any, in UTF-8 and in Shift_JIS: in the file, and in all that it holds.
pub(super) async fn nowhere_in_bundle(world: &mut World, heard: &Heard) -> Outcome {
    let words: [&str; 2] = heard.values()?;
    let (file, texts) = world.inside_of_latest()?;
    for word in words {
        for written in [word.to_owned(), full_width_blank(word), word.replace(' ', "")] {
            let in_file = [written.clone().into_bytes(), in_shift_jis(&written)]
                .iter()
                .any(|bytes| file.windows(bytes.len()).any(|part| part == bytes));
            if in_file {
                return otherwise("a bundle without names and addresses", format!("「{written}」 in clear"));
            }
            if texts.iter().any(|text| text.contains(&written)) {
                return otherwise("a bundle without names and addresses", format!("「{written}」 in a row"));
            }
        }
    }
    Ok(())
}

pub(super) async fn counts(world: &mut World, heard: &Heard) -> Outcome {
    let [kind, people] = heard.values()?;
    let counts = world.crossing.difference.as_ref().ok_or("no difference was shown")?;
    let found = count(counts, kind)?;
    super::same(&people.parse::<u64>()?, &found)
}

fn count(counts: &Counts, kind: &str) -> Outcome<u64> {
    Ok(match kind {
        "転入" => counts.moved_in + counts.born + counts.returned,
        "転出" => counts.moved_out,
        "死亡" => counts.died,
        "消えた人" => counts.vanished,
        _ => return Err(format!("「{kind}」 is no kind of difference; see towns/README.md").into()),
    })
}

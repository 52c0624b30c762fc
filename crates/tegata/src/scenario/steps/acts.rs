//! もし: what somebody does.

use jiff::SignedDuration;
use regex::Regex;
use registry::Search;
use store::Role;
use town::{BridgeField, Column, Programme};

use super::{Heard, day};
use crate::Outcome;
use crate::scenario::browser::unescaped;
use crate::scenario::people::{big_code, first};
use crate::scenario::phone::Presenting;
use crate::scenario::world::{Application, Refused, World};

pub(super) async fn prove(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let proof = world.prove(name, true).await?;
    world.last.proof = Some((name.to_owned(), proof));
    Ok(())
}

pub(super) async fn prove_wrongly(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let proof = world.prove(name, false).await?;
    world.last.proof = Some((name.to_owned(), proof));
    Ok(())
}

pub(super) async fn prove_by_phone_card(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let proof = world.prove_by_phone_card(name, Presenting { elsewhere: false, days_old: 0 }).await?;
    world.last.proof = Some((name.to_owned(), proof));
    Ok(())
}

pub(super) async fn prove_by_phone_card_elsewhere(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let proof = world.prove_by_phone_card(name, Presenting { elsewhere: true, days_old: 0 }).await?;
    world.last.proof = Some((name.to_owned(), proof));
    Ok(())
}

pub(super) async fn prove_by_old_phone_card(world: &mut World, heard: &Heard) -> Outcome {
    let [name, days] = heard.values()?;
    let proof = world.prove_by_phone_card(name, Presenting { elsewhere: false, days_old: days.parse()? }).await?;
    world.last.proof = Some((name.to_owned(), proof));
    Ok(())
}

/// A clerk who may see everybody finds the resident of the account that waits.
pub(super) async fn resolve_match(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let account = super::checks::account_of(world, name).await?;
    let mut ctx = world.house()?.store.begin(world.staff(&[Role::Clerk, Role::ProtectionClerk])).await?;
    let waiting = identity::match_requests(&mut ctx, &registry::Register, 50).await?;
    let request = waiting.iter().find(|request| request.account == account).ok_or_else(|| format!("「{name}」 is not in the queue"))?;
    let case = identity::see_match_request(&mut ctx, &registry::Register, request.id).await?;
    let keys = case.keys;
    let candidates = registry::match_candidates(&mut ctx, &keys).await?;
    let [resident] = candidates.as_slice() else { return Err(format!("{} residents could be 「{name}」", candidates.len()).into()) };
    identity::resolve_match(&mut ctx, &registry::Register, request.id, resident.id).await?;
    Ok(ctx.commit().await?)
}

pub(super) async fn apply(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, title] = heard.values()?;
    let application = apply_for(world, name, of, title).await?;
    world.last.application = Some(application);
    Ok(())
}

/// Applies as a person would: by the link on the first page, and the form behind it. Whoever finds no link tries the form's address all the same,
/// so that it is the house that refuses and not the page.
pub(super) async fn apply_for(world: &mut World, name: &str, of: &str, title: &str) -> Outcome<Application> {
    let programme = world.programme(title)?;
    let router = world.house()?.router.clone();
    let offered = offer(world, name, of, title).await?;
    let path = match &offered {
        Some(href) => href.clone(),
        None => format!("/apply/{}/{}", programme.id, resident_id(world, of).await?),
    };
    let browser = &mut world.person_mut(name)?.browser;
    if offered.is_some() {
        let form = browser.page(&router, &path).await?.good()?;
        if !form.body.contains(r#"method="post""#) {
            return Err("the page of the application has no form".into());
        }
    }
    let typed: &[(&str, &str)] = if name == of { &[] } else { &[("name", of)] };
    let reply = browser.form(&router, &path, typed).await?;
    let refused = if reply.status.is_redirection() {
        None
    } else if reply.status.is_success() {
        let why = first(r#"<p class="field__error" id="name-error">([^<]*)</p>"#, &reply.body)?;
        Some(Refused { code: "cards.name_does_not_match".to_owned(), why })
    } else {
        let code = reply.problem("code").ok_or_else(|| format!("refused without a code: {}", reply.body))?;
        Some(Refused { code, why: reply.problem("why") })
    };
    Ok(Application { by: name.to_owned(), of: of.to_owned(), programme, refused })
}

/// The link by which the first page offers a programme for somebody.
async fn offer(world: &mut World, name: &str, of: &str, title: &str) -> Outcome<Option<String>> {
    let texts = |world: &World, key: &str, day: &str| -> Outcome<String> {
        Ok(world.house()?.app.catalogue().text(&town::Language::JAPANESE, key, &[("day", day.into())]))
    };
    let whom =
        if name == of { texts(world, "apply-for-you", "")? } else { texts(world, "apply-for-child", &world.birthday_in_words(of)?)? };
    let router = world.house()?.router.clone();
    let page = world.person_mut(name)?.browser.page(&router, "/").await?.good()?;
    let links = Regex::new(r#"<a class="link-card" href="(/apply/[^"]+)">.*?<b>([^<]*)</b><small>([^<]*)</small>"#)?;
    let fits = |(_, [_, offered, words]): &(&str, [&str; 3])| unescaped(offered) == title && unescaped(words).starts_with(&whom);
    Ok(links.captures_iter(&page.body).map(|groups| groups.extract()).find(fits).map(|(_, [href, ..])| unescaped(href)))
}

/// The house's own id of somebody, as only staff can find it.
async fn resident_id(world: &World, name: &str) -> Outcome<store::ResidentId> {
    let number = world.register()?.cell(name, &Column::Field(BridgeField::ResidentId))?.to_owned();
    let mut ctx = world.house()?.store.begin(world.staff(&[Role::Clerk, Role::ProtectionClerk])).await?;
    let found = registry::search(&mut ctx, &Search { register_id: Some(number), ..Search::default() }).await?;
    Ok(found.first().ok_or_else(|| format!("the centre does not know 「{name}」"))?.id)
}

/// A shows the code on the card's page; C types it.
pub(super) async fn share(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, title, to] = heard.values()?;
    let programme = world.programme(title)?;
    let card = world.live_card(name, of, &programme).await?.ok_or_else(|| format!("「{name}」 does not hold 「{title}」 of 「{of}」"))?;
    // A card that may not be shared offers no page: that the house refuses too is what counts.
    let page = card.share_page().map_or_else(|| card.share_address(), str::to_owned);
    let router = world.house()?.router.clone();
    let reply = world.person_mut(name)?.browser.form(&router, &format!("{page}/code"), &[]).await?;
    if reply.status.is_client_error() {
        world.last.share = Some(Err(reply.problem("code").unwrap_or_default()));
        return Ok(());
    }
    let code = big_code(&reply.good()?)?;
    let reply = world.person_mut(to)?.browser.form(&router, "/join", &[("code", &code)]).await?;
    world.last.share = Some(match (reply.status.is_redirection(), reply.problem("code")) {
        (true, _) => Ok(()),
        (false, Some(code)) => Err(code),
        (false, None) => return Err("the code was not taken".into()),
    });
    Ok(())
}

pub(super) async fn share_page(world: &mut World, name: &str, of: &str, programme: &Programme) -> Outcome<String> {
    let card = world.live_card(name, of, programme).await?;
    let card = card.ok_or_else(|| format!("「{name}」 does not hold 「{}」 of 「{of}」", programme.name.ja()))?;
    Ok(card.share_page().ok_or("the card leads to no page for sharing")?.to_owned())
}

/// By the button beside the holder's name.
pub(super) async fn end_share(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, title, holder] = heard.values()?;
    let programme = world.programme(title)?;
    let page = share_page(world, name, of, &programme).await?;
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let body = browser.page(&router, &page).await?.good()?.body;
    let forms = Regex::new(
        r#"(?s)<form method="post" action="([^"]+)"><input type="hidden" name="holder" value="([^"]+)"><button[^>]*>(.*?)</form>"#,
    )?;
    let mut forms = forms.captures_iter(&body).map(|groups| groups.extract::<3>().1);
    let named = crate::scenario::people::folded(holder);
    let found = forms.find(|[_, _, button]| crate::scenario::people::folded(&unescaped(button)).contains(&named));
    let [action, id, _] = found.ok_or_else(|| format!("the page has no button that ends what 「{holder}」 holds"))?;
    browser.form(&router, action, &[("holder", id)]).await?.good()?;
    Ok(())
}

pub(super) async fn show(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, title, place] = heard.values()?;
    let programme = world.programme(title)?;
    let presentation = world.present(name, of, &programme).await?;
    let answer = world.show_at(place, &presentation).await?;
    world.last.answer = Some(answer);
    Ok(())
}

pub(super) async fn copy(world: &mut World, heard: &Heard) -> Outcome {
    let [name, of, title] = heard.values()?;
    let programme = world.programme(title)?;
    let presentation = world.present(name, of, &programme).await?;
    world.last.copy = Some(presentation);
    Ok(())
}

pub(super) async fn show_copy(world: &mut World, heard: &Heard) -> Outcome {
    let [place] = heard.values()?;
    let copy = world.last.copy.clone().ok_or("no screen was copied")?;
    let answer = world.show_at(place, &copy).await?;
    world.last.answer = Some(answer);
    Ok(())
}

pub(super) async fn seconds_pass(world: &mut World, heard: &Heard) -> Outcome {
    let [seconds] = heard.values()?;
    world.move_clock(world.now() + SignedDuration::from_secs(seconds.parse()?)).await
}

pub(super) async fn day_comes(world: &mut World, heard: &Heard) -> Outcome {
    let [text] = heard.values()?;
    world.move_clock(civil::start_of_day_in_japan(day(text)?)).await
}

pub(super) async fn move_out(world: &mut World, heard: &Heard) -> Outcome {
    let [name, text] = heard.values()?;
    world.register_mut()?.end(name, "転出", BridgeField::MovedOutOn, day(text)?)?;
    world.run_bridge().await
}

pub(super) async fn die(world: &mut World, heard: &Heard) -> Outcome {
    let [name, text] = heard.values()?;
    world.register_mut()?.end(name, "死亡", BridgeField::DiedOn, day(text)?)?;
    world.run_bridge().await
}

pub(super) async fn move_in(world: &mut World, heard: &Heard) -> Outcome {
    let today = world.today();
    for name in world.register_mut()?.add(&heard.table, Some(today))? {
        world.person_of_row(&name)?;
    }
    world.run_bridge().await
}

pub(super) async fn cell_changes(world: &mut World, heard: &Heard) -> Outcome {
    let [name, heading, value] = heard.values()?;
    world.register_mut()?.set(name, heading, value)?;
    world.run_bridge().await
}

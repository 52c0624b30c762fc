//! What people do without a phone, and what others do for them.

use regex::Regex;
use town::{BridgeField, Column};

use super::{Heard, otherwise};
use crate::Outcome;
use crate::scenario::people::{big_code, folded};
use crate::scenario::register::full_width_blank;
use crate::scenario::world::World;

pub(super) async fn kiosk(world: &mut World, heard: &Heard) -> Outcome {
    let [name, place] = heard.values()?;
    world.at_kiosk(name, place).await
}

/// By the button at the head of every page; the next person sees the first one.
pub(super) async fn leave(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let router = world.house()?.router.clone();
    let screen = &mut world.person_mut(name)?.browser;
    screen.page(&router, "/kiosk/end").await?.good()?;
    let body = screen.page(&router, "/").await?.good()?.body;
    if body.contains("/share/") || folded(&body).contains(&folded(name)) {
        return otherwise("a kiosk that shows nothing of who left", "a page with it");
    }
    Ok(())
}

/// The card's page as the kiosk lists it, the code it shows, and the other's phone.
pub(super) async fn share(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title, to] = heard.values()?;
    let router = world.house()?.router.clone();
    let screen = &mut world.person_mut(name)?.browser;
    let list = screen.page(&router, "/").await?.good()?.body;
    if list.contains("<tegata-card") {
        return otherwise("a kiosk that keeps no card", "the part of the page that registers a phone");
    }
    let links = Regex::new(r#"<a href="(/share/[^"]+)"><b>([^<]*)</b>"#)?;
    let found = links.captures_iter(&list).map(|groups| groups.extract::<2>().1).find(|[_, offered]| *offered == title);
    let [page, _] = found.ok_or_else(|| format!("the kiosk offers no 「{title}」 to share"))?;
    let code = big_code(&screen.form(&router, &format!("{page}/code"), &[]).await?.good()?)?;
    world.person_mut(to)?.browser.form(&router, "/join", &[("code", &code)]).await?.good()?;
    Ok(())
}

/// The form at the kiosk or in the phone; the other types the code and agrees.
pub(super) async fn declare(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title, to] = heard.values()?;
    let programme = world.programme(title)?;
    let until = world.today().saturating_add(jiff::Span::new().days(365)).to_string();
    let router = world.house()?.router.clone();
    let (field, label) = (format!("in-{}", programme.id), to.to_owned());
    let fields: [(&str, &str); 3] = [("label", &label), (&field, "yes"), ("until", &until)];
    let page = world.person_mut(name)?.browser.form(&router, "/me/proxies", &fields).await?.good()?;
    let code = big_code(&page)?;
    let agent = &mut world.person_mut(to)?.browser;
    let offered = agent.page(&router, &format!("/me/proxies/agree?code={code}")).await?.good()?;
    if !folded(&offered.body).contains(&folded(name)) {
        return otherwise(format!("a page that says whose it is: 「{name}」"), offered.body);
    }
    agent.form(&router, "/me/proxies/agree", &[("code", &code)]).await?.good()?;
    Ok(())
}

pub(super) async fn end_proxy(world: &mut World, heard: &Heard) -> Outcome {
    let [name, to] = heard.values()?;
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let body = browser.page(&router, "/me/proxies").await?.good()?.body;
    let forms = Regex::new(r#"(?s)action="(/me/proxies/[^"]+/end)"><button[^>]*>(.*?)</form>"#)?;
    let found = forms.captures_iter(&body).map(|groups| groups.extract::<2>().1).find(|[_, button]| folded(button).contains(&folded(to)));
    let [action, _] = found.ok_or_else(|| format!("the page has no button that ends what 「{to}」 does"))?;
    browser.form(&router, action, &[]).await?.good()?;
    Ok(())
}

pub(super) async fn tap_card(world: &mut World, heard: &Heard) -> Outcome {
    let [name, place] = heard.values()?;
    let answer = world.tap_card(name, place).await?;
    world.last.answer = Some(answer);
    Ok(())
}

pub(super) async fn tap_number(world: &mut World, heard: &Heard) -> Outcome {
    let [number, place] = heard.values()?;
    let answer = world.tap(number, place).await?;
    world.last.answer = Some(answer);
    Ok(())
}

/// A clerk types what a document says, and holds the card to the counter's reader.
pub(super) async fn serve(world: &mut World, heard: &Heard) -> Outcome {
    let [name, number] = heard.values()?;
    let register = world.register()?;
    let address = register.cell(name, &Column::Address)?.to_owned();
    let born = register.cell(name, &Column::Field(BridgeField::DateOfBirth))?.to_owned();
    let sex = if register.cell(name, &Column::Field(BridgeField::Sex))? == "男" { "male" } else { "female" };
    let written = full_width_blank(name);
    let mut clerk = world.clerk().await?;
    let router = world.house()?.router.clone();
    let typed =
        [("name", written.as_str()), ("address", &address), ("date_of_birth", &born), ("sex", sex), ("document", "driving_licence")];
    let served = clerk.form(&router, "/staff/counter", &typed).await?.good()?;
    let page = served.location.ok_or_else(|| format!("the counter leads to nobody: {}", served.body))?;
    clerk.form(&router, &format!("{page}/bind"), &[("number", number), ("label", "ICカード")]).await?.good()?;
    world.served.insert(name.to_owned(), page);
    Ok(())
}

/// One call ends it all.
pub(super) async fn lost(world: &mut World, heard: &Heard) -> Outcome {
    let [name] = heard.values()?;
    let page = match world.served.get(name) {
        Some(page) => page.clone(),
        None => format!("/staff/counter/{}", super::checks::account_of(world, name).await?),
    };
    let mut clerk = world.clerk().await?;
    let router = world.house()?.router.clone();
    clerk.form(&router, &format!("{page}/lost"), &[]).await?.good()?;
    Ok(())
}

//! What citizens write for a guide, what staff do with it, and what everybody reads.

use identity::SessionOwner;
use regex::Regex;
use serde_json::Value;
use store::{Actor, Role};
use town::Guide;

use super::{Heard, otherwise};
use crate::Outcome;
use crate::scenario::browser::{Browser, Reply};
use crate::scenario::people::folded;
use crate::scenario::world::World;

fn guide(world: &World, name: &str) -> Outcome<Guide> {
    let found = world.town.guides.iter().find(|guide| guide.name.ja() == name);
    found.cloned().ok_or_else(|| format!("the pack has no guide 「{name}」").into())
}

/// The fields of the form, from lines of what and how: names as the form and the pack have them.
fn fields(guide: &Guide, title: &str, table: &[Vec<String>]) -> Outcome<Vec<(String, String)>> {
    let mut fields = vec![("title".to_owned(), title.to_owned())];
    for line in table {
        let [what, how] = line.as_slice() else { return Err("the table has two columns: what, and how".into()) };
        let field = match what.as_str() {
            "内容" => ("words".to_owned(), how.clone()),
            "場所" => ("place".to_owned(), how.clone()),
            "町字" => ("district".to_owned(), how.clone()),
            "緯度" => ("latitude".to_owned(), how.clone()),
            "経度" => ("longitude".to_owned(), how.clone()),
            "ペンネーム" => ("pen_name".to_owned(), how.clone()),
            "分類" => {
                let category = guide.categories.iter().find(|category| category.name.ja() == how);
                ("category".to_owned(), category.ok_or_else(|| format!("no category 「{how}」"))?.id.to_string())
            }
            "年齢" => {
                let age = guide.ages.iter().find(|age| age.name.ja() == how);
                ("age".to_owned(), age.ok_or_else(|| format!("no age 「{how}」"))?.id.to_string())
            }
            tag => {
                let tag = guide.tags.iter().find(|known| known.name.ja() == tag).ok_or_else(|| format!("no tag 「{tag}」"))?;
                (format!("fact-{}", tag.id), if how == "はい" { "yes" } else { "no" }.to_owned())
            }
        };
        fields.push(field);
    }
    Ok(fields)
}

pub(super) async fn write(world: &mut World, heard: &Heard) -> Outcome {
    let [name, guide_name, title] = heard.values()?;
    let guide = guide(world, guide_name)?;
    let fields = fields(&guide, title, &heard.table)?;
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
    let router = world.house()?.router.clone();
    let reply = world.person_mut(name)?.browser.form(&router, &format!("/guide/{}/new", guide.id), &pairs).await?;
    world.last.written = Some(reply.location.is_some_and(|to| to.starts_with("/guide/mine/")));
    Ok(())
}

pub(super) async fn refused(world: &mut World, _: &Heard) -> Outcome {
    match world.last.written {
        Some(false) => Ok(()),
        other => otherwise("a refusal", other),
    }
}

pub(super) async fn taken(world: &mut World, _: &Heard) -> Outcome {
    match world.last.written {
        Some(true) => Ok(()),
        other => otherwise("a post that is taken", other),
    }
}

/// Somebody of the department that keeps the guide, signed in.
async fn officer(world: &World) -> Outcome<Browser> {
    let house = world.house()?;
    let mut ctx = house.store.begin(world.staff(&[Role::Administrator])).await?;
    let invited = identity::invite_staff(&mut ctx, "担当 係", &[Role::Officer]).await?;
    let made_up = identity::Demonstration::of_a_made_up_town();
    let staff = identity::accept_invitation_without_passkey(&mut ctx, made_up, &invited.code.code).await?;
    let started = identity::start_session(&mut ctx, SessionOwner::Staff(staff), "担当").await?;
    ctx.commit().await?;
    let mut officer = Browser::default();
    officer.hold(web::STAFF_COOKIE, &started.token);
    Ok(officer)
}

/// The address a page gives the post of a title under a path.
fn linked(page: &Reply, path: &str, title: &str) -> Outcome<String> {
    let links = Regex::new(&format!(r#"(?s)<a href="({path}[^"/]+)">(.*?)</a>"#))?;
    let found = links.captures_iter(&page.body).map(|groups| groups.extract::<2>().1).find(|[_, words]| words.contains(title));
    Ok(found.ok_or_else(|| format!("the page names no 「{title}」"))?[0].to_owned())
}

async fn decide(world: &World, title: &str, decision: &str, reason: &str) -> Outcome {
    let router = world.house()?.router.clone();
    let mut officer = officer(world).await?;
    let address = linked(&officer.page(&router, "/staff/guide").await?.good()?, "/staff/guide/", title)?;
    let page = officer.page(&router, &address).await?.good()?;
    let version = Regex::new(r#"name="version" value="(\d+)""#)?;
    let version = version.captures(&page.body).ok_or("the page says no version")?[1].to_owned();
    let sent = [("version", version.as_str()), ("decision", decision), ("reason", reason)];
    officer.form(&router, &address, &sent).await?.good()?;
    Ok(())
}

pub(super) async fn approve(world: &mut World, heard: &Heard) -> Outcome {
    let [title] = heard.values()?;
    decide(world, title, "approve", "").await
}

pub(super) async fn send_back(world: &mut World, heard: &Heard) -> Outcome {
    let [title, reason] = heard.values()?;
    decide(world, title, "send_back", reason).await
}

pub(super) async fn take_down(world: &mut World, heard: &Heard) -> Outcome {
    let [title, reason] = heard.values()?;
    decide(world, title, "take_down", reason).await
}

pub(super) async fn withdraw(world: &mut World, heard: &Heard) -> Outcome {
    let [name, title] = heard.values()?;
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let address = linked(&browser.page(&router, "/guide/mine").await?.good()?, "/guide/mine/", title)?;
    browser.form(&router, &format!("{address}/withdraw"), &[]).await?.good()?;
    Ok(())
}

pub(super) async fn thank(world: &mut World, heard: &Heard) -> Outcome {
    let [name, guide_name, title] = heard.values()?;
    let guide = guide(world, guide_name)?;
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let list = browser.page(&router, &format!("/guide/{}", guide.id)).await?.good()?;
    let address = linked(&list, &format!("/guide/{}/posts/", guide.id), title)?;
    let post = address.rsplit('/').next().unwrap_or_default();
    browser.form(&router, &format!("/guide/posts/{post}/thanks"), &[]).await?.good()?;
    Ok(())
}

/// What anybody, without a log-in, gets: the list's page, and the files.
async fn open(world: &World, guide: &Guide) -> Outcome<[String; 4]> {
    let router = world.house()?.router.clone();
    let mut anybody = Browser::default();
    let page = anybody.page(&router, &format!("/guide/{}", guide.id)).await?.good()?.body;
    let mut file = async |ending: &str| -> Outcome<String> {
        Ok(anybody.ask(&router, &format!("/api/v1/guide/{}.{ending}", guide.id)).await?.good()?.body)
    };
    Ok([page, file("csv").await?, file("geojson").await?, file("json").await?])
}

/// The post of a title, as programs read it.
async fn post(world: &World, guide_name: &str, title: &str) -> Outcome<Value> {
    let guide = guide(world, guide_name)?;
    let [.., json] = open(world, &guide).await?;
    let document: Value = serde_json::from_str(&json)?;
    let found = document["posts"].as_array().and_then(|posts| posts.iter().find(|post| post["name"] == title));
    found.cloned().ok_or_else(|| format!("the open data have no 「{title}」").into())
}

pub(super) async fn readable(world: &mut World, heard: &Heard) -> Outcome {
    let [guide_name, title] = heard.values()?;
    let everywhere = open(world, &guide(world, guide_name)?).await?;
    if everywhere.iter().all(|text| text.contains(title)) {
        Ok(())
    } else {
        otherwise(format!("「{title}」 on the page and in every file"), everywhere)
    }
}

pub(super) async fn not_readable(world: &mut World, heard: &Heard) -> Outcome {
    let [guide_name, title] = heard.values()?;
    let everywhere = open(world, &guide(world, guide_name)?).await?;
    if everywhere.iter().any(|text| text.contains(title)) { otherwise(format!("「{title}」 nowhere"), everywhere) } else { Ok(()) }
}

pub(super) async fn author(world: &mut World, heard: &Heard) -> Outcome {
    let [guide_name, title, pen_name] = heard.values()?;
    let post = post(world, guide_name, title).await?;
    if post["author"] == pen_name { Ok(()) } else { otherwise(pen_name, &post["author"]) }
}

pub(super) async fn nameless(world: &mut World, heard: &Heard) -> Outcome {
    let [guide_name, name] = heard.values()?;
    let everywhere = open(world, &guide(world, guide_name)?).await?;
    if everywhere.iter().any(|text| folded(text).contains(&folded(name))) {
        otherwise(format!("「{name}」 nowhere"), everywhere)
    } else {
        Ok(())
    }
}

pub(super) async fn thanks(world: &mut World, heard: &Heard) -> Outcome {
    let [guide_name, title, count] = heard.values()?;
    let post = post(world, guide_name, title).await?;
    if post["thanks"] == count.parse::<i64>()? { Ok(()) } else { otherwise(count, &post["thanks"]) }
}

pub(super) async fn licence(world: &mut World, heard: &Heard) -> Outcome {
    let [guide_name, licence] = heard.values()?;
    let [_, csv, geojson, json] = open(world, &guide(world, guide_name)?).await?;
    let said = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|document| document["licence"]["id"] == licence);
    if said(&geojson) && said(&json) && csv.contains(licence) { Ok(()) } else { otherwise(licence, [csv, geojson, json]) }
}

/// What the event log has for the ledger to book.
pub(super) async fn points(world: &mut World, heard: &Heard) -> Outcome {
    let [name, amount] = heard.values()?;
    let account = super::checks::account_of(world, name).await?;
    let mut ctx = world.house()?.store.begin(Actor::System).await?;
    let rows: Vec<(String, String)> = ctx.tx().query("select kind, payload from store_event order by seq", &[]).await?;
    let mut earned = 0;
    for (_, payload) in rows.iter().filter(|(kind, _)| kind == community::PointsEarned::KIND) {
        let event: community::PointsEarned = serde_json::from_str(payload)?;
        if event.account == account {
            earned += event.amount;
        }
    }
    if earned.to_string() == amount { Ok(()) } else { otherwise(amount, earned) }
}

//! Dispositions: agreed to, signed, sent, proven.

use town::{BridgeField, Column};

use super::notices::{SECOND, WRITER, address, at_desk, deliver, desk, told};
use super::{Heard, otherwise, same};
use crate::Outcome;
use crate::scenario::world::World;

/// The page on which people agree.
const CONSENTS: &str = "/inbox/dispositions";

/// A page as an office prints it.
fn document(line: &str) -> Vec<u8> {
    let content = format!("BT /F1 20 Tf 50 600 Td ({line}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Courier>>".to_owned(),
    ];
    let (mut text, mut table) = ("%PDF-1.4\n".to_owned(), "xref\n0 6\n0000000000 65535 f\r\n".to_owned());
    for (number, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n\r\n", text.len()));
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let start = text.len();
    format!("{text}{table}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").into_bytes()
}

/// The kind of the pack that is called so.
fn kind(world: &World, name: &str) -> Outcome<String> {
    let kinds = world.town.disposition_kinds.iter();
    let found = kinds.filter(|kind| kind.name.ja() == name).map(|kind| kind.id.to_string()).next();
    found.ok_or_else(|| format!("the pack has no disposition_kind 「{name}」").into())
}

/// What a form of the page holds under a name.
fn value(form: &str, name: &str) -> String {
    let from = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
    from.split('"').next().unwrap_or_default().to_owned()
}

pub(super) async fn agree(world: &mut World, heard: &Heard) -> Outcome {
    let [name, called] = heard.values()?;
    let kind = kind(world, called)?;
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let page = browser.page(&router, CONSENTS).await?.good()?.body;
    let form = page.split("action=\"/inbox/dispositions\"").skip(1).find(|form| value(form, "kind") == kind);
    let form = form.ok_or_else(|| format!("no offer of 「{called}」: {page}"))?;
    let (resident, mark) = (value(form, "resident"), value(form, "mark"));
    let fields = [("kind", kind.as_str()), ("resident", resident.as_str()), ("mark", mark.as_str())];
    let reply = browser.form(&router, CONSENTS, &fields).await?.good()?;
    same(&Some(CONSENTS.to_owned()), &reply.location)
}

pub(super) async fn withdraw(world: &mut World, heard: &Heard) -> Outcome {
    let [name, called] = heard.values()?;
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    let page = browser.page(&router, CONSENTS).await?.good()?.body;
    let section = page.split("<section").find(|section| section.contains(called)).ok_or("no such kind on the page")?;
    let end = section.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or("nothing was agreed to")?.to_owned();
    browser.form(&router, &end, &[]).await?.good().map(drop)
}

/// Writes a disposition with a document for each person of the table (氏名), and hands it in.
pub(super) async fn decide(world: &mut World, heard: &Heard) -> Outcome {
    let [called, number] = heard.values()?;
    let kind = kind(world, called)?;
    let dated = world.today().to_string();
    let fields = [
        ("kind", kind.as_str()),
        ("number", number),
        ("dated", dated.as_str()),
        ("title_ja", called),
        ("body_ja", "書類を開いてください。"),
    ];
    let begun = at_desk(world, WRITER, "/staff/notices/disposition", &fields).await?;
    let address = begun.location.clone().ok_or_else(|| format!("not written: {}", begun.body))?;
    world.notices.insert(called.to_owned(), address.clone());
    let mut csv = String::from("宛名番号,ファイル\n");
    let mut files = Vec::new();
    for cells in heard.table.iter().skip(1) {
        let name = cells.first().ok_or("a row without 氏名")?;
        let number = world.register()?.cell(name, &Column::Field(BridgeField::ResidentId))?.to_string();
        csv.push_str(&format!("{number},{number}.pdf\n"));
        files.push(("file", format!("{number}.pdf"), document(&format!("No. {number}"))));
    }
    files.insert(0, ("list", "list.csv".to_owned(), csv.into_bytes()));
    let router = world.house()?.router.clone();
    let taken = desk(world, WRITER).await?.upload_all(&router, &format!("{address}/list"), &files).await?;
    if !taken.status.is_redirection() {
        return Err(format!("the list was refused: {}", taken.body).into());
    }
    at_desk(world, WRITER, &format!("{address}/submit"), &[]).await?.good().map(drop)
}

/// A second person approves; it is signed and goes out.
pub(super) async fn approve(world: &mut World, heard: &Heard) -> Outcome {
    let [called] = heard.values()?;
    let address = address(world, called)?;
    at_desk(world, SECOND, &format!("{address}/approve"), &[]).await?.good()?;
    world.do_due_jobs_outside().await?;
    deliver(world).await
}

/// A person's page of a disposition.
async fn page(world: &mut World, name: &str, called: &str) -> Outcome<String> {
    let id = told(world, name, called).await?.id;
    let router = world.house()?.router.clone();
    Ok(world.person_mut(name)?.browser.page(&router, &format!("/inbox/{id}")).await?.good()?.body)
}

pub(super) async fn signed(world: &mut World, heard: &Heard) -> Outcome {
    let [name, called] = heard.values()?;
    let page = page(world, name, called).await?;
    if page.contains("何も変わっていません") { Ok(()) } else { otherwise("a signature that holds", page) }
}

pub(super) async fn appeal_until(world: &mut World, heard: &Heard) -> Outcome {
    let [name, called, day] = heard.values()?;
    let page = page(world, name, called).await?;
    if page.contains(&format!("<dd><b>{day}</b></dd>")) { Ok(()) } else { otherwise(day, page) }
}

pub(super) async fn proven(world: &mut World, heard: &Heard) -> Outcome {
    let [name, called] = heard.values()?;
    let address = address(world, called)?;
    let number = world.register()?.cell(name, &Column::Field(BridgeField::ResidentId))?.to_owned();
    let router = world.house()?.router.clone();
    let file = desk(world, WRITER).await?.page(&router, &format!("{address}/proof/file?number={number}")).await?.good()?;
    let told: serde_json::Value = serde_json::from_str(&file.body)?;
    let lines = told["trail"].as_array().cloned().unwrap_or_default();
    let actions: Vec<&str> = lines.iter().filter_map(|line| line["action"].as_str()).collect();
    same(&vec!["disposition.arrived", "disposition.delivered", "disposition.opened"], &actions)?;
    same(&Some(3), &told["signed"].as_str().map(|jws| jws.split('.').count()))
}

pub(super) async fn only_on_paper(world: &mut World, heard: &Heard) -> Outcome {
    let [called, name] = heard.values()?;
    let address = address(world, called)?;
    let number = world.register()?.cell(name, &Column::Field(BridgeField::ResidentId))?.to_owned();
    let list = at_desk(world, WRITER, &format!("{address}/paper"), &[]).await?.good()?;
    let numbers: Vec<&str> = list.body.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    same(&vec![number.as_str()], &numbers)
}

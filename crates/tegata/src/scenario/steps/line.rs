//! Notices by LINE: what its platform would tell the town, and what it was asked.

use std::fs;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use notices::line::LineSecret;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Heard, notices::deliver, otherwise, same};
use crate::Outcome;
use crate::scenario::world::{LINE_SECRET, ORIGIN, World};

/// What LINE calls the one whom the story calls so.
fn user(called: &str) -> String {
    format!("U{}", hex::encode(&digest(&SHA256, called.as_bytes()).as_ref()[..16]))
}

/// LINE tells the town what somebody did, and the town answers.
async fn tell(world: &World, kind: &str, called: &str, more: Value) -> Outcome {
    let house = world.house()?;
    // Of a thing somebody does twice, LINE tells twice.
    let id = format!("{kind} {called} {} {}", world.now(), messages(world)?.len());
    let mut event = json!({
        "type": kind, "mode": "active", "timestamp": world.now().as_millisecond(), "webhookEventId": id,
        "deliveryContext": { "isRedelivery": false }, "source": { "type": "user", "userId": user(called) },
        "replyToken": hex::encode(digest(&SHA256, id.as_bytes())),
    });
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    let body = json!({ "destination": user("the town"), "events": [event] }).to_string();
    let signature = LineSecret::new(LINE_SECRET).sign(body.as_bytes());
    let request = Request::post("/line/webhook").header("x-line-signature", signature).body(Body::from(body))?;
    let answer = house.router.clone().oneshot(request).await?.status();
    world.do_due_jobs_outside().await?;
    if answer == StatusCode::OK { Ok(()) } else { otherwise("200", answer) }
}

/// Everything LINE was asked to bring: as it lies in the demonstration's folder.
fn messages(world: &World) -> Outcome<Vec<Value>> {
    let Ok(folder) = fs::read_dir(world.folder().join("line")) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for entry in folder {
        all.push(serde_json::from_slice(&fs::read(entry?.path())?)?);
    }
    Ok(all)
}

fn text(message: &Value) -> &str {
    message["messages"][0]["text"].as_str().unwrap_or_default()
}

/// The texts that came to somebody's LINE as messages of their own.
fn texts(world: &World, called: &str) -> Outcome<Vec<String>> {
    let (all, user) = (messages(world)?, user(called));
    Ok(all.iter().filter(|message| message["to"] == user.as_str()).map(|message| text(message).to_owned()).collect())
}

pub(super) async fn join(world: &mut World, heard: &Heard) -> Outcome {
    let [name, called] = heard.values()?;
    let before = messages(world)?;
    tell(world, "follow", called, json!({ "follow": { "isUnblocked": false } })).await?;
    let after = messages(world)?;
    let invitation = after.iter().find(|message| !before.contains(message)).ok_or("the account does not answer a friend")?;
    let link = text(invitation).lines().last().and_then(|link| link.strip_prefix(ORIGIN)).ok_or("the answer leads nowhere")?;
    let token = link.split_once("linkToken=").ok_or("the link has no token")?.1.to_owned();
    let router = world.house()?.router.clone();
    let browser = &mut world.person_mut(name)?.browser;
    browser.page(&router, link).await?.good()?;
    let led = browser.form(&router, "/inbox/line", &[("linkToken", &token)]).await?.good()?.location.unwrap_or_default();
    let (page, nonce) = led.split_once("&nonce=").ok_or("the page leads to no page of LINE's")?;
    same(&format!("{}/dialog/bot/accountLink?linkToken={token}", notices::line::LINKING_HOST).as_str(), &page)?;
    tell(world, "accountLink", called, json!({ "link": { "result": "ok", "nonce": nonce } })).await
}

pub(super) async fn block(world: &mut World, heard: &Heard) -> Outcome {
    let [called] = heard.values()?;
    tell(world, "unfollow", called, json!({})).await?;
    deliver(world).await
}

pub(super) async fn came(world: &mut World, heard: &Heard) -> Outcome {
    let [called, title, number] = heard.values()?;
    same(&number.parse()?, &texts(world, called)?.iter().filter(|text| text.lines().next() == Some(title)).count())
}

pub(super) async fn says_not(world: &mut World, heard: &Heard) -> Outcome {
    let [called, words] = heard.values()?;
    let texts = texts(world, called)?;
    match texts.iter().find(|text| text.contains(words)) {
        None if texts.is_empty() => otherwise("a message", "none"),
        None => Ok(()),
        Some(text) => otherwise(format!("nothing of 「{words}」"), text),
    }
}

//! LINE: joined to an account on LINE's own page by who holds both, ended on our page or by blocking the town, and what the town's account answers.
//! Source: LINE Developers, “User account linking” and “Receive messages (webhook)”.

use std::sync::Arc;

use identity::secret;
use jiff::SignedDuration;
use store::{Ctx, Permission};
use town::Language;
use web::App;

use super::{holder, reach};
use crate::line::{LineChannel, LineEvent, LineNetwork, LineReply, LineRequest, Say};
use crate::model::{Address, AddressId, Answer, Error, LetterId, Result, Way};
use crate::store as rows;

/// The job that answers on LINE.
pub(crate) const SAY: &str = "notices.say_by_line";
/// The most of one account.
const JOINED_MAX: usize = 3;
/// How long who agreed may take on LINE's page: its own token holds as long.
const AGREED_HOLDS: SignedDuration = SignedDuration::from_mins(10);
/// How long it is known what LINE told: it tells again for some days what it believes lost.
const TOLD_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The longest token of LINE's that is led back to it.
const TOKEN_BYTES_MAX: usize = 512;

/// Whether it can be a token of LINE's that leads back to its page.
pub(crate) fn is_link_token(token: &str) -> bool {
    !token.is_empty() && token.len() <= TOKEN_BYTES_MAX && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Notes that the caller agrees to be told by LINE, and gives what LINE is to give back when it knows whose LINE it is: 256 bits, once, for ten minutes.
///
/// # Errors
/// [`Error::Written`] for too many; [`Error::NotFound`] in a town without LINE; the store's `Forbidden`.
pub(crate) async fn agree(ctx: &mut Ctx, language: &str) -> Result<String> {
    let account = holder(ctx)?;
    if ctx.town().line.is_none() {
        return Err(Error::NotFound);
    }
    if rows::letters::of_account(ctx, account, Way::Line).await?.len() >= JOINED_MAX {
        return Err(Error::Written { field: "line", reason: "lines" });
    }
    let nonce = secret::token();
    let until = ctx.now() + AGREED_HOLDS;
    rows::line::begin(ctx, &secret::token_hash(&nonce), account, language, until).await?;
    Ok(nonce)
}

/// Hears what LINE told by its webhook, whose signature was verified; the same twice is heard once.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub(crate) async fn hear(ctx: &mut Ctx, app: &App, event: &LineEvent) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    if !rows::line::heard(ctx, &event.webhook_event_id).await? {
        return Ok(());
    }
    let Some(user) = event.user() else { return Ok(()) };
    match event.kind.as_str() {
        "accountLink" => joined(ctx, app, event, user).await,
        "unfollow" => ended(ctx, user).await,
        // Where another program answers for the account, this one is silent.
        _ if event.mode == "standby" => Ok(()),
        "follow" => invite(ctx, app, event, user).await,
        "message" | "postback" if event.asks_to_link() => invite(ctx, app, event, user).await,
        _ => Ok(()),
    }
}

/// Notes that somebody spoke in LINE's name; in the trail once an hour, so that nobody fills it.
///
/// # Errors
/// The store's `Forbidden` for anyone but the house.
pub(crate) async fn refused(ctx: &mut Ctx, hour: i64) -> Result<()> {
    ctx.allow(Permission::RunHouse)?;
    if rows::line::heard(ctx, &format!("refused/{hour}")).await? {
        ctx.audit("notices.line_refused", None, "").await?;
    }
    Ok(())
}

/// LINE says whose LINE it is that went there with what it was given.
async fn joined(ctx: &mut Ctx, app: &App, event: &LineEvent, user: &str) -> Result<()> {
    let Some(link) = &event.link else { return Ok(()) };
    let Some((account, language)) = rows::line::take(ctx, &secret::token_hash(&link.nonce)).await? else { return Ok(()) };
    if link.result != "ok" {
        return Ok(());
    }
    match rows::letters::of_line(ctx, user).await? {
        Some(before) if before.account == account => rows::letters::confirm(ctx, before.id).await?,
        before => {
            // One LINE is told of one account: the one its owner chose last.
            if let Some(before) = before {
                ctx.audit("notices.line_ended", Some(before.account.to_string()), "").await?;
                rows::letters::delete(ctx, before.id).await?;
            }
            let id = AddressId::new(ctx.now());
            let new = Address::new(id, Way::Line, account, user.to_owned(), language.clone(), secret::token());
            let confirmed_at = Some(ctx.now());
            rows::letters::insert(ctx, &Address { confirmed_at, ..new }).await?;
        }
    }
    ctx.audit("notices.line_joined", Some(account.to_string()), "").await?;
    reach::look_anew(ctx, account).await?;
    let language = language.parse().unwrap_or(Language::JAPANESE);
    let text = app.catalogue().text(&language, "notices-line-joined", &[]);
    say(ctx, event, user, text, None).await
}

/// The user blocked the town, or left: nothing more is written, and nothing that waits.
async fn ended(ctx: &mut Ctx, user: &str) -> Result<()> {
    if let Some(found) = rows::letters::of_line(ctx, user).await? {
        ctx.audit("notices.line_ended", Some(found.account.to_string()), "").await?;
        rows::letters::delete(ctx, found.id).await?;
    }
    Ok(())
}

/// Leads a friend to the page where LINE is joined. Nothing is known of them yet, so it is said in two languages.
async fn invite(ctx: &mut Ctx, app: &App, event: &LineEvent, user: &str) -> Result<()> {
    let spoken = [Language::JAPANESE, Language::ENGLISH];
    let texts = spoken.iter().filter(|language| app.town().languages.contains(language));
    let texts: Vec<String> = texts.map(|language| app.catalogue().text(language, "notices-line-invite", &[])).collect();
    say(ctx, event, user, texts.join("\n\n"), Some(format!("{}/inbox/line", app.origin()))).await
}

async fn say(ctx: &mut Ctx, event: &LineEvent, user: &str, text: String, page: Option<String>) -> Result<()> {
    let now = ctx.now();
    let retry_key = LetterId::new(now).to_string();
    let said = Say { user: user.to_owned(), reply_token: event.reply_token.clone(), text, page, retry_key };
    Ok(ctx.enqueue_outside(SAY, Some(format!("{SAY}/{}", event.webhook_event_id)), &said, now).await?)
}

/// Answers on LINE.
///
/// # Errors
/// [`Error::Line`] when LINE is to be asked again.
pub(crate) async fn answer(channel: &LineChannel, said: Say) -> Result<()> {
    let network = Arc::clone(&channel.network);
    let spoken = tokio::task::spawn_blocking(move || speak(&*network, &said)).await;
    spoken.map_err(|_| Error::Stored("answer"))?
}

fn speak(network: &dyn LineNetwork, said: &Say) -> Result<()> {
    let mut text = said.text.clone();
    if let Some(page) = &said.page {
        let Some(request) = LineRequest::link_token(&said.user) else { return Ok(()) };
        let reply = asked(network, &request)?;
        // Somebody who has left again in the meantime.
        let Some(token) = reply.link_token() else { return Ok(()) };
        text += &format!("\n{page}?linkToken={}", web::query_value(&token));
    }
    if let Some(token) = &said.reply_token
        && asked(network, &LineRequest::reply(token, &text))?.answer() == Answer::Taken
    {
        return Ok(());
    }
    // Answers are taken for a short while only; a message is, later.
    asked(network, &LineRequest::push(&said.user, &text, said.retry_key.clone())).map(drop)
}

/// What LINE answered; an error when it is to be asked again.
fn asked(network: &dyn LineNetwork, request: &LineRequest) -> Result<LineReply> {
    let reply = network.post(request).map_err(Error::Line)?;
    match reply.answer() {
        Answer::Later { status, .. } => Err(Error::Line(format!("answered {status}"))),
        _ => Ok(reply),
    }
}

/// Deletes what nobody came back from, and what was told long ago.
pub(crate) async fn forget(ctx: &mut Ctx) -> Result<u64> {
    let before = ctx.now() - TOLD_KEPT;
    rows::line::forget(ctx, before).await
}

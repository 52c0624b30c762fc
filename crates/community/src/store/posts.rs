//! Posts, their versions, their photos, and what became of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use store::{AccountId, Ctx, FromRow, Row, Value, params};
use town::{GuideCode, GuideId};
use web::picture::Picture;

use crate::domain::moderate::Counts;
use crate::model::{Content, Filter, Flag, PhotoId, Position, Post, PostId, Result, Said, Shown, ShownPhoto, State, Step, Version, What};
use crate::rules::{folded, search_text};

macro_rules! post {
    ($rest:literal) => {
        concat!(
            "select id, guide, account, state, shown, waiting, looked_at, reason, opened_at, published_at, changed_at from community_post ",
            $rest
        )
    };
}

macro_rules! version {
    ($rest:literal) => {
        concat!(
            "select category, title, words, place, district, latitude_microdegrees, longitude_microdegrees, ages, facts, pen_name, photo_words,
            post, number, photo, flags, written_at from community_version ",
            $rest
        )
    };
}

macro_rules! shown {
    ($rest:literal) => {
        concat!(
            "select v.category, v.title, v.words, v.place, v.district, v.latitude_microdegrees, v.longitude_microdegrees, v.ages, v.facts, v.pen_name,
            v.photo_words, p.id, f.id, f.width, f.height, p.published_at, p.changed_at,
            (select count(*) from community_thanks t where t.post = p.id) as thanks
            from community_post p join community_version v on v.post = p.id and v.number = p.shown left join community_photo f on f.id = v.photo
            where p.shown is not null ",
            $rest
        )
    };
}

store::queries! {
    POST = post!("where id = $1");
    OF_ACCOUNT = post!("where account = $1 order by opened_at desc, id desc");
    /// What staff are to look at: what waits, what is shown unseen, what readers doubt; the oldest first.
    QUEUE = post!("where waiting is not null or (shown is not null and looked_at is null)
        or exists (select 1 from community_wrong w where w.post = community_post.id and w.settled_at is null) order by changed_at, id limit $1");
    COUNTS = "select coalesce(sum(case when waiting is not null and shown is null then 1 else 0 end), 0),
        coalesce(sum(case when waiting is not null and shown is not null then 1 else 0 end), 0),
        coalesce(sum(case when waiting is null and shown is not null and looked_at is null then 1 else 0 end), 0),
        (select count(distinct w.post) from community_wrong w where w.settled_at is null),
        min(case when waiting is not null and shown is null then changed_at end) from community_post";
    LATEST = post!("order by changed_at desc, id desc limit $1");
    BEGUN_SINCE = "select count(*) from community_post where account = $1 and opened_at >= $2";
    INSERT = "insert into community_post (id, guide, account, state, opened_at, changed_at) values ($1, $2, $3, $4, $5, $5)";
    SAVE = "update community_post set state = $2, shown = $3, waiting = $4, looked_at = $5, reason = $6, published_at = $7, changed_at = $8 where id = $1";
    EARN = "update community_post set points_at = $2 where id = $1 and points_at is null";

    VERSION = version!("where post = $1 and number = $2");
    LAST_VERSION = version!("where post = $1 order by number desc limit 1");
    INSERT_VERSION = "insert into community_version (post, number, category, title, words, place, district, latitude_microdegrees,
        longitude_microdegrees, ages, facts, pen_name, photo_words, photo, flags, search, written_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    LAST_PEN_NAME = "select v.pen_name from community_version v join community_post p on p.id = v.post
        where p.account = $1 and v.pen_name is not null order by v.written_at desc, v.number desc limit 1";
    OTHERS_PEN_NAMES = "select distinct v.pen_name from community_version v join community_post p on p.id = v.post
        where p.account is not null and p.account <> $1 and v.pen_name is not null";

    FOUND = shown!("and p.guide = $1 and ($2 = '' or v.category = $2) and (v.ages = '' or $3 = '' or v.ages like $3) and v.facts like $4
        and v.search like $5 escape '\\' and v.search like $6 escape '\\' and v.search like $7 escape '\\'
        order by p.published_at desc, p.id desc limit $8 offset $9");
    FOUND_BY_THANKS = shown!("and p.guide = $1 and ($2 = '' or v.category = $2) and (v.ages = '' or $3 = '' or v.ages like $3) and v.facts like $4
        and v.search like $5 escape '\\' and v.search like $6 escape '\\' and v.search like $7 escape '\\'
        order by thanks desc, p.published_at desc, p.id desc limit $8 offset $9");
    COUNT = "select count(*) from community_post p join community_version v on v.post = p.id and v.number = p.shown
        where p.shown is not null and p.guide = $1 and ($2 = '' or v.category = $2) and (v.ages = '' or $3 = '' or v.ages like $3)
        and v.facts like $4 and v.search like $5 escape '\\' and v.search like $6 escape '\\' and v.search like $7 escape '\\'";
    EVERY = shown!("and p.guide = $1 order by p.published_at, p.id");
    /// When anything everybody reads of a guide changed last: posts, also those that are read no more, and thanks.
    CHANGED = "select max(at) from (select max(changed_at) as at from community_post where guide = $1 and published_at is not null
        union all select max(t.at) from community_thanks t join community_post p on p.id = t.post where p.guide = $1) as changes";
    ONE = shown!("and p.id = $1");

    INSERT_PHOTO = "insert into community_photo (id, post, jpeg, width, height, saved_at) values ($1, $2, $3, $4, $5, $6)";
    PHOTO = "select jpeg, post from community_photo where id = $1";
    PHOTO_SHOWN = "select count(*) from community_post p join community_version v on v.post = p.id and v.number = p.shown where v.photo = $1";
    FORGET_PHOTOS = "delete from community_photo where post = $1
        and id not in (select v.photo from community_version v where v.post = $1 and v.photo is not null)";

    STEPS = "select at, staff, what, version, reason from community_step where post = $1 order by number";
    INSERT_STEP = "insert into community_step (post, number, at, staff, what, version, reason)
        select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6 from community_step where post = $1";

    GIVE_OVER = "update community_post set account = $2 where account = $1";
    FORGET_ACCOUNT = "update community_post set account = null, waiting = null, changed_at = $2 where id = $1";
    FORGET_PEN_NAMES = "update community_version set pen_name = null, search = $2 where post = $1";
    DELETE_OTHER_VERSIONS = "delete from community_version where post = $1 and number <> $2";
    DELETE_VERSIONS = "delete from community_version where post = $1";
    DELETE_STEPS = "delete from community_step where post = $1";
    DELETE_PHOTOS = "delete from community_photo where post = $1";
    DELETE_POST = "delete from community_post where id = $1";
}

/// How codes stand in a column: `|a||b|`, so that a pattern finds each.
fn joined<'a>(codes: impl IntoIterator<Item = &'a str>) -> String {
    codes.into_iter().map(|code| format!("|{code}|")).collect()
}

fn codes(text: &str) -> impl Iterator<Item = &str> {
    text.split('|').filter(|code| !code.is_empty())
}

fn undecodable(column: usize) -> store::Error {
    store::Error::Decode { column, reason: "not as this room writes it".to_owned() }
}

/// The content that begins a row, in the order of the macros above.
fn content(row: &Row) -> store::Result<Content> {
    let position = match (row.get::<Option<i32>>(5)?, row.get::<Option<i32>>(6)?) {
        (Some(latitude), Some(longitude)) => Some(Position { latitude, longitude }),
        _ => None,
    };
    let ages = codes(&row.get::<String>(7)?).map(str::parse).collect::<std::result::Result<Vec<GuideCode>, _>>();
    let facts = codes(&row.get::<String>(8)?)
        .map(|fact| {
            let (code, said) = fact.split_once('=')?;
            Some((code.parse::<GuideCode>().ok()?, said.parse::<Said>().ok()?))
        })
        .collect::<Option<BTreeMap<_, _>>>();
    Ok(Content {
        category: row.get(0)?,
        title: row.get(1)?,
        words: row.get(2)?,
        place: row.get(3)?,
        district: row.get(4)?,
        position,
        ages: ages.map_err(|_| undecodable(7))?,
        facts: facts.ok_or_else(|| undecodable(8))?,
        pen_name: row.get(9)?,
        photo_words: row.get(10)?,
    })
}

impl FromRow for Version {
    fn from_row(row: &Row) -> store::Result<Self> {
        let flags = codes(&row.get::<String>(14)?).map(str::parse).collect::<std::result::Result<Vec<Flag>, _>>();
        Ok(Self {
            content: content(row)?,
            post: row.get(11)?,
            number: row.get(12)?,
            photo: row.get(13)?,
            flags: flags.map_err(|_| undecodable(14))?,
            written_at: row.get(15)?,
        })
    }
}

impl FromRow for Shown {
    fn from_row(row: &Row) -> store::Result<Self> {
        let photo = match row.get::<Option<PhotoId>>(12)? {
            Some(id) => Some(ShownPhoto { id, width: row.get(13)?, height: row.get(14)? }),
            None => None,
        };
        Ok(Self {
            content: content(row)?,
            id: row.get(11)?,
            photo,
            published_at: row.get(15)?,
            changed_at: row.get(16)?,
            thanks: row.get(17)?,
        })
    }
}

store::from_row!(Post { id, guide, account, state, shown, waiting, looked_at, reason, opened_at, published_at, changed_at });
store::from_row!(Step { at, staff, what, version, reason });

pub(crate) async fn find(ctx: &mut Ctx, id: PostId) -> Result<Option<Post>> {
    Ok(ctx.tx().query_opt(POST, params![id]).await?)
}

pub(crate) async fn of_account(ctx: &mut Ctx, account: AccountId) -> Result<Vec<Post>> {
    Ok(ctx.tx().query(OF_ACCOUNT, params![account]).await?)
}

pub(crate) async fn queue(ctx: &mut Ctx, limit: i64) -> Result<Vec<Post>> {
    Ok(ctx.tx().query(QUEUE, params![limit]).await?)
}

pub(crate) async fn latest(ctx: &mut Ctx, limit: i64) -> Result<Vec<Post>> {
    Ok(ctx.tx().query(LATEST, params![limit]).await?)
}

pub(crate) async fn begun_since(ctx: &mut Ctx, account: AccountId, since: Timestamp) -> Result<i64> {
    Ok(ctx.tx().query_one::<(i64,)>(BEGUN_SINCE, params![account, since]).await?.0)
}

pub(crate) async fn insert(ctx: &mut Ctx, id: PostId, guide: &GuideId, account: AccountId) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(INSERT, params![id, guide, account, State::Waiting, now]).await?;
    Ok(())
}

pub(crate) async fn save(ctx: &mut Ctx, post: &Post) -> Result<()> {
    let reason = post.reason.clone();
    let values = params![post.id, post.state, post.shown, post.waiting, post.looked_at, reason, post.published_at, post.changed_at];
    ctx.tx().execute(SAVE, values).await?;
    Ok(())
}

/// Notes that a post earned its points; false when it had before.
pub(crate) async fn earn(ctx: &mut Ctx, id: PostId) -> Result<bool> {
    let now = ctx.now();
    Ok(ctx.tx().execute(EARN, params![id, now]).await? == 1)
}

pub(crate) async fn version(ctx: &mut Ctx, post: PostId, number: i32) -> Result<Option<Version>> {
    Ok(ctx.tx().query_opt(VERSION, params![post, number]).await?)
}

pub(crate) async fn last_version(ctx: &mut Ctx, post: PostId) -> Result<Option<Version>> {
    Ok(ctx.tx().query_opt(LAST_VERSION, params![post]).await?)
}

pub(crate) async fn insert_version(ctx: &mut Ctx, version: &Version) -> Result<()> {
    let content = &version.content;
    let facts: Vec<String> = content.facts.iter().map(|(code, said)| format!("{code}={said}")).collect();
    let values: Vec<Value> = vec![
        version.post.into(),
        version.number.into(),
        (&content.category).into(),
        content.title.as_str().into(),
        content.words.as_str().into(),
        content.place.as_str().into(),
        content.district.clone().into(),
        content.position.map(|position| position.latitude).into(),
        content.position.map(|position| position.longitude).into(),
        joined(content.ages.iter().map(GuideCode::as_str)).into(),
        joined(facts.iter().map(String::as_str)).into(),
        content.pen_name.clone().into(),
        content.photo_words.as_str().into(),
        version.photo.into(),
        joined(version.flags.iter().map(|flag| flag.as_str())).into(),
        search_text(content).into(),
        version.written_at.into(),
    ];
    ctx.tx().execute(INSERT_VERSION, &values).await?;
    Ok(())
}

pub(crate) async fn last_pen_name(ctx: &mut Ctx, account: AccountId) -> Result<Option<String>> {
    Ok(ctx.tx().query_opt::<(String,)>(LAST_PEN_NAME, params![account]).await?.map(|(name,)| name))
}

pub(crate) async fn others_pen_names(ctx: &mut Ctx, account: AccountId) -> Result<Vec<String>> {
    Ok(ctx.tx().query::<(String,)>(OTHERS_PEN_NAMES, params![account]).await?.into_iter().map(|(name,)| name).collect())
}

/// What the comparisons of the search are given.
fn compared(guide: &GuideId, filter: &Filter) -> Vec<Value> {
    let code = |code: &Option<GuideCode>| code.as_ref().map_or_else(String::new, |code| code.as_str().to_owned());
    let age = filter.age.as_ref().map_or_else(String::new, |age| format!("%|{age}|%"));
    let mut tags: Vec<&str> = filter.tags.iter().map(GuideCode::as_str).collect();
    tags.sort_unstable();
    let facts: String = tags.into_iter().map(|tag| format!("%|{tag}=yes|")).collect();
    let words: Vec<String> = folded(&filter.words).split(' ').filter(|word| !word.is_empty()).map(literal).collect();
    // Two words in any order; those after them in the order they were typed.
    let (first, second) = (words.first().cloned().unwrap_or_default(), words.get(1).cloned().unwrap_or_default());
    let rest: String = words.iter().skip(2).map(|word| format!("%{word}")).collect();
    let patterns = [format!("{facts}%"), format!("%{first}%"), format!("%{second}%"), format!("{rest}%")];
    let mut values: Vec<Value> = vec![guide.into(), code(&filter.category).into(), age.into()];
    values.extend(patterns.map(Value::from));
    values
}

/// A word in a pattern, standing for itself.
fn literal(word: &str) -> String {
    word.chars().flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c])).collect()
}

pub(crate) async fn found(ctx: &mut Ctx, guide: &GuideId, filter: &Filter, limit: i64, offset: i64) -> Result<Vec<Shown>> {
    let mut values = compared(guide, filter);
    values.extend([limit.into(), offset.into()]);
    let query = if filter.by_thanks { FOUND_BY_THANKS } else { FOUND };
    Ok(ctx.tx().query(query, &values).await?)
}

pub(crate) async fn count(ctx: &mut Ctx, guide: &GuideId, filter: &Filter) -> Result<i64> {
    Ok(ctx.tx().query_one::<(i64,)>(COUNT, &compared(guide, filter)).await?.0)
}

/// How much staff are to look at.
pub(crate) async fn counts(ctx: &mut Ctx) -> Result<Counts> {
    let (new, changed, unseen, doubted, waits_since) = ctx.tx().query_one::<(i64, i64, i64, i64, Option<Timestamp>)>(COUNTS, &[]).await?;
    Ok(Counts { new, changed, unseen, doubted, waits_since })
}

pub(crate) async fn every(ctx: &mut Ctx, guide: &GuideId) -> Result<Vec<Shown>> {
    Ok(ctx.tx().query(EVERY, params![guide]).await?)
}

pub(crate) async fn changed(ctx: &mut Ctx, guide: &GuideId) -> Result<Option<Timestamp>> {
    Ok(ctx.tx().query_one::<(Option<Timestamp>,)>(CHANGED, params![guide]).await?.0)
}

pub(crate) async fn shown(ctx: &mut Ctx, id: PostId) -> Result<Option<Shown>> {
    Ok(ctx.tx().query_opt(ONE, params![id]).await?)
}

pub(crate) async fn insert_photo(ctx: &mut Ctx, id: PhotoId, post: PostId, picture: Picture) -> Result<()> {
    let now = ctx.now();
    ctx.tx().execute(INSERT_PHOTO, params![id, post, picture.jpeg, picture.width, picture.height, now]).await?;
    Ok(())
}

/// A photo's file, and the post it is of.
pub(crate) async fn photo(ctx: &mut Ctx, id: PhotoId) -> Result<Option<(Vec<u8>, PostId)>> {
    Ok(ctx.tx().query_opt(PHOTO, params![id]).await?)
}

pub(crate) async fn photo_is_shown(ctx: &mut Ctx, id: PhotoId) -> Result<bool> {
    Ok(ctx.tx().query_one::<(i64,)>(PHOTO_SHOWN, params![id]).await?.0 > 0)
}

pub(crate) async fn steps(ctx: &mut Ctx, post: PostId) -> Result<Vec<Step>> {
    Ok(ctx.tx().query(STEPS, params![post]).await?)
}

pub(crate) async fn step(ctx: &mut Ctx, post: PostId, what: What, version: i32, reason: Option<&str>) -> Result<()> {
    let now = ctx.now();
    let staff = match ctx.actor {
        store::Actor::Staff(id, _) => Some(id),
        _ => None,
    };
    ctx.tx().execute(INSERT_STEP, params![post, now, staff, what, version, reason.map(str::to_owned)]).await?;
    Ok(())
}

pub(crate) async fn give_over(ctx: &mut Ctx, from: AccountId, to: AccountId) -> Result<()> {
    ctx.tx().execute(GIVE_OVER, params![from, to]).await?;
    Ok(())
}

/// Leaves of a post what everybody reads, without its author.
pub(crate) async fn part_from_author(ctx: &mut Ctx, post: PostId, shown: &Version) -> Result<()> {
    let nameless = Content { pen_name: None, ..shown.content.clone() };
    ctx.tx().execute(DELETE_OTHER_VERSIONS, params![post, shown.number]).await?;
    ctx.tx().execute(FORGET_PEN_NAMES, params![post, search_text(&nameless)]).await?;
    ctx.tx().execute(FORGET_PHOTOS, params![post]).await?;
    let now = ctx.now();
    ctx.tx().execute(FORGET_ACCOUNT, params![post, now]).await?;
    Ok(())
}

/// Deletes a post and all that hangs on it; readers' rows are to be deleted before.
pub(crate) async fn delete(ctx: &mut Ctx, post: PostId) -> Result<()> {
    for query in [DELETE_VERSIONS, DELETE_STEPS, DELETE_PHOTOS, DELETE_POST] {
        ctx.tx().execute(query, params![post]).await?;
    }
    Ok(())
}

//! The guides' files, for everybody: CSV, GeoJSON, JSON.

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Path, Query, RawQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Permission;
use town::Language;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{App, Problem, Reader, View, staff};

use crate::domain::moderate::{self, Review};
use crate::domain::{self, read::Open};
use crate::model::PostId;
use crate::opendata::Frame;
use crate::pages::query;

/// How long a file may be kept before it is asked for again, in seconds.
const KEPT_S: u32 = 60;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(file)).routes(routes!(to_look_at))
}

/// A form in which a guide is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    GeoJson,
    Json,
}

impl Format {
    fn of(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "geojson" => Some(Self::GeoJson),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::GeoJson => "application/geo+json",
            Self::Json => "application/json",
        }
    }
}

/// A guide as open data under its licence: `<guide>.csv`, `<guide>.geojson` or `<guide>.json`. The same filters as on its page may be given.
#[utoipa::path(get, path = "/api/v1/guide/{file}", params(
    ("file" = String, Path, description = "The guide's id and .csv, .geojson or .json"),
    ("q" = Option<String>, Query, description = "Words that must all be there"),
    ("category" = Option<String>, Query), ("age" = Option<String>, Query),
    ("tag" = Option<Vec<String>>, Query, description = "Tags said with yes"),
    ("lang" = Option<String>, Query, description = "The language of the names of categories, ages and tags; Japanese if left out")), responses(
    (status = 200, description = "The file", content_type = "application/geo+json"),
    (status = 304, description = "Not changed since"), (status = 404, description = "No such guide or format")), tag = "guide", security(()))]
async fn file(
    view: View,
    Reader(mut ctx): Reader,
    Path(file): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (guide, format) = file
        .rsplit_once('.')
        .and_then(|(guide, ending)| Some((guide.parse().ok()?, Format::of(ending)?)))
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "community.no_such_guide"))?;
    let guide = domain::guide(&ctx, &guide)?;
    let asked = query::Asked::of(raw.as_deref());
    let open = domain::read::open(&mut ctx, &guide.id, &asked.filter(&guide)).await?;
    // By the address alone, so that who keeps the file keeps it for everybody.
    let language = if asked.language_given { view.language.clone() } else { Language::JAPANESE };
    let frame = Frame { town: ctx.town(), guide: &guide, origin: view.app.origin(), language: &language };
    let body = written(format, &frame, &open)?;
    Ok(answer(format, body, open.changed_at, &headers, &file))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OnDesk {
    post: Option<PostId>,
}

/// Gives staff what is to be looked at, or one post, as GeoJSON (RFC 7946): what has a place on the map.
#[utoipa::path(get, path = "/api/v1/staff/guide.geojson", params(("post" = Option<String>, Query, description = "A post.")), responses(
    (status = 200, description = "A FeatureCollection of points.", content_type = "application/geo+json")), tag = "guide")]
async fn to_look_at(view: View, Reader(mut ctx): Reader, Query(on): Query<OnDesk>) -> Result<Response, Problem> {
    staff(&mut ctx, Permission::KeepGuide).await?;
    let lines = match on.post {
        Some(post) => {
            let Review { post, version, doubts, .. } = moderate::review(&mut ctx, post).await?;
            let doubts = doubts.iter().filter(|doubt| doubt.settled_at.is_none()).count();
            vec![moderate::Line { post, version, doubts: i64::try_from(doubts).unwrap_or(i64::MAX) }]
        }
        None => moderate::desk(&mut ctx).await?.queue,
    };
    let features: Vec<_> = lines.iter().filter_map(|line| pin(&view, line)).collect();
    let body = json!({ "type": "FeatureCollection", "features": features });
    Ok(([(header::CONTENT_TYPE, "application/geo+json")], body.to_string()).into_response())
}

/// A pin of the desk: never by colour alone, so its shape says what needs care.
fn pin(view: &View, line: &moderate::Line) -> Option<Value> {
    let content = &line.version.content;
    let category = view.app.town().guide(&line.post.guide).and_then(|guide| guide.category(content.category.as_str()));
    let care = line.doubts > 0 || !line.version.flags.is_empty();
    let (shape, tone) = if care { ("triangle", "shu") } else { ("square", "ai") };
    Some(json!({
        "type": "Feature",
        "geometry": { "type": "Point", "coordinates": content.position?.east_north() },
        "properties": {
            "name": content.title,
            "kind": category.map(|category| view.words(&category.name)),
            "note": content.place,
            "href": format!("/staff/guide/{}", line.post.id),
            "shape": shape,
            "tone": tone,
        },
    }))
}

fn written(format: Format, frame: &Frame<'_>, open: &Open) -> Result<Vec<u8>, Problem> {
    match format {
        Format::Csv => frame.csv(&open.posts).map_err(|error| Problem::internal(&error)),
        Format::GeoJson => Ok(frame.geojson(&open.posts, open.changed_at).to_string().into_bytes()),
        Format::Json => Ok(frame.json(&open.posts, open.changed_at).to_string().into_bytes()),
    }
}

fn answer(format: Format, body: Vec<u8>, changed_at: Option<Timestamp>, asked: &HeaderMap, name: &str) -> Response {
    let hash = digest(&SHA256, &body);
    let tag = format!("\"{}\"", hex::encode(&hash.as_ref()[..16]));
    let fresh = is_fresh(asked, &tag, changed_at);
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let headers = response.headers_mut();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, format.media_type());
    set(header::CACHE_CONTROL, &format!("public, max-age={KEPT_S}"));
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(header::ETAG, &tag);
    if let Some(changed_at) = changed_at.and_then(|at| rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()) {
        set(header::LAST_MODIFIED, &changed_at);
    }
    if format == Format::Csv && !fresh {
        // The name is an id of the pack: plain letters.
        set(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    }
    response
}

/// Whether the caller has the file already (RFC 9110 section 13.2.2): the tag decides where one is given, the day only without.
fn is_fresh(asked: &HeaderMap, tag: &str, changed_at: Option<Timestamp>) -> bool {
    let get = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(known) = get(header::IF_NONE_MATCH) {
        return known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*");
    }
    let since = get(header::IF_MODIFIED_SINCE).and_then(|text| rfc2822::DateTimeParser::new().parse_timestamp(text).ok());
    matches!((since, changed_at), (Some(since), Some(changed_at)) if changed_at.as_second() <= since.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: header::HeaderName, value: &'static str) -> HeaderMap {
        [(name, HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn who_has_the_file_is_not_sent_it_again() {
        let at: Timestamp = "2026-05-10T01:02:03.5Z".parse().unwrap();
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(is_fresh(&asked(header::IF_NONE_MATCH, known), "\"a\"", Some(at)), "{known}");
        }
        assert!(!is_fresh(&asked(header::IF_NONE_MATCH, "\"b\""), "\"a\"", Some(at)));
        assert!(is_fresh(&asked(header::IF_MODIFIED_SINCE, "Sun, 10 May 2026 01:02:03 GMT"), "\"a\"", Some(at)));
        assert!(!is_fresh(&asked(header::IF_MODIFIED_SINCE, "Sun, 10 May 2026 01:02:02 GMT"), "\"a\"", Some(at)));
        assert!(!is_fresh(&asked(header::IF_MODIFIED_SINCE, "yesterday"), "\"a\"", Some(at)));
        assert!(!is_fresh(&HeaderMap::new(), "\"a\"", Some(at)));
        // An older tag wins over a newer day.
        let mut both = asked(header::IF_NONE_MATCH, "\"b\"");
        both.insert(header::IF_MODIFIED_SINCE, HeaderValue::from_static("Sun, 10 May 2026 01:02:03 GMT"));
        assert!(!is_fresh(&both, "\"a\"", Some(at)));
    }
}

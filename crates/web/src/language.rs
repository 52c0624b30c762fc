use axum::Form;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use civil::Date;
use jiff::Timestamp;
use serde::Deserialize;
pub use town::Arg;
use town::{Language, Words};

use crate::writing::{day_in_words, moment_in_words};
use crate::{App, writing};

/// Marks a browser that stands at a kiosk; it holds the address of the card reader beside it.
pub const KIOSK_COOKIE: &str = "tegata_kiosk";

/// A handler's view for one reader: the texts in their language, the assets, the town.
#[derive(Clone)]
pub struct View {
    /// The app.
    pub app: App,
    /// The language of the page: the reader's, or on the staff's pages the next they read that the staff's texts are written in.
    pub language: Language,
    /// The reader's language, which their browser keeps.
    pub chosen: Language,
    /// Whether the reader asked for large type.
    pub large: bool,
    /// Whether the page stands on a screen many people use one after another: it keeps nothing, and says how to end.
    pub kiosk: bool,
    /// The path being shown, for the menus.
    pub path: String,
    /// The page to open again in another language or type size: path and query without `lang`; after a form was sent, the page it stood on.
    pub here: String,
}

impl View {
    /// Reads language and type size from the query, the cookies and `Accept-Language`, in that order.
    pub fn of_request(app: &App, request: &Request) -> Self {
        Self::of(app, request.method(), request.uri(), request.headers())
    }

    fn of(app: &App, method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let offered = &app.town().languages;
        let known = |tag: &str| Language::asked(tag, offered);
        let asked = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang="))).and_then(known);
        let chosen = asked
            .or_else(|| cookie(headers, "lang").and_then(known))
            .or_else(|| accepted(headers).into_iter().find_map(known))
            .or_else(|| offered.first())
            .unwrap_or(&Language::JAPANESE)
            .clone();
        let language = if is_for_staff(uri.path()) { of_staff(&chosen, offered) } else { chosen.clone() };
        let here = if matches!(*method, Method::GET | Method::HEAD) {
            without_language(uri.path(), uri.query())
        } else {
            came_from(headers).unwrap_or_else(|| "/".to_owned())
        };
        Self {
            app: app.clone(),
            language,
            chosen,
            large: cookie(headers, "size") == Some("large"),
            kiosk: cookie(headers, KIOSK_COOKIE).is_some(),
            path: uri.path().to_owned(),
            here,
        }
    }

    /// The text of a key.
    pub fn t(&self, key: &str) -> String {
        self.app.catalogue().text(&self.language, key, &[])
    }

    /// The text of a key with places for values.
    pub fn ta(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.app.catalogue().text(&self.language, key, args)
    }

    /// The text of a key with one place for a value.
    pub fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.ta(key, &[(name, Arg::from(value))])
    }

    /// Whether a key has a text.
    pub fn has(&self, key: &str) -> bool {
        self.app.catalogue().has(key)
    }

    /// The town's own words in the reader's language.
    pub fn words<'a>(&self, words: &'a Words) -> &'a str {
        words.in_language(&self.language)
    }

    /// The path of an asset.
    pub fn asset(&self, name: &str) -> String {
        self.app.assets().path(name)
    }

    /// The page being shown, in another language.
    pub fn here_in(&self, language: &Language) -> String {
        let join = if self.here.contains('?') { '&' } else { '?' };
        format!("{}{join}lang={language}", self.here)
    }

    /// A day as the reader writes it: 2027年3月31日, 31 March 2027.
    pub fn day(&self, day: &Date) -> String {
        day_in_words(&self.language, *day)
    }

    /// A moment as the reader writes it, in Japan's time.
    pub fn moment(&self, moment: &Timestamp) -> String {
        moment_in_words(&self.language, *moment)
    }

    /// The value of something the town knows of a person.
    pub fn fact(&self, value: &rule::Value) -> String {
        match value {
            rule::Value::Bool(true) => self.t("shell-yes"),
            rule::Value::Bool(false) => self.t("shell-no"),
            rule::Value::Int(number) => self.count(number),
            rule::Value::String(text) => text.to_string(),
            rule::Value::Date(day) => self.day(day),
            _ => self.t("shell-not-known"),
        }
    }

    /// A count with its thousands apart, as the reader writes it.
    pub fn count(&self, count: &i64) -> String {
        writing::count_in_words(&self.language, *count)
    }

    /// The languages this page can be read in: all of the town's, or on the staff's pages those of the staff's texts.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        let staff = is_for_staff(&self.path);
        self.app.town().languages.iter().filter(move |language| !staff || OF_STAFF.contains(language))
    }
}

/// The languages in which the texts of staff and operators are written; `crates/<room>/texts/staff.keys` says which those are.
const OF_STAFF: [Language; 3] = [Language::JAPANESE, Language::EASY_JAPANESE, Language::ENGLISH];

/// Whether a page is for staff and operators, who work in Japanese or English.
fn is_for_staff(path: &str) -> bool {
    let under = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    under("/staff") || under("/simulator")
}

/// The language a reader's staff pages are in.
fn of_staff(chosen: &Language, offered: &[Language]) -> Language {
    chosen.reads().find(|language| OF_STAFF.contains(language) && offered.contains(language)).unwrap_or(&Language::JAPANESE).clone()
}

impl FromRequestParts<App> for View {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self::of(app, &parts.method, &parts.uri, &parts.headers))
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The tags of `Accept-Language`, those the reader likes best first (RFC 9110, 12.5.4): a tag with `q=0` is one they do not want.
fn accepted(headers: &HeaderMap) -> Vec<&str> {
    let line = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut tags: Vec<(&str, u32)> = line.split(',').filter_map(tag_with_weight).filter(|(_, weight)| *weight > 0).collect();
    tags.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    tags.into_iter().map(|(tag, _)| tag).collect()
}

/// One item of `Accept-Language` with its weight in thousandths: `vi;q=0.8` is `("vi", 800)`.
fn tag_with_weight(item: &str) -> Option<(&str, u32)> {
    let mut parts = item.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let Some(weight) = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))) else { return Some((tag, 1000)) };
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    let thousandths = format!("{part:0<3}");
    Some((tag, whole.parse::<u32>().ok()?.checked_mul(1000)?.checked_add(thousandths.get(..3)?.parse().ok()?)?))
}

/// A path and query without the choice of language in it.
fn without_language(path: &str, query: Option<&str>) -> String {
    let rest: Vec<&str> = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang=")).collect();
    if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) }
}

/// The page of ours on which a form was sent.
fn came_from(headers: &HeaderMap) -> Option<String> {
    let (_, address) = headers.get(header::REFERER)?.to_str().ok()?.split_once("://")?;
    let path = &address[address.find('/')?..];
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    Some(local(&without_language(path, query)))
}

/// A way back that stays with us: `//elsewhere` and `/\\elsewhere` lead to other hosts.
fn local(path: &str) -> String {
    format!("/{}", path.trim_start_matches(['/', '\\']))
}

#[derive(Deserialize)]
pub(crate) struct Display {
    size: String,
    #[serde(default)]
    back: String,
}

/// Keeps the type size, for readers whose browser runs no script.
pub(crate) async fn display(Form(display): Form<Display>) -> Response {
    let size = if display.size == "large" { "large" } else { "normal" };
    let cookie = format!("size={size}; Path=/; Max-Age=31536000; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to(&local(&display.back))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn liked(line: &str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, line.parse().unwrap());
        accepted(&headers).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_the_reader_likes_best_comes_first() {
        assert_eq!(liked("ja;q=0.3, vi-VN, en;q=0.8"), ["vi-VN", "en", "ja"]);
        assert_eq!(liked("pt-PT,pt;q=0.9 , en; q=0.85,fil;q=0"), ["pt-PT", "pt", "en"]);
        assert_eq!(liked("zh-TW;q=1.0,zh;q=1"), ["zh-TW", "zh"]);
        assert_eq!(liked("en;q=much, ,;q=1, ja"), ["ja"]);
        assert_eq!(liked(""), [""; 0]);
    }

    #[test]
    fn staff_read_the_nearest_language_their_texts_are_in() {
        let offered: Vec<Language> = ["ja", "ja-easy", "vi"].iter().map(|tag| tag.parse().unwrap()).collect();
        let vi = &offered[2];
        assert_eq!(of_staff(vi, &offered), Language::EASY_JAPANESE);
        assert_eq!(of_staff(vi, &[Language::JAPANESE, Language::ENGLISH]), Language::ENGLISH);
        assert_eq!(of_staff(&Language::EASY_JAPANESE, &offered), Language::EASY_JAPANESE);
        assert!(is_for_staff("/staff") && is_for_staff("/staff/map") && is_for_staff("/simulator/people"));
        assert!(!is_for_staff("/staffroom") && !is_for_staff("/") && !is_for_staff("/me/staff"));
    }

    fn sent_from(address: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::REFERER, address.parse().unwrap());
        came_from(&headers)
    }

    #[test]
    fn the_way_back_stays_with_us() {
        assert_eq!(local("/me?x=1"), "/me?x=1");
        assert_eq!(local("//evil.example/a"), "/evil.example/a");
        assert_eq!(local("/\\evil.example"), "/evil.example");
        assert_eq!(local("https://evil.example"), "/https://evil.example");
        assert_eq!(local(""), "/");
    }

    #[test]
    fn a_page_after_a_form_leads_back_to_the_form() {
        assert_eq!(sent_from("https://town.example/share/1?lang=en").as_deref(), Some("/share/1"));
        assert_eq!(sent_from("https://town.example/staff/what-if?rule=a%26b&lang=ja").as_deref(), Some("/staff/what-if?rule=a%26b"));
        assert_eq!(sent_from("https://town.example//evil.example").as_deref(), Some("/evil.example"));
        assert_eq!(sent_from("nonsense"), None);
    }

    #[test]
    fn the_rest_of_the_question_is_kept_when_the_language_changes() {
        assert_eq!(without_language("/a", Some("on=2026-01-01&lang=en")), "/a?on=2026-01-01");
        assert_eq!(without_language("/a", Some("lang=en")), "/a");
        assert_eq!(without_language("/a", None), "/a");
    }
}

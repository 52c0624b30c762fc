//! The page for one reader: its language, its texts, and how an answer is made of it.

use askama::Template;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use town::{Arg, Language};

use crate::Station;

/// The page for one reader.
pub(super) struct View<'a> {
    pub(super) station: &'a Station,
    pub(super) language: Language,
    /// The address this page was asked for at.
    pub(super) here: String,
}

impl<'a> View<'a> {
    /// In the language of the link or form, else the one chosen here before, else Japanese.
    pub(super) fn new(station: &'a Station, headers: &HeaderMap, asked: &str) -> Self {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let chosen = std::iter::once(asked).chain(cookies.filter_map(|pair| pair.trim().strip_prefix("lang=")));
        let offered = station.texts.languages();
        let language = chosen.filter(|tag| !tag.is_empty()).find_map(|tag| Language::asked(tag, offered)).cloned();
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        Self { station, language: language.unwrap_or(Language::JAPANESE), here: format!("http://{host}") }
    }

    pub(super) fn t(&self, key: &str) -> String {
        self.station.texts.text(&self.language, key, &[])
    }

    pub(super) fn tn(&self, key: &str, n: &u8) -> String {
        self.station.texts.text(&self.language, key, &[("n", Arg::from(*n))])
    }

    pub(super) fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.station.texts.text(&self.language, key, &[(name, Arg::from(value))])
    }

    pub(super) fn asset(&self, name: &str) -> String {
        self.station.assets.path(name)
    }

    /// The languages of the switch: tag, the page's own tag, name, whether it is this one.
    pub(super) fn languages(&self) -> Vec<(String, String, String, bool)> {
        let languages = self.station.texts.languages().iter();
        let named = |language: &Language| {
            let name = self.t(&format!("language-{language}"));
            (language.to_string(), language.html().to_owned(), name, *language == self.language)
        };
        languages.map(named).collect()
    }

    pub(super) fn html<T: Template>(&self, page: &T) -> Response {
        match page.render() {
            Ok(text) => {
                let keep = format!("lang={}; Path=/; Max-Age=31536000; SameSite=Lax", self.language);
                ([(header::CACHE_CONTROL, "no-store".to_owned()), (header::SET_COOKIE, keep)], Html(text)).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "page failed");
                axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A value as a query carries it.
pub(super) fn percent_encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The values that are there, as a query that follows another.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| format!("&{name}={}", percent_encoded(value))).collect()
}

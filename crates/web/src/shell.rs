use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use store::Actor;
use town::Language;

use crate::{App, MenuItem, Problem, View};

/// The most items of the residents' bar: on a narrow phone each has room for its word.
const BAR_ITEMS_MAX: usize = 5;

/// The most languages that stand side by side; more are folded behind the reader's own.
const LANGUAGES_ABREAST_MAX: usize = 3;

/// Around what a page is put.
pub struct Page<'a> {
    title: &'a str,
    kind: Kind,
    who: Option<String>,
    actor: Option<&'a Actor>,
    islands: Vec<Island<'a>>,
    texts: Vec<&'a str>,
    wide: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Resident,
    Staff,
    Verify,
    Plain,
}

/// A script module a page needs besides the one every page has.
pub type Island<'a> = &'a str;

impl<'a> Page<'a> {
    /// A resident's page, with the bar of the app.
    pub fn resident(title: &'a str) -> Self {
        Self::new(title, Kind::Resident)
    }

    /// A page of the console; the menu shows what `actor` is permitted.
    pub fn staff(title: &'a str, actor: &'a Actor, name: String) -> Self {
        Self { actor: Some(actor), who: Some(name), wide: true, ..Self::new(title, Kind::Staff) }
    }

    /// The verifier's page: nothing but the answer.
    pub fn verify(title: &'a str) -> Self {
        Self::new(title, Kind::Verify)
    }

    /// A page without menus: log-in, errors.
    pub fn plain(title: &'a str) -> Self {
        Self::new(title, Kind::Plain)
    }

    fn new(title: &'a str, kind: Kind) -> Self {
        Self { title, kind, who: None, actor: None, islands: Vec::new(), texts: Vec::new(), wide: false }
    }

    /// Loads an island's module and gives the islands the texts whose keys begin with `<prefix>-`, as `prefix.rest_of_key`. Of several islands each keeps
    /// its own.
    pub fn with_island(mut self, module: Island<'a>, prefixes: &'a [&'a str]) -> Self {
        self.islands.push(module);
        self.texts.extend(prefixes);
        self
    }
}

/// A language the page can be read in.
struct Choice {
    html: String,
    href: String,
    /// What those who speak it call it.
    name: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "shell.html")]
struct ShellTemplate<'a> {
    view: &'a View,
    page: &'a Page<'a>,
    body: String,
    texts: Option<String>,
    menu: Vec<&'a MenuItem>,
}

impl ShellTemplate<'_> {
    fn body_class(&self) -> &'static str {
        match self.page.kind {
            Kind::Resident => "page page--resident",
            Kind::Staff => "page page--staff",
            Kind::Verify => "page page--verify",
            Kind::Plain => "page page--plain",
        }
    }

    fn main_class(&self) -> &'static str {
        if self.page.wide { "main main--wide" } else { "main main--narrow" }
    }

    fn is_staff(&self) -> bool {
        self.page.kind == Kind::Staff
    }

    fn is_resident(&self) -> bool {
        self.page.kind == Kind::Resident
    }

    /// What stands in the residents' bar: everything, or what is used most where there is not room for everything.
    fn shown(&self) -> &[&MenuItem] {
        if self.menu.len() <= BAR_ITEMS_MAX { &self.menu } else { &self.menu[..BAR_ITEMS_MAX - 1] }
    }

    /// What is folded behind the last item of the bar.
    fn folded(&self) -> &[&MenuItem] {
        &self.menu[self.shown().len()..]
    }

    /// Whether the page being shown is one of those that are folded.
    fn is_in_fold(&self) -> bool {
        self.folded().iter().any(|item| self.is_current(item))
    }

    fn is_current(&self, item: &&MenuItem) -> bool {
        if matches!(item.href, "/" | "/staff") { self.view.path == item.href } else { self.view.path.starts_with(item.href) }
    }

    fn languages(&self) -> Vec<Choice> {
        let choice = |language: &Language| Choice {
            html: language.html().to_owned(),
            href: self.view.here_in(language),
            name: self.view.t(&format!("language-{language}")),
            current: *language == self.view.language,
        };
        self.view.languages().map(choice).collect()
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
pub(crate) struct ProblemBody<'a> {
    pub(crate) view: &'a View,
    pub(crate) title: &'a str,
    pub(crate) next: &'a str,
}

/// A page that shows its form again, because something in it must be mended.
pub fn to_mend(mut page: Response) -> Response {
    *page.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    page
}

impl View {
    /// Puts a room's body into the shell.
    pub fn page<T: Template>(&self, page: &Page<'_>, body: &T) -> Response {
        let rendered = body.render().and_then(|body| {
            let shell = ShellTemplate {
                view: self,
                page,
                body,
                texts: (!page.islands.is_empty()).then(|| self.island_texts(&page.texts)),
                menu: self.menu(page),
            };
            shell.render()
        });
        match rendered {
            Ok(html) => {
                let keep = format!("lang={}; Path=/; Max-Age=31536000; SameSite=Lax", self.chosen);
                ([(header::SET_COOKIE, keep)], Html(html)).into_response()
            }
            Err(error) => Problem::internal(&error).into_response(),
        }
    }

    fn menu(&self, page: &Page<'_>) -> Vec<&MenuItem> {
        let shown = |item: &&MenuItem| match (page.kind, item.staff) {
            (Kind::Resident, None) => true,
            (Kind::Staff, Some(permission)) => page.actor.is_some_and(|actor| store::permitted(actor, permission)),
            _ => false,
        };
        self.app.menu().iter().filter(shown).collect()
    }

    /// The texts islands read: `card-until` becomes `{"card": {"until": …}}`; places for values stay `{name}`.
    fn island_texts(&self, prefixes: &[&str]) -> String {
        let mut all = serde_json::Map::new();
        for prefix in prefixes {
            let start = format!("{prefix}-");
            let mut group = serde_json::Map::new();
            for key in self.app.catalogue().keys() {
                if let Some(rest) = key.strip_prefix(&start) {
                    group.insert(rest.replace('-', "_"), self.pattern(key).into());
                }
            }
            all.insert((*prefix).to_owned(), group.into());
        }
        // Inside a script element only these could end it early.
        serde_json::Value::from(all).to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    }
}

impl View {
    /// The text of a key with its places for values left open as `{name}`, for islands to fill.
    fn pattern(&self, key: &str) -> String {
        self.t(key).replace("{$", "{")
    }
}

pub(crate) async fn town_css(State(app): State<App>) -> Response {
    let theme = &app.town().theme;
    let css = format!(":root{{--town-color:{};--town-accent:{}}}", theme.primary, theme.accent);
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")], css).into_response()
}

pub(crate) async fn web_manifest(view: View) -> Response {
    let town = view.app.town();
    let icon = |name: &str, sizes: &str, purpose: &str| json!({ "src": view.asset(name), "sizes": sizes, "type": "image/png", "purpose": purpose });
    let manifest = json!({
        "name": format!("{} {}", view.words(&town.name), view.words(&town.theme.app_name)),
        "short_name": view.words(&town.theme.app_name),
        "lang": view.language.html(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": town.theme.primary.to_string(),
        "icons": [
            icon("icon-192.png", "192x192", "any"), icon("icon-512.png", "512x512", "any"),
            icon("icon-maskable-192.png", "192x192", "maskable"), icon("icon-maskable-512.png", "512x512", "maskable"),
        ],
    });
    ([(header::CONTENT_TYPE, "application/manifest+json")], manifest.to_string()).into_response()
}

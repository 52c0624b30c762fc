use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use store::{AccountId, Ctx, JobHandlers, Migrations, Pending, Permission, Reactions};
use tower::Service as _;
use tower_http::compression::Compression;
use utoipa_axum::router::OpenApiRouter;

use crate::{App, CodeRoute, api, assets, guard, language, problem, shell, tries};

/// What a service room brings to the house. The binary holds the one list of them.
pub struct Service {
    /// The room's name, as in its crate and its tables.
    pub name: &'static str,
    /// Its tables.
    pub migrations: Option<Migrations>,
    /// Its pages.
    pub pages: Router<App>,
    /// Its API, with its part of the OpenAPI document; paths begin with `/api/v1/`.
    pub api: OpenApiRouter<App>,
    /// What it does when something happens elsewhere.
    pub reactions: Box<dyn Fn(&mut Reactions) + Send + Sync>,
    /// The work it does later.
    pub jobs: Box<dyn Fn(&mut JobHandlers) + Send + Sync>,
    /// Its texts: language tag and Fluent file.
    pub texts: &'static [(&'static str, &'static str)],
    /// What it holds of a person, for who asks for a copy.
    pub export: Option<Export>,
    /// Its places in the menus.
    pub menu: &'static [MenuItem],
    /// Its routes that take files: bodies longer than others' may come there.
    pub files: &'static [FileRoute],
    /// Its routes that take a code people type: who is wrong too often there waits.
    pub codes: &'static [CodeRoute],
}

impl Service {
    /// A service with nothing in it yet: name it, then fill in what it has.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            migrations: None,
            pages: Router::new(),
            api: OpenApiRouter::new(),
            reactions: Box::new(|_| {}),
            jobs: Box::new(|_| {}),
            texts: &[],
            export: None,
            menu: &[],
            files: &[],
            codes: &[],
        }
    }
}

/// Gives what a room holds of the person of an account, as they may read it: the room looks with its own functions, so that nothing is told that the
/// person may not know. Read in the caller's own transaction.
pub type Export = for<'a> fn(&'a mut Ctx, AccountId) -> Pending<'a, serde_json::Value>;

/// A line of a menu.
#[derive(Debug, Clone, Copy)]
pub struct MenuItem {
    /// Its place in the menu, lowest first, whichever service brings it: what is used daily before what is used yearly.
    pub rank: u8,
    /// Where it leads.
    pub href: &'static str,
    /// The text of the catalogue.
    pub text: &'static str,
    /// The icon of the design system.
    pub icon: &'static str,
    /// For staff: what one must be permitted to see it. None stands in the residents' bar.
    pub staff: Option<Permission>,
}

/// A route to which people send files.
#[derive(Debug, Clone, Copy)]
pub struct FileRoute {
    /// What its path begins with.
    pub path: &'static str,
    /// Bytes of a body at most. The route itself has to bear it too (`axum::extract::DefaultBodyLimit`).
    pub bytes_max: usize,
}

/// What every room exports, by its name.
pub type Exports = Arc<[(&'static str, Export)]>;

/// Joins the services into the town's router: pages, API, assets, health, and the guards around all of them.
pub fn house(app: App, services: Vec<Service>) -> Router {
    let mut pages = Router::new();
    let mut documented = OpenApiRouter::with_openapi(api::base(&app));
    let (mut codes, mut files) = (Vec::new(), Vec::new());
    let exports: Exports = services.iter().filter_map(|service| Some((service.name, service.export?))).collect();
    for service in services {
        codes.extend(service.codes.iter().cloned());
        files.extend(service.files.iter().copied());
        pages = pages.merge(service.pages);
        documented = documented.merge(service.api);
    }
    let (json, document) = documented.split_for_parts();
    let document = api::Document::new(&document);
    let routes = Router::new()
        .merge(pages)
        .merge(json)
        .route("/api/v1/openapi.json", get(move || async move { document.answer() }))
        .route("/healthz", get(api::health))
        .route("/metrics", get(api::metrics))
        .merge(assets::assets_router())
        .route("/sw.js", get(assets::service_worker))
        .route("/town.css", get(shell::town_css))
        .route("/manifest.webmanifest", get(shell::web_manifest))
        .route("/display", post(language::display))
        .fallback(problem::not_found)
        .with_state(app.clone());
    let around = Around(Arc::new(Inside { app, codes, files, exports, routes }));
    Router::new().fallback_service(Compression::new(around))
}

/// What stands around every request, outermost first. It is one service outside of the routes and not a layer on them: a layer is put around each route
/// by itself, and the framework copies all that stands around a route anew with every request, once more for each layer (bench/oidc.md).
#[derive(Clone)]
struct Around(Arc<Inside>);

struct Inside {
    app: App,
    codes: Vec<CodeRoute>,
    files: Vec<FileRoute>,
    exports: Exports,
    routes: Router,
}

impl tower::Service<Request> for Around {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let inside = Arc::clone(&self.0);
        Box::pin(async move { Ok(inside.answer(request).await) })
    }
}

impl Inside {
    async fn answer(&self, mut request: Request) -> Response {
        request.extensions_mut().insert(Arc::clone(&self.exports));
        api::measure(guard::guard(&self.app, request, async |request| {
            problem::as_page(&self.app, request, async |request| {
                tries::guard(&self.app, &self.codes, request, async |request| {
                    guard::whole_body(request, &self.files, async |request| {
                        self.routes.clone().call(request).await.unwrap_or_else(|never| match never {})
                    })
                    .await
                })
                .await
            })
            .await
        }))
        .await
    }
}

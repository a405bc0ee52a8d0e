//! Pages and their files, embedded in the binary, and pictures of articles from one folder.

use super::App;
use super::error::Problem;
use super::input::Named;
use crate::domain::place::PlaceKind;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/web/assets");

/// Largest article picture.
const PICTURE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The embedded files with their tags.
#[derive(Debug)]
pub(super) struct Pages {
    files: BTreeMap<&'static str, (&'static [u8], HeaderValue)>,
    build: String,
}

impl Pages {
    pub(super) fn load() -> Self {
        let mut files = BTreeMap::new();
        let mut whole = Sha256::new();
        for file in FILES.files() {
            let Some(name) = file.path().to_str() else {
                continue;
            };
            let digest = hex(&Sha256::digest(file.contents()));
            whole.update(digest.as_bytes());
            let tag = HeaderValue::from_str(&format!("\"{digest}\""));
            files.insert(
                name,
                (file.contents(), tag.unwrap_or(HeaderValue::from_static(""))),
            );
        }
        let build = hex(&whole.finalize()).chars().take(16).collect();
        Self { files, build }
    }

    /// Changes with every change of an embedded file.
    pub(super) fn build(&self) -> &str {
        &self.build
    }

    fn page(&self, name: &str) -> String {
        let bytes = self.files.get(name).map_or(&b""[..], |(bytes, _)| bytes);
        String::from_utf8_lossy(bytes).replace("{{build}}", &self.build)
    }
}

/// `GET /`: chooses a place.
pub(super) async fn index(State(app): State<App>, request: Request) -> Response {
    with_cookie(page_cookie(&app, &request), app.pages.page("index.html"))
}

/// `GET /templates`: every label template at its true size.
pub(super) async fn templates(State(app): State<App>, request: Request) -> Response {
    let page = app.pages.page("templates.html");
    with_cookie(page_cookie(&app, &request), page)
}

/// `GET /bench/{place}`.
pub(super) async fn bench(
    State(app): State<App>,
    Named(place): Named,
    request: Request,
) -> Result<Response, Problem> {
    let cookie = page_cookie(&app, &request);
    place_page(&app, PlaceKind::Bench, &place, cookie).await
}

/// `GET /dock/{place}`.
pub(super) async fn dock(
    State(app): State<App>,
    Named(place): Named,
    request: Request,
) -> Result<Response, Problem> {
    let cookie = page_cookie(&app, &request);
    place_page(&app, PlaceKind::Dock, &place, cookie).await
}

async fn place_page(
    app: &App,
    kind: PlaceKind,
    place: &str,
    cookie: Option<HeaderValue>,
) -> Result<Response, Problem> {
    let places = app.call(|station| station.places()).await?;
    let Some(found) = places.into_iter().find(|p| p.id.as_str() == place) else {
        // People see this: lead them to the places that exist.
        let page = Html(app.pages.page("unknown.html"));
        return Ok((StatusCode::NOT_FOUND, page).into_response());
    };
    if found.kind != kind {
        let area = if found.kind == PlaceKind::Bench {
            "bench"
        } else {
            "dock"
        };
        let id = found.id.as_str().replace('#', "%23").replace('/', "%2F");
        return Ok(Redirect::to(&format!("/{area}/{id}")).into_response());
    }
    Ok(with_cookie(cookie, app.pages.page("place.html")))
}

/// The cookie that lets a page ask, if it is loaded from loopback.
fn page_cookie(app: &App, request: &Request) -> Option<HeaderValue> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    peer.ip()
        .is_loopback()
        .then(|| app.guard.set_cookie(request.headers()))?
}

fn with_cookie(cookie: Option<HeaderValue>, page: String) -> Response {
    let mut response = Html(page).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// `GET /assets/{name}`: revalidated at every load, so an upgrade shows at once.
pub(super) async fn asset(
    State(app): State<App>,
    Named(name): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted = app
        .pages
        .files
        .get(name.as_str())
        .filter(|_| !name.ends_with(".html"));
    let Some((bytes, tag)) = wanted else {
        return Err(Problem::not_found("file", &name));
    };
    let fixed = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, tag.clone()),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(tag) {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    Ok((fixed, [(header::CONTENT_TYPE, media(&name))], *bytes).into_response())
}

/// `GET /pictures/{path}`: a picture of an article below the configured folder.
pub(super) async fn picture(
    State(app): State<App>,
    Named(path): Named,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found("picture", &path);
    let folder = app.config.pictures.clone().ok_or_else(missing)?;
    let kind = media(&path);
    if !kind.starts_with("image/") || kind == "image/svg+xml" {
        return Err(missing());
    }
    let wanted = path.clone();
    let bytes = app
        .call(move |_| read_below(&folder, &wanted))
        .await?
        .ok_or_else(missing)?;
    let cache = (header::CACHE_CONTROL, "private, max-age=300");
    Ok(([cache, (header::CONTENT_TYPE, kind)], bytes).into_response())
}

/// Reads a regular file below `folder`; links that lead out of it are not followed.
fn read_below(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let relative = PathBuf::from(path);
    if !relative
        .components()
        .all(|c| matches!(c, Component::Normal(_)))
    {
        return None;
    }
    let folder = folder.canonicalize().ok()?;
    let file = folder.join(relative).canonicalize().ok()?;
    let about = file.metadata().ok()?;
    let fits = about.is_file() && about.len() <= PICTURE_BYTES_MAX;
    if !file.starts_with(&folder) || !fits {
        return None;
    }
    std::fs::read(file).ok()
}

fn media(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => "application/octet-stream",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

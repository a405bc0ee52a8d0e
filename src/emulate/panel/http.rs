//! The panel over HTTP: the page, its state, its moves.

use super::{Act, Panel};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use std::sync::Arc;

/// Largest move accepted, in bytes.
const BODY_BYTES_MAX: usize = 4096;

/// All routes of the page.
pub(super) fn router(panel: Arc<Panel>) -> Router {
    let recalled = Arc::clone(&panel);
    tokio::task::spawn_blocking(move || recalled.recall_labels());
    Router::new()
        .route(
            "/",
            get(|| asset("text/html", include_str!("../assets/panel.html"))),
        )
        .route(
            "/panel.js",
            get(|| asset("text/javascript", include_str!("../assets/panel.js"))),
        )
        .route(
            "/paint.js",
            get(|| asset("text/javascript", include_str!("../assets/paint.js"))),
        )
        .route(
            "/next.js",
            get(|| asset("text/javascript", include_str!("../assets/next.js"))),
        )
        .route(
            "/panel.css",
            get(|| asset("text/css", include_str!("../assets/panel.css"))),
        )
        // Browsers ask for it on their own; an answer keeps their console clean.
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .route("/panel/setup", get(setup))
        .route("/panel/state", get(state))
        .route("/panel/act", post(act))
        .route("/panel/label/{place}/{sequence}", get(label))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(&panel), guard))
        .with_state(panel)
}

async fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))],
        text,
    )
}

async fn setup(State(panel): State<Arc<Panel>>) -> impl IntoResponse {
    Json(panel.config.clone())
}

async fn state(State(panel): State<Arc<Panel>>) -> impl IntoResponse {
    Json(panel.state())
}

async fn act(State(panel): State<Arc<Panel>>, Json(act): Json<Act>) -> Response {
    // Reading a label's codes takes longer than a request handler may block.
    let done = tokio::task::spawn_blocking(move || {
        panel
            .act(&act)
            .map(|()| panel.state())
            .map_err(|e| e.to_string())
    });
    match done.await {
        Ok(Ok(state)) => Json(state).into_response(),
        Ok(Err(text)) => (StatusCode::CONFLICT, text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn label(
    State(panel): State<Arc<Panel>>,
    Path((place, sequence)): Path<(String, u64)>,
) -> Response {
    let read = tokio::task::spawn_blocking(move || panel.picture(&place, sequence));
    match read.await.ok().flatten() {
        Some(png) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Refuses other hosts and origins (DNS rebinding, foreign pages), and sets the content policy.
async fn guard(State(panel): State<Arc<Panel>>, request: Request, next: Next) -> Response {
    if !is_ours(request.method(), request.headers()) {
        let text = "open this page by its own loopback address";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let mut response = next.run(request).await;
    set_policy(&panel, &mut response);
    response
}

fn is_ours(method: &Method, headers: &HeaderMap) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|v: &HeaderValue| v.to_str().ok())
    };
    let Some(host) = text(header::HOST) else {
        return false;
    };
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    if name != "127.0.0.1" && name != "localhost" {
        return false;
    }
    let own = format!("http://{host}");
    *method == Method::GET || text(header::ORIGIN).is_none_or(|origin| origin == own)
}

fn set_policy(panel: &Panel, response: &mut Response<Body>) {
    let frames = [&panel.config.bench_url, &panel.config.dock_url].map(|url| origin(url));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; frame-src {} {}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        frames[0], frames[1]
    );
    let headers = response.headers_mut();
    let policy = HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// `http://host:port` of a URL.
fn origin(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}

//! Handlers of `/api/v1`, `/metrics` and `/healthz`. Each translates one request into one station
//! call and the answer into JSON; nothing is decided here.

use super::App;
use super::error::Problem;
use super::input::{self, Named, Params};
use crate::domain::view::PlaceView;
use crate::domain::{OrderId, PlaceId};
use crate::station::api::{Document, Submitted};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::watch;

/// Most entries in one listing.
const LIST_MAX: u32 = 1_000;
const LIST_DEFAULT: u32 = 100;
/// Control payloads begin with this; see `bench-ux-and-ops` 5.3.
const CONTROL_PREFIX: &str = "XCTL";
const CONTROL_BYTES_MAX: usize = 32;

/// The live view of a place by the id in a path.
pub(super) async fn watched(
    app: &App,
    place: &str,
) -> Result<watch::Receiver<Arc<PlaceView>>, Problem> {
    let missing = || Problem::not_found("place", place);
    let id = PlaceId::parse(place).map_err(|_| missing())?;
    app.call(move |station| station.view(&id))
        .await?
        .ok_or_else(missing)
}

pub(super) async fn places(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let places = app.call(|station| station.places()).await?;
    Ok(Json(json!({ "places": places })))
}

pub(super) async fn view(
    State(app): State<App>,
    Named(place): Named,
) -> Result<Json<PlaceView>, Problem> {
    let view = watched(&app, &place).await?;
    let now = view.borrow().as_ref().clone();
    Ok(Json(now))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Touch {
    code: String,
    seen: u64,
}

/// Only control payloads can be touched: a finger must never stand in for the scan that proves a
/// label or an item.
pub(super) async fn touch(
    State(app): State<App>,
    Named(place): Named,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id = PlaceId::parse(&place).map_err(|_| Problem::not_found("place", &place))?;
    let Touch { code, seen } = input::json(&headers, body).await?;
    let control = code.len() <= CONTROL_BYTES_MAX
        && code.starts_with(CONTROL_PREFIX)
        && code.bytes().all(|b| b.is_ascii_uppercase());
    if !control {
        let text = format!(
            "{:?} is no control code",
            code.chars().take(40).collect::<String>()
        );
        return Err(Problem::invalid(
            text,
            "scan it; only control codes can be touched",
        ));
    }
    match app
        .ask(move |station| station.touch(&id, &code, Some(seen)))
        .await
    {
        Ok(()) => Ok((StatusCode::ACCEPTED, Json(json!({ "taken": true }))).into_response()),
        Err(problem) if problem.is_conflict() => {
            let fresh = watched(&app, &place).await?;
            let fresh = serde_json::to_value(fresh.borrow().as_ref()).unwrap_or_default();
            Err(problem.with("view", fresh))
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn submit_order(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let media = ["application/json"];
    let body = input::read(&headers, body, &media, input::LABELLED_BYTES_MAX).await?;
    let submitted = app
        .call(move |station| {
            check_order_size(&body)?;
            station
                .submit_order(&body, key.as_deref())
                .map_err(Problem::from)
        })
        .await??;
    Ok(submission(submitted))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("");
    if (1..=input::TEXT_BYTES_MAX).contains(&text.len()) {
        return Ok(Some(text.to_owned()));
    }
    let remedy = "give 1 to 128 printable ASCII characters, such as a UUID";
    Err(Problem::invalid(
        "the Idempotency-Key header cannot be used",
        remedy,
    ))
}

/// An order is small; only the carrier's label inside it may be large.
fn check_order_size(body: &[u8]) -> Result<(), Problem> {
    if body.len() <= input::ORDER_BYTES_MAX {
        return Ok(());
    }
    let mut order: Value = serde_json::from_slice(body).map_err(|error| {
        Problem::invalid(
            format!("the order is no JSON: {error}"),
            "send one JSON object",
        )
    })?;
    let label = order
        .as_object_mut()
        .and_then(|o| o.remove("carrier_label"));
    match label {
        Some(_) if order.to_string().len() <= input::ORDER_BYTES_MAX => Ok(()),
        _ => Err(input::too_large(input::ORDER_BYTES_MAX)),
    }
}

fn submission(submitted: Submitted) -> Response {
    let status = match &submitted {
        Submitted::Received { .. } => StatusCode::CREATED,
        Submitted::Unchanged { .. } | Submitted::Changed { .. } | Submitted::Cancelled { .. } => {
            StatusCode::OK
        }
        Submitted::Refused { order, problems } => {
            let text = format!("order {order:?} was not taken: {}", problems.join("; "));
            return Problem::invalid(text, "correct the named fields and send it again")
                .with("order", json!(order))
                .with("problems", json!(problems))
                .into_response();
        }
    };
    (status, Json(submitted)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<u32>,
}

impl Page {
    fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIST_DEFAULT).clamp(1, LIST_MAX)
    }
}

pub(super) async fn orders(
    State(app): State<App>,
    Params(page): Params<Page>,
) -> Result<Json<Value>, Problem> {
    let limit = page.limit();
    let orders = app.ask(move |station| station.orders(limit)).await?;
    Ok(Json(json!({ "orders": orders })))
}

pub(super) async fn order(State(app): State<App>, Named(id): Named) -> Result<Response, Problem> {
    let wanted = id.clone();
    let order = app.ask(move |station| station.order(&wanted)).await?;
    order
        .map(|o| Json(o).into_response())
        .ok_or_else(|| Problem::not_found("order", &id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancel {
    reason: String,
}

pub(super) async fn cancel_order(
    State(app): State<App>,
    Named(id): Named,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id = OrderId::parse(&id).map_err(|_| Problem::not_found("order", &id))?;
    let Cancel { reason } = input::json(&headers, body).await?;
    let length = reason.chars().count();
    if !(1..=200).contains(&length) {
        return Err(Problem::invalid(
            "the reason is empty or too long",
            "give 1 to 200 letters",
        ));
    }
    app.ask(move |station| station.cancel_order(&id, &reason))
        .await
        .map(submission)
}

pub(super) async fn import_items(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let media = ["application/json", "text/csv"];
    let body = input::read(&headers, body, &media, input::LABELLED_BYTES_MAX).await?;
    let items = app.ask(move |station| station.import_items(&body)).await?;
    Ok(Json(json!({ "items": items })))
}

/// A file of orders: every one is taken or refused for itself, so the answer is always 200.
pub(super) async fn import_orders(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let media = ["application/json", "text/csv"];
    let body = input::read(&headers, body, &media, input::LABELLED_BYTES_MAX).await?;
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let csv = kind.is_some_and(|k| k.starts_with("text/csv"));
    let results = app
        .ask(move |station| station.import_orders(&body, csv))
        .await?;
    Ok(Json(json!({ "results": results })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

pub(super) async fn verify(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let Empty {} = input::json(&headers, body).await?;
    Ok(Json(app.ask(|station| station.verify()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Backup {
    path: std::path::PathBuf,
}

pub(super) async fn backup(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let Backup { path } = input::json(&headers, body).await?;
    Ok(Json(app.ask(move |station| station.backup(&path)).await?))
}

pub(super) async fn parcel(
    State(app): State<App>,
    Named(code): Named,
) -> Result<Response, Problem> {
    let wanted = code.clone();
    let parcel = app.ask(move |station| station.parcel(&wanted)).await?;
    parcel
        .map(|p| Json(p).into_response())
        .ok_or_else(|| Problem::not_found("parcel", &code))
}

pub(super) async fn handovers(
    State(app): State<App>,
    Params(page): Params<Page>,
) -> Result<Json<Value>, Problem> {
    let limit = page.limit();
    let handovers = app.ask(move |station| station.handovers(limit)).await?;
    Ok(Json(json!({ "handovers": handovers })))
}

pub(super) async fn manifest(
    State(app): State<App>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let wanted = id.clone();
    let found = app.ask(move |station| station.manifest(&wanted)).await?;
    found
        .map(document)
        .ok_or_else(|| Problem::not_found("manifest of handover", &id))
}

pub(super) async fn label(State(app): State<App>, Named(id): Named) -> Result<Response, Problem> {
    let wanted = id.clone();
    let found = app
        .ask(move |station| station.label_picture(&wanted))
        .await?;
    found
        .map(document)
        .ok_or_else(|| Problem::not_found("picture of label job", &id))
}

pub(super) async fn templates(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let templates = app.call(|station| station.templates()).await?;
    Ok(Json(json!({ "templates": templates })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sample {
    dpi: Option<u32>,
}

pub(super) async fn template_picture(
    State(app): State<App>,
    Named(name): Named,
    Params(sample): Params<Sample>,
) -> Result<Response, Problem> {
    let (wanted, dpi) = (name.clone(), sample.dpi.unwrap_or(203));
    let found = app
        .ask(move |station| station.template_picture(&wanted, dpi))
        .await?;
    found
        .map(document)
        .ok_or_else(|| Problem::not_found("template", &name))
}

fn document(document: Document) -> Response {
    let media = match document.format.as_str() {
        "png" => "image/png",
        "jpeg" => "image/jpeg",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    };
    ([(header::CONTENT_TYPE, media)], document.bytes).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    #[serde(default)]
    since: u64,
    limit: Option<u32>,
}

pub(super) async fn events(
    State(app): State<App>,
    Params(wanted): Params<Since>,
) -> Result<Json<Value>, Problem> {
    let limit = Page {
        limit: wanted.limit,
    }
    .limit();
    let since = wanted.since;
    let events = app.ask(move |station| station.events(since, limit)).await?;
    let next = events.last().map_or(since, |e| e.seq);
    Ok(Json(json!({ "events": events, "next": next })))
}

pub(super) async fn status(State(app): State<App>) -> Result<Response, Problem> {
    Ok(Json(app.call(|station| station.status()).await?).into_response())
}

/// Ids of devices have a slash, which the path bears as `%2F`.
pub(super) async fn transcript(
    State(app): State<App>,
    Named(id): Named,
) -> Result<Response, Problem> {
    let wanted = id.clone();
    let text = app.call(move |station| station.transcript(&wanted)).await?;
    let media = "text/plain; charset=utf-8";
    text.map(|text| ([(header::CONTENT_TYPE, media)], text).into_response())
        .ok_or_else(|| Problem::not_found("device", &id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retry {
    sink: Option<String>,
}

pub(super) async fn retry_parked(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let Retry { sink } = input::json(&headers, body).await?;
    let retried = app
        .ask(move |station| station.retry_parked(sink.as_deref()))
        .await?;
    Ok(Json(json!({ "retried": retried })))
}

pub(super) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let text = app.call(|station| station.metrics()).await?;
    let media = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media)], text).into_response())
}

/// Alive means the station answers, not only that a socket is open.
pub(super) async fn health(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let places = app.call(|station| station.places().len()).await?;
    Ok(Json(json!({ "ok": true, "places": places })))
}

pub(super) async fn openapi() -> Json<Value> {
    Json(super::openapi::document())
}

//! Handlers for number ranges: what is left, numbers by hand, leased blocks.

use super::App;
use super::error::Problem;
use super::input;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) async fn stock(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let ranges = app.ask(|station| station.stock()).await?;
    Ok(Json(json!({ "ranges": ranges })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Issue {
    carrier: String,
    service: String,
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

pub(super) async fn issue(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let wanted: Issue = input::json(&headers, body).await?;
    let issued = app
        .ask(move |station| station.issue_numbers(&wanted.carrier, &wanted.service, wanted.count))
        .await?;
    Ok(Json(json!(issued)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    range: String,
    first: u64,
    last: u64,
}

pub(super) async fn lease(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let block: Block = input::json(&headers, body).await?;
    let row = app
        .ask(move |station| station.lease_numbers(&block.range, block.first, block.last))
        .await?;
    Ok(Json(json!(row)))
}

//! Handlers for what comes in about parcels: the carriers' own scans, and people who settle an
//! exception.

use super::App;
use super::error::Problem;
use super::input::{self, Pair, SMALL_BYTES_MAX};
use crate::station::api::CarrierScanned;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

/// One scan of a carrier: 201 when it is new, 200 when it was reported before.
pub(super) async fn carrier_scan(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = input::read(&headers, body, &["application/json"], SMALL_BYTES_MAX).await?;
    let taken = app.ask(move |station| station.carrier_scan(&body)).await?;
    let status = match &taken {
        CarrierScanned::Recorded { .. } => StatusCode::CREATED,
        CarrierScanned::Unchanged { .. } => StatusCode::OK,
    };
    Ok((status, Json(taken)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settle {
    who: String,
    why: String,
}

pub(super) async fn settle(
    State(app): State<App>,
    Pair(parcel, exception): Pair,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let Settle { who, why } = input::json(&headers, body).await?;
    let settled = app
        .ask(move |station| station.settle_exception(&parcel, &exception, &who, &why))
        .await?;
    Ok(Json(serde_json::to_value(settled).unwrap_or_default()))
}

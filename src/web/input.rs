//! Reading requests: bounded bodies, refused unknown fields, checked path and query values.

use super::error::Problem;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio_stream::StreamExt;

/// Largest small request: a touch, a cancellation.
pub(super) const SMALL_BYTES_MAX: usize = 16 * 1024;
/// Largest order without its carrier label.
pub(super) const ORDER_BYTES_MAX: usize = 1024 * 1024;
/// Largest order with a carrier label in base64 inside, and largest item master.
pub(super) const LABELLED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest id, code or key in a path or header.
pub(super) const TEXT_BYTES_MAX: usize = 128;
/// Longest time a body may take to arrive.
const BODY_MS_MAX: u64 = 30_000;

/// One text out of the path, decoded, 1 to [`TEXT_BYTES_MAX`] bytes without control characters.
#[derive(Debug)]
pub(super) struct Named(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|e| bad_request(format!("the path cannot be read: {e}")))?;
        segment(text).map(Self)
    }
}

/// Two texts out of the path, each as [`Named`].
#[derive(Debug)]
pub(super) struct Pair(pub(super) String, pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Pair {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((one, other)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|e| bad_request(format!("the path cannot be read: {e}")))?;
        Ok(Self(segment(one)?, segment(other)?))
    }
}

fn segment(text: String) -> Result<String, Problem> {
    let fits = (1..=TEXT_BYTES_MAX).contains(&text.len());
    if fits && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    Err(bad_request(
        "the id in the path is empty, too long or has control characters",
    ))
}

/// Query parameters; unknown ones are refused by the type's `deny_unknown_fields`.
#[derive(Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(value)| Self(value))
            .map_err(|e| bad_request(e.body_text()))
    }
}

/// Reads a body of one of the given media types, up to `bytes_max`.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    media: &[&str],
    bytes_max: usize,
) -> Result<Bytes, Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    let kind = given.split(';').next().unwrap_or("").trim();
    if !media.iter().any(|m| m.eq_ignore_ascii_case(kind)) {
        let text = format!("content type {kind:?} is not taken here");
        let remedy = format!("send Content-Type: {}", media.join(" or "));
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "media_type", text, remedy));
    }
    let wait = Duration::from_millis(BODY_MS_MAX);
    match tokio::time::timeout(wait, collect(body, bytes_max)).await {
        Ok(read) => read,
        Err(_) => {
            let (text, remedy) = ("the body took too long to arrive", "send it again");
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "timeout",
                text,
                remedy,
            ))
        }
    }
}

/// A JSON body; unknown fields are refused by the type's `deny_unknown_fields`.
pub(super) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Problem> {
    let bytes = read(headers, body, &["application/json"], SMALL_BYTES_MAX).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let text = format!("the body is not what is expected: {error}");
        Problem::invalid(text, "compare it with /api/v1/openapi.json")
    })
}

/// 413 with the limit that was passed.
pub(super) fn too_large(bytes_max: usize) -> Problem {
    let text = format!("the body is larger than {bytes_max} bytes");
    let remedy = "send less in one request, or a smaller document";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text, remedy)
}

fn bad_request(text: impl Into<String>) -> Problem {
    let remedy = "compare the request with /api/v1/openapi.json";
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", text, remedy)
}

async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut all = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| bad_request(format!("the body broke off: {e}")))?;
        if all.len().saturating_add(chunk.len()) > bytes_max {
            return Err(too_large(bytes_max));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(Bytes::from(all))
}

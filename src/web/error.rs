//! Refusals as `{"error":{"code","text","remedy"}}` with the status that fits.

use crate::station::api::ApiError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A refused request. `code` is stable, `text` and `remedy` are for people.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    text: String,
    remedy: Option<String>,
    /// Members beside `error`, such as the fresh view after a stale touch.
    beside: Map<String, Value>,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (text, remedy) = (text.into(), Some(remedy.into()));
        Self {
            status,
            code,
            text,
            remedy,
            beside: Map::new(),
        }
    }

    /// 404 for a path or thing that is not here.
    pub(super) fn not_found(what: &str, id: &str) -> Self {
        let text = format!("no {what} {id:?} here");
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            text,
            "check the id, or list what exists",
        )
    }

    /// 422 for a request that was read but makes no sense.
    pub(super) fn invalid(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", text, remedy)
    }

    /// 503 for a limit that was reached.
    pub(super) fn busy(text: &str) -> Self {
        let remedy = "try again in a few seconds";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text, remedy)
    }

    /// 500: a fault of ours, never of the caller.
    pub(super) fn internal() -> Self {
        let text = "the station failed inside while answering";
        let remedy = "see the log of the daemon, and report it";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", text, remedy)
    }

    /// Adds a member beside `error`.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.beside.insert(name.to_owned(), value);
        self
    }

    pub(super) fn is_conflict(&self) -> bool {
        self.status == StatusCode::CONFLICT
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let (status, code) = match &error {
            ApiError::NotFound { what, id } => return Self::not_found(what, id),
            ApiError::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            ApiError::Conflict { .. } => (StatusCode::CONFLICT, "conflict"),
            ApiError::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        };
        // The station's texts already end with what to do next.
        Self {
            status,
            code,
            text: error.to_string(),
            remedy: None,
            beside: Map::new(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "text": self.text });
        if let Some(remedy) = self.remedy {
            error["remedy"] = Value::String(remedy);
        }
        let mut body = self.beside;
        body.insert("error".to_owned(), error);
        let mut response = (self.status, Json(Value::Object(body))).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

//! The one table of routes: the router and the OpenAPI document are both built from it.

use super::guard::{self, Access};
use super::{App, api, error::Problem, journey, numbers, pages, stream};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

/// Where a parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

/// One parameter of a route.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) place: Place,
    /// `string` or `integer`.
    pub(super) kind: &'static str,
    pub(super) about: &'static str,
}

/// What a good answer looks like.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) media: &'static str,
    /// Name in `schemas.json`, if it is JSON.
    pub(super) schema: Option<&'static str>,
}

/// One operation.
pub(super) struct Route {
    /// `get` or `post`.
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) access: Access,
    pub(super) params: &'static [Param],
    /// Name in `schemas.json` of the JSON body.
    pub(super) body: Option<&'static str>,
    pub(super) answer: Answer,
    handler: fn() -> MethodRouter<App>,
}

const fn param(name: &'static str, place: Place, about: &'static str) -> Param {
    Param {
        name,
        place,
        kind: "string",
        about,
    }
}

const fn number(name: &'static str, about: &'static str) -> Param {
    Param {
        name,
        place: Place::Query,
        kind: "integer",
        about,
    }
}

const PLACE: &[Param] = &[param("place", Place::Path, "id of a bench or dock")];
const ID: &[Param] = &[param("id", Place::Path, "id as listed")];
const DEVICE: &[Param] = &[param(
    "id",
    Place::Path,
    "id as configured, its slash written %2F",
)];
const LIMIT: &[Param] = &[number(
    "limit",
    "at most this many, 1 to 1000; 100 if not given",
)];
const KEY: &[Param] = &[param(
    "Idempotency-Key",
    Place::Header,
    "1 to 128 printable ASCII characters; the same key answers the same",
)];
const SINCE: &[Param] = &[
    number("since", "events after this sequence number; 0 if not given"),
    number("limit", "at most this many, 1 to 1000; 100 if not given"),
];
const CODE: &[Param] = &[param(
    "code",
    Place::Path,
    "parcel id, tracking number or label code",
)];
const EXCEPTION: &[Param] = &[
    param(
        "code",
        Place::Path,
        "parcel id, tracking number or label code",
    ),
    param(
        "exception",
        Place::Path,
        "reason code of the open exception",
    ),
];
const SAMPLE: &[Param] = &[
    param("name", Place::Path, "template as listed"),
    number("dpi", "203, 300 or 600; 203 if not given"),
];
const NAME: &[Param] = &[param("name", Place::Path, "file name")];
const PATH: &[Param] = &[param("path", Place::Path, "path below the picture folder")];

const HTML: Answer = Answer {
    status: 200,
    media: "text/html",
    schema: None,
};
const IMAGE: Answer = Answer {
    status: 200,
    media: "image/png",
    schema: None,
};

const fn answer(schema: &'static str) -> Answer {
    Answer {
        status: 200,
        media: "application/json",
        schema: Some(schema),
    }
}

const fn media(media: &'static str) -> Answer {
    Answer {
        status: 200,
        media,
        schema: None,
    }
}

macro_rules! route {
    ($method:ident $path:literal, $access:ident, $params:expr, $body:expr, $answer:expr,
     $handler:path, $summary:literal) => {
        Route {
            method: stringify!($method),
            path: $path,
            summary: $summary,
            access: Access::$access,
            params: $params,
            body: $body,
            answer: $answer,
            handler: || $method($handler),
        }
    };
}

/// Every route of the server.
#[rustfmt::skip]
pub(super) static ROUTES: &[Route] = &[
    route!(get "/", Open, &[], None, HTML, pages::index, "Page that chooses a place"),
    route!(get "/bench/{place}", Open, PLACE, None, HTML, pages::bench, "Screen of a bench"),
    route!(get "/dock/{place}", Open, PLACE, None, HTML, pages::dock, "Screen of a dock"),
    route!(get "/templates", Open, &[], None, HTML, pages::templates,
        "Page that shows every label template at its true size"),
    route!(get "/assets/{name}", Open, NAME, None, media("*/*"), pages::asset,
        "File of the pages"),
    route!(get "/pictures/{*path}", Page, PATH, None, media("image/*"), pages::picture,
        "Picture of an article"),
    route!(get "/api/v1/places", Page, &[], None, answer("Places"), api::places,
        "Benches and docks, in configured order"),
    route!(get "/api/v1/places/{place}/view", Page, PLACE, None, answer("PlaceView"), api::view,
        "The document a screen shows now"),
    route!(get "/api/v1/places/{place}/stream", Page, PLACE, None, media("text/event-stream"),
        stream::stream, "Event `view` with the full view on connect and at every change (id = \
        version), event `heartbeat` each 2 s"),
    route!(post "/api/v1/places/{place}/touch", Page, PLACE, Some("Touch"),
        Answer { status: 202, media: "application/json", schema: Some("Taken") }, api::touch,
        "A touched control code; refused with 409 and the fresh view if the view seen is old"),
    route!(post "/api/v1/orders", Program, KEY, Some("OrderDocument"),
        Answer { status: 201, media: "application/json", schema: Some("Submitted") },
        api::submit_order, "Takes one order: 201 when new, 200 when known or changed"),
    route!(post "/api/v1/orders/import", Program, &[], Some("OrdersFile"), answer("Imported"),
        api::import_orders, "Takes a file of orders, JSON or CSV (text/csv); each for itself"),
    route!(get "/api/v1/orders", Program, LIMIT, None, answer("Orders"), api::orders,
        "Orders, newest last"),
    route!(get "/api/v1/orders/{id}", Program, ID, None, answer("Order"), api::order,
        "One order"),
    route!(post "/api/v1/orders/{id}/cancel", Program, ID, Some("Cancel"), answer("Submitted"),
        api::cancel_order, "Cancels an order; the bench that has it open stops at once"),
    route!(post "/api/v1/items", Program, &[], Some("ItemsDocument"), answer("Items"),
        api::import_items, "Takes an item master, JSON array or CSV (text/csv)"),
    route!(get "/api/v1/parcels/{code}", Program, CODE, None, answer("ParcelDetail"),
        api::parcel, "A parcel with its order, label jobs and events"),
    route!(post "/api/v1/parcels/{code}/exceptions/{exception}/resolve", Program, EXCEPTION,
        Some("Settle"), answer("Settled"), journey::settle,
        "A person settles an open exception of a parcel, and says why"),
    route!(post "/api/v1/carrier-events", Program, &[], Some("CarrierScan"),
        Answer { status: 201, media: "application/json", schema: Some("CarrierScanned") },
        journey::carrier_scan,
        "Takes one scan a carrier made itself: 201 when new, 200 when known"),
    route!(get "/api/v1/numbers", Program, &[], None, answer("Numbers"), numbers::stock,
        "Number ranges with what is left of them, and this station's blocks"),
    route!(post "/api/v1/numbers", Program, &[], Some("IssueNumbers"), answer("Issued"),
        numbers::issue, "Gives numbers out by hand; recorded, and never given out again"),
    route!(post "/api/v1/numbers/leases", Program, &[], Some("LeaseNumbers"), answer("Stock"),
        numbers::lease, "Records a block of a shared range as this station's"),
    route!(get "/api/v1/handovers", Program, LIMIT, None, answer("Handovers"), api::handovers,
        "Handovers, newest last"),
    route!(get "/api/v1/handovers/{id}/manifest.pdf", Page, ID, None, media("application/pdf"),
        api::manifest, "The manifest of a closed handover"),
    route!(get "/api/v1/jobs/{id}/label.png", Page, ID, None, IMAGE, api::label,
        "The picture of exactly what a label job prints"),
    route!(get "/api/v1/templates", Page, &[], None, answer("Templates"), api::templates,
        "Label templates with their sizes, and what is wrong with their sample labels"),
    route!(get "/api/v1/templates/{name}/sample.png", Page, SAMPLE, None, IMAGE,
        api::template_picture, "The sample label of a template"),
    route!(get "/api/v1/events", Program, SINCE, None, answer("Events"), api::events,
        "Events in order; `next` is the `since` of the following request"),
    route!(get "/api/v1/status", Page, &[], None, answer("Status"), api::status,
        "Station, devices and sinks"),
    route!(get "/api/v1/devices/{id}/transcript", Program, DEVICE, None, media("text/plain"),
        api::transcript, "The last exchanges of a device, scanned codes masked, labels left out"),
    route!(post "/api/v1/sync/retry", Program, &[], Some("Retry"), answer("Retried"),
        api::retry_parked, "Sends parked events again, of one sink or all"),
    route!(post "/api/v1/verify", Program, &[], Some("Empty"), answer("Verified"),
        api::verify, "Recomputes the event chain and checks the receipts"),
    route!(post "/api/v1/backup", Program, &[], Some("Backup"), answer("Verified"),
        api::backup, "Writes a verified copy of the database to a path on the station"),
    route!(get "/api/v1/openapi.json", Program, &[], None, media("application/json"),
        api::openapi, "This document"),
    route!(get "/metrics", Open, &[], None, media("text/plain"), api::metrics,
        "Metrics in the Prometheus text format"),
    route!(get "/healthz", Open, &[], None, answer("Healthy"), api::health,
        "The station answers"),
];

/// Method (lower case) and path of every route.
pub fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.method, route.path))
}

/// The router of the table, with its guards.
pub(super) fn build(app: &App) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let state = (app.clone(), route.access);
        let guarded = (route.handler)().route_layer(from_fn_with_state(state, guard::inner));
        router = router.route(route.path, guarded);
    }
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(app.clone(), guard::outer))
        .with_state(app.clone())
}

async fn no_route(request: Request) -> Response {
    let path: String = request.uri().path().chars().take(120).collect();
    Problem::not_found("page or route", &path).into_response()
}

async fn no_method(request: Request) -> Response {
    let text = format!("{} is not possible here", request.method());
    let remedy = "see /api/v1/openapi.json for what is";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", text, remedy).into_response()
}

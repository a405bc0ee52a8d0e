//! The OpenAPI document, made from the same table as the router.

use super::guard::Access;
use super::routes::{Place, ROUTES, Route};
use serde_json::{Map, Value, json};

/// Schemas by name; a test holds them against real answers.
const SCHEMAS: &str = include_str!("schemas.json");

/// The OpenAPI 3.1 document of this server.
pub fn document() -> Value {
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        // OpenAPI has no rest-of-path parameters; the name alone is the nearest thing.
        let path = route.path.replace("{*", "{");
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "firstscan station",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A packing station's own API. Loopback only. Errors are JSON with a \
                stable code, a text and what to do next.",
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "page": { "type": "apiKey", "in": "cookie", "name": "firstscan_page_PORT" },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let answer = &route.answer;
    let content = match answer.schema {
        Some(name) => json!({ answer.media: { "schema": reference(name) } }),
        None => json!({ answer.media: {} }),
    };
    let security = match route.access {
        Access::Open => json!([]),
        Access::Page => json!([{ "bearer": [] }, { "page": [] }]),
        Access::Program => json!([{ "bearer": [] }]),
    };
    let mut operation = json!({
        "summary": route.summary,
        "security": security,
        "parameters": route.params.iter().map(parameter).collect::<Vec<_>>(),
        "responses": {
            answer.status.to_string(): { "description": "Done", "content": content },
            "default": {
                "description": "Refused: cause and remedy",
                "content": { "application/json": { "schema": reference("Error") } },
            },
        },
    });
    if let Some(name) = route.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": reference(name) } },
        });
    }
    operation
}

fn parameter(param: &super::routes::Param) -> Value {
    let place = match param.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": param.name,
        "in": place,
        "required": param.place == Place::Path,
        "description": param.about,
        "schema": { "type": param.kind },
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

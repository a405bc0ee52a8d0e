//! Who may ask: host and origin checks, bearer token, kiosk cookie, and the headers that tell the
//! browser to trust nothing but this server.

use super::error::Problem;
use super::{App, WebConfig, WebError};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody on loopback.
    Open,
    /// Programs with the bearer token, and our own pages.
    Page,
    /// Programs with the bearer token.
    Program,
}

/// Secrets and header values made once at start.
#[derive(Debug)]
pub(super) struct Guard {
    /// Hash of the bearer token: compared, never shown.
    bearer: [u8; 32],
    /// Value of the kiosk cookie. Derived from the token, so it survives a restart of the daemon
    /// (an open page reconnects without a reload) and cannot be turned back into the token.
    cookie: String,
    policy: HeaderValue,
    framed: bool,
}

impl Guard {
    pub(super) fn new(config: &WebConfig) -> Result<Self, WebError> {
        let token = config.bearer_token.as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(token).map_err(|_| WebError::WeakToken)?;
        mac.update(b"firstscan kiosk page 1");
        let cookie = hex(&mac.finalize().into_bytes());
        let framed = !config.frame_ancestors.is_empty();
        Ok(Self {
            bearer: Sha256::digest(token).into(),
            cookie,
            policy: policy(config)?,
            framed,
        })
    }

    fn is_bearer(&self, given: &str) -> bool {
        same(&self.bearer, &Sha256::digest(given.as_bytes()).into())
    }

    fn is_cookie(&self, given: &str) -> bool {
        let wanted = Sha256::digest(self.cookie.as_bytes()).into();
        same(&wanted, &Sha256::digest(given.as_bytes()).into())
    }

    /// The `Set-Cookie` value for a page, named after the port it came by: browsers do not keep
    /// the cookies of two ports apart.
    pub(super) fn set_cookie(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let name = cookie_name(headers.get(header::HOST)?.to_str().ok()?);
        let text = format!("{name}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie);
        HeaderValue::from_str(&text).ok()
    }
}

/// Outermost layer: limits, host and origin, then the security headers on whatever came out.
pub(super) async fn outer(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match app.requests.try_acquire() {
        Err(_) => Problem::busy("too many requests at once").into_response(),
        Ok(_permit) => match check_source(&request, &app.config) {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        },
    };
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, app.guard.policy.clone());
    if !app.guard.framed {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Layer of one route: bearer token or kiosk cookie.
pub(super) async fn inner(
    State((app, access)): State<(App, Access)>,
    request: Request,
    next: Next,
) -> Response {
    match check_access(&app.guard, access, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The request must name a host we answer for, and a browser must call from our own pages.
fn check_source(request: &Request, config: &WebConfig) -> Result<(), Problem> {
    let headers = request.headers();
    let host = only(headers, &header::HOST).ok_or_else(|| bad_host("none or several"))?;
    let target = request
        .uri()
        .authority()
        .map(axum::http::uri::Authority::as_str);
    if !known_host(host, config) || target.is_some_and(|t| !t.eq_ignore_ascii_case(host)) {
        return Err(bad_host(host));
    }
    if headers.contains_key(header::ORIGIN) {
        let origin = only(headers, &header::ORIGIN).unwrap_or("several");
        if !origin.eq_ignore_ascii_case(&format!("http://{host}")) {
            return Err(foreign(origin));
        }
    }
    let api = request.uri().path().starts_with("/api/");
    match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") | None => Ok(()),
        Some(_) if !api => Ok(()),
        Some(_) => Err(foreign("another site")),
    }
}

fn check_access(
    guard: &Guard,
    access: Access,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    if access == Access::Open {
        return Ok(());
    }
    if headers.contains_key(header::AUTHORIZATION) {
        let given = only(headers, &header::AUTHORIZATION).and_then(|v| v.strip_prefix("Bearer "));
        return match given {
            Some(token) if guard.is_bearer(token) => Ok(()),
            _ => Err(unauthorised("the bearer token is wrong")),
        };
    }
    if !page_cookie(headers).is_some_and(|value| guard.is_cookie(value)) {
        return Err(unauthorised("no bearer token was shown"));
    }
    if access == Access::Program {
        let text = "this is for programs, not for the screen";
        let remedy = "send Authorization: Bearer with the token of the data folder";
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "program_only",
            text,
            remedy,
        ));
    }
    // Browsers put Origin on every POST; it was compared with our own already.
    if method != Method::GET && method != Method::HEAD && !headers.contains_key(header::ORIGIN) {
        return Err(foreign("nowhere"));
    }
    Ok(())
}

fn bad_host(host: &str) -> Problem {
    let text = format!("this station does not answer as {:?}", clip(host));
    let remedy = "use http://127.0.0.1 or http://localhost with the station's port";
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", text, remedy)
}

fn foreign(origin: &str) -> Problem {
    let text = format!("a page from {:?} may not ask this station", clip(origin));
    let remedy = "open the station's own page, or use a program with the bearer token";
    Problem::new(StatusCode::FORBIDDEN, "origin", text, remedy)
}

fn unauthorised(text: &str) -> Problem {
    let remedy = "send Authorization: Bearer with the token of the data folder; reload a page";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorised", text, remedy)
}

fn clip(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The value of a header that must be there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

fn known_host(host: &str, config: &WebConfig) -> bool {
    let (name, port) = split_port(host);
    let port_fits = port.is_none_or(|p| p.parse::<u16>().is_ok());
    let ours = ["localhost", "127.0.0.1", "[::1]"];
    let named = ours
        .iter()
        .copied()
        .chain(config.hosts.iter().map(String::as_str));
    port_fits
        && named
            .into_iter()
            .any(|known| known.eq_ignore_ascii_case(name))
}

/// Splits `name:port`; the colons of `[::1]` belong to the name.
fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

fn cookie_name(host: &str) -> String {
    let port = split_port(host)
        .1
        .filter(|p| p.bytes().all(|b| b.is_ascii_digit()));
    format!("firstscan_page_{}", port.unwrap_or("80"))
}

fn page_cookie(headers: &HeaderMap) -> Option<&str> {
    let name = cookie_name(only(headers, &header::HOST)?);
    let texts = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let mut pairs = texts
        .flat_map(|t| t.split(';'))
        .filter_map(|p| p.trim().split_once('='));
    pairs
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value)
}

/// Compares two hashes without telling by time where they differ.
fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let difference = a.iter().zip(b).fold(0u8, |seen, (x, y)| seen | (x ^ y));
    std::hint::black_box(difference) == 0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The content policy: our own files only, nothing inline.
fn policy(config: &WebConfig) -> Result<HeaderValue, WebError> {
    let is_origin = |v: &str| {
        let rest = v
            .strip_prefix("http://")
            .or_else(|| v.strip_prefix("https://"));
        let legal = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        rest.is_some_and(|r| !r.is_empty() && r.bytes().all(legal))
    };
    if let Some(value) = config.frame_ancestors.iter().find(|v| !is_origin(v)) {
        return Err(WebError::FrameAncestor {
            value: value.clone(),
        });
    }
    let frames = match config.frame_ancestors.as_slice() {
        [] => "'none'".to_owned(),
        origins => origins.join(" "),
    };
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; frame-ancestors {frames}"
    );
    HeaderValue::from_str(&text).map_err(|_| WebError::FrameAncestor { value: frames })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_we_answer_to_with_any_port() {
        let mut config = WebConfig::new("0123456789abcdef");
        config.hosts.push("bench4.lan".to_owned());
        for good in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "localhost:1",
            "[::1]:80",
            "BENCH4.lan:9",
        ] {
            assert!(known_host(good, &config), "{good}");
        }
        let bad = [
            "evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:x",
            "",
            ":80",
            "[::1",
            "localhost:99999",
            "127.0.0.2",
        ];
        for host in bad {
            assert!(!known_host(host, &config), "{host}");
        }
    }

    #[test]
    fn cookies_are_found_by_the_port_and_nothing_else() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:81"));
        let text = "firstscan_page_80=a; firstscan_page_81=b; x";
        headers.insert(header::COOKIE, HeaderValue::from_static(text));
        assert_eq!(page_cookie(&headers), Some("b"));
    }

    #[test]
    fn frame_ancestors_must_be_origins() {
        let mut config = WebConfig::new("0123456789abcdef");
        config
            .frame_ancestors
            .push("http://127.0.0.1:9000; script-src *".to_owned());
        assert!(matches!(
            Guard::new(&config),
            Err(WebError::FrameAncestor { .. })
        ));
        config.frame_ancestors = vec!["http://127.0.0.1:9000".to_owned()];
        let guard = Guard::new(&config).map(|g| g.policy.to_str().unwrap_or("").to_owned());
        assert!(guard.is_ok_and(|p| p.ends_with("frame-ancestors http://127.0.0.1:9000")));
    }
}

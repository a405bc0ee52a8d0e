//! Print queues (CUPS and other IPP servers) behind `ipp://host:631/printers/NAME`.
//!
//! One write is one whole IPP request, a print job with its document included; the reads after it
//! are its answer. What to ask and what answers mean is the print worker's business.

use super::request::{self, Call, RequestLink};
use super::{OpenError, Opened};
use firstscan_drivers::ipp::RESPONSE_BYTES_MAX;
use std::io;
use std::time::Duration;

/// A queue stores the whole job before it answers.
const REQUEST_MAX: Duration = Duration::from_secs(20);
const PORT: u16 = 631;
const MEDIA_TYPE: &str = "application/ipp";

/// Whether this can be the address of a queue: `ipp://host[:port]/path`.
pub fn is_address(url: &str) -> bool {
    address(url).is_some()
}

/// Host, port, and the same address as HTTP has it.
fn address(url: &str) -> Option<(String, u16, String)> {
    let (host, port) = request::host_and_port(url, "ipp", PORT)?;
    let path = url.strip_prefix("ipp://")?.split_once('/')?.1;
    let plain = !path.is_empty() && path.chars().all(|c| c.is_ascii_graphic());
    plain.then(|| {
        let http = format!("http://{host}:{port}/{path}");
        (host, port, http)
    })
}

/// Connects to the server of a queue. That the queue itself is there, its first answer tells.
///
/// # Errors
/// [`OpenError`] with cause and remedy.
pub async fn open(url: &str) -> Result<Opened, OpenError> {
    let error = |cause: String, remedy: &str| OpenError {
        what: url.to_owned(),
        cause,
        remedy: remedy.to_owned(),
    };
    let Some((host, port, http)) = address(url) else {
        let remedy = "write it as ipp://host:631/printers/NAME";
        return Err(error("this is no address of a queue".into(), remedy));
    };
    let knock = tokio::task::spawn_blocking(move || request::knock(&host, port));
    let knocked = knock.await.unwrap_or_else(|e| Err(io::Error::other(e)));
    if let Err(e) = knocked {
        let remedy = "start the print server (CUPS), check host, port and network";
        return Err(error(e.to_string(), remedy));
    }
    match RequestLink::start("queue", call(http)) {
        Ok(link) => Ok(Opened {
            link: Box::new(link),
            what: url.to_owned(),
        }),
        Err(e) => Err(error(e.to_string(), "free memory and try again")),
    }
}

fn call(http: String) -> Call {
    let agent = request::agent(REQUEST_MAX);
    Box::new(move |body| {
        let sent = agent.post(&http).content_type(MEDIA_TYPE).send(body);
        let mut answer = sent.map_err(request::call_error)?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(io::Error::other(refusal(status)));
        }
        let limit = u64::try_from(RESPONSE_BYTES_MAX).unwrap_or(u64::MAX);
        let body = answer.body_mut().with_config().limit(limit);
        let bytes = body.read_to_vec().map_err(request::call_error)?;
        if bytes.is_empty() {
            return Err(io::Error::other("the print server gave an empty answer"));
        }
        Ok(bytes)
    })
}

fn refusal(status: u16) -> String {
    match status {
        401 | 403 => "the print server lets this host print only with a password: allow it there \
                      (Location and Policy in cupsd.conf)"
            .to_owned(),
        404 => "the print server has no such queue: `lpstat -v` lists them".to_owned(),
        426 => "the print server wants encryption: allow plain requests on its local address"
            .to_owned(),
        other => format!("the print server answers HTTP {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_queues() {
        let http = |url| address(url).map(|(_, _, http)| http);
        assert_eq!(
            http("ipp://127.0.0.1:8631/printers/zd420").as_deref(),
            Some("http://127.0.0.1:8631/printers/zd420")
        );
        assert_eq!(
            http("ipp://[::1]/printers/a").as_deref(),
            Some("http://[::1]:631/printers/a")
        );
        for wrong in [
            "http://h/printers/a",
            "ipp://h",
            "ipp://h/",
            "ipp:///printers/a",
            "ipp://u:p@h/printers/a",
            "ipp://h:99999/a",
            "ipp://h/a b",
            "zd420",
            "",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}

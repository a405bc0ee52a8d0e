//! Devices that are asked over HTTP, such as dimensioners.
//!
//! A codec's request is `METHOD PATH`, a line end, and the body if there is one; methods are GET
//! and POST, a path that begins with `/` counts from the host. The answer is `HTTP`, a space, the
//! status, a line end, and the body, and is read in one piece. Any status is an answer; only what
//! never came is an error. A body is sent as JSON, and JSON is asked for.

use super::request::{self, Call, RequestLink};
use super::{OpenError, Opened};
use std::io;
use std::time::Duration;
use ureq::Agent;

/// A request with its answer. Below the time after which a line that takes nothing counts as dead.
const REQUEST_MAX: Duration = Duration::from_secs(4);
/// Longest body of an answer; with its first line it fits the reader's buffer.
const BODY_BYTES_MAX: usize = 4000;
const PORT: u16 = 80;
const MEDIA_TYPE: &str = "application/json";

/// Whether this can be the address of a device: `http://host[:port][/path]`.
pub fn is_address(url: &str) -> bool {
    request::host_and_port(url, "http", PORT).is_some()
}

/// Connects to a device, to see that it is there.
///
/// # Errors
/// [`OpenError`] with cause and remedy.
pub async fn open(url: &str) -> Result<Opened, OpenError> {
    let error = |cause: String, remedy: &str| OpenError {
        what: url.to_owned(),
        cause,
        remedy: remedy.to_owned(),
    };
    let Some((host, port)) = request::host_and_port(url, "http", PORT) else {
        let remedy = "write it as http://host:port";
        return Err(error("this is no address of a device".into(), remedy));
    };
    let base = format!("http://{host}:{port}");
    let knock = tokio::task::spawn_blocking(move || request::knock(&host, port));
    let knocked = knock.await.unwrap_or_else(|e| Err(io::Error::other(e)));
    if let Err(e) = knocked {
        let remedy = "switch the device on, check address, cable and network";
        return Err(error(e.to_string(), remedy));
    }
    match RequestLink::start("http device", call(base)) {
        Ok(link) => Ok(Opened {
            link: Box::new(link),
            what: url.to_owned(),
        }),
        Err(e) => Err(error(e.to_string(), "free memory and try again")),
    }
}

fn call(base: String) -> Call {
    let agent = request::agent(REQUEST_MAX);
    Box::new(move |request| exchange(&agent, &base, request))
}

fn exchange(agent: &Agent, base: &str, request: &[u8]) -> io::Result<Vec<u8>> {
    let (method, path, body) = split(request).ok_or_else(|| {
        let text = "the request is not of the form `GET /path`, line end, body";
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })?;
    let url = format!("{base}{path}");
    let sent = match method {
        Method::Get => agent.get(&url).header("accept", MEDIA_TYPE).call(),
        Method::Post => {
            let post = agent.post(&url).header("accept", MEDIA_TYPE);
            post.content_type(MEDIA_TYPE).send(body)
        }
    };
    let mut answer = sent.map_err(request::call_error)?;
    let limit = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = format!("HTTP {}\n", answer.status().as_u16()).into_bytes();
    let body = answer.body_mut().with_config().limit(limit);
    bytes.extend(body.read_to_vec().map_err(request::call_error)?);
    Ok(bytes)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Post,
}

fn split(request: &[u8]) -> Option<(Method, &str, &[u8])> {
    let end = request.iter().position(|b| *b == b'\n')?;
    let (line, body) = request.split_at(end);
    let (method, path) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        _ => return None,
    };
    let plain = path.starts_with('/') && path.chars().all(|c| c.is_ascii_graphic());
    plain.then_some((method, path, body.get(1..)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::{Moved, transfer};
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A server that answers each connection with the next text, and what it was asked.
    fn server(answers: Vec<String>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let run = move || {
            let mut asked = Vec::new();
            // The first connection is the knock.
            drop(listener.accept().unwrap());
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let timeout = Some(Duration::from_secs(5));
                stream.set_read_timeout(timeout).unwrap();
                let mut request = Vec::new();
                let mut buffer = [0; 1024];
                while !whole(&request) {
                    let count = stream.read(&mut buffer).unwrap();
                    request.extend_from_slice(&buffer[..count]);
                }
                asked.push(String::from_utf8(request).unwrap());
                // The client may have given up on an answer that is too long.
                drop(stream.write_all(answer.as_bytes()));
            }
            asked
        };
        (url, std::thread::spawn(run))
    }

    fn whole(request: &[u8]) -> bool {
        let text = String::from_utf8_lossy(request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return false;
        };
        let length = head
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "));
        body.len() >= length.map_or(0, |l| l.parse().unwrap())
    }

    async fn ask(link: &mut Opened, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; 4096];
        let wrote = transfer(link.link.as_mut(), &mut buffer, request, true).await?;
        assert_eq!(wrote, Moved::Wrote(request.len()));
        match transfer(link.link.as_mut(), &mut buffer, b"more", true).await? {
            Moved::Read(count) => Ok(buffer[..count].to_vec()),
            Moved::Wrote(_) => panic!("a second request was taken before the answer"),
        }
    }

    fn answer(status: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn requests_and_answers_one_by_one_whatever_the_status() {
        let answers = vec![
            answer("200 OK", "{\"length\":1}"),
            answer("503 Busy", "later"),
            answer("301 Gone", "elsewhere"),
        ];
        let (url, server) = server(answers);
        let mut link = open(&url).await.unwrap();
        let got = ask(&mut link, b"GET /api/measure\n").await.unwrap();
        assert_eq!(got, b"HTTP 200\n{\"length\":1}");
        let got = ask(&mut link, b"POST /x?y=1\n{\"a\":\"b\n\"}")
            .await
            .unwrap();
        assert_eq!(got, b"HTTP 503\nlater");
        let got = ask(&mut link, b"GET /\n").await.unwrap();
        assert_eq!(got, b"HTTP 301\nelsewhere");
        let asked = server.join().unwrap();
        assert!(asked[0].starts_with("GET /api/measure HTTP/1.1\r\n"));
        assert!(asked[1].starts_with("POST /x?y=1 HTTP/1.1\r\n"));
        for asked in &asked {
            let head = asked.to_lowercase();
            assert!(head.contains("\r\naccept: application/json\r\n"), "{asked}");
        }
        assert!(
            asked[1].ends_with("\r\n\r\n{\"a\":\"b\n\"}"),
            "{}",
            asked[1]
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn long_answers_silence_and_nonsense_end_the_link() {
        let (url, server) = server(vec![answer("200 OK", &"x".repeat(5000))]);
        let mut link = open(&url).await.unwrap();
        assert!(ask(&mut link, b"GET /\n").await.is_err());
        server.join().unwrap();
        for nonsense in [
            "GET /",
            "PUT /\n",
            "GET x\n",
            "GET /a b\n",
            "\n",
            "GET /\u{e9}\n",
        ] {
            assert!(split(nonsense.as_bytes()).is_none(), "{nonsense}");
        }
        // It listens, and never answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let mut link = open(&url).await.unwrap();
        let started = std::time::Instant::now();
        let error = ask(&mut link, b"GET /\n").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
        assert!(started.elapsed() < REQUEST_MAX + Duration::from_secs(2));
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_with_a_remedy() {
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let error = open(&format!("http://{free}")).await.unwrap_err();
        assert!(error.remedy.contains("switch the device on"), "{error}");
        for wrong in ["https://h", "h:80", "http://", "http://u@h/"] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}

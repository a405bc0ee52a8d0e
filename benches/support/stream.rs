//! The screen of a place as its page gets it: each view with the time it arrived.

use super::child::PATIENCE;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// A connected event stream; its thread ends with the daemon.
pub struct Stream {
    views: Receiver<(Instant, Value)>,
    /// The newest view seen.
    pub last: Value,
}

impl Stream {
    /// Reads events from the body of the answer.
    pub fn start(body: impl Read + Send + 'static) -> Self {
        let (sender, views) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(body).lines().map_while(Result::ok) {
                let arrived = Instant::now();
                let Some(data) = line.strip_prefix("data: ") else {
                    continue;
                };
                // Heartbeats have no mode.
                let view = serde_json::from_str::<Value>(data).unwrap_or_default();
                if view.get("mode").is_some() && sender.send((arrived, view)).is_err() {
                    return;
                }
            }
        });
        Stream {
            views,
            last: Value::Null,
        }
    }

    /// When the first view came that is as wanted; views before it are passed over.
    pub fn until(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Result<Instant, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok((arrived, view)) = self.views.recv_timeout(left) else {
                return Err(format!("the bench never shows {what}, but {}", self.last));
            };
            self.last = view;
            if is(&self.last) {
                return Ok(arrived);
            }
        }
    }

    /// As [`Stream::until`], satisfied by what the screen shows already.
    pub fn reach(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Result<(), String> {
        while let Ok((_, view)) = self.views.try_recv() {
            self.last = view;
        }
        if is(&self.last) {
            Ok(())
        } else {
            self.until(what, is).map(|_| ())
        }
    }
}

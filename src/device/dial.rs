//! Opening a device again and again, with pauses.

use super::backoff::{Backoff, noise};
use super::link::find::Bound;
use super::link::{OpenError, Opened, Target};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// A connection that held this long ended by a new cause, even if nothing was said on it.
const SETTLED_AFTER: Duration = Duration::from_secs(5);
/// Opening hangs if it takes longer. It is waited for nevertheless: a second attempt would hang
/// too, and each holds a thread.
const OPEN_MAX: Duration = Duration::from_secs(8);

type Dialing = Pin<Box<dyn Future<Output = Result<Opened, OpenError>> + Send>>;

/// Opens one device whenever it is not open. Attempts never overlap.
pub struct Dialer {
    target: Target,
    backoff: Backoff,
    opened_at: Option<Instant>,
    /// The USB device that was open last.
    bound: Option<Bound>,
    failed: Option<OpenError>,
    dialing: Option<Dialing>,
    /// When the present attempt counts as hanging.
    hangs_at: Instant,
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialer")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl Dialer {
    /// A device that is not open yet; the first attempt comes at once.
    pub fn new(target: Target) -> Self {
        let first = target.clone();
        let dialing: Dialing = Box::pin(async move { first.open().await });
        Dialer {
            target,
            backoff: Backoff::default(),
            opened_at: None,
            bound: None,
            failed: None,
            dialing: Some(dialing),
            hangs_at: Instant::now() + OPEN_MAX,
        }
    }

    /// Goes on with the present attempt, or starts one after a pause. May be dropped and called
    /// again: the attempt goes on where it was.
    ///
    /// # Errors
    /// [`OpenError`] of this attempt, or that it hangs; it goes on then.
    pub async fn dial(&mut self) -> Result<Opened, OpenError> {
        if self.dialing.is_none() {
            let pause = self.backoff.pause(noise());
            let (target, bound) = (self.target.clone(), self.bound.clone());
            self.hangs_at = Instant::now() + pause + OPEN_MAX;
            self.dialing = Some(Box::pin(async move {
                tokio::time::sleep(pause).await;
                target.open_again(bound).await
            }));
        }
        let attempt = self
            .dialing
            .get_or_insert_with(|| Box::pin(std::future::pending()));
        let result = tokio::select! {
            result = attempt => result,
            () = tokio::time::sleep_until(self.hangs_at) => {
                self.hangs_at = Instant::now() + OPEN_MAX;
                return Err(hangs(&self.target));
            }
        };
        self.dialing = None;
        match &result {
            Ok(opened) => {
                self.opened_at = Some(Instant::now());
                self.failed = None;
                if let Some(bound) = opened.link.bound() {
                    self.bound = Some(bound.clone());
                }
            }
            Err(error) => {
                if self.failed.as_ref().is_some_and(|last| last != error) {
                    self.backoff.hurry();
                }
                self.failed = Some(error.clone());
            }
        }
        result
    }

    /// The device said something: it works, and its next loss starts with short pauses.
    pub fn works(&mut self) {
        self.backoff.reset();
    }

    /// The connection ended.
    pub fn lost(&mut self) {
        if self
            .opened_at
            .take()
            .is_some_and(|at| at.elapsed() >= SETTLED_AFTER)
        {
            self.backoff.reset();
        }
    }
}

fn hangs(target: &Target) -> OpenError {
    let what = match target {
        Target::Serial { path, .. } | Target::Replay { path, .. } => path.display().to_string(),
        Target::Tcp { address } => address.clone(),
        Target::Queue { url } | Target::Http { url } => url.clone(),
        Target::Usb { id, .. } => id.to_string(),
    };
    let cause = format!("opening it hangs for more than {} s", OPEN_MAX.as_secs());
    let remedy = "unplug the device or its adapter, wait a moment, plug it in again";
    OpenError::new(what, cause, remedy)
}

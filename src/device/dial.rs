//! Opening a device again and again, with pauses.

use super::backoff::{Backoff, noise};
use super::link::{OpenError, Opened, Target};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// A connection that held this long ended by a new cause, even if nothing was said on it.
const SETTLED_AFTER: Duration = Duration::from_secs(5);

type Dialing = Pin<Box<dyn Future<Output = Result<Opened, OpenError>> + Send>>;

/// Opens one device whenever it is not open. Attempts never overlap.
pub struct Dialer {
    target: Target,
    backoff: Backoff,
    opened_at: Option<Instant>,
    dialing: Option<Dialing>,
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
            dialing: Some(dialing),
        }
    }

    /// Goes on with the present attempt, or starts one after a pause. May be dropped and called
    /// again: the attempt goes on where it was.
    ///
    /// # Errors
    /// [`OpenError`] of this attempt.
    pub async fn dial(&mut self) -> Result<Opened, OpenError> {
        let Dialer {
            target,
            backoff,
            dialing,
            ..
        } = self;
        let attempt = dialing.get_or_insert_with(|| {
            let (pause, target) = (backoff.pause(noise()), target.clone());
            Box::pin(async move {
                tokio::time::sleep(pause).await;
                target.open().await
            })
        });
        let result = attempt.await;
        self.dialing = None;
        if result.is_ok() {
            self.opened_at = Some(Instant::now());
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

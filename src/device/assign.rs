//! Finding a device by what somebody does with it: a code scanned, something put on and taken off.
//!
//! Only devices the operator allowed are opened, all at once, and the first one that reacts is it.

use super::config::Wiring;
use super::record::Session;
use firstscan_drivers::codec::Event;
use firstscan_drivers::mass::{Mass, MassReading};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What lies on a scale weighs more than this.
const LOAD_MIN: Mass = Mass::from_grams(20);
const NEWS_MAX: usize = 64;

/// What is heard of the devices that are listened to, by their position in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Listening {
        device: usize,
        what: String,
    },
    /// Opening failed or the line ended: cause and remedy.
    Away {
        device: usize,
        why: String,
    },
    /// A load lies on it; taking it off is awaited.
    Loaded {
        device: usize,
        shown: String,
    },
}

/// The device that reacted, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reacted {
    pub device: usize,
    /// The scanned text, or the load as displayed.
    pub by: String,
}

/// What a device has shown so far.
#[derive(Debug, Default)]
pub struct Reaction {
    empty: Option<Mass>,
    loaded: Option<String>,
}

/// What an event means for the question whether this is the device.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    Loaded(String),
    Done(String),
}

impl Reaction {
    /// Takes an event. A scanner reacts with a scan; a scale shows at least 20 g more than empty,
    /// and then what it showed before, both at rest.
    pub fn event(&mut self, event: &Event) -> Step {
        match event {
            Event::Scan(scan) => Step::Done(
                String::from_utf8_lossy(&scan.bytes)
                    .chars()
                    .take(200)
                    .collect(),
            ),
            Event::Size(_) => Step::Done("a measurement".into()),
            Event::Mass(reading) => self.mass(reading),
            Event::Status(_) | Event::Garbage { .. } => Step::Nothing,
        }
    }

    fn mass(&mut self, reading: &MassReading) -> Step {
        let Some(mass) = reading.mass.filter(|_| reading.flags.stable) else {
            return Step::Nothing;
        };
        let empty = *self.empty.get_or_insert(mass);
        let above = mass.checked_sub(empty).unwrap_or_default();
        if above >= LOAD_MIN && self.loaded.is_none() {
            let number = reading.decimal.map(|d| d.to_string()).unwrap_or_default();
            let unit = reading.unit.map_or("", |unit| unit.symbol());
            let shown = format!("{number} {unit}");
            self.loaded = Some(shown.clone());
            return Step::Loaded(shown);
        }
        if above < Mass::from_grams(0) {
            // It was not empty when listening began; now it is emptier.
            self.empty = Some(mass);
        }
        let is_empty = above < LOAD_MIN;
        match self.loaded.take() {
            Some(shown) if is_empty => Step::Done(shown),
            loaded => {
                self.loaded = loaded;
                Step::Nothing
            }
        }
    }
}

/// Listens until one device reacts; `None` if none does in time.
pub async fn listen(
    devices: Vec<Wiring>,
    how_long: Duration,
    mut news: impl FnMut(News),
) -> Option<Reacted> {
    let until = Instant::now() + how_long;
    let (sender, mut inbox) = mpsc::channel(NEWS_MAX);
    // Dropping the set ends all of them, whatever they wait for.
    let mut tasks = JoinSet::new();
    for (device, wiring) in devices.into_iter().enumerate() {
        tasks.spawn(one(device, wiring, until, sender.clone()));
    }
    drop(sender);
    loop {
        match tokio::time::timeout_at(until, inbox.recv()).await {
            Ok(Some(Ok(reacted))) => return Some(reacted),
            Ok(Some(Err(told))) => news(told),
            Ok(None) | Err(_) => return None,
        }
    }
}

type Heard = Result<Reacted, News>;

async fn one(device: usize, wiring: Wiring, until: Instant, heard: mpsc::Sender<Heard>) {
    let away = |why: String| Err(News::Away { device, why });
    let mut session = match Session::open(&wiring, false).await {
        Ok(session) => session,
        Err(error) => return drop(heard.send(away(error.to_string())).await),
    };
    let what = session.what.clone();
    drop(heard.send(Err(News::Listening { device, what })).await);
    let mut reaction = Reaction::default();
    loop {
        let told = match session.next(until).await {
            Ok(None) => return,
            Err(error) => return drop(heard.send(away(error.to_string())).await),
            Ok(Some(emitted)) => match reaction.event(&emitted.event) {
                Step::Nothing => continue,
                Step::Loaded(shown) => Err(News::Loaded { device, shown }),
                Step::Done(by) => Ok(Reacted { device, by }),
            },
        };
        if heard.send(told).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use firstscan_drivers::mass::{Decimal, MassFlags, Unit};

    fn shows(reaction: &mut Reaction, text: &str, stable: bool) -> Step {
        let flags = MassFlags {
            stable,
            ..MassFlags::default()
        };
        let decimal = Decimal::parse(text).unwrap();
        let reading = MassReading::present(decimal, Unit::Kilogram, flags).unwrap();
        reaction.event(&Event::Mass(reading))
    }

    #[test]
    fn a_scale_reacts_with_a_load_that_comes_and_goes() {
        let mut reaction = Reaction::default();
        assert_eq!(shows(&mut reaction, "0.000", true), Step::Nothing);
        assert_eq!(
            shows(&mut reaction, "0.800", false),
            Step::Nothing,
            "moving"
        );
        assert_eq!(
            shows(&mut reaction, "0.010", true),
            Step::Nothing,
            "too light"
        );
        let loaded = Step::Loaded("1.250 kg".into());
        assert_eq!(shows(&mut reaction, "1.250", true), loaded);
        assert_eq!(shows(&mut reaction, "1.250", true), Step::Nothing);
        assert_eq!(
            shows(&mut reaction, "0.000", true),
            Step::Done("1.250 kg".into())
        );
    }

    #[test]
    fn a_scale_that_was_loaded_at_first_reacts_with_the_next_load() {
        let mut reaction = Reaction::default();
        assert_eq!(shows(&mut reaction, "3.000", true), Step::Nothing);
        assert_eq!(shows(&mut reaction, "0.000", true), Step::Nothing);
        assert_eq!(
            shows(&mut reaction, "0.500", true),
            Step::Loaded("0.500 kg".into())
        );
        assert_eq!(
            shows(&mut reaction, "0.001", true),
            Step::Done("0.500 kg".into())
        );
    }
}

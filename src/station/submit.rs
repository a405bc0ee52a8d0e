//! Orders into the station thread, and the stored answers that make a repeated request harmless.

use super::api::{ApiError, Submitted};
use super::core::{Delivery, Message, Outcome};
use super::handle::{Handle, parse, unavailable};
use super::labels::sha256_hex;
use crate::domain::change::RecordKind;
use crate::domain::order::Order;
use crate::domain::step::Reply;
use crate::domain::{InputKind, OrderId};
use crate::store::{NewDocument, NewPerson};
use crate::sync::inbound;
use std::time::Duration;

/// Longest wait for the station thread before a request gives up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

type Incomings = Vec<Result<inbound::Document, inbound::Refused>>;

/// The stored answer of an order submission.
pub(super) fn response_text(kind: &InputKind, reply: Option<&Reply>) -> String {
    let submitted = match kind {
        InputKind::Order { order } => submitted(&order.id, reply),
        InputKind::OrderCancelled { order, .. } => submitted(order, reply),
        InputKind::OrderRefused { order, problems } => Ok(Submitted::Refused {
            order: order.clone(),
            problems: problems.clone(),
        }),
        _ => Err(unavailable("this input has no answer")),
    };
    match submitted {
        Ok(answer) => serde_json::to_string(&Stored::Ok(answer)).unwrap_or_default(),
        Err(error) => {
            serde_json::to_string(&Stored::Conflict(error.to_string())).unwrap_or_default()
        }
    }
}

/// The stored form of an answer.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
enum Stored {
    Ok(Submitted),
    Conflict(String),
}

fn submitted(order: &OrderId, reply: Option<&Reply>) -> Result<Submitted, ApiError> {
    let order = order.clone();
    match reply {
        Some(Reply::Received { version }) => Ok(Submitted::Received {
            order,
            version: *version,
        }),
        Some(Reply::Unchanged { version }) => Ok(Submitted::Unchanged {
            order,
            version: *version,
        }),
        Some(Reply::Changed { version }) => Ok(Submitted::Changed {
            order,
            version: *version,
        }),
        Some(Reply::Cancelled) => Ok(Submitted::Cancelled { order }),
        Some(Reply::Conflict(text)) => Err(ApiError::Conflict { text: text.clone() }),
        Some(Reply::Unknown) => Err(ApiError::NotFound {
            what: "order",
            id: order.to_string(),
        }),
        Some(
            Reply::Scanned { .. }
            | Reply::Known { .. }
            | Reply::Settled
            | Reply::Numbers { .. }
            | Reply::Leased,
        )
        | None => Err(unavailable("the station gave no answer: try again")),
    }
}

impl Handle {
    /// Sends an input and waits for its commit.
    pub(super) fn deliver(&self, mut delivery: Delivery) -> Result<Option<Reply>, ApiError> {
        let (sender, receiver) = std::sync::mpsc::sync_channel::<Outcome>(1);
        delivery.reply = Some(sender);
        let gone = || unavailable("the station is stopping: try again in a moment");
        self.inbox
            .blocking_send(Message::Input(Box::new(delivery)))
            .map_err(|_| gone())?;
        let outcome = receiver.recv_timeout(ANSWER_TIMEOUT).map_err(|_| gone())?;
        outcome.map_err(ApiError::from)
    }

    pub(super) fn stored_answer(
        &self,
        key: &str,
        hash: &str,
    ) -> Result<Option<Submitted>, ApiError> {
        let Some(stored) = self.store.idempotent(key)? else {
            return Ok(None);
        };
        if stored.request_hash != hash {
            let text = format!("key {key:?} was used for another document: use a fresh key");
            return Err(ApiError::Conflict { text });
        }
        match serde_json::from_str(&stored.response) {
            Ok(Stored::Ok(answer)) => Ok(Some(answer)),
            Ok(Stored::Conflict(text)) => Err(ApiError::Conflict { text }),
            Err(error) => Err(ApiError::Unavailable {
                text: error.to_string(),
            }),
        }
    }

    fn take_incoming(
        &self,
        incoming: inbound::Incoming,
        idempotency: Option<(String, String)>,
    ) -> Result<Submitted, ApiError> {
        let order = incoming.order;
        let id = order.id.clone();
        let person = NewPerson {
            id: order.ship_to.id.clone(),
            salt: incoming.salt,
            address: incoming.address,
        };
        let document = incoming.label.map(|label| NewDocument {
            sha256: sha256_hex(&label.bytes),
            format: label.format.to_owned(),
            bytes: label.bytes,
        });
        let order = Box::new(order);
        let reply = self.deliver(Delivery {
            persons: vec![person],
            documents: document.into_iter().collect(),
            idempotency,
            ..Delivery::plain(None, self.clock.now(), InputKind::Order { order })
        })?;
        submitted(&id, reply.as_ref())
    }

    fn refuse_incoming(
        &self,
        order: String,
        problems: Vec<String>,
        idempotency: Option<(String, String)>,
    ) -> Result<Submitted, ApiError> {
        let kind = InputKind::OrderRefused {
            order: order.clone(),
            problems: problems.clone(),
        };
        self.deliver(Delivery {
            idempotency,
            ..Delivery::plain(None, self.clock.now(), kind)
        })?;
        Ok(Submitted::Refused { order, problems })
    }

    pub(super) fn cancel(
        &self,
        order: &OrderId,
        reason: &str,
        idempotency: Option<(String, String)>,
    ) -> Result<Submitted, ApiError> {
        let kind = InputKind::OrderCancelled {
            order: order.clone(),
            reason: reason.to_owned(),
        };
        let reply = self.deliver(Delivery {
            idempotency,
            ..Delivery::plain(None, self.clock.now(), kind)
        })?;
        submitted(order, reply.as_ref())
    }

    /// The recipient's row of a known order; `None` for a new one or an erased row.
    fn stored_person(&self, order: &OrderId) -> Result<Option<inbound::Person>, ApiError> {
        let Some(body) = self.store.record(RecordKind::Order, order.as_str())? else {
            return Ok(None);
        };
        let order: Order = parse(body)?;
        let person = self.store.person(&order.ship_to.id)?;
        Ok(person.map(|p| inbound::Person {
            id: p.id,
            salt: p.salt,
        }))
    }

    pub(super) fn read(
        &self,
        body: &[u8],
        language: inbound::Language,
    ) -> Result<Incomings, ApiError> {
        let known = |id: &str| self.desk.carrier(id).is_some();
        let rules = inbound::Rules {
            printable: &self.printable,
            carrier_known: &known,
        };
        let mut failure = None;
        let fresh = || inbound::Person {
            id: uuid::Uuid::now_v7().to_string(),
            salt: uuid::Uuid::new_v4().simple().to_string(),
        };
        let documents = inbound::read(body, language, &rules, &mut |order| {
            let stored = self.stored_person(order);
            let person = stored.unwrap_or_else(|error| {
                failure = Some(error);
                None
            });
            person.unwrap_or_else(fresh)
        });
        failure.map_or(Ok(documents), Err)
    }

    pub(super) fn submit_one(
        &self,
        document: Result<inbound::Document, inbound::Refused>,
        idempotency: Option<(String, String)>,
    ) -> Result<Submitted, ApiError> {
        match document {
            Ok(inbound::Document::Order(incoming)) => self.take_incoming(*incoming, idempotency),
            Ok(inbound::Document::Cancel { order, reason }) => {
                self.cancel(&order, &reason, idempotency)
            }
            Err(refused) => {
                let problems = refused.problems.iter().map(ToString::to_string).collect();
                self.refuse_incoming(refused.order, problems, idempotency)
            }
        }
    }
}

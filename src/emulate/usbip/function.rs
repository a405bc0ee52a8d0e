//! The device's end of the bus: transfers in, answers out, still without a socket or a clock.

use super::class::{Answer, Class};
use super::descriptor::{Description, Pipe};
use super::packet::{self, Broken, IN, Message, Setup, Transfer, status};
use crate::emulate::fault::Piece;
use crate::emulate::model::DeviceModel;
use crate::emulate::wire::Wire;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Transfers the host may have waiting at one endpoint.
const WAITING_MAX: usize = 1024;
/// A host that asked for nothing for so long has closed the device.
const CLOSED_AFTER_MS: u64 = 500;
const CLOSED_AFTER_BULK_MS: u64 = 2000;

/// The USB side of an emulated device.
#[derive(Debug)]
pub(super) struct Function {
    pub description: Description,
    pub class: Class,
    /// Interrupt transfers wait for their interval; off, reports come as fast as the host asks.
    pub paced: bool,
    /// Control requests that are refused: type and request.
    pub refused: BTreeSet<(u8, u8)>,
    /// Endpoints that stall until the host clears them.
    pub halted: BTreeSet<u8>,
    from_host: Vec<u8>,
    to_host: Vec<u8>,
    waiting: BTreeMap<u8, VecDeque<Transfer>>,
    /// What the host has not fetched yet of the model's frame.
    frame: Vec<u8>,
    next_report_ms: u64,
    asked_ms: Option<u64>,
    cut: bool,
}

/// What to do after [`Function::poll`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Wait for news, at most until then.
    Wait(Option<u64>),
    /// The connection breaks here.
    Cut,
}

impl Function {
    pub(super) fn new(description: Description, class: Class) -> Self {
        Self {
            description,
            class,
            paced: true,
            refused: BTreeSet::new(),
            halted: BTreeSet::new(),
            from_host: Vec::new(),
            to_host: Vec::new(),
            waiting: BTreeMap::new(),
            frame: Vec::new(),
            next_report_ms: 0,
            asked_ms: None,
            cut: false,
        }
    }

    /// Plugged in afresh: nothing of the last connection is left.
    pub(super) fn reset(&mut self) {
        self.from_host.clear();
        self.to_host.clear();
        self.waiting.clear();
        self.frame.clear();
        self.halted.clear();
        (self.asked_ms, self.cut) = (None, false);
    }

    /// Whether the host has the device open, as far as a device can tell.
    pub(super) fn is_open(&self, now_ms: u64) -> bool {
        self.closed_at_ms().is_some_and(|at_ms| now_ms < at_ms)
    }

    /// When the host counts as gone if it asks for nothing more.
    fn closed_at_ms(&self) -> Option<u64> {
        let patience_ms = match self.description.data_in.pipe {
            Pipe::Bulk => CLOSED_AFTER_BULK_MS,
            Pipe::Interrupt { .. } => CLOSED_AFTER_MS,
        };
        self.asked_ms.map(|at_ms| at_ms + patience_ms)
    }

    /// Bytes for the host; remove what was sent.
    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.to_host
    }

    /// Bytes from the host.
    ///
    /// # Errors
    /// [`Broken`] if they make no sense.
    pub(super) fn receive<M: DeviceModel>(
        &mut self,
        now_ms: u64,
        bytes: &[u8],
        wire: &mut Wire<M>,
    ) -> Result<(), Broken> {
        self.from_host.extend(bytes);
        while let Some(message) = packet::take(&mut self.from_host)? {
            match message {
                Message::Submit(transfer) if transfer.endpoint & !IN == 0 => {
                    self.control(now_ms, &transfer, wire);
                }
                Message::Submit(transfer) => {
                    let queue = self.waiting.entry(transfer.endpoint).or_default();
                    if queue.len() >= WAITING_MAX {
                        return Err(Broken);
                    }
                    queue.push_back(transfer);
                }
                Message::Unlink { sequence, target } => self.take_back(sequence, target),
            }
        }
        Ok(())
    }

    /// A transfer the host no longer wants. What the device took of it already is said, too.
    fn take_back(&mut self, sequence: u32, target: u32) {
        let mut found = None;
        for queue in self.waiting.values_mut() {
            if let Some(at) = queue.iter().position(|t| t.sequence == target) {
                found = queue.remove(at);
            }
        }
        let outcome = match found {
            Some(transfer) if transfer.taken == 0 => status::TAKEN_BACK,
            Some(transfer) => {
                self.finish(&transfer, status::TAKEN_BACK, transfer.taken, &[]);
                status::OK
            }
            // It was over before this came.
            None => status::OK,
        };
        self.to_host.extend(packet::unlinked(sequence, outcome));
    }

    fn finish(&mut self, transfer: &Transfer, outcome: i32, moved: usize, data: &[u8]) {
        let bytes = packet::submitted(transfer.sequence, outcome, moved, data);
        self.to_host.extend(bytes);
    }

    fn control<M: DeviceModel>(&mut self, now_ms: u64, transfer: &Transfer, wire: &mut Wire<M>) {
        let setup = transfer.setup;
        let answer = if self.refused.contains(&(setup.kind, setup.request)) {
            Answer::Stall
        } else {
            self.standard(setup)
                .unwrap_or_else(|| self.class.request(setup, &transfer.data))
        };
        match answer {
            Answer::Stall => self.finish(transfer, status::STALL, 0, &[]),
            Answer::Done(mut bytes) => {
                let inward = transfer.endpoint & IN != 0;
                bytes.truncate(if inward { transfer.length } else { 0 });
                let moved = if inward {
                    bytes.len()
                } else {
                    transfer.data.len()
                };
                self.finish(transfer, status::OK, moved, &bytes);
            }
            Answer::Deliver(bytes) => {
                wire.receive(now_ms, &bytes);
                self.finish(transfer, status::OK, transfer.data.len(), &[]);
            }
        }
    }

    /// Requests every device answers; `None` leaves it to the class.
    fn standard(&mut self, setup: Setup) -> Option<Answer> {
        let [low, high] = setup.value.to_le_bytes();
        let done = |bytes: &[u8]| Some(Answer::Done(bytes.to_vec()));
        match (setup.kind, setup.request) {
            (0x80, 6) => {
                let found = self.description.standard(high, low);
                Some(found.map_or(Answer::Stall, Answer::Done))
            }
            // GET_STATUS.
            (0x80 | 0x81, 0) => done(&[0, 0]),
            (0x82, 0) => {
                let [address, _] = setup.index.to_le_bytes();
                done(&[u8::from(self.halted.contains(&address)), 0])
            }
            // CLEAR_FEATURE: the halt of an endpoint.
            (0x02, 1) => {
                let [address, _] = setup.index.to_le_bytes();
                self.halted.remove(&address);
                done(&[])
            }
            // GET_CONFIGURATION, GET_INTERFACE.
            (0x80, 8) => done(&[1]),
            (0x81, 10) => done(&[0]),
            // CLEAR_FEATURE, SET_FEATURE, SET_CONFIGURATION, SET_INTERFACE.
            (0x00, 1 | 3 | 9) | (0x01, 1 | 3 | 11) | (0x02, 3) => done(&[]),
            _ => None,
        }
    }

    /// Moves what can be moved now.
    pub(super) fn poll<M: DeviceModel>(&mut self, now_ms: u64, wire: &mut Wire<M>) -> Next {
        wire.model.handle_timeout(now_ms);
        self.stall_halted();
        self.take_out(now_ms, wire);
        let give_at_ms = self.give_in(now_ms, wire);
        let data = [Some(self.description.data_in), self.description.data_out];
        let asks = |address: u8| self.waiting.get(&address).is_some_and(|q| !q.is_empty());
        if data.iter().flatten().any(|e| asks(e.address)) || !self.to_host.is_empty() {
            self.asked_ms = Some(now_ms);
        }
        if self.cut && self.to_host.is_empty() {
            return Next::Cut;
        }
        let closed_at_ms = self.closed_at_ms().filter(|at_ms| now_ms < *at_ms);
        let wake = [give_at_ms, wire.model.poll_timeout(), closed_at_ms];
        Next::Wait(wake.into_iter().flatten().min())
    }

    fn stall_halted(&mut self) {
        for address in self.halted.clone() {
            while let Some(transfer) = self.pop(address) {
                self.finish(&transfer, status::STALL, 0, &[]);
            }
        }
    }

    fn pop(&mut self, address: u8) -> Option<Transfer> {
        self.waiting.get_mut(&address).and_then(VecDeque::pop_front)
    }

    /// Packets from the host, as many as the model has room for; the rest waits (NAK).
    fn take_out<M: DeviceModel>(&mut self, now_ms: u64, wire: &mut Wire<M>) {
        let Some(endpoint) = self.description.data_out else {
            return;
        };
        while let Some(transfer) = self
            .waiting
            .get_mut(&endpoint.address)
            .and_then(VecDeque::front_mut)
        {
            let left = transfer.data.get(transfer.taken..).unwrap_or_default();
            if left.is_empty() {
                if let Some(done) = self.pop(endpoint.address) {
                    self.finish(&done, status::OK, done.taken, &[]);
                }
                continue;
            }
            let room = wire.model.room().min(usize::from(endpoint.packet));
            if room == 0 || self.cut {
                return;
            }
            let piece = left.get(..room).unwrap_or(left).to_vec();
            transfer.taken += piece.len();
            wire.receive(now_ms, &self.class.on_line(piece));
            self.cut |= wire.model.poll_disconnect();
        }
    }

    /// Frames to the host, as many as it asks for; returns when the next may go.
    fn give_in<M: DeviceModel>(&mut self, now_ms: u64, wire: &mut Wire<M>) -> Option<u64> {
        let endpoint = self.description.data_in;
        loop {
            let asked = self
                .waiting
                .get(&endpoint.address)
                .is_some_and(|q| !q.is_empty());
            if !asked || self.cut {
                self.cut |= wire.model.poll_disconnect();
                return None;
            }
            if self.frame.is_empty() {
                match wire.poll(now_ms) {
                    Some(Piece::Bytes(bytes)) => self.frame = self.class.on_line(bytes),
                    Some(Piece::Cut) => self.cut = true,
                    None => return wire.poll_timeout(),
                }
                continue;
            }
            if let Pipe::Interrupt { interval_ms } = endpoint.pipe
                && self.paced
            {
                if now_ms < self.next_report_ms {
                    return Some(self.next_report_ms);
                }
                self.next_report_ms = now_ms + u64::from(interval_ms);
            }
            if let Some(transfer) = self.pop(endpoint.address) {
                self.give(&transfer);
            }
        }
    }

    fn give(&mut self, transfer: &Transfer) {
        let fits = self.frame.len().min(transfer.length);
        let rest = self.frame.split_off(fits);
        let piece = std::mem::replace(&mut self.frame, rest);
        if let Class::Hid { last, .. } = &mut self.class {
            // A report is one transfer; what the host has no room for is lost.
            self.frame.clear();
            last.clone_from(&piece);
        }
        self.finish(transfer, status::OK, piece.len(), &piece);
    }
}

//! The fault script common to all emulated devices: what a bad line or bad firmware does to the
//! frames a device sends (`device-protocols` 1, rule 8).

use std::collections::VecDeque;

/// Pieces waiting for the wire at once; more are dropped, as a full device buffer would.
const PIECES_MAX: usize = 65_536;

/// One thing that goes wrong with what the device sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Each frame leaves in writes of this many bytes.
    Split { bytes: usize },
    /// Frames are held back until this many are there, then leave as one write.
    Merge { frames: usize },
    /// This pause in milliseconds before every byte.
    ByteDelay { ms: u64 },
    /// These bytes go before each frame.
    Garbage(Vec<u8>),
    /// The last byte of each frame is missing.
    DropTerminator,
    /// Nothing is sent.
    Silent,
    /// The first half of a frame is sent, then the connection breaks.
    DisconnectMidFrame,
    /// Bit 7 carries even parity: a 7E1 device seen by a host set to 8N1.
    ParityBit,
}

/// A fault with its place in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub fault: Fault,
    /// Frames that pass before the fault begins.
    pub after_frames: u32,
    /// Frames it then strikes; `None` is all until [`FaultPlan::clear`].
    pub frames: Option<u32>,
}

impl Planned {
    /// Strikes every frame from now on.
    pub fn always(fault: Fault) -> Self {
        Self {
            fault,
            after_frames: 0,
            frames: None,
        }
    }

    /// Strikes the next frame only.
    pub fn once(fault: Fault) -> Self {
        Self {
            fault,
            after_frames: 0,
            frames: Some(1),
        }
    }

    /// Whether it strikes the frame that is leaving now; counts that frame.
    fn strikes(&mut self) -> bool {
        if self.after_frames > 0 {
            self.after_frames -= 1;
            return false;
        }
        match &mut self.frames {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    fn is_spent(&self) -> bool {
        self.frames == Some(0)
    }
}

/// What goes onto the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// One write.
    Bytes(Vec<u8>),
    /// The connection breaks here.
    Cut,
}

/// The script of one device, and the pieces its frames became.
#[derive(Debug, Default)]
pub struct FaultPlan {
    planned: Vec<Planned>,
    held: Vec<Vec<u8>>,
    /// Pieces in order, each with the earliest time it may leave.
    out: VecDeque<(u64, Piece)>,
}

impl FaultPlan {
    /// Adds a fault to the script.
    pub fn add(&mut self, planned: Planned) {
        self.planned.push(planned);
    }

    /// Ends all faults. Frames held back by [`Fault::Merge`] are lost.
    pub fn clear(&mut self) {
        self.planned.clear();
        self.held.clear();
    }

    /// Forgets everything that has not left yet: the line is gone.
    pub fn drop_pending(&mut self) {
        self.held.clear();
        self.out.clear();
    }

    /// A frame leaves the device at `now_ms`; afterwards its pieces can be polled.
    pub fn push(&mut self, now_ms: u64, frame: Vec<u8>) {
        let mut struck: Vec<Fault> = Vec::new();
        for planned in &mut self.planned {
            if planned.strikes() {
                struck.push(planned.fault.clone());
            }
        }
        self.planned.retain(|p| !p.is_spent());
        if struck.contains(&Fault::Silent) {
            return;
        }
        let mut frame = frame;
        let (mut split, mut delay_ms, mut merge, mut cut) = (usize::MAX, 0, 0, false);
        for fault in struck {
            match fault {
                Fault::Split { bytes } => split = bytes.max(1),
                Fault::Merge { frames } => merge = frames,
                Fault::ByteDelay { ms } => (split, delay_ms) = (1, ms),
                Fault::Garbage(mut noise) => {
                    noise.append(&mut frame);
                    frame = noise;
                }
                Fault::DropTerminator => frame.truncate(frame.len().saturating_sub(1)),
                Fault::DisconnectMidFrame => {
                    frame.truncate(frame.len() / 2);
                    cut = true;
                }
                Fault::ParityBit => frame.iter_mut().for_each(|b| *b = with_even_parity(*b)),
                Fault::Silent => {}
            }
        }
        if merge > 1 {
            self.held.push(frame);
            if self.held.len() < merge {
                return;
            }
            frame = std::mem::take(&mut self.held).concat();
        }
        self.queue(now_ms, &frame, split, delay_ms);
        if cut {
            self.out.push_back((now_ms, Piece::Cut));
        }
    }

    fn queue(&mut self, now_ms: u64, frame: &[u8], split: usize, delay_ms: u64) {
        let mut at_ms = self
            .out
            .back()
            .map_or(now_ms, |(at_ms, _)| now_ms.max(*at_ms));
        for piece in frame.chunks(split) {
            at_ms += delay_ms;
            if self.out.len() < PIECES_MAX {
                self.out.push_back((at_ms, Piece::Bytes(piece.to_vec())));
            }
        }
    }

    /// The next piece, if its time has come.
    pub fn poll(&mut self, now_ms: u64) -> Option<Piece> {
        let due = self.out.front().is_some_and(|(at_ms, _)| *at_ms <= now_ms);
        if due {
            self.out.pop_front().map(|(_, piece)| piece)
        } else {
            None
        }
    }

    /// When the next piece may leave.
    pub fn poll_timeout(&self) -> Option<u64> {
        self.out.front().map(|(at_ms, _)| *at_ms)
    }
}

/// The seven low bits with even parity in bit 7.
pub fn with_even_parity(byte: u8) -> u8 {
    let low = byte & 0x7F;
    if low.count_ones() % 2 == 1 {
        low | 0x80
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(faults: Vec<Planned>, frames: &[&[u8]]) -> Vec<(u64, Piece)> {
        let mut plan = FaultPlan::default();
        faults.into_iter().for_each(|f| plan.add(f));
        frames.iter().for_each(|f| plan.push(0, f.to_vec()));
        let mut got = Vec::new();
        while let Some(at_ms) = plan.poll_timeout() {
            got.extend(plan.poll(at_ms).map(|p| (at_ms, p)));
        }
        got
    }

    fn bytes(text: &[u8]) -> Piece {
        Piece::Bytes(text.to_vec())
    }

    #[test]
    fn without_faults_one_frame_is_one_write() {
        assert_eq!(
            pieces(vec![], &[b"ab", b"c"]),
            [(0, bytes(b"ab")), (0, bytes(b"c"))]
        );
    }

    #[test]
    fn splits_merges_and_delays() {
        let split = Planned::always(Fault::Split { bytes: 2 });
        assert_eq!(
            pieces(vec![split], &[b"abc"]),
            [(0, bytes(b"ab")), (0, bytes(b"c"))]
        );
        let merge = Planned::always(Fault::Merge { frames: 2 });
        assert_eq!(
            pieces(vec![merge], &[b"ab", b"cd", b"e"]),
            [(0, bytes(b"abcd"))]
        );
        let delay = Planned::always(Fault::ByteDelay { ms: 5 });
        assert_eq!(
            pieces(vec![delay], &[b"ab"]),
            [(5, bytes(b"a")), (10, bytes(b"b"))]
        );
    }

    #[test]
    fn strikes_only_its_frames() {
        let late = Planned {
            fault: Fault::DropTerminator,
            after_frames: 1,
            frames: Some(1),
        };
        assert_eq!(
            pieces(vec![late], &[b"a\r", b"b\r", b"c\r"]),
            [(0, bytes(b"a\r")), (0, bytes(b"b")), (0, bytes(b"c\r"))]
        );
        let silent = Planned::once(Fault::Silent);
        assert_eq!(pieces(vec![silent], &[b"a", b"b"]), [(0, bytes(b"b"))]);
        let cut = Planned::once(Fault::DisconnectMidFrame);
        assert_eq!(
            pieces(vec![cut], &[b"abcd"]),
            [(0, bytes(b"ab")), (0, Piece::Cut)]
        );
        let noise = Planned::once(Fault::Garbage(vec![0xFF]));
        assert_eq!(pieces(vec![noise], &[b"a"]), [(0, bytes(b"\xFFa"))]);
    }

    /// Vector of `device-protocols` 1, rule 3.
    #[test]
    fn parity_matches_the_published_capture() {
        let parity = Planned::once(Fault::ParityBit);
        assert_eq!(
            pieces(vec![parity], &[b"\x0201.25\r"]),
            [(0, bytes(&[0x82, 0x30, 0xB1, 0x2E, 0xB2, 0x35, 0x8D]))]
        );
    }
}

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::kinds::{acm_function, hid_function, printer_function};
use super::*;
use crate::emulate::fault::{Fault, Planned};
use crate::emulate::scale::{ScaleSettings, Toledo8217};
use crate::emulate::wire::Wire;
use firstscan_drivers::mass::Mass;
use std::collections::VecDeque;

/// Plays reports, remembers what it was sent, has room for a while.
#[derive(Debug, Default)]
struct Script {
    reports: VecDeque<Vec<u8>>,
    got: Vec<u8>,
    room: Option<usize>,
}

impl DeviceModel for Script {
    fn receive(&mut self, _now_ms: u64, bytes: &[u8]) {
        self.got.extend(bytes);
        if let Some(room) = &mut self.room {
            *room -= bytes.len();
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.reports.pop_front()
    }

    fn room(&self) -> usize {
        self.room.unwrap_or(usize::MAX)
    }
}

/// The kernel's end, as bytes.
struct Host<M> {
    function: Function,
    wire: Wire<M>,
    sequence: u32,
}

impl<M: DeviceModel> Host<M> {
    fn new(function: Function, model: M) -> Self {
        Self {
            function,
            wire: Wire::new(model),
            sequence: 0,
        }
    }

    fn header(&mut self, words: [u32; 5], setup: [u8; 8]) -> Vec<u8> {
        self.sequence += 1;
        let [command, direction, endpoint, fifth, length] = words;
        let mut bytes = Vec::new();
        for word in [
            command,
            self.sequence,
            1,
            direction,
            endpoint,
            fifth,
            length,
            0,
            0,
            0,
        ] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend(setup);
        bytes
    }

    fn send(&mut self, bytes: &[u8]) {
        // In pieces of any size, as a socket does.
        for piece in bytes.chunks(7) {
            self.function.receive(0, piece, &mut self.wire).unwrap();
        }
    }

    fn ask(&mut self, endpoint: u32, length: u32) -> u32 {
        let bytes = self.header([1, 1, endpoint, 0, length], [0; 8]);
        self.send(&bytes);
        self.sequence
    }

    fn give(&mut self, endpoint: u32, data: &[u8]) -> u32 {
        let length = u32::try_from(data.len()).unwrap();
        let mut bytes = self.header([1, 0, endpoint, 0, length], [0; 8]);
        bytes.extend(data);
        self.send(&bytes);
        self.sequence
    }

    fn unlink(&mut self, target: u32) {
        let bytes = self.header([2, 0, 0, target, 0], [0; 8]);
        self.send(&bytes);
    }

    fn control(&mut self, setup: [u8; 8], data: &[u8]) -> (i32, Vec<u8>) {
        let inward = u32::from(setup[0] >> 7);
        let length = u32::from(u16::from_le_bytes([setup[6], setup[7]]));
        let mut bytes = self.header([1, inward, 0, 0, length], setup);
        bytes.extend(data);
        self.send(&bytes);
        let (command, sequence, status, moved, data) = self.replies(0).remove(0);
        assert_eq!((command, sequence), (3, self.sequence));
        assert!(inward == 0 || moved as usize == data.len());
        (status, data)
    }

    /// Command, sequence, status, bytes moved and data of everything that came back.
    fn replies(&mut self, now_ms: u64) -> Vec<(u32, u32, i32, u32, Vec<u8>)> {
        self.function.poll(now_ms, &mut self.wire);
        let mut bytes = std::mem::take(self.function.output());
        let mut found = Vec::new();
        while bytes.len() >= 48 {
            let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            let (command, sequence, moved) = (word(0), word(4), word(24));
            let status = word(20).cast_signed();
            let rest = bytes.split_off(48);
            // Only reads bring data along; these tests know theirs by what follows.
            let data = rest.len().min(moved as usize);
            let is_header = rest.get(..4).is_some_and(|r| matches!(r, [0, 0, 0, 3 | 4]));
            let data = if is_header { 0 } else { data };
            found.push((command, sequence, status, moved, rest[..data].to_vec()));
            bytes = rest[data..].to_vec();
        }
        assert!(bytes.is_empty(), "{bytes:?}");
        found
    }
}

fn scale() -> Host<Script> {
    let function = hid_function(&Options::new(0x0922, 0x8003), SCALE_REPORTS, [3, 0, 0]);
    Host::new(function, Script::default())
}

#[test]
fn a_device_describes_itself_and_stalls_what_it_does_not_know() {
    let mut options = Options::new(0x0922, 0x8003);
    options.serial = "S1".into();
    let function = hid_function(&options, SCALE_REPORTS, [3, 0, 0]);
    let mut host = Host::new(function, Script::default());
    let (status, device) = host.control([0x80, 6, 0, 1, 0, 0, 64, 0], &[]);
    assert_eq!((status, device.len()), (0, 18));
    assert_eq!(device[8..12], [0x22, 0x09, 0x03, 0x80]);
    let (_, first) = host.control([0x80, 6, 0, 2, 0, 0, 9, 0], &[]);
    let total = u16::from_le_bytes([first[2], first[3]]);
    let (_, all) = host.control([0x80, 6, 0, 2, 0, 0, 255, 0], &[]);
    assert_eq!((first.len(), all.len()), (9, usize::from(total)));
    assert_eq!(all[25..27], u16::to_le_bytes(SCALE_REPORTS.len() as u16));
    let (_, serial) = host.control([0x80, 6, 3, 3, 9, 4, 255, 0], &[]);
    assert_eq!(serial, [6, 3, b'S', 0, b'1', 0]);
    let (_, reports) = host.control([0x81, 6, 0, 0x22, 0, 0, 255, 0], &[]);
    assert_eq!(reports, SCALE_REPORTS);
    // Device qualifier, a string beyond the list, a vendor's own request.
    for setup in [
        [0x80, 6, 0, 6, 0, 0, 10, 0],
        [0x80, 6, 9, 3, 9, 4, 255, 0],
        [0xC0, 7, 0, 0, 0, 0, 4, 0],
    ] {
        assert_eq!(host.control(setup, &[]).0, -32, "{setup:?}");
    }
}

#[test]
fn a_read_without_an_answer_waits_and_can_be_taken_back() {
    let mut host = scale();
    let read = host.ask(1, 8);
    assert!(host.replies(0).is_empty(), "nothing to say is NAK");
    host.unlink(read);
    let found = host.replies(0);
    assert_eq!(found, [(4, host.sequence, -104, 0, vec![])]);
    // A report then waits for the next read; taking that back is too late.
    host.wire
        .model
        .reports
        .push_back(b"\x03\x04\x0B\xFF\x64\x00".to_vec());
    let read = host.ask(1, 8);
    assert_eq!(
        host.replies(1)[0],
        (3, read, 0, 6, b"\x03\x04\x0B\xFF\x64\x00".to_vec())
    );
    host.unlink(read);
    assert_eq!(host.replies(1), [(4, host.sequence, 0, 0, vec![])]);
}

#[test]
fn reports_keep_their_interval_unless_told_otherwise() {
    for (paced, expected) in [(true, vec![0, 4, 8]), (false, vec![0, 0, 0])] {
        let mut host = scale();
        host.function.paced = paced;
        host.wire
            .model
            .reports
            .extend([vec![3; 6], vec![3; 6], vec![3; 6]]);
        for _ in 0..3 {
            host.ask(1, 8);
        }
        let mut came = Vec::new();
        for now_ms in 0..20 {
            came.extend(host.replies(now_ms).iter().map(|_| now_ms));
        }
        assert_eq!(came, expected, "paced {paced}");
    }
}

#[test]
fn output_reports_reach_the_model_whole() {
    let mut host = scale();
    assert_eq!(host.control([0x21, 9, 2, 2, 0, 0, 2, 0], &[2, 2]).0, 0);
    assert_eq!(host.control([0x21, 9, 0, 2, 0, 0, 1, 0], &[7]).0, 0);
    assert_eq!(host.wire.model.got, [2, 2, 0, 7]);
    host.function.refused.insert((0x21, 9));
    assert_eq!(host.control([0x21, 9, 2, 2, 0, 0, 2, 0], &[2, 2]).0, -32);
}

#[test]
fn a_full_printer_leaves_data_with_the_host_and_says_how_much_it_took() {
    let function = printer_function(&Options::new(0x0A5F, 0x0164));
    let room = Some(1000);
    let model = Script {
        room,
        ..Script::default()
    };
    let mut host = Host::new(function, model);
    let first = host.give(1, &[7; 600]);
    let second = host.give(1, &[8; 600]);
    assert_eq!(host.replies(0), [(3, first, 0, 600, vec![])]);
    assert_eq!(host.wire.model.got.len(), 1000);
    host.unlink(second);
    let found = host.replies(0);
    assert_eq!(
        found,
        [
            (3, second, -104, 400, vec![]),
            (4, host.sequence, 0, 0, vec![])
        ]
    );
    host.wire.model.room = None;
    let third = host.give(1, &[9; 5000]);
    assert_eq!(host.replies(0), [(3, third, 0, 5000, vec![])]);
    let (status, id) = host.control([0xA1, 0, 0, 0, 0, 0, 255, 0], &[]);
    assert_eq!((status, usize::from(id[1])), (0, id.len()));
    assert_eq!(
        host.control([0xA1, 1, 0, 0, 0, 0, 1, 0], &[]),
        (0, vec![0x18])
    );
}

#[test]
fn a_stalled_endpoint_stays_so_until_cleared() {
    let mut host = scale();
    host.wire.model.reports.push_back(vec![3; 6]);
    host.function.halted.insert(0x81);
    let read = host.ask(1, 8);
    assert_eq!(host.replies(0), [(3, read, -32, 0, vec![])]);
    assert_eq!(host.control([2, 1, 0, 0, 0x81, 0, 0, 0], &[]).0, 0);
    let read = host.ask(1, 8);
    assert_eq!(host.replies(9), [(3, read, 0, 6, vec![3; 6])]);
}

#[test]
fn a_serial_scale_at_other_settings_is_heard_as_on_a_real_line() {
    let mut options = Options::new(0x0EB8, 0xF000);
    options.instrument = Some(LineCoding::E7);
    let mut model = Toledo8217::new(ScaleSettings::default());
    model.put(0, Mass::from_grams(1250));
    let mut host = Host::new(acm_function(&options), model);
    let e7 = [0x80, 0x25, 0, 0, 0, 2, 7];
    let mut weigh = |coding: &[u8]| {
        assert_eq!(host.control([0x21, 0x20, 0, 0, 0, 0, 7, 0], coding).0, 0);
        host.ask(1, 64);
        host.give(2, b"A");
        host.give(2, b"W");
        host.ask(1, 64);
        let found = host.replies(1000);
        let data = found.into_iter().map(|(.., data)| data);
        data.collect::<Vec<_>>().concat()
    };
    assert_eq!(weigh(&e7), b"\x02\r\x0201.250\r");
    // `A` and `W` at 8N1: one passes the parity check of the scale, the other does not.
    assert_eq!(weigh(&[0x80, 0x25, 0, 0, 0, 0, 8])[..2], [0x82, 0x8D]);
    let Class::Acm { seen, .. } = &host.function.class else {
        panic!("no serial port");
    };
    assert_eq!(*seen, [LineCoding::E7, LineCoding::N8]);
    assert_eq!(host.control([0xA1, 0x21, 0, 0, 0, 0, 7, 0], &[]).1[6], 8);
}

#[test]
fn a_fault_script_can_break_off_within_a_report() {
    let mut host = scale();
    host.wire
        .faults
        .add(Planned::once(Fault::DisconnectMidFrame));
    host.wire
        .model
        .reports
        .push_back(vec![3, 4, 0x0B, 0xFF, 100, 0]);
    let read = host.ask(1, 8);
    host.ask(1, 8);
    host.function.poll(0, &mut host.wire);
    assert_eq!(host.replies(0), [(3, read, 0, 3, vec![3, 4, 0x0B])]);
    assert_eq!(host.function.poll(0, &mut host.wire), Next::Cut);
}

#[test]
fn nonsense_ends_the_connection() {
    let mut host = scale();
    let noise = [0xFF; 48];
    assert!(host.function.receive(0, &noise, &mut host.wire).is_err());
    let mut long = host.header([1, 0, 1, 0, u32::MAX], [0; 8]);
    host.function.reset();
    assert!(host.function.receive(0, &long, &mut host.wire).is_err());
    long.truncate(47);
    host.function.reset();
    assert!(host.function.receive(0, &long, &mut host.wire).is_ok());
}

/// A hub whose other end the test holds.
#[derive(Debug)]
struct Bench(Mutex<Vec<(u8, std::os::unix::net::UnixStream)>>);

impl Hub for Bench {
    fn plug(&self, port: u8, _speed: Speed) -> io::Result<std::os::unix::net::UnixStream> {
        let (device, host) = std::os::unix::net::UnixStream::pair()?;
        self.0.lock().unwrap().push((port, host));
        Ok(device)
    }

    fn release(&self, _port: u8) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_pulled_cable_closes_the_socket_and_the_next_port_is_another() {
    use std::io::Read;
    let bench = Arc::new(Bench(Mutex::default()));
    let hub: Arc<dyn Hub> = Arc::clone(&bench) as _;
    let function = hid_function(&Options::new(0x0922, 0x8003), SCALE_REPORTS, [3, 0, 0]);
    let device = UsbDevice::start(Script::default(), function, 2, hub).unwrap();
    device.detach().unwrap();
    device.set_port(5);
    let (port, mut host) = bench.0.lock().unwrap().remove(0);
    assert_eq!(port, 2);
    let read = tokio::task::spawn_blocking(move || host.read(&mut [0; 8]).unwrap());
    assert_eq!(read.await.unwrap(), 0);
    device.replug();
    let until = std::time::Instant::now() + Duration::from_secs(5);
    while bench.0.lock().unwrap().is_empty() {
        assert!(std::time::Instant::now() < until, "never plugged in again");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(bench.0.lock().unwrap().remove(0).0, 5);
}

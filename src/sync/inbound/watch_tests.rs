#![allow(clippy::unwrap_used)]
use super::*;

struct Bench {
    folder: tempfile::TempDir,
    watch: Watch,
    taken: Vec<(String, Vec<u8>)>,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let watch = Watch::open(folder.path(), 1_000).unwrap();
        Bench {
            folder,
            watch,
            taken: Vec::new(),
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn scan(&mut self, now_ms: u64, answer: &Taken) -> Vec<Handled> {
        let taken = &mut self.taken;
        let mut take = |name: &str, _: Language, body: &[u8]| {
            taken.push((name.to_owned(), body.to_owned()));
            answer.clone()
        };
        self.watch.scan(now_ms, &mut take).unwrap()
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).unwrap()
    }
}

#[test]
fn a_growing_file_is_waited_for_and_then_moved() {
    let mut bench = Bench::new();
    bench.write("a.json", "{");
    assert_eq!(bench.scan(0, &Taken::Done), []);
    bench.write("a.json", "{}");
    assert_eq!(bench.scan(1_500, &Taken::Done), []);
    assert_eq!(bench.scan(2_000, &Taken::Done), []);
    let handled = bench.scan(2_600, &Taken::Done);
    assert_eq!(handled.len(), 1);
    assert_eq!(bench.taken, [("a.json".to_owned(), b"{}".to_vec())]);
    assert_eq!(bench.text("done/a.json"), "{}");
    assert_eq!(bench.scan(9_000, &Taken::Done), []);
}

#[test]
fn refused_files_have_an_explanation_and_none_is_overwritten() {
    let mut bench = Bench::new();
    for (round, text) in ["one", "two", "three"].into_iter().enumerate() {
        bench.write("A.CSV", text);
        let start_ms = round as u64 * 10_000;
        assert_eq!(bench.scan(start_ms, &Taken::Done), []);
        let told = Taken::Refused(vec![format!("line 2: {text}")]);
        assert_eq!(bench.scan(start_ms + 1_000, &told).len(), 1);
    }
    assert_eq!(bench.text("refused/A.CSV"), "one");
    assert_eq!(bench.text("refused/A.CSV.txt"), "line 2: one\n");
    assert_eq!(bench.text("refused/A.CSV.3"), "three");
    assert_eq!(bench.text("refused/A.CSV.3.txt"), "line 2: three\n");
}

#[test]
fn what_cannot_be_stored_now_stays_and_a_crash_reads_it_again() {
    let mut bench = Bench::new();
    bench.write("a.json", "{}");
    bench.scan(0, &Taken::Later);
    assert_eq!(bench.scan(1_000, &Taken::Later).len(), 1);
    assert_eq!(bench.text("a.json"), "{}");
    // The daemon died after storing and before moving: a new one sees the file again.
    bench.watch = Watch::open(bench.folder.path(), 1_000).unwrap();
    bench.scan(0, &Taken::Done);
    assert_eq!(bench.scan(1_000, &Taken::Done).len(), 1);
    assert_eq!(bench.taken.len(), 2);
    assert_eq!(bench.text("done/a.json"), "{}");
}

#[test]
fn strangers_are_left_alone() {
    let mut bench = Bench::new();
    bench.write("notes.txt", "x");
    bench.write(".a.json", "x");
    bench.write("b.json.part", "x");
    fs::create_dir(bench.folder.path().join("c.json")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", bench.folder.path().join("d.json")).unwrap();
    bench.write("e.json", "");
    for now_ms in [0, 1_000, 2_000] {
        assert_eq!(bench.scan(now_ms, &Taken::Done), []);
    }
    assert_eq!(
        bench.scan(EMPTY_WAIT_MS, &Taken::Done).len(),
        1,
        "empty for a minute"
    );
    assert_eq!(bench.taken, [("e.json".to_owned(), Vec::new())]);
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let mut bench = Bench::new();
    let file = fs::File::create(bench.folder.path().join("big.json")).unwrap();
    file.set_len(DOCUMENT_BYTES_MAX as u64 + 1).unwrap();
    bench.scan(0, &Taken::Done);
    let handled = bench.scan(1_000, &Taken::Done);
    assert!(matches!(&handled[0].taken, Taken::Refused(lines) if lines[0].contains("32 MiB")));
    assert_eq!(bench.taken, []);
    assert!(bench.text("refused/big.json.txt").contains("split it"));
}

//! What drawing a label costs in memory: nothing for what the last label had too, a bounded number
//! of allocations for what is new. Counted, not timed.
#![allow(unsafe_code, clippy::unwrap_used)]

use firstscan::label::render::Renderer;
use firstscan::label::{FieldMap, Template};
use firstscan_drivers::bitmap::Resolution;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Allocations since the start of this process, which runs this one test.
static COUNT: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn set(fields: &mut FieldMap, name: &str, text: String) {
    *fields.get_mut(name).unwrap() = text;
}

fn next_parcel(fields: &mut FieldMap, parcel: u32) {
    set(
        fields,
        "tracking",
        format!("1Z999AA1{:010}", 123_456_784 + parcel),
    );
    set(fields, "order", format!("PO-4711-{:04}", parcel % 10_000));
    set(
        fields,
        "weight",
        format!("{}.{:02} kg", parcel % 9, parcel % 100),
    );
    let to = format!("Maria Fernandez {parcel:05}\nPiso 3, Puerta B\n41004 Sevilla\nSPAIN");
    set(fields, "to", to);
}

#[test]
fn a_warm_renderer_allocates_nothing_but_for_new_data() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/label/common");
    let template = Template::load(folder).unwrap();
    let mut fields = template.sample.clone();
    let mut renderer = Renderer::new(template, Resolution::from_dpi(203));
    let mut label = |fields: &FieldMap| {
        let before = COUNT.load(Ordering::Relaxed);
        assert_eq!(renderer.render(fields).problems, []);
        COUNT.load(Ordering::Relaxed) - before
    };
    // Every digit and letter has been drawn, every buffer has grown.
    for parcel in 0..300 {
        next_parcel(&mut fields, parcel);
        label(&fields);
    }
    for parcel in 1_000..1_100 {
        next_parcel(&mut fields, parcel);
        let fresh = label(&fields);
        assert!(fresh < 1_000, "four new fields took {fresh} allocations");
        // The second copy is painted from what the first one was made of, and kept as a picture.
        label(&fields);
        assert_eq!(label(&fields), 0, "the same label again allocates");
    }
}

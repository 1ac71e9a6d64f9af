//! The fast path: an event whose links are all known costs no allocation.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use event::Columns;
use trace::Aggregate;

use crate::demo::arrow;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: hands everything to the system's allocator, and only counts.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|c| c.set(c.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn known_links_are_folded_without_allocating() {
    let batch = arrow();
    let columns = Columns::of(&batch);
    let mut aggregate = Aggregate::default();
    columns.rows().for_each(|row| aggregate.add(&row));
    let before = COUNT.with(Cell::get);
    columns.rows().for_each(|row| aggregate.add(&row));
    assert_eq!(COUNT.with(Cell::get) - before, 0, "in {} rows", batch.num_rows());
    assert!(batch.num_rows() > 150 && aggregate.len() > 150);
}

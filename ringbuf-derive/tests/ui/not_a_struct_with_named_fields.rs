use ringbuf_core::Record;

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct Pair(u32, u32);

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct Nothing {}

#[derive(Record, Clone, Copy)]
#[repr(C)]
enum State {
    On,
}

fn main() {}

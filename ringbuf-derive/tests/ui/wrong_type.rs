use ringbuf_core::Record;

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct Pump {
    running: bool,
}

fn main() {}

use ringbuf_core::Record;

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct Sample<T> {
    value: T,
}

fn main() {}

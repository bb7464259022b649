use ringbuf_core::Record;

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct Between {
    state: u8,
    t_ns: u64,
}

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct Behind {
    t_ns: u64,
    accel: [f32; 3],
}

fn main() {}

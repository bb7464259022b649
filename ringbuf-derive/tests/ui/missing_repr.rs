use ringbuf_core::Record;

#[derive(Record, Clone, Copy)]
struct Imu {
    t_ns: u64,
}

fn main() {}

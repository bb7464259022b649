use ringbuf_core::Record;

#[derive(Record, Clone, Copy)]
#[repr(C)]
#[record(unit = "V")]
struct Wrong {
    #[record(time = "gps")]
    clock: u64,
    #[record(units = "V")]
    key: u64,
    #[record(text)]
    text: [u16; 4],
    #[record(unit = "V", unit = "V")]
    twice: u64,
}

#[derive(Record, Clone, Copy)]
#[repr(C)]
struct TwoTimes {
    #[record(time = "unix")]
    t: [u64; 2],
}

#[derive(Record)]
#[repr(C)]
struct NotCopy {
    t: u64,
}

fn main() {}

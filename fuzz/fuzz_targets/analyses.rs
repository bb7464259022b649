//! What `ringbuf_fuzz::analyses` says, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ringbuf_fuzz::run("analyses", data));

//! What once did not hold: the smallest input, which lies in the corpus too, under the name of what was wrong.
#![cfg(unix)]

use ringbuf_fuzz::run;

#[test]
fn a_version_that_is_no_character_is_escaped() {
    // The last byte of the magic is a NUL, an escape, a newline.
    for version in [b"\0", b"\x1b", b"\n"] {
        run("inspect", &[&[7, 0, 7, 0], &version[..]].concat());
    }
}

#[test]
fn a_path_that_is_none_is_escaped() {
    run("references", b"/a\t./..");
    run("references", b"\x1b[2J/");
}

#[test]
fn a_path_ends_with_the_name_of_the_ring() {
    run("references", b"ba/.");
    run("references", b"/ba/./.");
}

#[test]
fn numbers_in_place_of_a_header_are_shown_as_other_cells_are() {
    run("csv", b"\0\0\n\t2\n1\n");
    run(
        "csv",
        &[&b"\0\0\n"[..], &b"1,2,".repeat(1000), b"3\n"].concat(),
    );
}

#[test]
fn a_ring_whose_sequences_come_to_an_end_is_not_continued() {
    // Set the word of the published index, and the one of the claimed index, to 2^61 - 1.
    let end = (1_u64 << 61) - 1;
    let set = |word| [&[4, word][..], &end.to_le_bytes()].concat();
    run("resume", &[vec![3], set(0), set(1)].concat());
}

/// Or the next one lies where no reader looks, and a claim in place has no bytes.
#[test]
fn a_ring_whose_bytes_come_to_an_end_is_not_continued() {
    // The first word of the newest frame's descriptor.
    let start = |start: u64| [&[9, 0, 0][..], &start.to_le_bytes()].concat();
    // The flags of the header: frames, written in place or not.
    let flags = |flags: u8| [3, 22, flags, 0, 0, 0, 2, 0, 0, 0];
    for end in [1 << 61, (1 << 62) - 1024] {
        for in_place in [4, 6] {
            run(
                "resume",
                &[&[7, 0xF0][..], &flags(in_place), &start(end)].concat(),
            );
        }
    }
}

#[test]
fn a_zone_behind_a_date_without_dashes_is_not_passed_over() {
    run("times", b"20131202[Europe/Berlin]");
    run("times", b"20131202T21[Europe/Berlin]");
}

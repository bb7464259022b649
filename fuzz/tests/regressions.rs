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

/// The bytes of the target: a command line, a schema, what happens, records.
fn analyzed(line: &str, schema: &str, script: &[u8], records: &[f64]) {
    let length = |bytes: &[u8]| (bytes.len() as u16).to_le_bytes();
    let records: Vec<u8> = records
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let schema = schema.as_bytes();
    let input = [
        &[0][..],
        line.as_bytes(),
        b"\n",
        &length(schema),
        schema,
        &length(script),
        script,
        &records,
    ];
    run("analyses", &input.concat());
}

#[test]
fn times_that_no_clock_has_are_none() {
    let times = [0.0, 1e300, -1e300, f64::INFINITY, 1.0, 2e19, -2e19, 2.0];
    for line in [
        "health r --json",
        "stats r --plot a.svg",
        "spectrum r --window 16",
    ] {
        analyzed(line, "t:f64:s:recording,x:f64[1]", &[199], &times);
    }
}

#[test]
fn an_episode_under_way_at_the_end_has_the_time_of_its_last_record() {
    let mut records = vec![0.0; 2 * 32];
    for (i, record) in records.chunks_exact_mut(2).enumerate() {
        record[0] = i as f64;
        record[1] = if i < 20 { 10.0 } else { 0.0 };
    }
    for rule in [
        "--center 0 --band 1",
        "--rule robust --window 64 --threshold 1",
    ] {
        let line = format!("anomaly r {rule}");
        analyzed(&line, "t:f64:s:recording,x:f64", &[195], &records);
    }
}

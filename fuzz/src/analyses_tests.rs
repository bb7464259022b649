use super::*;
use crate::memory::most_of;

/// Numbers without a pattern, of any size.
fn random(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 20
}

/// So many records: noise, values that are none, gaps, times that jump, restarts, reports.
fn follow(config: &Config, schema: &Schema, records: usize) {
    let subject = Subject {
        schema,
        fields: &[],
        is_stamped: true,
        is_plotted: config.is_plotted,
        attached: Instant::now(),
    };
    let mut analysis = config.kind.of(&subject).expect("it is fit");
    let mut output = Output::new(config.format, Box::new(io::sink()));
    let (mut state, mut sequence, mut time) = (1, 0, 0);
    for batch in 0..records / 100 {
        let missed = if batch % 7 == 0 {
            random(&mut state) % 50
        } else {
            0
        };
        let mut bytes = Vec::new();
        for _ in 0..100 {
            let draw = random(&mut state);
            time += (draw % 2_000_000) as i64 - if draw.is_multiple_of(977) { 1 << 40 } else { 0 };
            let value = match draw % 101 {
                0 => f64::NAN,
                1 => f64::from_bits(random(&mut state) << 20),
                _ => (draw % 10_000) as f64 + (batch / 500 % 2 * 30_000) as f64,
            };
            bytes.extend(time.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        sequence += missed;
        let view = View {
            records: Records::new(schema, &bytes),
            first_sequence: sequence,
            missed,
            published: &|record| Some(time + record as i64 * 1000),
            now: &|| Some(time + (1 << (batch % 40))),
        };
        analysis.update(&view, &mut output).expect("a sink");
        sequence += 100;
        if batch % 211 == 0 {
            analysis.died();
            analysis.restarted();
        }
    }
    drop(analysis.panels());
}

#[test]
fn what_is_remembered_does_not_grow() {
    let schema = schema_text::parse("t:i64:ns:recording,x:f64").expect("a schema");
    for typed in [
        "stats r --plot a.svg",
        "anomaly r --window 64 --plot a.svg",
        "anomaly r --center 0 --band 1 --json",
        "spectrum r --window 64 --plot a.svg",
        "health r --expect 1ms --json",
        "latency r --plot a.svg",
    ] {
        let config = config(typed).expect("it is right");
        let most = |records| most_of(|| follow(&config, &schema, records)).1;
        let (few, many) = (most(50_000), most(250_000));
        println!("{typed}: {few} bytes at most, then {many}");
        // Five bytes a record: less than a value. Traces for pictures are not full so early.
        assert!(many < few + 1_000_000, "{typed}: {few}, then {many}");
    }
}

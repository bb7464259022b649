use std::ops::Range;

use super::super::cut::PANELS;
use super::super::{Axis, Figure, Layer, Panel, Scale};
use super::*;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;

/// No picture is larger, whatever is in it.
const LARGEST: usize = 2 << 20;

fn axis(label: &str, scale: Scale) -> Axis {
    Axis {
        label: label.to_owned(),
        scale,
    }
}

fn panel(layers: Vec<Layer>) -> Panel {
    Panel {
        title: "p".to_owned(),
        notes: Vec::new(),
        x: axis("time (s)", Scale::Linear),
        y: axis("value (g)", Scale::Linear),
        layers,
        gaps: Vec::new(),
        is_beside: false,
    }
}

fn figure(panels: Vec<Panel>) -> Figure {
    Figure {
        title: "stats of r".to_owned(),
        panels,
    }
}

fn line(points: impl IntoIterator<Item = (f64, f64)>) -> Layer {
    Layer::Line(String::new(), points.into_iter().collect())
}

/// The texts in a document, after having looked at all of it: every element is known and closed, there is nothing in it that a
/// document may not have, every number is one and lies on the paper.
fn read(document: &str) -> Result<Vec<String>, TestCaseError> {
    prop_assert!(document.len() <= LARGEST, "{} bytes", document.len());
    let is_allowed =
        |c: char| c == '\n' || !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    prop_assert!(document.chars().all(is_allowed));
    let rest = document
        .strip_prefix("<svg ")
        .and_then(|rest| rest.strip_suffix("</svg>\n"));
    let rest = rest.ok_or_else(|| TestCaseError::fail("not a document"))?;
    let (root, rest) = rest.split_once(">\n").unwrap();
    let paper: Vec<f64> = attribute(root, "viewBox")
        .unwrap()
        .split(' ')
        .map(|n| n.parse().unwrap())
        .collect();
    let mut texts = Vec::new();
    let mut rest = rest;
    while let Some(element) = rest.strip_prefix('<') {
        let (tag, behind) = element.split_once('>').unwrap();
        let (name, attributes) = tag.split_once(' ').unwrap();
        prop_assert!(
            ["rect", "line", "polyline", "polygon", "circle", "text"].contains(&name),
            "{name}"
        );
        for (name, longest) in [
            ("x", 2),
            ("y", 3),
            ("x1", 2),
            ("x2", 2),
            ("y1", 3),
            ("y2", 3),
            ("cx", 2),
            ("cy", 3),
        ] {
            if let Some(number) = attribute(attributes, name) {
                let number: f64 = number.parse().unwrap();
                prop_assert!((0.0..=paper[longest]).contains(&number), "{tag}");
            }
        }
        let spots = attribute(attributes, "points").unwrap_or_default();
        for spot in spots.split_whitespace() {
            let (x, y) = spot.split_once(',').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            prop_assert!(
                (0.0..=paper[2]).contains(&x) && (0.0..=paper[3]).contains(&y),
                "{tag}"
            );
        }
        rest = behind.trim_start_matches('\n');
        if name == "text" {
            let family = attribute(attributes, "font-family").unwrap();
            prop_assert_eq!(family, "sans-serif");
            let (text, behind) = behind.split_once("</text>").unwrap();
            prop_assert!(!text.contains('<'));
            texts.push(text.trim().to_owned());
            rest = behind.trim_start_matches('\n');
        } else {
            prop_assert!(attributes.ends_with('/'), "{tag}");
        }
    }
    prop_assert_eq!(rest, "");
    Ok(texts)
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let attributes = format!(" {attributes}");
    let (_, behind) = attributes.split_once(&format!(" {name}=\""))?;
    Some(behind.split_once('"')?.0.to_owned())
}

fn seen(figure: &Figure) -> Vec<String> {
    read(&document(figure).unwrap()).unwrap()
}

fn number() -> impl Strategy<Value = f64> {
    let extreme = vec![
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        5e-324,
        -0.0,
        1e-300,
        1e300,
    ];
    prop_oneof![4 => -1e3..1e3, 2 => any::<f64>(), 1 => select(extreme), 1 => Just(7.0)]
}

fn span() -> impl Strategy<Value = Range<f64>> {
    (number(), number()).prop_map(|(from, to)| from..to)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z \\[\\]0-9]{1,12}",
        any::<String>(),
        Just("<script>\u{0}\u{1b}[2J\u{202e}\u{ffff}\" & '".to_owned()),
        "[a-zä-ö語]{300,600}",
    ]
}

fn layer() -> impl Strategy<Value = Layer> {
    let points = || prop::collection::vec((number(), number()), 0..60);
    let pieces = || prop::collection::vec((number(), number(), number()), 0..60);
    prop_oneof![
        (text(), points()).prop_map(|(text, points)| Layer::Line(text, points)),
        (text(), pieces()).prop_map(|(text, pieces)| Layer::Envelope(text, pieces)),
        (text(), points()).prop_map(|(text, points)| Layer::Marks(text, points)),
        (text(), pieces()).prop_map(|(text, pieces)| Layer::Bars(text, pieces)),
        (text(), number()).prop_map(|(text, at)| Layer::Level(text, at)),
        (text(), span()).prop_map(|(text, span)| Layer::Band(text, span)),
        (text(), number()).prop_map(|(text, at)| Layer::Upright(text, at)),
        (text(), prop::collection::vec(span(), 0..20))
            .prop_map(|(text, spans)| Layer::Spans(text, spans)),
    ]
}

fn scale() -> impl Strategy<Value = Scale> {
    let clock = (-377_705_023_201i64..=253_402_207_200)
        .prop_map(|second| Scale::Clock(Timestamp::from_second(second).unwrap()));
    prop_oneof![Just(Scale::Linear), Just(Scale::Log), clock]
}

fn any_panel() -> impl Strategy<Value = Panel> {
    let axis = || (text(), scale()).prop_map(|(label, scale)| Axis { label, scale });
    let layers = prop::collection::vec(layer(), 0..8);
    let notes = prop::collection::vec(text(), 0..9);
    let gaps = prop::collection::vec(span(), 0..9);
    (text(), notes, axis(), axis(), layers, gaps, any::<bool>()).prop_map(
        |(title, notes, x, y, layers, gaps, is_beside)| Panel {
            title,
            notes,
            x,
            y,
            layers,
            gaps,
            is_beside,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_figure_is_a_document(title in text(), panels in prop::collection::vec(any_panel(), 0..5)) {
        read(&document(&Figure { title, panels }).unwrap())?;
    }
}

#[test]
fn what_is_drawn_is_said() {
    let mut shown = panel(vec![
        Layer::Envelope(
            "lowest to highest".to_owned(),
            vec![(0.0, 1.0, 2.0), (1.0, 1.0, 3.0)],
        ),
        line([(0.0, 1.5), (1.0, 2.0)]),
        Layer::Level("limit".to_owned(), 5.0),
        Layer::Upright("p50 0.5".to_owned(), 0.5),
    ]);
    shown.notes = vec!["2 values".to_owned(), "mean 1.75".to_owned()];
    shown.gaps.push(0.2..0.4);
    let shown = figure(vec![shown]);
    let texts = seen(&shown);
    // In the legend, and where it is.
    let is_grey = |line: &&str| line.starts_with("<rect") && line.contains("#D4D4D4");
    let document = document(&shown).unwrap();
    assert_eq!(document.lines().filter(is_grey).count(), 2);
    for text in [
        "stats of r",
        "p",
        "2 values  ·  mean 1.75",
        "lowest to highest",
        "limit",
        "missing",
        "p50 0.5",
        "time (s)",
        "value (g)",
    ] {
        assert!(texts.iter().any(|found| found == text), "{text}: {texts:?}");
    }
    // The limit has its place on the axis, too.
    assert!(texts.iter().any(|found| found == "5"), "{texts:?}");
    let texts = seen(&figure(vec![panel(vec![line([(0.0, 1.0), (1.0, 2.0)])])]));
    assert!(!texts.iter().any(|found| found == "missing"), "{texts:?}");
}

#[test]
fn nothing_to_show_is_said() {
    for layers in [
        vec![],
        vec![line([])],
        vec![line([(f64::NAN, 1.0), (1.0, f64::INFINITY)])],
    ] {
        assert!(seen(&figure(vec![panel(layers)])).contains(&"nothing to show".to_owned()));
    }
    let mut negative = panel(vec![line([(0.0, -1.0), (1.0, 0.0)])]);
    negative.y.scale = Scale::Log;
    assert!(seen(&figure(vec![negative])).contains(&"nothing to show".to_owned()));
    let one = panel(vec![line([(5.0, 7.0)])]);
    assert!(document(&figure(vec![one])).unwrap().contains("<circle"));
}

#[test]
fn a_line_is_broken_where_there_is_nothing() {
    let lines = |points: &[(f64, f64)]| {
        let document = document(&figure(vec![panel(vec![line(points.iter().copied())])])).unwrap();
        // One is the frame.
        document.matches("<polyline").count() - 1
    };
    assert_eq!(lines(&[(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 1.0)]), 1);
    assert_eq!(
        lines(&[
            (0.0, 1.0),
            (1.0, 2.0),
            (f64::NAN, f64::NAN),
            (2.0, 3.0),
            (3.0, 1.0)
        ]),
        2
    );
}

/// All attributes of this name, as numbers.
fn all(document: &str, element: &str, name: &str) -> Vec<f64> {
    let elements = document
        .split('<')
        .filter_map(|tag| tag.strip_prefix(element));
    let numbers = elements.filter_map(|attributes| attribute(attributes, name)?.parse().ok());
    numbers.collect()
}

#[test]
fn an_envelope_without_end_reaches_the_end_of_the_axis() {
    let far = |i: i32| (f64::from(i), f64::NEG_INFINITY, f64::INFINITY);
    let layers = vec![
        Layer::Envelope("usual".to_owned(), (0..9).map(far).collect()),
        line((0..9).map(|i| (f64::from(i), f64::from(i)))),
    ];
    let document = document(&figure(vec![panel(layers)])).unwrap();
    let area = document.split('<').find(|tag| tag.starts_with("polygon"));
    let spots = attribute(area.expect("an area"), "points").unwrap();
    let heights = spots
        .split_whitespace()
        .map(|spot| spot.split_once(',').unwrap().1.parse().unwrap());
    let heights: Vec<f64> = heights.collect();
    let frame = all(&document, "line", "y1");
    let (low, high) = (f64::max, f64::min);
    let end = |of: fn(f64, f64) -> f64, all: &[f64]| all.iter().copied().reduce(of).unwrap();
    assert!(
        end(high, &heights) <= end(high, &frame) + 1.0,
        "{heights:?} {frame:?}"
    );
    assert!(
        heights
            .iter()
            .all(|&y| y == end(low, &heights) || y == end(high, &heights))
    );
}

#[test]
fn a_bar_of_one_value_is_seen() {
    let widest = |count: u32| {
        let bar = |i: u32| (f64::from(i) * 10.0, f64::from(i) * 10.0 + 1e-3, 1.0);
        let bars = Layer::Bars(String::new(), (0..count).map(bar).collect());
        let document = document(&figure(vec![panel(vec![bars])])).unwrap();
        let widths = all(&document, "rect", "width");
        // The paper is the widest.
        let mut widths: Vec<f64> = widths.into_iter().filter(|&width| width < 100.0).collect();
        widths.sort_unstable_by(f64::total_cmp);
        widths.pop().unwrap_or_default()
    };
    assert!(widest(2) >= 4.0, "{}", widest(2));
    assert!(widest(200) <= 3.0, "{}", widest(200));
}

#[test]
fn what_is_left_out_is_said() {
    let some = || panel(vec![line([(0.0, 1.0), (1.0, 2.0)])]);
    let texts = seen(&figure((0..1_000).map(|_| some()).collect()));
    let left_out = 1_000 - PANELS;
    let what = format!("{left_out} more panels are left out");
    assert!(
        texts.iter().any(|text| text.starts_with(&what)),
        "{texts:?}"
    );
    assert_eq!(
        texts.iter().filter(|text| *text == "value (g)").count(),
        PANELS
    );
    let mut crowded = some();
    crowded
        .layers
        .extend((0..5_000).map(|x| Layer::Upright(format!("change {x}"), f64::from(x))));
    let texts = seen(&figure(vec![crowded]));
    assert!(
        texts.iter().any(|text| text.ends_with("are left out")),
        "{texts:?}"
    );
}

#[test]
fn the_size_of_a_picture_has_a_bound() {
    // Numbers that jump about cannot be put together column by column.
    let mut seed = 1u64;
    let mut random = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64
    };
    let mut crowded = || {
        let points: Vec<(f64, f64)> = (0..2_000).map(|_| (random(), random())).collect();
        let broken = points
            .iter()
            .map(|&(x, y)| (x, if y % 2.0 == 0.0 { f64::NAN } else { y }));
        let pieces = points.iter().map(|&(x, y)| (x, y, y * 2.0));
        let bars = points.iter().map(|&(x, y)| (x, x + y / 1e3, y));
        let layers = vec![
            line(points.clone()),
            line(broken),
            Layer::Envelope("all of them".to_owned(), pieces.collect()),
            Layer::Marks("all of them, too".to_owned(), points.clone()),
            Layer::Bars("bars".to_owned(), bars.collect()),
            Layer::Spans(
                "spans".to_owned(),
                points.iter().map(|&(x, _)| x..x + 1.0).collect(),
            ),
        ];
        let mut panel = panel(layers);
        panel.gaps = points.iter().map(|&(x, _)| x..x + 1.0).collect();
        panel
    };
    seen(&figure((0..PANELS).map(|_| crowded()).collect()));
    let levels = |_| {
        let level = |at| Layer::Level(format!("level {at}"), f64::from(at));
        let layers = (0..30).map(level).chain([line([(0.0, 0.0), (1.0, 1.0)])]);
        let uprights = (0..300).map(|x| Layer::Upright(format!("{x}"), f64::from(x)));
        panel(layers.chain(uprights).collect())
    };
    seen(&figure((0..PANELS).map(levels).collect()));
    seen(&figure(vec![crowded()]));
}

#[test]
fn a_file_is_there_as_a_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let names = || {
        let entries = fs::read_dir(directory.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<Vec<_>>()
    };
    let file = directory.path().join("a.svg");
    check(&file).unwrap();
    assert!(names().is_empty());
    let some = figure(vec![panel(vec![line([(0.0, 1.0), (1.0, 2.0)])])]);
    write(&some, &file).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), document(&some).unwrap());
    assert_eq!(names(), ["a.svg"]);
    // Over one that is there: whoever has that one open goes on seeing all of it.
    let same = tempfile::tempdir().unwrap();
    let open = same.path().join("open.svg");
    fs::hard_link(&file, &open).unwrap();
    check(&file).unwrap();
    write(&figure(vec![]), &file).unwrap();
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        document(&figure(vec![])).unwrap()
    );
    assert_eq!(fs::read_to_string(&open).unwrap(), document(&some).unwrap());
    assert_eq!(names(), ["a.svg"]);
}

#[test]
fn where_no_file_can_be_made_is_known_before() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let missing = check(&place.join("no/such/a.svg")).unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    fs::create_dir(place.join("is.svg")).unwrap();
    let error = check(&place.join("is.svg")).unwrap_err().to_string();
    assert!(error.contains("not a file"), "{error}");
    fs::write(place.join("file"), "").unwrap();
    check(&place.join("file/a.svg")).unwrap_err();
    assert_eq!(fs::read_dir(place).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn others_may_read_it_and_a_link_stays_one() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = tempfile::tempdir().unwrap();
    let (file, link) = (
        directory.path().join("a.svg"),
        directory.path().join("link.svg"),
    );
    fs::write(&file, "old").unwrap();
    symlink(&file, &link).unwrap();
    let usual = fs::metadata(&file).unwrap().permissions().mode();
    write(&figure(vec![]), &link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_ne!(fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode(), usual);
}

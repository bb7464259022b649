//! A test card: frame n is a pure function of n, so that whoever gets it can check it to the last byte.
//!
//! ```text
//! +--------------------------------+
//! | eight colour bars              |   a white block moves across the bars,
//! |        []                      |   one step to the right with every frame
//! |                                |
//! +--------------------------------+   the lowest eighth: the number of the frame in
//! | 64 fields, black 0, white 1    |   64 bits, the most significant one on the left
//! +--------------------------------+
//! ```

use ringbuf_core::Element;

use super::{FrameSource, Next, Outline};

const CHANNELS: usize = 3;
const BITS: usize = 64;
const WHITE: [u8; CHANNELS] = [255; CHANNELS];
const BLACK: [u8; CHANNELS] = [0; CHANNELS];
const BARS: [[u8; CHANNELS]; 8] = [
    [191, 191, 191],
    [191, 191, 0],
    [0, 191, 191],
    [0, 191, 0],
    [191, 0, 191],
    [191, 0, 0],
    [0, 0, 191],
    [16, 16, 16],
];

/// Test cards without end, from number 0 on.
#[derive(Debug)]
pub(crate) struct TestCard {
    size: CardSize,
    outline: Outline,
    /// The number of the card announced last; none before the first.
    number: Option<u64>,
}

/// Pixels of a test card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CardSize {
    width: usize,
    height: usize,
}

impl CardSize {
    const SMALLEST: (usize, usize) = (BITS, 8);
    const LARGEST: usize = 16_384;

    /// `640x480`.
    ///
    /// # Errors
    ///
    /// When it is no size, or one that a test card cannot have; says what is expected.
    pub(crate) fn parse(text: &str) -> Result<CardSize, String> {
        let (least_width, least_height) = CardSize::SMALLEST;
        let side = |text: &str, least| {
            let number = text.bytes().all(|byte| byte.is_ascii_digit());
            let size: usize = number.then(|| text.parse().ok())??;
            (least..=CardSize::LARGEST).contains(&size).then_some(size)
        };
        text.split_once('x')
            .and_then(|(width, height)| {
                Some(CardSize {
                    width: side(width, least_width)?,
                    height: side(height, least_height)?,
                })
            })
            .ok_or_else(|| {
                let most = CardSize::LARGEST;
                format!(
                    "found {text:?}, expected width and height such as 640x480, from {least_width}x{least_height} \
                     to {most}x{most}"
                )
            })
    }
}

impl TestCard {
    /// Cards of this size.
    pub(crate) fn new(size: CardSize) -> anyhow::Result<TestCard> {
        let outline = Outline::image(Element::U8, [size.height, size.width, CHANNELS]);
        Ok(TestCard {
            size,
            outline: outline.ok_or_else(|| anyhow::anyhow!("no memory has room for {size:?}"))?,
            number: None,
        })
    }
}

impl FrameSource for TestCard {
    fn next(&mut self) -> anyhow::Result<Next> {
        self.number = Some(self.number.map_or(0, |number| number.wrapping_add(1)));
        Ok(Next::Frame(self.outline))
    }

    fn fill(&mut self, out: &mut [u8]) -> anyhow::Result<()> {
        draw(self.number.unwrap_or(0), self.size, out);
        Ok(())
    }
}

/// Draws card `n`. Rows that are the same are made once and copied.
fn draw(n: u64, size: CardSize, out: &mut [u8]) {
    let CardSize { width, height } = size;
    let stride = width * CHANNELS;
    let (bars_end, block) = (height - height / 8, block(n, size));
    let plain = row(width, |x| BARS[x * BARS.len() / width]);
    let crossed = row(width, |x| match block.columns.contains(&x) {
        true => WHITE,
        false => BARS[x * BARS.len() / width],
    });
    let bits = row(width, |x| match bit(n, x * BITS / width) {
        true => WHITE,
        false => BLACK,
    });
    for (y, out) in out.chunks_exact_mut(stride).enumerate() {
        out.copy_from_slice(match y {
            y if y >= bars_end => &bits,
            y if block.rows.contains(&y) => &crossed,
            _ => &plain,
        });
    }
}

fn row(width: usize, colour: impl Fn(usize) -> [u8; CHANNELS]) -> Vec<u8> {
    (0..width).flat_map(colour).collect()
}

fn bit(n: u64, field: usize) -> bool {
    n >> (BITS - 1 - field) & 1 == 1
}

struct Block {
    columns: std::ops::Range<usize>,
    rows: std::ops::Range<usize>,
}

/// Where the moving block is.
fn block(n: u64, size: CardSize) -> Block {
    let (width, height) = ((size.width / 16).max(1), (size.height / 8).max(1));
    let steps = (size.width - width + 1) as u64;
    let left = (n % steps) as usize;
    let top = size.height * 3 / 8;
    Block {
        columns: left..left + width,
        rows: top..top + height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: CardSize = CardSize {
        width: 100,
        height: 24,
    };

    fn card(n: u64) -> Vec<u8> {
        let mut out = vec![7; SIZE.width * SIZE.height * CHANNELS];
        draw(n, SIZE, &mut out);
        out
    }

    fn pixel(card: &[u8], x: usize, y: usize) -> &[u8] {
        &card[(y * SIZE.width + x) * CHANNELS..][..CHANNELS]
    }

    /// The number that a person reads off the lowest row.
    fn number(card: &[u8]) -> u64 {
        (0..BITS).fold(0, |n, field| {
            let first = (field * SIZE.width).div_ceil(BITS);
            n << 1 | u64::from(pixel(card, first, SIZE.height - 1) == WHITE)
        })
    }

    #[test]
    fn the_number_can_be_read() {
        for n in [0, 1, 2, 1234, u64::MAX, 1 << 63, 0x5555_5555_5555_5555] {
            assert_eq!(number(&card(n)), n);
        }
    }

    #[test]
    fn frames_are_numbered_from_0_and_the_same_every_time() {
        let mut source = TestCard::new(SIZE).expect("a size");
        for n in 0..3 {
            let Next::Frame(outline) = source.next().expect("no fault") else {
                panic!("it has no end");
            };
            assert_eq!(outline.len, SIZE.width * SIZE.height * 3);
            let mut out = vec![0; outline.len];
            source.fill(&mut out).expect("draws");
            assert_eq!(out, card(n));
        }
        // One that is passed over has had its number.
        source.next().expect("no fault");
        source.next().expect("no fault");
        let mut out = card(0);
        source.fill(&mut out).expect("draws");
        assert_eq!(out, card(4));
    }

    #[test]
    fn the_bars_stay_and_the_block_moves() {
        let (first, second) = (card(0), card(1));
        assert_eq!(pixel(&first, 0, 0), BARS[0]);
        assert_eq!(pixel(&first, 99, 0), BARS[7]);
        assert_eq!(pixel(&first, 0, 9), WHITE);
        assert_eq!(pixel(&second, 0, 9), BARS[0]);
        assert_eq!(pixel(&second, 6, 9), WHITE);
        assert_ne!(pixel(&first, 6, 9), WHITE);
        assert_ne!(first, second);
    }

    #[test]
    fn the_block_never_leaves_the_card() {
        for n in (0..500).chain([u64::MAX]) {
            let block = block(n, SIZE);
            assert!(block.columns.end <= SIZE.width && block.rows.end <= SIZE.height);
        }
    }

    #[test]
    fn a_size_is_two_numbers_in_range() {
        let size = |width, height| Ok(CardSize { width, height });
        assert_eq!(CardSize::parse("640x480"), size(640, 480));
        assert_eq!(CardSize::parse("64x8"), size(64, 8));
        for junk in [
            "", "640", "640x", "x480", "63x8", "64x7", "+64x8", "1e3x9", "99999x9",
        ] {
            let error = CardSize::parse(junk).expect_err(junk);
            assert!(error.contains("expected"), "{error}");
        }
    }
}

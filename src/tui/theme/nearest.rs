//! The nearest of the colours that a terminal of 256 has, as eyes see nearness: by distance in
//! Oklab (Björn Ottosson, 2020).

/// Steps of each channel in the cube of 6 × 6 × 6 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The first index behind those that everybody chooses as they like.
const FIXED_FROM: u8 = 16;

/// The first index of the greys.
const GREYS_FROM: u8 = 232;

/// The colour of an index; the first sixteen, which differ from terminal to terminal, are black.
pub(in crate::tui) fn rgb_of_index(index: u8) -> [u8; 3] {
    if let Some(grey) = index.checked_sub(GREYS_FROM) {
        return [grey.saturating_mul(10).saturating_add(8); 3];
    }
    let place = usize::from(index.saturating_sub(FIXED_FROM));
    [place / 36, place / 6 % 6, place % 6].map(|step| STEPS.get(step).copied().unwrap_or(0))
}

/// The index of the nearest colour.
pub(super) fn nearest_of_256(color: [u8; 3]) -> u8 {
    let wanted = oklab(color);
    let distance = |index: u8| {
        let pairs = oklab(rgb_of_index(index)).into_iter().zip(wanted);
        pairs.map(|(one, other)| (one - other).powi(2)).sum::<f64>()
    };
    (FIXED_FROM..=u8::MAX)
        .min_by(|one, other| distance(*one).total_cmp(&distance(*other)))
        .unwrap_or(FIXED_FROM)
}

/// Lightness and two axes of colour.
fn oklab(color: [u8; 3]) -> [f64; 3] {
    let [red, green, blue] = color.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    let mixed = |[r, g, b]: [f64; 3]| (r * red + g * green + b * blue).cbrt();
    let long = mixed([0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9]);
    let middle = mixed([0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6]);
    let short = mixed([0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5]);
    let of = |[l, m, s]: [f64; 3]| l * long + m * middle + s * short;
    [
        of([0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8]),
        of([1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9]),
        of([0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_those_of_xterm() {
        assert_eq!(rgb_of_index(16), [0, 0, 0]);
        assert_eq!(rgb_of_index(231), [255, 255, 255]);
        assert_eq!(rgb_of_index(196), [255, 0, 0]);
        assert_eq!(rgb_of_index(67), [0x5f, 0x87, 0xaf]);
        assert_eq!(rgb_of_index(232), [8, 8, 8]);
        assert_eq!(rgb_of_index(255), [0xee, 0xee, 0xee]);
    }

    #[test]
    fn a_colour_that_there_is_stays_itself() {
        for index in FIXED_FROM..=u8::MAX {
            let color = rgb_of_index(index);
            assert_eq!(rgb_of_index(nearest_of_256(color)), color, "{index}");
        }
    }

    #[test]
    fn another_one_becomes_its_neighbour() {
        assert_eq!(nearest_of_256([250, 4, 3]), 196);
        assert_eq!(nearest_of_256([0x80, 0x81, 0x80]), 244);
        assert_eq!(nearest_of_256([254, 253, 254]), 231);
    }

    #[test]
    fn white_is_light_and_has_no_colour() {
        let [lightness, a, b] = oklab([255; 3]);
        assert!((lightness - 1.0).abs() < 1e-4 && a.abs() < 1e-4 && b.abs() < 1e-4);
    }
}

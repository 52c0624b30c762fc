use serde::{Deserialize, Serialize};

/// The mean radius of the earth, in metres.
const EARTH_M: f64 = 6_371_008.8;
/// Millionths in a degree.
const MILLION: i32 = 1_000_000;
/// The poles, in millionths of a degree.
const LATITUDE_MAX: i32 = 90 * MILLION;
/// The other side of the earth, in millionths of a degree.
const LONGITUDE_MAX: i32 = 180 * MILLION;

/// A position on the ground (WGS 84). Both numbers are whole **millionths of a degree**, about a tenth of a metre: what is stored has no fractions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// North of the equator, in millionths of a degree.
    pub latitude: i32,
    /// East of Greenwich, in millionths of a degree.
    pub longitude: i32,
}

impl Position {
    /// Takes millionths of a degree; none where no place on earth has them.
    pub fn new(latitude: i32, longitude: i32) -> Option<Self> {
        let on_earth = latitude.unsigned_abs() <= LATITUDE_MAX.unsigned_abs() && longitude.unsigned_abs() <= LONGITUDE_MAX.unsigned_abs();
        on_earth.then_some(Self { latitude, longitude })
    }

    /// Takes degrees as programs hold them, to the nearest millionth; none where no place on earth has them.
    pub fn of_degrees(latitude: f64, longitude: f64) -> Option<Self> {
        let millionths =
            |degrees: f64| (degrees.is_finite() && degrees.abs() <= 180.0).then(|| (degrees * f64::from(MILLION)).round() as i32);
        Self::new(millionths(latitude)?, millionths(longitude)?)
    }

    /// Reads decimal degrees as people write them, digit by digit.
    pub fn read(latitude: &str, longitude: &str) -> Option<Self> {
        Self::new(read_degrees(latitude)?, read_degrees(longitude)?)
    }

    /// Degrees with the longitude first, as GeoJSON and maps take a position (RFC 7946 section 3.1.1).
    pub fn east_north(self) -> [f64; 2] {
        [degrees(self.longitude), degrees(self.latitude)]
    }

    /// Metres to another position in a straight line over the ground.
    pub fn distance_m(self, to: Self) -> u32 {
        let [a, b] = [self, to].map(Self::radians);
        let half = |from: f64, to: f64| ((to - from) / 2.0).sin().powi(2);
        let haversine = half(a.0, b.0) + a.0.cos() * b.0.cos() * half(a.1, b.1);
        (2.0 * EARTH_M * haversine.sqrt().min(1.0).asin()).round() as u32
    }

    /// How far north and south, and how far east and west, everything within some metres lies at most, in millionths of a degree: the first sieve of a
    /// look-up, before distances are computed.
    pub fn span_of(self, radius_m: u32) -> (i32, i32) {
        // Half a metre more, since distances are told in whole metres.
        let angle = (f64::from(radius_m) + 0.5) / EARTH_M;
        let (north, _) = self.radians();
        let east = (angle.sin() / north.cos()).min(1.0).asin();
        let millionths = |radians: f64| (radians.to_degrees() * f64::from(MILLION)).ceil() as i32 + 1;
        (millionths(angle), millionths(east))
    }

    /// Latitude and longitude as angles.
    pub fn radians(self) -> (f64, f64) {
        (degrees(self.latitude).to_radians(), degrees(self.longitude).to_radians())
    }
}

/// Millionths of a degree as the number JSON carries: the nearest double of six decimals is written with these six decimals.
pub fn degrees(millionths: i32) -> f64 {
    f64::from(millionths) / f64::from(MILLION)
}

/// Millionths of a degree as decimal degrees, digit by digit: `34.820000`.
pub fn degrees_text(millionths: i32) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let (all, million) = (millionths.unsigned_abs(), MILLION.unsigned_abs());
    format!("{sign}{}.{:06}", all / million, all % million)
}

/// Reads decimal degrees (`41.292`, `-0.5`) as millionths, to the nearest one; none where it is something else or beyond 180 degrees.
///
/// Digit by digit, so that what was written with six decimals comes back with them.
pub fn read_degrees(text: &str) -> Option<i32> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole: i32 = if whole.is_empty() { 0 } else { whole.parse().ok().filter(|whole| *whole <= 180)? };
    let mut millionths = 0;
    for place in 0..6 {
        millionths = millionths * 10 + i32::from(fraction.as_bytes().get(place).map_or(0, |digit| digit - b'0'));
    }
    if fraction.as_bytes().get(6).is_some_and(|digit| *digit >= b'5') {
        millionths += 1;
    }
    Some(sign * (whole * MILLION + millionths)).filter(|degrees| degrees.unsigned_abs() <= LONGITUDE_MAX.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(latitude: i32, longitude: i32) -> Position {
        Position { latitude, longitude }
    }

    #[test]
    fn distances_are_those_of_the_ground() {
        // 東京駅 and 新宿駅: 6.1 km by 国土地理院's own calculation.
        let metres = at(35_681_236, 139_767_125).distance_m(at(35_690_921, 139_700_258));
        assert!((6_050..6_200).contains(&metres), "{metres}");
        // A city hall to a station, about 3.3 km by a map's ruler.
        assert!((3_000..3_700).contains(&at(41_292_700, 141_183_400).distance_m(at(41_276_600, 141_149_800))));
        assert_eq!(at(41_000_000, 141_000_000).distance_m(at(41_000_000, 141_000_000)), 0);
        // A second of latitude is about 31 metres.
        assert!((30..32).contains(&at(41_000_278, 141_000_000).distance_m(at(41_000_000, 141_000_000))));
    }

    #[test]
    fn degrees_are_read_digit_by_digit() {
        for (text, millionths) in [
            ("41.170953", 41_170_953),
            ("141.28329", 141_283_290),
            ("41", 41_000_000),
            (" 41. ", 41_000_000),
            ("-0.5", -500_000),
            ("+35.6812364", 35_681_236),
            ("35.6812365", 35_681_237),
            ("179.9999999", 180_000_000),
            (".5", 500_000),
        ] {
            assert_eq!(read_degrees(text), Some(millionths), "{text}");
        }
        for bad in ["", ".", "-", "41.17.1", "4e1", "NaN", "inf", "180.000001", "99999999999", "１"] {
            assert_eq!(read_degrees(bad), None, "{bad}");
        }
        assert_eq!(Position::read("35.681", "139.767"), Some(at(35_681_000, 139_767_000)));
        assert_eq!(Position::read("95", "139"), None);
    }

    #[test]
    fn what_is_nowhere_on_earth_is_no_position() {
        assert_eq!(Position::of_degrees(35.681_236_4, 139.767_125), Some(at(35_681_236, 139_767_125)));
        for (latitude, longitude) in [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY), (1e300, 0.0)] {
            assert_eq!(Position::of_degrees(latitude, longitude), None, "{latitude} {longitude}");
        }
        assert_eq!(Position::new(i32::MIN, 0), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_and_means_the_same_number(millionths in -180_000_000..=180_000_000_i32) {
            let text = degrees_text(millionths);
            prop_assert_eq!(read_degrees(&text), Some(millionths));
            prop_assert!((text.parse::<f64>().unwrap() - degrees(millionths)).abs() < f64::EPSILON);
            prop_assert_eq!(read_degrees(&degrees(millionths).to_string()), Some(millionths));
        }

        /// What the sieve leaves out is farther than the radius.
        #[test]
        fn nothing_near_is_lost_in_the_sieve(north in -18_000..18_000_i32, east in -18_000..18_000_i32, radius in 0..1_000_u32) {
            let (here, there) = (at(36_000_000, 139_000_000), at(36_000_000 + north, 139_000_000 + east));
            let (tall, wide) = here.span_of(radius);
            if here.distance_m(there) <= radius {
                prop_assert!(north.abs() <= tall && east.abs() <= wide);
            }
        }
    }
}

//! 平面直角座標系: positions in metres, as town offices measure, made degrees again.
//!
//! The inverse Gauss–Krüger projection by Kawase's series (国土地理院時報 121, 2011), on GRS 80; good to less than a millimetre within a zone.

/// The system of a file's positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum System {
    /// Degrees, longitude first (WGS 84; JGD2011 and JGD2000 are the same for a map).
    Degrees,
    /// A zone of 平面直角座標系: east and north in metres from its origin, given here in degrees.
    Zone { latitude: f64, longitude: f64 },
}

/// The origins of the nineteen zones: latitude in degrees, longitude in degrees and minutes (平成14年国土交通省告示第9号).
const ORIGINS: [(f64, f64, f64); 19] = [
    (33.0, 129.0, 30.0),
    (33.0, 131.0, 0.0),
    (36.0, 132.0, 10.0),
    (33.0, 133.0, 30.0),
    (36.0, 134.0, 20.0),
    (36.0, 136.0, 0.0),
    (36.0, 137.0, 10.0),
    (36.0, 138.0, 30.0),
    (36.0, 139.0, 50.0),
    (40.0, 140.0, 50.0),
    (44.0, 140.0, 15.0),
    (44.0, 142.0, 15.0),
    (44.0, 144.0, 15.0),
    (26.0, 142.0, 0.0),
    (26.0, 127.0, 30.0),
    (26.0, 124.0, 0.0),
    (26.0, 131.0, 0.0),
    (20.0, 136.0, 0.0),
    (26.0, 154.0, 0.0),
];

/// EPSG codes of zone I: JGD2011 and JGD2000. The others follow.
const FIRST_ZONES: [u32; 2] = [6669, 2443];
/// EPSG codes of degrees: WGS 84, JGD2011, JGD2000.
const IN_DEGREES: [u32; 3] = [4326, 6668, 4612];

const RADIUS_M: f64 = 6_378_137.0;
const INVERSE_FLATTENING: f64 = 298.257_222_101;
const SCALE: f64 = 0.9999;

impl System {
    /// The system of a name: `urn:ogc:def:crs:EPSG::6675`, `EPSG:6675`, `urn:ogc:def:crs:OGC:1.3:CRS84`.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        if name.ends_with("CRS84") {
            return Some(Self::Degrees);
        }
        let code: u32 = name.contains("EPSG").then(|| name.rsplit(':').next())??.parse().ok()?;
        if IN_DEGREES.contains(&code) {
            return Some(Self::Degrees);
        }
        let zone = FIRST_ZONES.iter().find_map(|first| ORIGINS.get(usize::try_from(code.checked_sub(*first)?).ok()?));
        zone.map(|(latitude, degrees, minutes)| Self::Zone { latitude: *latitude, longitude: degrees + minutes / 60.0 })
    }

    /// Longitude and latitude of a position of this system.
    pub(crate) fn degrees(self, x: f64, y: f64) -> (f64, f64) {
        match self {
            Self::Degrees => (x, y),
            Self::Zone { latitude, longitude } => of_metres(x, y, latitude, longitude),
        }
    }
}

/// Longitude and latitude of a point so many metres east and north of an origin.
fn of_metres(east: f64, north: f64, origin_latitude: f64, origin_longitude: f64) -> (f64, f64) {
    let n: f64 = 1.0 / (2.0 * INVERSE_FLATTENING - 1.0);
    let (n2, n3, n4, n5) = (n.powi(2), n.powi(3), n.powi(4), n.powi(5));
    let arc = [
        1.0 + n2 / 4.0 + n4 / 64.0,
        -1.5 * (n - n3 / 8.0 - n5 / 64.0),
        15.0 / 16.0 * (n2 - n4 / 4.0),
        -35.0 / 48.0 * (n3 - 5.0 / 16.0 * n5),
        315.0 / 512.0 * n4,
        -693.0 / 1280.0 * n5,
    ];
    let beta = [
        n / 2.0 - 2.0 / 3.0 * n2 + 37.0 / 96.0 * n3 - n4 / 360.0 - 81.0 / 512.0 * n5,
        n2 / 48.0 + n3 / 15.0 - 437.0 / 1440.0 * n4 + 46.0 / 105.0 * n5,
        17.0 / 480.0 * n3 - 37.0 / 840.0 * n4 - 209.0 / 4480.0 * n5,
        4397.0 / 161_280.0 * n4 - 11.0 / 504.0 * n5,
        4583.0 / 161_280.0 * n5,
    ];
    let delta = [
        2.0 * n - 2.0 / 3.0 * n2 - 2.0 * n3 + 116.0 / 45.0 * n4 + 26.0 / 45.0 * n5,
        7.0 / 3.0 * n2 - 8.0 / 5.0 * n3 - 227.0 / 45.0 * n4 + 2704.0 / 315.0 * n5,
        56.0 / 15.0 * n3 - 136.0 / 35.0 * n4 - 1262.0 / 105.0 * n5,
        4279.0 / 630.0 * n4 - 332.0 / 35.0 * n5,
        4174.0 / 315.0 * n5,
    ];
    let radius = SCALE * RADIUS_M / (1.0 + n);
    let origin = origin_latitude.to_radians();
    let to_origin = radius * sum(&arc[1..], |twice| (twice * origin).sin(), arc[0] * origin);
    let (xi, eta) = ((north + to_origin) / (radius * arc[0]), east / (radius * arc[0]));
    let xi_1 = xi - sum(&beta, |twice| (twice * xi).sin() * (twice * eta).cosh(), 0.0);
    let eta_1 = eta - sum(&beta, |twice| (twice * xi).cos() * (twice * eta).sinh(), 0.0);
    let chi = (xi_1.sin() / eta_1.cosh()).asin();
    let latitude = sum(&delta, |twice| (twice * chi).sin(), chi);
    let longitude = origin_longitude.to_radians() + (eta_1.sinh() / xi_1.cos()).atan();
    (longitude.to_degrees(), latitude.to_degrees())
}

/// `start` + Σ of the coefficients times `of(2j)`.
fn sum(coefficients: &[f64], of: impl Fn(f64) -> f64, start: f64) -> f64 {
    let mut twice = 0.0;
    coefficients.iter().fold(start, |total, coefficient| {
        twice += 2.0;
        total + coefficient * of(twice)
    })
}

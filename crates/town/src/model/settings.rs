//! How the town looks, whom to ask, whom it trusts.

use civil::Position;

use super::{Words, words};

/// The look of the town: shown by the page shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// What the town calls its app.
    pub app_name: Words,
    /// Colour of the head line and main buttons; white text on it is readable (checked, WCAG 1.4.3).
    pub primary: Colour,
    /// Second colour, for marks and borders.
    pub accent: Colour,
    /// The town's mark, if the pack brings one.
    pub logo: Option<Logo>,
}

/// A picture of the pack, read into memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// `image/svg+xml` or `image/png`.
    pub media_type: &'static str,
    /// The file as it is.
    pub bytes: Vec<u8>,
}

/// Whom residents ask when something does not work; every message's next step ends here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The department (担当課).
    pub department: Words,
    /// The telephone number as people dial it.
    pub telephone: String,
    /// When somebody answers.
    pub hours: Words,
}

words! {
    /// Which root certificates a card's chain may end in.
    Anchors {
        /// The national roots of J-LIS.
        Production = "production",
        /// The roots of the software cards; honoured only when the server runs as a demonstration.
        Test = "test",
    }
}

words! {
    /// What happens when nobody can say whether a certificate was revoked.
    Revocation {
        /// The proof is refused until the answer is known.
        Hard = "hard",
        /// The proof is taken when the last answer is no older than `grace_h`.
        Soft = "soft",
    }
}

words! {
    /// When the authority's OCSP responder is asked about a certificate.
    AskOcsp {
        /// When no current list speaks of it.
        WithoutList = "without_list",
        /// Each time: it knows of what was revoked since the last list.
        Always = "always",
    }
}

/// How the authority's OCSP responder is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ocsp {
    /// When.
    pub ask: AskOcsp,
    /// The responder's address; the one the certificate names, if left out.
    pub address: Option<String>,
    /// How long an answer may take, in seconds.
    pub timeout_s: u32,
    /// Whether the answer must repeat the question's nonce.
    pub nonce: bool,
}

/// Whom the town trusts when a card proves a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The sets of root certificates. [`Anchors::Test`] is to be ignored unless the server runs as a demonstration.
    pub anchors: Vec<Anchors>,
    /// The policy when revocation cannot be looked up.
    pub revocation: Revocation,
    /// How old the last answer may be under [`Revocation::Soft`], in hours; 0 under [`Revocation::Hard`].
    pub grace_h: u32,
    /// How the responder is asked; `None`: nobody is asked, the lists alone count.
    pub ocsp: Option<Ocsp>,
}

/// What places may do without the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offline {
    /// Upper bound of what any place may use while offline, in hours; a place may ask for less.
    pub knowledge_max_age_h: u32,
}

/// How fresh what a phone shows must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presentation {
    /// Greatest age of a presentation, in seconds; older ones are `stale`.
    pub max_age_s: u32,
}

/// A district (町字) of the town, a row of `districts.csv`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct District {
    /// Its name as the register writes it.
    pub name: String,
    /// Its reading in katakana; empty where no source has it.
    pub kana: String,
    /// Its reading in Latin letters; empty where no source has it.
    pub romaji: String,
    /// Latitude in millionths of a degree (WGS 84).
    pub latitude_microdegrees: i32,
    /// Longitude in millionths of a degree (WGS 84).
    pub longitude_microdegrees: i32,
    /// About how many people live there; used to generate a demo town, never for a decision.
    pub population: u32,
}

impl District {
    /// Where it is: its middle.
    pub fn position(&self) -> Position {
        Position { latitude: self.latitude_microdegrees, longitude: self.longitude_microdegrees }
    }
}

/// A colour, `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour {
    /// Red, green and blue.
    pub rgb: [u8; 3],
}

/// A text that is not a colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a colour: write it as \"#rrggbb\"")]
pub struct InvalidColour(pub String);

impl Colour {
    /// The contrast of white text on this colour by WCAG 2.2, in hundredths (450 = 4.5 : 1).
    pub fn contrast_with_white(self) -> u32 {
        // WCAG defines relative luminance by a power function, so this one place computes with fractions and rounds down at the end.
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.rgb;
        let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        (105.0 / (luminance + 0.05)) as u32
    }
}

impl std::str::FromStr for Colour {
    type Err = InvalidColour;

    fn from_str(text: &str) -> Result<Self, InvalidColour> {
        let invalid = || InvalidColour(text.to_owned());
        let digits =
            text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit())).ok_or_else(invalid)?;
        let value = u32::from_str_radix(digits, 16).map_err(|_| invalid())?;
        let [_, red, green, blue] = value.to_be_bytes();
        Ok(Self { rgb: [red, green, blue] })
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [red, green, blue] = self.rgb;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl serde::Serialize for Colour {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_written_the_same() {
        assert_eq!("#0017C1".parse::<Colour>().unwrap().to_string(), "#0017c1");
        for bad in ["0017c1", "#0017c", "#+017c1", "#あい", "red"] {
            assert!(bad.parse::<Colour>().is_err(), "{bad}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let contrast = |text: &str| text.parse::<Colour>().unwrap().contrast_with_white();
        assert_eq!(contrast("#000000"), 2100);
        assert_eq!(contrast("#ffffff"), 100);
        // 4.54 : 1, the grey the Digital Agency's design system names as its limit for text.
        assert_eq!(contrast("#767676"), 454);
    }
}

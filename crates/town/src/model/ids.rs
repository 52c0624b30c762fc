//! Names a pack gives to its things. They stand in addresses, events and tables, so they are short and plain.

use std::sync::Arc;

/// A name that does not have the form its kind asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a valid {kind}: {rule}")]
pub struct InvalidName {
    /// What was given.
    pub name: String,
    /// What it was to name.
    pub kind: &'static str,
    /// The form it should have.
    pub rule: &'static str,
}

macro_rules! name {
    ($(#[$outer:meta])* $name:ident, $kind:literal, $separator:literal, $rule:literal) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as written in the pack.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                if is_plain(text, $separator) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName { name: text.to_owned(), kind: $kind, rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of a programme (制度) of the town, such as `child-medical`.
    ProgrammeId, "programme id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of a place where cards are shown, such as `clinic-east`.
    PlaceId, "place id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of an identity app, such as `digital-auth`.
    AppId, "identity app id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of something notices are about, or of a notice that goes out by itself, such as `disaster`.
    TopicId, "notice id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of a kind of report residents send, such as `street-light`.
    ReportCategoryId, "report category id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of a section of the town hall that answers reports, such as `roads`.
    ReportSectionId, "report section id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of a data set of places, such as `emergency-sites`.
    DatasetId, "data set id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of a calendar of others, such as `sports-club`.
    CalendarFeedId, "calendar feed id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of a fact the town knows about a resident beyond the register, such as `child_medical_no`. Rules say `facts.child_medical_no`.
    FactName, "fact name", '_', "use a-z, 0-9 and single underscores, starting with a letter, at most 40 characters"
);

name!(
    /// The name of a guide that citizens write, such as `childcare`.
    GuideId, "guide id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of a category, tag or age group of a guide, such as `nursing-room`.
    GuideCode, "code of a guide", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of something the town counts for people, such as `town-point`.
    AssetId, "asset id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of a neighbouring town in the pack, such as `next-town`.
    NeighbourId, "neighbour's id", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);
name!(
    /// The name of a roll of digital residents, such as `digital-villager`.
    RollId, "id of a roll", '-', "use a-z, 0-9 and single hyphens, starting with a letter, at most 40 characters"
);

fn is_plain(text: &str, separator: char) -> bool {
    let bounded = !text.is_empty() && text.len() <= 40;
    let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
    let characters = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == separator);
    let single = !text.ends_with(separator) && !text.as_bytes().windows(2).any(|pair| pair.iter().all(|b| char::from(*b) == separator));
    bounded && starts && characters && single
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_words_joined_by_one_separator() {
        for good in ["child-medical", "a", "bus75"] {
            assert_eq!(good.parse::<ProgrammeId>().unwrap().as_str(), good);
        }
        for bad in ["", "Child", "-a", "a-", "a--b", "a_b", "子ども", "7a", &"a".repeat(41)] {
            assert!(bad.parse::<ProgrammeId>().is_err(), "{bad:?}");
        }
        assert!("child_medical_no".parse::<FactName>().is_ok());
        assert!("child-medical-no".parse::<FactName>().is_err());
    }
}

use std::sync::OnceLock;

use civil::Sex;

use crate::rng::Rng;

/// A family name with its reading.
#[derive(Clone, Copy)]
pub(crate) struct FamilyName {
    pub(crate) written: &'static str,
    pub(crate) kana: &'static str,
}

/// Draws a family name, common ones more often.
pub(crate) fn family_name(rng: &mut Rng) -> FamilyName {
    let lists = lists();
    let drawn = rng.below(lists.family_weight);
    let at = lists.family.partition_point(|(upto, _)| *upto <= drawn);
    lists.family[at].1
}

/// Draws a given name with its reading in fashion in the year of birth.
pub(crate) fn given_name(rng: &mut Rng, sex: Sex, year_of_birth: i16) -> (&'static str, &'static str) {
    let generation = match year_of_birth {
        ..1955 => 0,
        1955..1985 => 1,
        _ => 2,
    };
    let names = &lists().given[usize::from(sex == Sex::Female)][generation];
    names[rng.below(names.len() as u32) as usize]
}

/// Draws the name, reading and sex of a person of another nationality.
pub(crate) fn foreign_name(rng: &mut Rng) -> (&'static str, &'static str, Sex) {
    let names = &lists().foreign;
    names[rng.below(names.len() as u32) as usize]
}

struct Lists {
    /// Each with the sum of the weights up to and including it.
    family: Vec<(u32, FamilyName)>,
    family_weight: u32,
    /// By sex (male, female), then generation.
    given: [[Vec<(&'static str, &'static str)>; 3]; 2],
    foreign: Vec<(&'static str, &'static str, Sex)>,
}

fn lists() -> &'static Lists {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    LISTS.get_or_init(|| {
        let mut family_weight = 0;
        let family = lines(include_str!("../data/surnames.txt"))
            .filter_map(|line| {
                let (written, rest) = line.split_once(' ')?;
                let (kana, weight) = rest.split_once(' ')?;
                family_weight += weight.parse::<u32>().ok()?;
                Some((family_weight, FamilyName { written, kana }))
            })
            .collect();
        let given = |text| lines(text).filter_map(|line| line.split_once(' ')).collect();
        Lists {
            family,
            family_weight,
            given: [
                [
                    given(include_str!("../data/given-male-before-1955.txt")),
                    given(include_str!("../data/given-male-before-1985.txt")),
                    given(include_str!("../data/given-male-since-1985.txt")),
                ],
                [
                    given(include_str!("../data/given-female-before-1955.txt")),
                    given(include_str!("../data/given-female-before-1985.txt")),
                    given(include_str!("../data/given-female-since-1985.txt")),
                ],
            ],
            foreign: lines(include_str!("../data/foreign-names.txt"))
                .filter_map(|line| {
                    let mut parts = line.split('\t');
                    Some((parts.next()?, parts.next()?, if parts.next()? == "m" { Sex::Male } else { Sex::Female }))
                })
                .collect(),
        }
    })
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_lists_is_read() {
        let lists = lists();
        assert_eq!(lists.family.len(), lines(include_str!("../data/surnames.txt")).count());
        assert_eq!(lists.foreign.len(), lines(include_str!("../data/foreign-names.txt")).count());
        assert!(lists.given.iter().flatten().all(|names| names.len() >= 40), "a line without a reading");
        let readings = lists.family.iter().map(|(_, name)| name.kana).chain(lists.given.iter().flatten().flatten().map(|(_, kana)| *kana));
        for reading in readings {
            assert!(reading.chars().all(|c| ('ァ'..='ヶ').contains(&c) || c == 'ー'), "{reading}");
        }
    }

    #[test]
    fn the_characters_that_trouble_systems_are_among_the_names() {
        let all: String = lists().family.iter().map(|(_, name)| name.written).collect();
        for troubled in ['髙', '﨑', '邊', '邉', '齋', '𠮷', '\u{E0100}', '\u{FA19}'] {
            assert!(all.contains(troubled), "{troubled}");
        }
    }
}

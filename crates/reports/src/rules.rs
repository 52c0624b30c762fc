//! Pure decisions: distance, the nearest district, what a draft lacks, which step may follow which.

use civil::{Date, Timestamp};
use jiff::{SignedDuration, Span};
use town::{District, PhotoNeed, ReportCategory};

use crate::model::{Error, Missing, Position, Report, Result, Status, Urgency};

/// Characters of a report or an answer at most.
pub(crate) const WORDS_CHARS_MAX: usize = 2000;
/// Characters of a landmark at most.
pub(crate) const LANDMARK_CHARS_MAX: usize = 120;
/// Pictures of a report at most.
pub const PHOTOS_MAX: usize = 3;
/// Reports of one account within a day at most: more are not one person's.
pub const REPORTS_A_DAY_MAX: i64 = 30;
/// A draft nobody sent is deleted after this.
pub(crate) const DRAFTS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A position farther than this from every district is not in the town.
const TOWN_RADIUS_M: u32 = 30_000;

/// The district whose middle is nearest.
///
/// # Errors
/// [`Error::Outside`] when every district is too far for the position to be in the town.
pub(crate) fn nearest(districts: &[District], at: Position) -> Result<Option<&District>> {
    let Some((far, found)) = districts.iter().map(|district| (district.position().distance_m(at), district)).min_by_key(|(far, _)| *far)
    else {
        return Ok(None);
    };
    if far > TOWN_RADIUS_M { Err(Error::Outside) } else { Ok(Some(found)) }
}

/// What a draft still needs before it may be sent.
pub(crate) fn missing(report: &Report, photos: usize, category: &ReportCategory) -> Vec<Missing> {
    let mut missing = Vec::new();
    if report.position().is_none() && report.district.is_empty() {
        missing.push(Missing::Place);
    }
    if report.words.is_empty() {
        missing.push(Missing::Words);
    }
    if category.photo == PhotoNeed::Required && photos == 0 {
        missing.push(Missing::Photo);
    }
    missing
}

/// A text people wrote, without what surrounds it.
///
/// # Errors
/// [`Error::Text`] when it is too long, holds control characters other than line ends, or looks like a My Number, which nobody may ask for or keep.
pub(crate) fn kept_words(field: &'static str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().count() > chars_max {
        return Err(Error::Text { field, reason: "long" });
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(Error::Text { field, reason: "control" });
    }
    if civil::looks_like_my_number(text) {
        return Err(Error::Text { field, reason: "my_number" });
    }
    Ok(text.to_owned())
}

/// The day by which the reporter should be answered.
pub(crate) fn due_on(today: Date, category: &ReportCategory) -> Date {
    today.checked_add(Span::new().days(i64::from(category.answer_days))).unwrap_or(today)
}

/// How much a new report presses before anybody looked.
pub(crate) fn first_urgency(category: &ReportCategory) -> Urgency {
    if category.emergency { Urgency::Urgent } else { Urgency::Usual }
}

/// Whether staff may bring a report from one step to another. A duplicate is made by naming the other report, and nothing goes back to be a draft.
pub(crate) fn may_follow(from: Status, to: Status) -> bool {
    from != Status::Draft && from != to && !matches!(to, Status::Draft | Status::Received | Status::Duplicate)
}

/// Whole hours between two moments; none when the second is earlier.
pub(crate) fn hours_between(from: Timestamp, to: Timestamp) -> Option<i64> {
    u64::try_from(to.duration_since(from).as_hours()).ok().and_then(|hours| i64::try_from(hours).ok())
}

/// The number of sorted ones that so many of a hundred do not exceed (the nearest rank): 50 gives the middle one, the lower of two.
pub(crate) fn rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let place = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(place - 1).copied()
}

/// Behind a number everybody is told stand so many reports at least.
pub(crate) const FEW: i64 = 5;

/// Counts that are no few ([`FEW`]), the greatest first, and all others in one sum. That sum is none, or no few either: the smallest count joins it until
/// it is, so that no few can be found by subtracting either. Nothing is left where all together are few.
pub(crate) fn without_few<K>(mut counts: Vec<(K, i64)>) -> (Vec<(K, i64)>, i64) {
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut rest = 0;
    while let Some((_, smallest)) = counts.last()
        && (*smallest < FEW || (1..FEW).contains(&rest))
    {
        rest += smallest;
        counts.pop();
    }
    (counts, if rest < FEW { 0 } else { rest })
}

/// Whether what somebody wrote has a word of danger in it, however wide or large its letters are. Words of Latin letters must stand alone: a town's
/// "fire" is not in "firefly".
pub(crate) fn tells_of_danger(text: &str, words: &[String]) -> bool {
    let folded = |text: &str| text.chars().map(civil::half_width).collect::<String>().to_lowercase();
    let text = folded(text);
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    words.iter().map(|word| folded(word.trim())).any(|word| {
        text.match_indices(&word).any(|(at, found)| {
            let alone = !letter(text[..at].chars().next_back()) && !letter(text[at + found.len()..].chars().next());
            !word.is_ascii() || alone
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_of_people_are_kept_as_they_are_but_no_my_number() {
        assert_eq!(kept_words("words", " 街灯が\r\n消えています ", 100).unwrap(), "街灯が\n消えています");
        assert!(matches!(kept_words("words", "わたしの番号は 123456789018 です", 100), Err(Error::Text { reason: "my_number", .. })));
        assert!(matches!(kept_words("words", "１２３４-5678 9018", 100), Err(Error::Text { reason: "my_number", .. })));
        assert_eq!(kept_words("words", "電話は 0175-22-1111 です", 100).unwrap(), "電話は 0175-22-1111 です");
        assert!(matches!(kept_words("words", "あいう", 2), Err(Error::Text { reason: "long", .. })));
        assert!(matches!(kept_words("words", "a\u{7}b", 9), Err(Error::Text { reason: "control", .. })));
        assert_eq!(kept_words("words", "", 9).unwrap(), "");
    }

    #[test]
    fn steps_go_forward_and_back_but_never_to_a_draft() {
        assert!(may_follow(Status::Received, Status::Done) && may_follow(Status::Done, Status::Looking));
        assert!(!may_follow(Status::Draft, Status::Looking) && !may_follow(Status::Looking, Status::Looking));
        assert!(!may_follow(Status::Looking, Status::Duplicate) && !may_follow(Status::Looking, Status::Draft));
    }

    #[test]
    fn a_rank_is_one_of_the_numbers() {
        assert_eq!(rank(&[], 50), None);
        assert_eq!((rank(&[1, 5, 9], 50), rank(&[1, 4], 50), rank(&[7], 90)), (Some(5), Some(1), Some(7)));
        let ten: Vec<i64> = (1..=10).collect();
        assert_eq!((rank(&ten, 50), rank(&ten, 90), rank(&ten, 100)), (Some(5), Some(9), Some(10)));
    }

    #[test]
    fn words_of_danger_are_found_however_they_are_written() {
        let words = ["生き埋め", "ガス", "fire"].map(str::to_owned);
        for told in ["裏山で生き埋めです", "ｶﾞｽのにおい ガスです", "There is a FIRE!", "ｆｉｒｅ"] {
            assert!(tells_of_danger(told, &words), "{told}");
        }
        for told in ["街灯が消えています", "Fireflies and a bonfire", ""] {
            assert!(!tells_of_danger(told, &words), "{told}");
        }
        assert!(!tells_of_danger("生き埋め", &[]));
    }

    #[test]
    fn what_is_few_is_in_the_rest_with_something_that_is_not() {
        assert_eq!(without_few(vec![("a", 20), ("b", 3), ("c", 7)]), (vec![("a", 20)], 10));
        assert_eq!(without_few(vec![("a", 20), ("b", 3), ("c", 2)]), (vec![("a", 20)], 5));
        assert_eq!(without_few(vec![("a", 9), ("b", 5)]), (vec![("a", 9), ("b", 5)], 0));
        assert_eq!(without_few(vec![("a", 2), ("b", 1)]), (vec![], 0));
        assert_eq!(without_few(vec![("a", 9), ("b", 0)]), (vec![("a", 9)], 0));
    }

    proptest! {
        #[test]
        fn nothing_that_few_are_behind_is_told(counts in proptest::collection::vec(0..30_i64, 0..12)) {
            let total: i64 = counts.iter().sum();
            let (told, rest) = without_few(counts.into_iter().enumerate().collect());
            prop_assert!(told.iter().all(|(_, count)| *count >= FEW) && (rest == 0 || rest >= FEW));
            let sum = told.iter().map(|(_, count)| count).sum::<i64>() + rest;
            prop_assert!(sum == total || (total < FEW && sum == 0), "{sum} of {total}");
        }
    }
}

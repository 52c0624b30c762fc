use crate::Date;

/// How somebody ceased to be a resident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResidenceEnd {
    /// 転出, 職権消除: the day named is the first that no longer counts.
    OnTheDay,
    /// 死亡: the day named is the last that counts.
    AfterTheDay,
}

/// Says whether somebody is a resident on `day`, who became one on `since` and ceased by `ended` on the day given with it.
///
/// A day of becoming a resident is a resident's day; none is taken as long ago. An end without a day has come. A day of moving out that lies ahead leaves
/// the person a resident until the day before.
///
/// Source: 国民健康保険法8条1項 and 高齢者の医療の確保に関する法律53条1項: a qualification is lost on the day after death, and on the very day for who has an
/// address elsewhere from that day on. See `docs/decisions/0007-last-day.md`.
pub fn is_resident_on(since: Option<Date>, ended: Option<(ResidenceEnd, Option<Date>)>, day: Date) -> bool {
    if since.is_some_and(|since| day < since) {
        return false;
    }
    match ended {
        None => true,
        Some((ResidenceEnd::OnTheDay, Some(on))) => day < on,
        Some((ResidenceEnd::AfterTheDay, Some(on))) => day <= on,
        Some((_, None)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Date = Date::constant(2026, 11, 19);
    const DAY: Date = Date::constant(2026, 11, 20);
    const AFTER: Date = Date::constant(2026, 11, 21);

    #[test]
    fn the_day_of_moving_out_is_lost_and_the_day_of_death_is_not() {
        let on = |end, day| is_resident_on(None, Some((end, Some(DAY))), day);
        assert!(on(ResidenceEnd::OnTheDay, BEFORE));
        assert!(!on(ResidenceEnd::OnTheDay, DAY));
        assert!(on(ResidenceEnd::AfterTheDay, DAY));
        assert!(!on(ResidenceEnd::AfterTheDay, AFTER));
        assert!(!is_resident_on(None, Some((ResidenceEnd::AfterTheDay, None)), BEFORE));
    }

    #[test]
    fn residence_begins_on_its_day() {
        assert!(!is_resident_on(Some(DAY), None, BEFORE));
        assert!(is_resident_on(Some(DAY), None, DAY));
        assert!(is_resident_on(None, None, DAY));
    }
}

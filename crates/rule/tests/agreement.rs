//! The one-person evaluator and the whole-town evaluator give the same answer for every rule, person and day; so does the search for the
//! next change and a look at every day.

use std::sync::OnceLock;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use rule::{FactType, Outcome, Person, Rule, Schema, Table, Value, day_number, day_of_number};

fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        Schema::builder()
            .fact("non_taxed", FactType::Bool)
            .fact("care_level", FactType::Int)
            .fact("certificate_until", FactType::Date)
            .fact("kind", FactType::String)
            .area("flood")
            .area("snow")
            .field("place", "kind", FactType::String)
            .build()
            .expect("the names are sound")
    })
}

/// Days of birth that calendars get wrong more often than others do.
fn birth() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        3 => (1930i16..2026, prop_oneof![Just((4, 1)), Just((4, 2)), Just((3, 31)), Just((2, 28)), Just((3, 1)), Just((1, 1)), Just((12, 31))])
            .prop_map(|(year, (month, day))| Value::Date(date(year, month, day))),
        2 => (1932i16..2024).prop_map(|year| Date::new(year / 4 * 4, 2, 29).map_or(Value::Null, Value::Date)),
        4 => (-14_000i32..20_800).prop_map(|day| day_of_number(day).map_or(Value::Null, Value::Date)),
    ]
}

fn day() -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 3 => (10_000i32..22_000).prop_map(|day| day_of_number(day).map_or(Value::Null, Value::Date))]
}

fn text(texts: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 5 => prop::sample::select(texts).prop_map(Value::from)]
}

fn truth() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), Just(Value::Bool(true)), Just(Value::Bool(false))]
}

fn person() -> impl Strategy<Value = Person> {
    let resident = (birth(), text(&["男", "女"]), text(&["大畑", "川内", "脇野沢"]), truth(), day(), day());
    let number = prop_oneof![1 => Just(Value::Null), 5 => (-1i64..8).prop_map(Value::Int), 1 => Just(Value::Int(i64::MAX))];
    let facts = (truth(), number, day(), text(&["a", "b"]), truth(), truth(), text(&["school"]));
    (resident, facts).prop_map(|((born, sex, district, current, became, moved), (non_taxed, level, until, kind, flood, snow, place))| {
        let facts = [
            ("resident.date_of_birth", born),
            ("resident.sex", sex),
            ("resident.district", district),
            ("resident.current", current),
            ("resident.became_resident_on", became),
            ("resident.moved_out_on", moved),
            ("facts.non_taxed", non_taxed),
            ("facts.care_level", level),
            ("facts.certificate_until", until),
            ("facts.kind", kind),
            ("area.flood", flood),
            ("area.snow", snow),
            ("place.kind", place),
        ];
        facts.into_iter().fold(Person::new(schema()), |person, (path, value)| person.with(path, value).expect("the fact is declared"))
    })
}

fn joined<S: Strategy<Value = String>>(
    left: S,
    middle: &'static [&'static str],
    right: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    (left, prop::sample::select(middle), right).prop_map(|(left, middle, right)| format!("{left} {middle} {right}"))
}

fn pick(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(str::to_owned)
}

const ORDER: &[&str] = &["<", "<=", ">", ">=", "==", "!="];
const SAME: &[&str] = &["==", "!="];

/// A day; `WHO` stands for the resident or a household member.
fn date_source() -> impl Strategy<Value = String> {
    let base = prop_oneof![
        pick(&["today", "WHOf.date_of_birth", "WHOf.became_resident_on", "WHOf.moved_out_on", "WHOfacts.certificate_until"]),
        (0i16..100).prop_map(|years| format!("WHOattains({years})")),
        (0i16..100).prop_map(|years| format!("WHObirthday({years})")),
        (10_000i32..22_000).prop_map(|day| format!("date(\"{}\")", day_of_number(day).expect("the day is in the calendar"))),
    ];
    base.prop_recursive(2, 6, 1, |inner| {
        prop_oneof![
            (pick(&["fiscal_year_end", "fiscal_year_start", "month_end", "month_start"]), inner.clone())
                .prop_map(|(f, day)| format!("{f}({day})")),
            (inner.clone(), pick(&["plus_days", "plus_months", "plus_years"]), -40i32..40)
                .prop_map(|(day, f, n)| format!("{day}.{f}({n})")),
            (inner, -400i32..400).prop_map(|(day, n)| format!("({day} + {n})")),
        ]
    })
}

fn int_source() -> impl Strategy<Value = String> {
    let base = prop_oneof![
        pick(&["WHOage", "WHOlegal_age", "WHOschool_year", "WHOmonths_old", "WHOfacts.care_level"]),
        (-3i64..100).prop_map(|n| n.to_string()),
        (pick(&["fiscal_year", "DOTyear", "DOTmonth"]), date_source())
            .prop_map(|(f, day)| f.strip_prefix("DOT").map_or(format!("{f}({day})"), |f| format!("{day}.{f}()"))),
        (date_source(), date_source()).prop_map(|(a, b)| format!("days_between({a}, {b})")),
    ];
    base.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            joined(inner.clone(), &["+", "-", "*", "/", "%"], inner.clone()).prop_map(|sum| format!("({sum})")),
            inner.prop_map(|n| format!("-({n})")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => pick(&["WHOf.current", "WHOfacts.non_taxed", "WHOin_area(\"flood\")", "WHOin_area(\"snow\")"]),
        1 => pick(&["has(WHOf.moved_out_on)", "has(WHOfacts.care_level)", "WHOf.district != null", "has(WHOfacts.non_taxed)"]),
        1 => pick(&["WHOf.district in [\"大畑\", \"川内\"]", "WHOf.district.startsWith(\"大\")", "WHOf.sex.matches(\"^女\")",
            "[\"川内\", \"大畑\"].exists(x, x == WHOf.district)", "WHOage in [6, 12, 15]", "place.kind == \"school\"", "WHOf.?sex.orValue(\"男\") == \"男\"",
            "(WHOfacts.non_taxed ? WHOage : WHOschool_year) > 6", "WHOf.district == WHOfacts.kind"]),
        4 => joined(date_source(), ORDER, date_source()),
        4 => joined(int_source(), ORDER, int_source()),
        2 => joined(pick(&["WHOf.sex", "WHOf.district", "WHOfacts.kind"]), SAME, pick(&["\"男\"", "\"大畑\"", "\"b\""])),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" && "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" || "))),
            inner.clone().prop_map(|part| format!("!({part})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

/// A whole rule: conditions on the resident, and on the household.
fn rule_source() -> impl Strategy<Value = String> {
    let own = condition().prop_map(|source| source.replace("WHOf.", "resident.").replace("WHO", "")).boxed();
    let member = condition().prop_map(|source| source.replace("WHOf.", "m.").replace("WHO", "m.")).boxed();
    let mixed = (member.clone(), own.clone()).prop_map(|(member, own)| format!("({member}) || ({own})"));
    let body = prop_oneof![4 => member, 1 => mixed];
    let household = (pick(&["any", "all", "count"]), body, pick(ORDER), 0i32..4).prop_map(|(f, body, order, n)| match f.as_str() {
        "count" => format!("household.count(m, {body}) {order} {n}"),
        f => format!("household.{f}(m, {body})"),
    });
    let household = household.boxed();
    prop_oneof![
        3 => own.clone(),
        1 => household.clone(),
        2 => (own, pick(&["&&", "||"]), household, any::<bool>())
            .prop_map(|(own, and, household, not)| format!("({own}) {and} {}({household})", if not { "!" } else { "" })),
    ]
}

fn today() -> impl Strategy<Value = Date> {
    prop_oneof![
        (18_000i32..22_000).prop_map(|day| day_of_number(day).expect("the day is in the calendar")),
        prop::sample::select(vec![date(2026, 4, 1), date(2026, 3, 31), date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1)]),
    ]
}

proptest! {
    #[test]
    fn one_person_and_the_whole_town_agree(
        source in rule_source(),
        people in prop::collection::vec((person(), 0u64..16), 1..70),
        today in today(),
    ) {
        // A constant that fails is refused by the checker; such rules have nothing to agree on.
        let Ok(rule) = Rule::check_as(&source, schema(), FactType::Bool) else { return Ok(()) };
        let table = Table::of_people(schema(), people.iter().map(|(person, household)| (person, *household))).expect("the table fits");
        let selected = rule.select(&table, today);
        prop_assert_eq!(selected.len(), people.len());
        for (row, (person, household)) in people.iter().enumerate() {
            let mut person = person.clone();
            for (other, (member, number)) in people.iter().enumerate() {
                if other != row && number == household {
                    person.add_member(member.clone());
                }
            }
            let decided = rule.decide(&person, today);
            prop_assert_eq!(selected.get(row), decided == Ok(true), "{} on {} for row {}: {:?}", source, today, row, decided);
            if row >= 8 {
                continue;
            }
            prop_assert_eq!(rule.decide(&table.person(row), today), decided.clone(), "the table gives the person back");
            let explained = rule.explain(&person, today);
            prop_assert_eq!(explained.answer, selected.get(row));
            prop_assert!(!explained.reasons.is_empty());
            prop_assert_eq!(explained.outcome == Outcome::Failed, decided.is_err());
        }
    }

    #[test]
    fn the_next_change_is_the_first_day_that_answers_differently(source in rule_source(), people in prop::collection::vec(person(), 1..4), from in today()) {
        let Ok(rule) = Rule::check_as(&source, schema(), FactType::Bool) else { return Ok(()) };
        let mut person = people[0].clone();
        people[1..].iter().for_each(|member| person.add_member(member.clone()));
        let answer = |day: i32| rule.decide(&person, day_of_number(day).expect("in the calendar")) == Ok(true);
        let first = day_number(from);
        let horizon = 500;
        let expected = (first + 1..=first + horizon).find(|day| answer(*day) != answer(first)).map(|day| (day_of_number(day).expect("in the calendar"), answer(day)));
        prop_assert_eq!(rule.next_change(&person, from, horizon as u32), expected, "{} from {}", source, from);
    }
}

#[test]
fn most_generated_rules_are_accepted() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let sources: Vec<String> = (0..300).map(|_| rule_source().new_tree(&mut runner).expect("a rule is made").current()).collect();
    let refused: Vec<_> =
        sources.iter().filter_map(|source| Rule::check_as(source, schema(), FactType::Bool).err().map(|error| (source, error))).collect();
    assert!(refused.len() < 60, "{} of 300 refused, such as {:?}", refused.len(), refused.first());
}

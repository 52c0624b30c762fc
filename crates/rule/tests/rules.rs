//! Rules as officials write them: what they answer, how they are explained, and what is said when they are wrong.

use jiff::civil::{Date, date};
use rule::{Code, Diagnostic, FactType, Outcome, Person, Rule, Schema, Value};

fn schema() -> Schema {
    let builder = Schema::builder()
        .fact_named("child_medical_no", FactType::String, "受給者番号", "beneficiary number")
        .fact_named("non_taxed", FactType::Bool, "非課税", "non-taxed")
        .fact("children", FactType::Int)
        .area_named("flood", "浸水想定区域", "flood zone")
        .field("place", "kind", FactType::String);
    builder.build().expect("the names are sound")
}

fn rule(source: &str) -> Rule {
    Rule::check(source, &schema()).unwrap_or_else(|errors| panic!("{source}: {errors:?}"))
}

fn wrong(source: &str) -> Diagnostic {
    Rule::check(source, &schema()).expect_err(source).remove(0)
}

fn born(year: i16, month: i8, day: i8) -> Person {
    let person = Person::new(&schema()).with("resident.date_of_birth", date(year, month, day));
    person.and_then(|person| person.with("resident.current", true)).expect("the facts are declared")
}

const CHILD: &str = "resident.current && today <= fiscal_year_end(attains(18))";
const SENIOR: &str = "resident.current && today >= birthday(75)";

fn decide(source: &str, person: &Person, today: Date) -> bool {
    rule(source).decide(person, today).expect("the rule does not fail")
}

#[test]
fn born_on_1_april_ends_one_school_year_before_born_on_2_april() {
    let today = date(2026, 4, 1);
    assert!(!decide(CHILD, &born(2008, 4, 1), today));
    assert!(decide(CHILD, &born(2008, 4, 2), today));
    assert!(decide(CHILD, &born(2008, 4, 1), date(2026, 3, 31)));
}

#[test]
fn the_senior_pass_begins_on_the_birthday_itself() {
    let person = born(1951, 4, 2);
    assert!(!decide(SENIOR, &person, date(2026, 4, 1)));
    assert!(decide(SENIOR, &person, date(2026, 4, 2)));
    assert_eq!(rule(SENIOR).first_day(&person, date(2020, 1, 1), 120 * 366), Some(date(2026, 4, 2)));
}

#[test]
fn a_reaction_asks_about_the_place() {
    let person = Person::new(&schema()).with("place.kind", "school").expect("the fact is declared");
    assert!(decide("place.kind == \"school\"", &person, date(2026, 4, 1)));
}

#[test]
fn a_barcode_is_an_expression_that_gives_text() {
    let number = Rule::check_as("facts.child_medical_no", &schema(), FactType::String).expect("it is text");
    let person = born(2020, 1, 1).with("facts.child_medical_no", "0123456").expect("the fact is declared");
    assert_eq!(number.value(&person, date(2026, 4, 1)), Ok(Some(Value::from("0123456"))));
    assert_eq!(number.value(&born(2020, 1, 1), date(2026, 4, 1)), Ok(None));
}

#[test]
fn the_last_day_of_a_childs_card_is_the_end_of_the_school_year() {
    let last = |person: Person| rule(CHILD).last_day(&person, date(2020, 1, 1), 120 * 366);
    assert_eq!(last(born(2008, 4, 1)), Some(date(2026, 3, 31)));
    assert_eq!(last(born(2008, 4, 2)), Some(date(2027, 3, 31)));
    assert_eq!(last(born(2008, 2, 29)), Some(date(2026, 3, 31)));
    assert_eq!(rule(CHILD).last_day(&born(1990, 1, 1), date(2020, 1, 1), 36_600), None);
}

#[test]
fn what_is_not_known_never_entitles() {
    let (person, today) = (born(1950, 1, 1), date(2026, 4, 1));
    assert!(!decide("facts.non_taxed", &person, today));
    assert!(!decide("!facts.non_taxed", &person, today));
    assert!(decide("age >= 75 || facts.non_taxed", &person, today));
    assert!(!decide("age >= 75 && !facts.non_taxed", &person, today));
    assert!(decide("!has(facts.non_taxed) && facts.non_taxed == null", &person, today));
    let explained = rule("age >= 75 && facts.non_taxed").explain(&person, today);
    assert_eq!((explained.answer, explained.outcome, explained.not_known), (false, Outcome::NotKnown, vec!["facts.non_taxed".to_owned()]));
    assert_eq!(explained.reasons[0].ja, "非課税が分かりません");
}

#[test]
fn the_household_counts_the_person_too() {
    let mut person = born(1950, 1, 1);
    person.add_member(born(2010, 1, 1).with("facts.non_taxed", true).expect("the fact is declared"));
    let today = date(2026, 4, 1);
    assert!(decide("household.any(m, m.age < 18)", &person, today));
    assert!(decide("household.count(m, m.current) == 2", &person, today));
    assert!(!decide("household.all(m, m.attains(65) <= today)", &person, today));
    assert!(decide("household.any(m, m.facts.non_taxed && m.school_year > 9)", &person, today));
    assert!(!decide("household.all(m, m.facts.non_taxed)", &person, today));
    assert!(decide("household.exists(m, m.date_of_birth > resident.date_of_birth)", &person, today));
}

#[test]
fn an_answer_is_explained_in_both_languages() {
    let explained = rule(CHILD).explain(&born(2008, 4, 1), date(2026, 4, 1));
    assert!(!explained.answer);
    let [reason] = &explained.reasons[..] else { panic!("one condition decided: {explained:?}") };
    assert_eq!(
        reason.ja,
        "生年月日 2008年4月1日。今日（2026年4月1日）は、18歳に達する日（2026年3月31日）の年度末（2026年3月31日）を過ぎています"
    );
    assert_eq!(
        reason.en,
        "date of birth 1 April 2008: today (1 April 2026) is after the end of the fiscal year of the day of attaining age 18 (31 March 2026) (31 March 2026)"
    );
    let yes = rule(CHILD).explain(&born(2015, 4, 1), date(2026, 4, 1));
    assert_eq!(yes.reasons.iter().map(|reason| reason.outcome).collect::<Vec<_>>(), [Outcome::Holds, Outcome::Holds]);
    assert_eq!(yes.reasons[0].ja, "現在の住民：はい");
}

#[test]
fn a_misspelt_name_is_shown_with_its_place_and_the_likely_one() {
    let error = wrong("resident.current &&\n  resident.distirct == \"大畑\"");
    assert_eq!((error.line, error.column, error.length, error.code), (2, 3, 17, Code::UnknownName));
    assert_eq!(error.suggestion.as_deref(), Some("resident.district"));
    assert_eq!(wrong("district == \"大畑\"").suggestion.as_deref(), Some("resident.district"));
    assert_eq!(wrong("household.any(m, m.distrct == \"大畑\")").suggestion.as_deref(), Some("m.district"));
    assert_eq!(wrong("attain(18) < today").suggestion.as_deref(), Some("attains"));
    assert_eq!(wrong("age() > 3").suggestion.as_deref(), Some("age"));
    assert_eq!(wrong("in_area(\"floods\")").suggestion.as_deref(), Some("in_area(\"flood\")"));
}

#[test]
fn a_wrong_type_says_what_to_write() {
    let error = wrong("resident.date_of_birth >= \"2008-04-02\"");
    assert_eq!((error.code, error.suggestion.as_deref()), (Code::WrongType, Some("date(\"2008-04-02\")")));
    assert_eq!(wrong("age").code, Code::WrongResult);
    assert_eq!(wrong("age && true").code, Code::WrongType);
    assert_eq!(wrong("today >= date(\"2026-02-30\")").code, Code::AlwaysFails);
    assert_eq!(wrong("age > 1 / 0").code, Code::AlwaysFails);
    assert_eq!(wrong("resident.district.matches(\"(\")").code, Code::AlwaysFails);
}

#[test]
fn a_rule_that_can_never_hold_is_refused() {
    for source in [
        "resident.current && false",
        "1 == 2",
        "age >= 20 && age < 18",
        "today >= birthday(75) && today <= fiscal_year_end(attains(18))",
        "resident.current && !resident.current",
        "resident.district == \"大畑\" && resident.district == \"川内\"",
        "facts.children > 3 && facts.children < 2",
        "household.any(m, m.age > 30 && m.age < 20)",
        "(age > 3 && age < 2) || (age > 30 && age < 20)",
    ] {
        assert_eq!(wrong(source).code, Code::NeverHolds, "{source}");
    }
    for source in [
        "age >= 18 && age < 19",
        "today == birthday(20) && birthday(20) == month_end(birthday(20))",
        "birthday(18) <= date(\"2010-01-01\") && age < 30",
        "resident.district != \"大畑\" && resident.district != \"川内\"",
        "resident.district.startsWith(\"大\") && resident.district.endsWith(\"畑\")",
        "today <= date(\"2020-03-31\") && age >= 75",
        "facts.non_taxed == null && !has(facts.non_taxed)",
        "true",
    ] {
        rule(source);
    }
}

#[test]
fn the_examples_of_the_book_are_rules() {
    let book = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md")).expect("the book is there");
    let schema = Schema::builder().fact("non_taxed", FactType::Bool).fact("care_level", FactType::Int).area("flood").field(
        "place",
        "kind",
        FactType::String,
    );
    let schema = schema.build().expect("the names are sound");
    let examples = book.split("## Examples").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the book has examples");
    let rules: Vec<&str> = examples.lines().filter_map(|line| line.strip_prefix('|')?.split('`').nth(1)).collect();
    assert!(rules.len() >= 10, "{rules:?}");
    for source in rules {
        Rule::check(source, &schema).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    }
}

#[test]
fn the_deepest_rules_that_are_read_are_also_evaluated() {
    let nest = |open: &str, inner: &str, close: &str| {
        let deep = (1..200).rev().map(|n| format!("{}{inner}{}", open.repeat(n), close.repeat(n)));
        deep.map(|source| Rule::check_as(&source, &schema(), FactType::Bool)).find_map(Result::ok).expect("some depth is read")
    };
    let (person, today) = (born(2008, 4, 1), date(2026, 4, 1));
    for rule in [
        nest("(resident.current && ", "age > 3", ")"),
        nest("(age > 3 ? true : ", "false", ")"),
        nest("[1].exists(x, x == age || ", "age > 3", ")"),
    ] {
        let table = rule::Table::of_people(&schema(), [(&person, 1)]).expect("one person fits");
        assert_eq!(rule.decide(&person, today), Ok(true), "{}", rule.source());
        assert!(rule.explain(&person, today).answer && rule.select(&table, today).get(0));
    }
}

#[test]
fn a_rule_that_grows_without_end_is_stopped() {
    let lists = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    let nested = (0..8).fold("age < 0".to_owned(), |body, depth| format!("{lists}.exists(x{depth}, {body})"));
    assert_eq!(rule(&nested).decide(&born(2000, 1, 1), date(2026, 4, 1)), Err(rule::EvalError::TooExpensive));
    let doubled = format!("[[resident.district]]{}.all(x, x == x)", ".map(x, [x, x])".repeat(60));
    let person = born(2000, 1, 1).with("resident.district", "大畑").expect("the fact is declared");
    assert_eq!(rule(&doubled).decide(&person, date(2026, 4, 1)), Err(rule::EvalError::TooExpensive));
}

#[test]
fn the_fingerprint_stays_the_same_for_ever() {
    let plain = Schema::builder().build().expect("the names are sound");
    let fingerprint = |source: &str, schema: &Schema| Rule::check(source, schema).expect("the rule is sound").fingerprint();
    assert_eq!(fingerprint(CHILD, &plain), FINGERPRINT);
    assert_eq!(fingerprint(CHILD, &plain), fingerprint(CHILD, &schema()), "names the rule does not use do not matter");
    let typed = |kind| fingerprint("has(facts.x)", &Schema::builder().fact("x", kind).build().expect("the name is sound"));
    assert_ne!(typed(FactType::Bool), typed(FactType::Int));
    assert_ne!(fingerprint(CHILD, &plain), fingerprint(SENIOR, &plain));
}

const FINGERPRINT: u64 = 12_387_221_583_371_910_800;

mod nonsense {
    use super::*;
    use proptest::prelude::*;

    const WORDS: &[&str] = &[
        "resident",
        ".",
        "current",
        "&&",
        "||",
        "!",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "age",
        "attains",
        "18",
        "today",
        "<=",
        "==",
        "?",
        ":",
        ",",
        "-",
        "+",
        "*",
        "\"大畑\"",
        "'",
        "\\",
        "household",
        "any",
        "all",
        "m",
        "exists",
        "map",
        "has",
        "facts",
        "non_taxed",
        "9223372036854775807",
        "1e400",
        "0x",
        "u",
        "in",
        "date",
        "matches",
        "null",
        "b'",
        "`",
        "\u{3000}",
        "cel",
        "bind",
        "x",
        "optional",
        "none",
        "plus_years",
        "99999999",
        ".?",
        "timestamp",
        "duration",
        "\"1h\"",
        "//",
        "\n",
        "as",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_answered_with_a_rule_or_a_reason(text in "\\PC{0,60}") {
            survives(&text);
        }

        #[test]
        fn any_soup_of_words_is_answered_with_a_rule_or_a_reason(words in prop::collection::vec(prop::sample::select(WORDS), 0..30), glue in prop::sample::select(vec!["", " "])) {
            survives(&words.join(glue));
        }
    }

    fn survives(text: &str) {
        let person = born(2008, 2, 29);
        match Rule::check_as(text, &schema(), FactType::Bool) {
            Ok(rule) => {
                let _ = rule.decide(&person, date(2026, 4, 1));
                let _ = rule.explain(&person, date(2026, 4, 1));
                let _ = rule.next_change(&person, date(2026, 4, 1), 40);
            }
            Err(diagnostics) => assert!(diagnostics.iter().all(|one| one.line > 0 && one.column > 0 && !one.ja.is_empty())),
        }
        if let Ok(program) = rule::cel::Program::new(text, &rule::cel::Env::new()) {
            let _ = program.run(&[]);
        }
    }
}

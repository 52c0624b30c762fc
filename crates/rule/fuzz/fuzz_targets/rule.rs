//! Any text is answered with a rule or with reasons, and any rule decides, explains and selects without a panic.
//! Run with `cargo +nightly fuzz run rule` in `crates/rule`.
#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use rule::cel::{Env, Program};
use rule::{FactType, Person, Rule, Schema, Table};

fuzz_target!(|text: &str| {
    let schema = Schema::builder().fact("non_taxed", FactType::Bool).fact("number", FactType::Int).area("flood").build().expect("the names are sound");
    let today = date(2026, 4, 1);
    if let Ok(rule) = Rule::check_as(text, &schema, FactType::Bool) {
        let person = Person::new(&schema).with("resident.date_of_birth", date(2008, 2, 29)).expect("the fact is declared");
        let decided = rule.decide(&person, today) == Ok(true);
        assert_eq!(rule.explain(&person, today).answer, decided);
        let table = Table::of_people(&schema, [(&person, 1)]).expect("one person fits");
        assert_eq!(rule.select(&table, today).get(0), decided);
        let _ = rule.next_change(&person, today, 400);
    }
    if let Ok(program) = Program::new(text, &Env::new()) {
        let _ = program.run(&[]);
    }
});

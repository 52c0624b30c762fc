//! Says a rule in plain words, condition by condition. What it has no words for it shows as written: it never guesses.

use crate::{
    model::{Fact, Language, ResidenceKind},
    texts::{Arg, Catalogue},
};

/// The conditions of a rule in words, all of which must hold.
pub(crate) fn of(rule: &str, facts: &[Fact], texts: &Catalogue, language: &Language) -> Vec<String> {
    let words = Words { facts, texts, language };
    split(rule, "&&").into_iter().map(|condition| words.condition(condition)).collect()
}

struct Words<'a> {
    facts: &'a [Fact],
    texts: &'a Catalogue,
    language: &'a Language,
}

impl Words<'_> {
    fn condition(&self, written: &str) -> String {
        let condition = unwrapped(written.trim());
        self.either(condition)
            .or_else(|| self.all_of(condition))
            .or_else(|| self.household(condition))
            .or_else(|| self.about_age(condition))
            .or_else(|| self.about_register(condition))
            .or_else(|| self.about_fact(condition))
            .unwrap_or_else(|| self.say("rule-as-written", &[("rule", condition.into())]))
    }

    fn either(&self, condition: &str) -> Option<String> {
        self.joined(condition, "||", "rule-either", "rule-or")
    }

    fn all_of(&self, condition: &str) -> Option<String> {
        self.joined(condition, "&&", "rule-all", "rule-and")
    }

    fn joined(&self, condition: &str, operator: &str, frame: &str, between: &str) -> Option<String> {
        let parts = split(condition, operator);
        if parts.len() < 2 {
            return None;
        }
        let between = self.say(between, &[]);
        let parts: Vec<String> = parts.into_iter().map(|part| self.condition(part)).collect();
        Some(self.say(frame, &[("conditions", (&parts.join(&between)).into())]))
    }

    fn household(&self, condition: &str) -> Option<String> {
        let (member, inner) = condition.strip_prefix("household.any(")?.strip_suffix(')')?.split_once(',')?;
        // A member's own fields read like the resident's.
        let inner = inner.replace(&format!("{}.current", member.trim()), "resident.current").replace(&format!("{}.", member.trim()), "");
        Some(self.say("rule-household-any", &[("condition", (&self.condition(&inner)).into())]))
    }

    fn about_age(&self, condition: &str) -> Option<String> {
        let dense: String = condition.chars().filter(|c| !c.is_whitespace()).collect();
        let shapes = [
            ("today<=fiscal_year_end(attains(", "))", "rule-until-school-year-end"),
            ("today>fiscal_year_end(attains(", "))", "rule-after-school-year-end"),
            ("today>=birthday(", ")", "rule-from-birthday"),
            ("today<birthday(", ")", "rule-before-birthday"),
            ("today>=attains(", ")", "rule-from-attained"),
            ("today<attains(", ")", "rule-before-attained"),
            ("age>=", "", "rule-age-at-least"),
            ("age<", "", "rule-age-below"),
        ];
        shapes.into_iter().find_map(|(before, after, key)| {
            let years: i64 = dense.strip_prefix(before)?.strip_suffix(after)?.parse().ok()?;
            Some(self.say(key, &[("years", years.into())]))
        })
    }

    fn about_register(&self, condition: &str) -> Option<String> {
        if condition == "resident.current" {
            return Some(self.say("rule-current", &[]));
        }
        let (field, operator, value) = comparison(condition)?;
        if let Some(name) = field.strip_prefix("residence.") {
            return Some(self.about_residence(name, operator, value.trim_matches(['"', '\''])));
        }
        let name = field.strip_prefix("resident.")?;
        let label = self.say(&format!("field-{}", name.replace('_', "-")), &[]);
        Some(self.compared(&label, operator, value))
    }

    fn about_residence(&self, name: &str, operator: &str, value: &str) -> String {
        if name == "kind" && operator == "==" && ResidenceKind::from_word(value).is_some() {
            return self.say(&format!("rule-residence-{value}"), &[]);
        }
        self.compared(&self.say(&format!("field-residence-{name}"), &[]), operator, value)
    }

    fn about_fact(&self, condition: &str) -> Option<String> {
        if let Some(path) = condition.strip_prefix("has(").and_then(|rest| rest.strip_suffix(')')) {
            return Some(self.say("rule-known", &[("fact", (&self.label(path)?).into())]));
        }
        if let Some(label) = condition.strip_prefix('!').and_then(|path| self.label(path)) {
            return Some(self.say("rule-fact-not", &[("fact", (&label).into())]));
        }
        if let Some(label) = self.label(condition) {
            return Some(self.say("rule-fact", &[("fact", (&label).into())]));
        }
        let (left, operator, right) = comparison(condition)?;
        if let Some(label) = self.label(right).filter(|_| left == "today") {
            return Some(self.compared(&label, mirrored(operator)?, left));
        }
        Some(self.compared(&self.label(left)?, operator, right))
    }

    fn compared(&self, label: &str, operator: &str, value: &str) -> String {
        let value = value.trim_matches(['"', '\'']);
        let key = match (operator, value) {
            ("<=", "today") => "rule-day-reached",
            (">=", "today") => "rule-day-not-passed",
            ("==", _) => "rule-equal",
            ("!=", _) => "rule-not-equal",
            ("<=", _) => "rule-at-most",
            (">=", _) => "rule-at-least",
            ("<", _) => "rule-below",
            _ => "rule-above",
        };
        self.say(key, &[("fact", label.into()), ("value", value.into())])
    }

    /// What people call `facts.<name>`.
    fn label(&self, path: &str) -> Option<String> {
        let name = path.trim().strip_prefix("facts.")?;
        let fact = self.facts.iter().find(|fact| fact.name.as_str() == name)?;
        Some(fact.label.in_language(self.language).to_owned())
    }

    fn say(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.texts.text(self.language, key, args)
    }
}

/// The two sides of a comparison; nothing else.
fn comparison(condition: &str) -> Option<(&str, &str, &str)> {
    let operator = ["<=", ">=", "==", "!=", "<", ">"].into_iter().find(|operator| split(condition, operator).len() == 2)?;
    let sides = split(condition, operator);
    let (left, right) = (sides.first()?.trim(), sides.get(1)?.trim());
    let plain = |side: &str| !side.contains(['(', '[']);
    (plain(left) && plain(right)).then_some((left, operator, right))
}

fn mirrored(operator: &str) -> Option<&'static str> {
    match operator {
        "<=" => Some(">="),
        ">=" => Some("<="),
        "<" => Some(">"),
        ">" => Some("<"),
        "==" => Some("=="),
        _ => None,
    }
}

/// The parts between an operator that stands outside brackets and quotes.
fn split<'a>(text: &'a str, operator: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0usize, None);
    for (offset, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ if depth == 0 && offset >= start && text[offset..].starts_with(operator) => {
                parts.push(&text[start..offset]);
                start = offset + operator.len();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The text without brackets around the whole of it.
fn unwrapped(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return text };
    let mut depth = 0usize;
    for c in inner.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return text,
            ')' => depth -= 1,
            _ => {}
        }
    }
    unwrapped(inner.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(rule: &str) -> Vec<String> {
        let texts = crate::explain::texts();
        let texts =
            texts.iter().fold(Catalogue::new(&[Language::ENGLISH]), |builder, (language, file, text)| builder.add(language, file, text));
        let label = [(Language::JAPANESE, "認定日".to_owned()), (Language::ENGLISH, "day of certification".to_owned())];
        let fact = Fact { name: "certified_on".parse().unwrap(), kind: crate::FactKind::Date, label: crate::Words::new(label.into()) };
        of(rule, &[fact], &texts.build(), &Language::ENGLISH)
    }

    #[test]
    fn conditions_are_said_one_by_one() {
        assert_eq!(
            english("resident.current && today <= fiscal_year_end(attains(18))"),
            ["lives in the town", "until 31 March of the school year in which 18 is attained (the day before the birthday)"]
        );
        assert_eq!(english("facts.certified_on <= today"), ["day of certification has come"]);
        assert_eq!(english("today <= facts.certified_on"), ["day of certification has not passed"]);
        assert_eq!(english("resident.district == \"A && B\""), ["district is A && B"]);
    }

    #[test]
    fn alternatives_and_households_nest() {
        assert_eq!(
            english("(today < birthday(75) || household.any(m, m.current && today >= m.birthday(75)))"),
            [
                "one of these: until the day before the 75th birthday; or somebody of the household: all of these: lives in the town; and from the 75th birthday"
            ]
        );
    }

    #[test]
    fn what_has_no_words_is_shown_as_written() {
        assert_eq!(english("months_old % 7 == 3"), ["as written: months_old % 7 == 3"]);
        assert_eq!(english("(a) && (b"), ["as written: a", "as written: (b"]);
    }
}

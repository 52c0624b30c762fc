//! Why a rule answers as it does, in words.

use civil::Date;
use serde::Serialize;

use crate::error::Stop;
use crate::eval::{Frame, comparison, eval, truth};
use crate::monotone::order;
use crate::node::{Compare, Node, Op, Quantifier};
use crate::person::Person;
use crate::rule::Rule;
use crate::schema::{Schema, Slot};
use crate::value::Value;
use crate::words::{self, Words};

/// An answer and the reasons for it.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// What [`Rule::decide`] answers; false too when something is not known or a calculation failed.
    pub answer: bool,
    /// How the whole rule came out.
    pub outcome: Outcome,
    /// The conditions that decided, each as one sentence, in the order of the rule.
    pub reasons: Vec<Sentence>,
    /// The names of the facts that were needed and are not known.
    pub not_known: Vec<String>,
    /// Every part of the rule.
    pub tree: Step,
}

/// How a condition came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is met.
    Holds,
    /// It is not met.
    Fails,
    /// It cannot be said, because a fact is not known.
    NotKnown,
    /// A calculation failed.
    Failed,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// How the condition came out.
    pub outcome: Outcome,
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

/// A part of a rule with its outcome.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The part as written.
    pub source: String,
    /// How it came out.
    pub outcome: Outcome,
    /// What was compared, in Japanese.
    pub ja: String,
    /// What was compared, in English.
    pub en: String,
    /// Whether it decided the answer.
    pub decides: bool,
    /// The parts it is made of.
    pub parts: Vec<Step>,
}

impl Rule {
    /// Says why the person is entitled on the day or not: every part with its outcome, and the sentences that decided.
    pub fn explain(&self, person: &Person, today: Date) -> Explanation {
        let frame = Frame::new(today, &person.facts, &person.others);
        let mut teller = Teller { rule: self, not_known: Vec::new() };
        let mut tree = teller.step(self.node(), &frame);
        mark_deciding(&mut tree, self.node());
        let mut reasons = Vec::new();
        collect(&tree, &mut reasons);
        let mut not_known: Vec<String> = teller.not_known.iter().map(|slot| self.schema().info(*slot).path.clone()).collect();
        not_known.dedup();
        Explanation { answer: tree.outcome == Outcome::Holds, outcome: tree.outcome, reasons, not_known, tree }
    }
}

struct Teller<'a> {
    rule: &'a Rule,
    not_known: Vec<Slot>,
}

impl Teller<'_> {
    fn schema(&self) -> &Schema {
        self.rule.schema()
    }

    fn step(&mut self, node: &Node, frame: &Frame<'_>) -> Step {
        let result = truth(node, &mut frame.on(frame.today));
        let outcome = match &result {
            Ok(true) => Outcome::Holds,
            Ok(false) => Outcome::Fails,
            Err(Stop::NotKnown(_)) => Outcome::NotKnown,
            Err(Stop::Error(_)) => Outcome::Failed,
        };
        let parts = match &node.op {
            Op::And(parts) | Op::Or(parts) => parts.iter().map(|part| self.step(part, frame)).collect(),
            Op::Not(inner) => vec![self.step(inner, frame)],
            Op::Cond(parts) => parts.iter().map(|part| self.step(part, frame)).collect(),
            _ => Vec::new(),
        };
        let words = match &result {
            Err(Stop::NotKnown(slot)) if parts.is_empty() => {
                self.not_known.push(Slot(*slot));
                let fact = words::fact(self.schema(), 0, Slot(*slot));
                Words::new(format!("{}が分かりません", fact.ja), format!("the {} is not known", fact.en))
            }
            Err(Stop::Error(error)) if parts.is_empty() => {
                Words::new(format!("計算できません（{error}）"), format!("this cannot be calculated: {error}"))
            }
            _ => self.sentence(node, frame, outcome),
        };
        let source = node.span.text(self.rule.source()).to_owned();
        Step { source, outcome, ja: words.ja, en: words.en, decides: false, parts }
    }

    fn sentence(&self, node: &Node, frame: &Frame<'_>, outcome: Outcome) -> Words {
        let holds = outcome == Outcome::Holds;
        match &node.op {
            Op::Compare(operator, pair) => self.comparison(*operator, pair, frame),
            Op::Fact(scope, slot) => {
                let (fact, answer) = (words::fact(self.schema(), *scope, *slot), words::value(&Value::Bool(holds)));
                Words::new(format!("{}：{}", fact.ja, answer.ja), format!("{}: {}", fact.en, answer.en))
            }
            Op::Known(scope, slot) => {
                let (fact, worth) = (words::fact(self.schema(), *scope, *slot), words::value(frame.fact(*scope, *slot)));
                Words::new(format!("{}：{}", fact.ja, worth.ja), format!("{}: {}", fact.en, worth.en))
            }
            Op::Household(quantifier, ..) => household(*quantifier, holds),
            Op::Call(crate::functions::Func::In, args) => {
                let (item, list) = (words::with_value(&args[0], self.schema(), frame), words::with_value(&args[1], self.schema(), frame));
                let (ja, en) = if holds { ("に含まれます", "is one of") } else { ("に含まれません", "is not one of") };
                Words::new(format!("{}は、{}{ja}", item.ja, list.ja), format!("{} {en} {}", item.en, list.en))
            }
            Op::And(_) => both(holds, "すべての条件", "all conditions"),
            Op::Or(_) => both(holds, "いずれかの条件", "at least one condition"),
            Op::Not(_) => both(holds, "次の条件の否定", "the opposite of the condition"),
            _ => both(holds, "この条件", "this condition"),
        }
    }

    fn comparison(&self, operator: Compare, pair: &[Node; 2], frame: &Frame<'_>) -> Words {
        let (left, right) = (words::with_value(&pair[0], self.schema(), frame), words::with_value(&pair[1], self.schema(), frame));
        let values = (eval(&pair[0], &mut frame.on(frame.today)), eval(&pair[1], &mut frame.on(frame.today)));
        let born = self.born(pair, frame);
        let dates = matches!(values.0, Ok(Value::Date(_)));
        let relation = match values {
            (Ok(a), Ok(b)) => {
                order(&a, &b).or_else(|| crate::value::compare(&a, &b).filter(|_| !matches!(operator, Compare::Equal | Compare::NotEqual)))
            }
            _ => None,
        };
        let (ja, en) = match (relation, dates) {
            (Some(std::cmp::Ordering::Less), true) => ("より前です", "is before"),
            (Some(std::cmp::Ordering::Greater), true) => ("を過ぎています", "is after"),
            (Some(std::cmp::Ordering::Equal), true) => ("と同じ日です", "is the same day as"),
            (Some(std::cmp::Ordering::Less), false) => ("より小さいです", "is less than"),
            (Some(std::cmp::Ordering::Greater), false) => ("より大きいです", "is more than"),
            (Some(std::cmp::Ordering::Equal), false) => ("に等しいです", "equals"),
            (None, _) => {
                let same = comparison(operator, &pair[0], &pair[1], &mut frame.on(frame.today)) == Ok(operator == Compare::Equal);
                if same { ("と同じです", "is the same as") } else { ("と異なります", "differs from") }
            }
        };
        Words::new(format!("{}{}は、{}{ja}", born.ja, left.ja, right.ja), format!("{}{} {en} {}", born.en, left.en, right.en))
    }

    /// The day of birth first, when the comparison counts from it.
    fn born(&self, pair: &[Node; 2], frame: &Frame<'_>) -> Words {
        let mut scope = None;
        for node in pair {
            node.walk(&mut |node| {
                if let Op::Birth(_, of, _) = &node.op {
                    scope = Some(*of);
                }
            });
        }
        let Some(scope) = scope else { return Words::default() };
        let name = words::fact(self.schema(), scope, Schema::DATE_OF_BIRTH);
        let day = words::value(frame.fact(scope, Schema::DATE_OF_BIRTH));
        Words::new(format!("{} {}。", name.ja, day.ja), format!("{} {}: ", name.en, day.en))
    }
}

fn both(holds: bool, ja: &str, en: &str) -> Words {
    let (ja_end, en_end) = if holds { ("を満たします", "is met") } else { ("を満たしません", "is not met") };
    Words::new(format!("{ja}{ja_end}"), format!("{en} {en_end}").replace("conditions is", "conditions are"))
}

fn household(quantifier: Quantifier, holds: bool) -> Words {
    match (quantifier, holds) {
        (Quantifier::All, true) => Words::new("世帯の全員が条件を満たします", "everybody in the household meets the condition"),
        (Quantifier::All, false) => Words::new("世帯に条件を満たさない人がいます", "somebody in the household does not meet the condition"),
        (_, true) => Words::new("世帯に条件を満たす人がいます", "somebody in the household meets the condition"),
        (_, false) => Words::new("世帯に条件を満たす人はいません", "nobody in the household meets the condition"),
    }
}

/// Marks the parts without which the answer would be another.
fn mark_deciding(step: &mut Step, node: &Node) {
    step.decides = true;
    let parts: &[Node] = match &node.op {
        Op::And(parts) | Op::Or(parts) => parts,
        Op::Not(inner) => std::slice::from_ref(&**inner),
        Op::Cond(parts) => {
            mark_deciding(&mut step.parts[0], &parts[0]);
            let branch = if step.parts[0].outcome == Outcome::Holds { 1 } else { 2 };
            mark_deciding(&mut step.parts[branch], &parts[branch]);
            return;
        }
        _ => return,
    };
    let (negated, outcome) = (matches!(node.op, Op::Not(_)), step.outcome);
    let one_suffices = matches!(node.op, Op::Or(_)) && outcome == Outcome::Holds;
    for (part, node) in step.parts.iter_mut().zip(parts) {
        if negated || part.outcome == outcome {
            mark_deciding(part, node);
            if one_suffices {
                return;
            }
        }
    }
}

/// The sentences of the deciding parts that have no parts themselves.
fn collect(step: &Step, reasons: &mut Vec<Sentence>) {
    if !step.decides {
        return;
    }
    if step.parts.is_empty() {
        reasons.push(Sentence { outcome: step.outcome, ja: step.ja.clone(), en: step.en.clone() });
    }
    step.parts.iter().for_each(|part| collect(part, reasons));
}

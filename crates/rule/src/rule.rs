//! A checked rule.

use std::fmt;
use std::sync::Arc;

use civil::Date;

use crate::check::{RuleNames, check};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::{EvalError, Stop};
use crate::eval::{self, Frame};
use crate::node::{Node, Op};
use crate::parser::parse;
use crate::person::Person;
use crate::schema::{FactType, Fnv, Schema, Slot};
use crate::span::Span;
use crate::value::Value;

/// A rule that has been read and checked against a [`Schema`]. Cheap to clone.
#[derive(Clone)]
pub struct Rule(Arc<Inner>);

struct Inner {
    source: String,
    schema: Schema,
    node: Node,
    kind: FactType,
    fingerprint: u64,
}

impl Rule {
    /// Reads and checks a rule that answers yes or no.
    ///
    /// # Errors
    /// Everything that is wrong with it, with line and column: grammar, unknown names, wrong types, and rules that can never hold.
    pub fn check(source: &str, schema: &Schema) -> Result<Rule, Vec<Diagnostic>> {
        let rule = Rule::check_as(source, schema, FactType::Bool)?;
        match crate::never::never_holds(&rule) {
            Some(diagnostic) => Err(vec![diagnostic]),
            None => Ok(rule),
        }
    }

    /// Reads and checks an expression that gives a value of a type, such as the text of a barcode.
    ///
    /// # Errors
    /// As [`Rule::check`].
    pub fn check_as(source: &str, schema: &Schema, kind: FactType) -> Result<Rule, Vec<Diagnostic>> {
        let expr = parse(source).map_err(|diagnostic| vec![diagnostic])?;
        let checked = check(source, &expr, &RuleNames(schema));
        let mut diagnostics = checked.diagnostics;
        let fits = checked.ty == kind.ty() || checked.ty == crate::types::Ty::Dyn;
        if diagnostics.is_empty() && !fits {
            let ja = format!("ルール全体は{}でなければなりませんが、{}になっています", kind.ty().ja(), checked.ty.ja());
            let en = format!("the rule must give {}, but it gives {}", kind.ty(), checked.ty);
            diagnostics.push(Diagnostic::new(source, expr.span, Code::WrongResult, ja, en));
        }
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        let fingerprint = fingerprint(source, schema, &checked.node);
        Ok(Rule(Arc::new(Inner { source: source.into(), schema: schema.clone(), node: checked.node, kind, fingerprint })))
    }

    /// Whether the person is entitled on the day. A rule that needs a fact which is not known answers false.
    ///
    /// # Errors
    /// When a calculation fails: a number out of range, a division by zero.
    pub fn decide(&self, person: &Person, today: Date) -> Result<bool, EvalError> {
        let mut frame = Frame::new(today, &person.facts, &person.others);
        match eval::truth(&self.0.node, &mut frame) {
            Ok(answer) => Ok(answer),
            Err(Stop::NotKnown(_)) => Ok(false),
            Err(Stop::Error(error)) => Err(*error),
        }
    }

    /// The value of the expression for the person on the day; `None` when it needs a fact that is not known.
    ///
    /// # Errors
    /// When a calculation fails.
    pub fn value(&self, person: &Person, today: Date) -> Result<Option<Value>, EvalError> {
        let mut frame = Frame::new(today, &person.facts, &person.others);
        match eval::eval(&self.0.node, &mut frame) {
            Ok(value) => Ok(Some(value)),
            Err(Stop::NotKnown(_)) => Ok(None),
            Err(Stop::Error(error)) => Err(*error),
        }
    }

    /// The rule as written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The schema the rule was checked against.
    pub fn schema(&self) -> &Schema {
        &self.0.schema
    }

    /// The type of the rule's value; [`FactType::Bool`] for one that decides.
    pub fn kind(&self) -> FactType {
        self.0.kind
    }

    /// The same number for the same source and the same types of the facts it looks at, on every machine and in every release.
    pub fn fingerprint(&self) -> u64 {
        self.0.fingerprint
    }

    /// The facts the rule looks at, each once, in slot order; facts of household members included.
    pub fn facts(&self) -> Vec<Slot> {
        facts(&self.0.node)
    }

    /// Whether the rule asks about the people of the household, too.
    pub fn asks_household(&self) -> bool {
        crate::columns::has_household(&self.0.node)
    }

    /// Whether the rule asks where somebody lives: the district, or an area of the map.
    pub fn asks_where(&self) -> bool {
        let is_area = |slot: &Slot| self.schema().info(*slot).path.starts_with("area.");
        self.facts().iter().any(|slot| *slot == Schema::DISTRICT || is_area(slot))
    }

    /// Whether the answer can change with the day alone.
    pub fn depends_on_today(&self) -> bool {
        let mut found = false;
        self.0.node.walk(&mut |node| {
            found |= match &node.op {
                Op::Today => true,
                Op::Birth(birth, ..) => !matches!(birth, crate::node::Birth::Attains | crate::node::Birth::Birthday),
                _ => false,
            }
        });
        found
    }

    pub(crate) fn node(&self) -> &Node {
        &self.0.node
    }

    /// A diagnostic about a stretch of this rule.
    pub(crate) fn diagnostic(&self, span: Span, code: Code, ja: impl Into<String>, en: impl Into<String>) -> Diagnostic {
        Diagnostic::new(&self.0.source, span, code, ja, en)
    }
}

fn facts(node: &Node) -> Vec<Slot> {
    let mut slots = Vec::new();
    node.walk(&mut |node| match &node.op {
        Op::Fact(_, slot) | Op::Known(_, slot) | Op::MaybeFact(_, slot) => slots.push(*slot),
        Op::Birth(..) => slots.push(Schema::DATE_OF_BIRTH),
        _ => {}
    });
    slots.sort_unstable();
    slots.dedup();
    slots
}

fn fingerprint(source: &str, schema: &Schema, node: &Node) -> u64 {
    let mut hash = Fnv::default();
    hash.add(source.as_bytes());
    let mut infos: Vec<_> = facts(node).into_iter().map(|slot| schema.info(slot)).collect();
    infos.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    for info in infos {
        hash.add(info.path.as_bytes());
        hash.add(&[info.kind as u8]);
    }
    hash.0
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.0.source).finish()
    }
}

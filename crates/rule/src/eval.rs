//! The one-person evaluator: walks a checked expression over one person's facts.

use civil::Date;

use crate::ast::Macro;
use crate::error::{EvalError, Stop};
use crate::functions;
use crate::node::{Birth, Compare, Comprehension, Node, Op, Quantifier, Scope};
use crate::schema::{Schema, Slot};
use crate::value::{Fuel, Value, comparable, compare, equal_within};

/// Parts one evaluation may look at, repetitions by macros included.
const MAX_STEPS: u32 = 2_000_000;

pub(crate) type Evaluated = Result<Value, Stop>;

/// What an evaluation sees: the day, the person decided on, the household, and the variables of enclosing macros.
pub(crate) struct Frame<'a> {
    pub(crate) today: Date,
    /// The person decided on, then the household members named by enclosing `household.any` and kin.
    subjects: [&'a [Value]; MAX_SUBJECTS],
    others: &'a [Box<[Value]>],
    locals: Vec<Value>,
    steps: u32,
    pub(crate) fuel: Fuel,
}

/// How deep `household.any` may be nested, the person decided on included.
pub(crate) const MAX_SUBJECTS: usize = 5;

impl<'a> Frame<'a> {
    pub(crate) fn new(today: Date, facts: &'a [Value], others: &'a [Box<[Value]>]) -> Frame<'a> {
        let mut subjects: [&[Value]; MAX_SUBJECTS] = [&[]; MAX_SUBJECTS];
        subjects[0] = facts;
        Frame { today, subjects, others, locals: Vec::new(), steps: MAX_STEPS, fuel: Fuel::default() }
    }

    /// The same persons on another day, at the start of an evaluation.
    pub(crate) fn on(&self, today: Date) -> Frame<'a> {
        Frame { today, subjects: self.subjects, others: self.others, locals: Vec::new(), steps: MAX_STEPS, fuel: Fuel::default() }
    }

    /// The members of the household, the person decided on first.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'a [Value]> + use<'a> {
        std::iter::once(self.subjects[0]).chain(self.others.iter().map(|member| &**member))
    }

    pub(crate) fn with_subject(mut self, scope: Scope, facts: &'a [Value]) -> Frame<'a> {
        self.subjects[usize::from(scope)] = facts;
        self
    }

    pub(crate) fn fact(&self, scope: Scope, slot: Slot) -> &'a Value {
        self.subjects[usize::from(scope)].get(slot.index()).unwrap_or(&Value::Null)
    }

    fn known(&self, scope: Scope, slot: Slot) -> Result<&'a Value, Stop> {
        match self.fact(scope, slot) {
            Value::Null => Err(Stop::NotKnown(slot.0)),
            value => Ok(value),
        }
    }

    fn date_of_birth(&self, scope: Scope) -> Result<Date, Stop> {
        match self.known(scope, Schema::DATE_OF_BIRTH)? {
            Value::Date(date) => Ok(*date),
            _ => Err(EvalError::NoSuchOverload("date_of_birth".into()).into()),
        }
    }

    fn step(&mut self) -> Result<(), Stop> {
        self.steps = self.steps.checked_sub(1).ok_or(EvalError::TooExpensive)?;
        Ok(())
    }
}

/// Evaluates an expression of constants.
pub(crate) fn constant(node: &Node) -> Result<Value, EvalError> {
    let mut frame = Frame::new(Date::ZERO, &[], &[]);
    eval(node, &mut frame).map_err(|stop| match stop {
        Stop::Error(error) => *error,
        Stop::NotKnown(_) => EvalError::NoSuchName("fact".into()),
    })
}

/// Evaluates a condition.
pub(crate) fn truth(node: &Node, frame: &mut Frame<'_>) -> Result<bool, Stop> {
    frame.step()?;
    match &node.op {
        Op::Not(inner) => truth(inner, frame).map(|value| !value),
        Op::And(parts) => junction(parts, frame, false),
        Op::Or(parts) => junction(parts, frame, true),
        Op::Compare(operator, pair) => comparison(*operator, &pair[0], &pair[1], frame),
        Op::Known(scope, slot) => Ok(!frame.fact(*scope, *slot).is_null()),
        Op::Fact(scope, slot) => as_bool(frame.known(*scope, *slot)?),
        Op::Household(Quantifier::Any, scope, body) => members(*scope, body, frame, true),
        Op::Household(Quantifier::All, scope, body) => members(*scope, body, frame, false),
        _ => as_bool(&eval(node, frame)?),
    }
}

fn as_bool(value: &Value) -> Result<bool, Stop> {
    match value {
        Value::Bool(value) => Ok(*value),
        other => Err(EvalError::NoSuchOverload(other.kind().into()).into()),
    }
}

/// `&&` (decided by a false) and `||` (decided by a true): the deciding value wins over anything not known or wrong.
fn junction(parts: &[Node], frame: &mut Frame<'_>, decides: bool) -> Result<bool, Stop> {
    let mut stopped: Option<Stop> = None;
    for part in parts {
        match truth(part, frame) {
            Ok(value) if value == decides => return Ok(decides),
            Ok(_) => {}
            Err(stop) => stopped = Some(graver(stopped, stop)),
        }
    }
    stopped.map_or(Ok(!decides), Err)
}

/// Of two reasons to stop the one to tell: not known before wrong, the first before the second.
fn graver(before: Option<Stop>, stop: Stop) -> Stop {
    match (before, stop) {
        (Some(before @ Stop::NotKnown(_)), _) | (Some(before), Stop::Error(_)) => before,
        (_, stop) => stop,
    }
}

fn members(scope: Scope, body: &Node, frame: &mut Frame<'_>, decides: bool) -> Result<bool, Stop> {
    let mut stopped: Option<Stop> = None;
    for index in 0..=frame.others.len() {
        frame.subjects[usize::from(scope)] = member(frame, index);
        match truth(body, frame) {
            Ok(value) if value == decides => return Ok(decides),
            Ok(_) => {}
            Err(stop) => stopped = Some(graver(stopped, stop)),
        }
    }
    stopped.map_or(Ok(!decides), Err)
}

fn member<'a>(frame: &Frame<'a>, index: usize) -> &'a [Value] {
    match index {
        0 => frame.subjects[0],
        index => &frame.others[index - 1],
    }
}

fn count_members(scope: Scope, body: &Node, frame: &mut Frame<'_>) -> Evaluated {
    let mut count = 0;
    for index in 0..=frame.others.len() {
        frame.subjects[usize::from(scope)] = member(frame, index);
        count += i64::from(truth(body, frame)?);
    }
    Ok(Value::Int(count))
}

/// Compares two expressions.
pub(crate) fn comparison(operator: Compare, left: &Node, right: &Node, frame: &mut Frame<'_>) -> Result<bool, Stop> {
    let left = eval(left, frame)?;
    let right = eval(right, frame)?;
    match (operator, &left, &right) {
        (Compare::Equal, ..) => Ok(equal_within(&left, &right, &mut frame.fuel)?),
        (Compare::NotEqual, ..) => Ok(!equal_within(&left, &right, &mut frame.fuel)?),
        (_, Value::Date(a), Value::Date(b)) => Ok(operator.holds(a.cmp(b))),
        (_, Value::Int(a), Value::Int(b)) => Ok(operator.holds(a.cmp(b))),
        _ if comparable(&left, &right) => Ok(compare(&left, &right).is_some_and(|order| operator.holds(order))),
        _ => Err(EvalError::NoSuchOverload(format!("{} and {}", left.kind(), right.kind()).into()).into()),
    }
}

/// Evaluates an expression.
pub(crate) fn eval(node: &Node, frame: &mut Frame<'_>) -> Evaluated {
    frame.step()?;
    match &node.op {
        Op::Const(value) => Ok(value.clone()),
        Op::Fact(scope, slot) => frame.known(*scope, *slot).cloned(),
        Op::Today => Ok(Value::Date(frame.today)),
        Op::Birth(birth, scope, years) => count_from_birth(*birth, *scope, years.as_deref(), frame),
        Op::Compare(..) | Op::Not(_) | Op::And(_) | Op::Or(_) | Op::Known(..) | Op::Household(Quantifier::Any | Quantifier::All, ..) => {
            truth(node, frame).map(Value::Bool)
        }
        Op::Household(Quantifier::Count, scope, body) => count_members(*scope, body, frame),
        Op::Call(func, args) => match &args[..] {
            [] => functions::call(*func, &[], frame),
            [one] => {
                let args = [eval(one, frame)?];
                functions::call(*func, &args, frame)
            }
            [one, two] => {
                let args = [eval(one, frame)?, eval(two, frame)?];
                functions::call(*func, &args, frame)
            }
            more => {
                let args = more.iter().map(|arg| eval(arg, frame)).collect::<Result<Vec<_>, _>>()?;
                functions::call(*func, &args, frame)
            }
        },
        _ => eval_rarer(node, frame),
    }
}

fn count_from_birth(birth: Birth, scope: Scope, years: Option<&Node>, frame: &mut Frame<'_>) -> Evaluated {
    let born = frame.date_of_birth(scope)?;
    let years = match years {
        None => 0,
        Some(years) => match eval(years, frame)? {
            Value::Int(years) => i16::try_from(years).map_err(|_| EvalError::OutOfRange)?,
            other => return Err(EvalError::NoSuchOverload(other.kind().into()).into()),
        },
    };
    Ok(match birth {
        Birth::Age => Value::Int(civil::age_on(born, frame.today).into()),
        Birth::LegalAge => Value::Int(civil::legal_age_on(born, frame.today).into()),
        Birth::SchoolYear => Value::Int(civil::school_year_number(born, frame.today).into()),
        Birth::MonthsOld => Value::Int(civil::months_old(born, frame.today).into()),
        Birth::Attains => Value::Date(civil::attains(born, years)),
        Birth::Birthday => Value::Date(civil::birthday(born, years)),
    })
}

fn eval_rarer(node: &Node, frame: &mut Frame<'_>) -> Evaluated {
    match &node.op {
        Op::MaybeFact(scope, slot) => {
            let value = frame.fact(*scope, *slot);
            Ok(Value::Optional(if value.is_null() { None } else { Some(value.clone().into()) }))
        }
        Op::Bound(index) => Ok(frame.subjects[0].get(usize::from(*index)).cloned().unwrap_or(Value::Null)),
        Op::Local(index) => Ok(frame.locals.get(usize::from(*index)).cloned().unwrap_or(Value::Null)),
        Op::Cond(parts) => {
            let branch = if truth(&parts[0], frame)? { &parts[1] } else { &parts[2] };
            eval(branch, frame)
        }
        Op::Matches(text, regex) => match eval(text, frame)? {
            Value::String(text) => Ok(Value::Bool(regex.is_match(&text))),
            other => Err(EvalError::NoSuchOverload(other.kind().into()).into()),
        },
        Op::Select { operand, field, optional } => {
            let operand = eval(operand, frame)?;
            functions::select(&operand, field, *optional)
        }
        Op::HasField { operand, field } => {
            let operand = eval(operand, frame)?;
            functions::has_field(&operand, field)
        }
        Op::List(items) => list(items, frame),
        Op::Map(entries) => map(entries, frame),
        Op::Comprehension(c) => comprehension(c, frame),
        Op::Bind(pair) => {
            let value = eval(&pair[0], frame)?;
            frame.locals.push(value);
            let result = eval(&pair[1], frame);
            frame.locals.pop();
            result
        }
        Op::Fail(error) => Err(error.clone().into()),
        _ => truth(node, frame).map(Value::Bool),
    }
}

fn list(items: &[(Node, bool)], frame: &mut Frame<'_>) -> Evaluated {
    let mut values = Vec::with_capacity(items.len());
    for (item, optional) in items {
        match (eval(item, frame)?, optional) {
            (value, false) => values.push(value),
            (Value::Optional(Some(value)), true) => values.push((*value).clone()),
            (Value::Optional(None), true) => {}
            (other, true) => return Err(EvalError::NoSuchOverload(other.kind().into()).into()),
        }
    }
    Ok(Value::List(values.into()))
}

fn map(entries: &[(Node, Node, bool)], frame: &mut Frame<'_>) -> Evaluated {
    let mut pairs = Vec::with_capacity(entries.len());
    for (key, value, optional) in entries {
        let key = eval(key, frame)?;
        match (eval(value, frame)?, optional) {
            (value, false) => insert(&mut pairs, key, value)?,
            (Value::Optional(Some(value)), true) => insert(&mut pairs, key, (*value).clone())?,
            (Value::Optional(None), true) => {}
            (other, true) => return Err(EvalError::NoSuchOverload(other.kind().into()).into()),
        }
    }
    Ok(Value::Map(pairs.into()))
}

fn insert(pairs: &mut Vec<(Value, Value)>, key: Value, value: Value) -> Result<(), Stop> {
    let fits = matches!(key, Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::String(_));
    if !fits || Value::get_key(pairs, &key).is_some() {
        return Err(EvalError::BadKey.into());
    }
    pairs.push((key, value));
    Ok(())
}

/// The names and values a macro runs over: (first, second) for each turn.
fn turns(c: &Comprehension, range: Value) -> Result<Vec<(Value, Value)>, Stop> {
    Ok(match range {
        Value::List(items) if c.two => items.iter().enumerate().map(|(index, item)| (Value::Int(index as i64), item.clone())).collect(),
        Value::List(items) => items.iter().map(|item| (item.clone(), Value::Null)).collect(),
        Value::Map(entries) => entries.to_vec(),
        other => return Err(EvalError::NoSuchOverload(other.kind().into()).into()),
    })
}

/// One turn of a macro: the filter, and the body when the filter lets it through.
fn turn(c: &Comprehension, pair: (Value, Value), frame: &mut Frame<'_>) -> Result<Option<Value>, Stop> {
    let depth = frame.locals.len();
    frame.locals.push(pair.0);
    if c.two {
        frame.locals.push(pair.1);
    }
    let result = match &c.filter {
        Some(filter) => truth(filter, frame).and_then(|pass| if pass { eval(&c.body, frame).map(Some) } else { Ok(None) }),
        None => eval(&c.body, frame).map(Some),
    };
    frame.locals.truncate(depth);
    result
}

fn comprehension(c: &Comprehension, frame: &mut Frame<'_>) -> Evaluated {
    let range = eval(&c.range, frame)?;
    if let Macro::OptMap | Macro::OptFlatMap = c.macro_ {
        return optional_map(c, range, frame);
    }
    let turns = turns(c, range)?;
    match c.macro_ {
        Macro::All => quantified(c, turns, frame, false),
        Macro::Exists => quantified(c, turns, frame, true),
        Macro::ExistsOne => {
            let mut count = 0;
            for pair in turns {
                count += usize::from(turn(c, pair, frame)?.map_or(Ok(false), |value| as_bool(&value))?);
            }
            Ok(Value::Bool(count == 1))
        }
        Macro::Filter => {
            let mut kept = Vec::new();
            for pair in turns {
                let item = pair.0.clone();
                if turn(c, pair, frame)?.map_or(Ok(false), |value| as_bool(&value))? {
                    kept.push(item);
                }
            }
            Ok(Value::List(kept.into()))
        }
        Macro::Map => {
            let mut mapped = Vec::new();
            for pair in turns {
                mapped.extend(turn(c, pair, frame)?);
            }
            Ok(Value::List(mapped.into()))
        }
        Macro::TransformMap => {
            let mut mapped = Vec::new();
            for pair in turns {
                let key = pair.0.clone();
                if let Some(value) = turn(c, pair, frame)? {
                    insert(&mut mapped, key, value)?;
                }
            }
            Ok(Value::Map(mapped.into()))
        }
        Macro::TransformMapEntry | Macro::OptMap | Macro::OptFlatMap => transform_entries(c, turns, frame),
    }
}

fn quantified(c: &Comprehension, turns: Vec<(Value, Value)>, frame: &mut Frame<'_>, decides: bool) -> Evaluated {
    let mut stopped: Option<Stop> = None;
    for pair in turns {
        match turn(c, pair, frame).and_then(|value| value.map_or(Ok(!decides), |value| as_bool(&value))) {
            Ok(value) if value == decides => return Ok(Value::Bool(decides)),
            Ok(_) => {}
            Err(Stop::Error(error)) if *error == EvalError::TooExpensive => return Err(Stop::Error(error)),
            Err(stop) => stopped = Some(graver(stopped, stop)),
        }
    }
    stopped.map_or(Ok(Value::Bool(!decides)), Err)
}

fn transform_entries(c: &Comprehension, turns: Vec<(Value, Value)>, frame: &mut Frame<'_>) -> Evaluated {
    let mut mapped = Vec::new();
    for pair in turns {
        match turn(c, pair, frame)? {
            Some(Value::Map(entries)) => {
                for (key, value) in entries.iter() {
                    insert(&mut mapped, key.clone(), value.clone())?;
                }
            }
            Some(other) => return Err(EvalError::NoSuchOverload(other.kind().into()).into()),
            None => {}
        }
    }
    Ok(Value::Map(mapped.into()))
}

fn optional_map(c: &Comprehension, range: Value, frame: &mut Frame<'_>) -> Evaluated {
    let Value::Optional(optional) = range else {
        return Err(EvalError::NoSuchOverload(range.kind().into()).into());
    };
    let Some(value) = optional else { return Ok(Value::Optional(None)) };
    let result = turn(c, ((*value).clone(), Value::Null), frame)?.unwrap_or(Value::Optional(None));
    match (c.macro_, result) {
        (Macro::OptMap, result) => Ok(Value::Optional(Some(result.into()))),
        (_, result @ Value::Optional(_)) => Ok(result),
        (_, other) => Err(EvalError::NoSuchOverload(other.kind().into()).into()),
    }
}

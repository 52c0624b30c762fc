//! The whole-town evaluator: a rule becomes operations on columns.
//!
//! The skeleton of a rule (`&&`, `||`, `!`, `household.any` …) becomes operations on bits. Each condition in it that looks at one column is
//! worked out beforehand by the one-person evaluator itself: for every text of a dictionary, for yes, no and not known, and for days by
//! finding the bounds between which it holds. What looks at several columns is asked person by person, and only where still needed.
//! A plan answers "is it surely true?" or "is it surely false?", so that what is not known is neither.

use civil::Date;

use crate::bits::Bits;
use crate::calendar::day_of_number;
use crate::eval::{Frame, truth};
use crate::monotone::{Sight, intersection, ranges, union};
use crate::node::{Compare, Node, Op, Quantifier, Scope};
use crate::rule::Rule;
use crate::schema::{Schema, Slot};
use crate::table::{Column, Days, Table};
use crate::value::Value;

/// Words worked on at a time: what they need stays in the nearest cache.
const BLOCK: usize = 64;
/// The longest stretch of days or numbers of which every one is tried.
const MAX_STRETCH: i64 = 200_000;
/// The most ranges that are tested one after the other.
const MAX_RUNS: usize = 12;

/// Operations that give one bit for each row.
enum Plan<'a> {
    Const(bool),
    And(Vec<Plan<'a>>),
    Or(Vec<Plan<'a>>),
    Words(&'a [u64]),
    Owned(Vec<u64>),
    /// Neither of two columns' bits: not known.
    Neither(&'a [u64], &'a [u64]),
    /// Days (after the column's first) in any of the ranges, or not known.
    Days {
        slot: Slot,
        days: &'a Days,
        first: i32,
        ranges: Vec<(i64, i64)>,
        unknown: bool,
    },
    /// Days looked up one by one.
    DayTable {
        days: &'a Days,
        first: i32,
        holds: Bits,
        unknown: bool,
    },
    Ints {
        values: &'a [i64],
        known: &'a [u64],
        ranges: Vec<(i64, i64)>,
        unknown: bool,
    },
    Codes {
        codes: &'a [u32],
        holds: Vec<bool>,
    },
    Rows {
        node: &'a Node,
        scope: Scope,
        want: bool,
        needs: Vec<Slot>,
        household: bool,
    },
}

impl Rule {
    /// The people of a table who are entitled on the day: exactly those for whom [`Rule::decide`] answers true.
    pub fn select(&self, table: &Table, today: Date) -> Bits {
        let compiler = Compiler { table, today };
        let plan = compiler.plan(self.node(), true, 0);
        Bits::from_words(compiler.run(&plan), table.rows())
    }

    /// How many people of a table are entitled on the day.
    pub fn count(&self, table: &Table, today: Date) -> usize {
        self.select(table, today).count()
    }
}

struct Compiler<'a> {
    table: &'a Table,
    today: Date,
}

impl<'a> Compiler<'a> {
    /// The plan that gives the rows for which a condition is surely `want`, with the row as the person named by `scope`.
    fn plan(&self, node: &'a Node, want: bool, scope: Scope) -> Plan<'a> {
        match &node.op {
            Op::Const(Value::Bool(value)) => Plan::Const(*value == want),
            Op::Not(inner) => self.plan(inner, !want, scope),
            Op::And(parts) => self.junction(parts, want, want, scope),
            Op::Or(parts) => self.junction(parts, !want, want, scope),
            Op::Cond(parts) => {
                let branch =
                    |test: bool, part: &'a Node| simplify_and(vec![self.plan(&parts[0], test, scope), self.plan(part, want, scope)]);
                simplify_or(vec![branch(true, &parts[1]), branch(false, &parts[2])])
            }
            Op::Household(quantifier @ (Quantifier::Any | Quantifier::All), member, body) if self.speaks_only_of(body, *member) => {
                self.household((*quantifier == Quantifier::Any) == want, want, body, *member)
            }
            Op::Compare(operator, pair) => match self.household_count(*operator, pair, want) {
                Some(plan) => plan,
                None => self.leaf(node, want, scope),
            },
            _ => self.leaf(node, want, scope),
        }
    }

    fn junction(&self, parts: &'a [Node], all: bool, want: bool, scope: Scope) -> Plan<'a> {
        let plans = parts.iter().map(|part| self.plan(part, want, scope)).collect();
        if all { simplify_and(plans) } else { simplify_or(plans) }
    }

    /// Whether a condition looks at no person but the one named by `scope` (and, inside, at further members).
    fn speaks_only_of(&self, body: &Node, scope: Scope) -> bool {
        let mut only = true;
        body.walk(&mut |node| match &node.op {
            Op::Fact(of, slot) | Op::Known(of, slot) | Op::MaybeFact(of, slot) => {
                only &= *of >= scope && (*of == scope || self.table.schema().info(*slot).personal);
            }
            Op::Birth(_, of, _) => only &= *of >= scope,
            _ => {}
        });
        only
    }

    /// Spreads a condition over the household: to everybody when any member meets it, or only when all do.
    fn household(&self, any: bool, want: bool, body: &'a Node, member: Scope) -> Plan<'a> {
        let words = self.run(&self.plan(body, want, member));
        let bits = Bits::from_words(words, self.table.rows());
        let households = &self.table.households;
        let mut found = vec![!any; households.starts.len()];
        for (row, household) in households.of.iter().enumerate() {
            if bits.get(row) == any {
                found[*household as usize] = any;
            }
        }
        Plan::Owned(Bits::from_fn(self.table.rows(), |row| found[households.of[row] as usize]).words().to_vec())
    }

    /// `household.count(m, …) >= n`: counted once for each household; a member of whom it is not known leaves the count unknown.
    fn household_count(&self, operator: Compare, pair: &'a [Node; 2], want: bool) -> Option<Plan<'a>> {
        let (member, body, number, turned) = match (&pair[0].op, &pair[1].op) {
            (Op::Household(Quantifier::Count, member, body), Op::Const(Value::Int(number))) => (*member, body, *number, false),
            (Op::Const(Value::Int(number)), Op::Household(Quantifier::Count, member, body)) => (*member, body, *number, true),
            _ => return None,
        };
        if !self.speaks_only_of(body, member) {
            return None;
        }
        let rows = self.table.rows();
        let yes = Bits::from_words(self.run(&self.plan(body, true, member)), rows);
        let no = Bits::from_words(self.run(&self.plan(body, false, member)), rows);
        let households = &self.table.households;
        let mut counts = vec![(0i64, true); households.starts.len()];
        for (row, household) in households.of.iter().enumerate() {
            let count = &mut counts[*household as usize];
            count.0 += i64::from(yes.get(row));
            count.1 &= yes.get(row) || no.get(row);
        }
        let holds = |(count, known): (i64, bool)| {
            let order = if turned { number.cmp(&count) } else { count.cmp(&number) };
            known && operator.holds(order) == want
        };
        Some(Plan::Owned(Bits::from_fn(rows, |row| holds(counts[households.of[row] as usize])).words().to_vec()))
    }

    /// A condition without further skeleton.
    fn leaf(&self, node: &'a Node, want: bool, scope: Scope) -> Plan<'a> {
        let needs = needs(node);
        let asks_household = needs.iter().any(|(of, _)| *of != scope) || has_household(node);
        match &needs[..] {
            [] if !asks_household => Plan::Const(self.ask(node, scope, None) == Some(want)),
            [(_, slot)] if !asks_household => {
                self.tabulated(node, want, scope, *slot).unwrap_or_else(|| rows(node, want, scope, vec![*slot], false))
            }
            _ => {
                let mut slots: Vec<Slot> = needs.iter().map(|(_, slot)| *slot).collect();
                slots.sort_unstable();
                slots.dedup();
                rows(node, want, scope, slots, asks_household)
            }
        }
    }

    /// The answer of the one-person evaluator with at most one fact known.
    fn ask(&self, node: &Node, scope: Scope, fact: Option<(Slot, Value)>) -> Option<bool> {
        let mut facts = vec![Value::Null; if fact.is_some() { self.table.schema().len() } else { 0 }];
        if let Some((slot, value)) = fact {
            facts[slot.index()] = value;
        }
        truth(node, &mut Frame::new(self.today, &[], &[]).with_subject(scope, &facts)).ok()
    }

    fn sight(&self, scope: Scope, slot: Slot) -> Sight {
        Sight { today: self.today, scope, slot, slots: self.table.schema().len() }
    }

    /// A condition on one column, worked out for its values; `None` when there are too many.
    fn tabulated(&self, node: &'a Node, want: bool, scope: Scope, slot: Slot) -> Option<Plan<'a>> {
        let holds = |value: Value| self.ask(node, scope, Some((slot, value))) == Some(want);
        let unknown = holds(Value::Null);
        match self.table.columns[slot.index()].as_ref() {
            None => Some(Plan::Const(unknown)),
            Some(Column::Bools { yes, no }) => {
                let mut plans = Vec::new();
                match (holds(Value::Bool(true)), holds(Value::Bool(false)), unknown) {
                    (true, true, true) => return Some(Plan::Const(true)),
                    (on_yes, on_no, _) => {
                        plans.extend(on_yes.then_some(Plan::Words(yes.words())));
                        plans.extend(on_no.then_some(Plan::Words(no.words())));
                        plans.extend(unknown.then_some(Plan::Neither(yes.words(), no.words())));
                    }
                }
                Some(simplify_or(plans))
            }
            Some(Column::Codes { codes, dictionary }) => {
                let mut table: Vec<bool> = dictionary.iter().map(|text| holds(Value::String(text.clone()))).collect();
                table.push(unknown);
                Some(Plan::Codes { codes, holds: table })
            }
            Some(Column::Dates { days, first, last }) => {
                let (from, to) = (i64::from(*first), i64::from(*last));
                let value = |day: i64| i32::try_from(day).ok().and_then(day_of_number).map_or(Value::Null, Value::Date);
                if let Some(ranges) = ranges(node, want, self.sight(scope, slot), (from, to), &value) {
                    let ranges = ranges.into_iter().map(|(a, b)| (a - from, b - from)).collect();
                    return Some(Plan::Days { slot, days, first: *first, ranges, unknown });
                }
                let holds = Bits::from_fn(stretch(from, to)?, |day| holds(value(from + day as i64)));
                Some(match runs(&holds, MAX_RUNS) {
                    Some(ranges) => Plan::Days { slot, days, first: *first, ranges, unknown },
                    None => Plan::DayTable { days, first: *first, holds, unknown },
                })
            }
            Some(Column::Ints { values, known, least, most }) => {
                let ranges = ranges(node, want, self.sight(scope, slot), (*least, *most), &Value::Int).or_else(|| {
                    let holds = Bits::from_fn(stretch(*least, *most)?, |number| holds(Value::Int(least + number as i64)));
                    Some(runs(&holds, MAX_RUNS)?.into_iter().map(|(from, to)| (from + least, to + least)).collect())
                })?;
                Some(Plan::Ints { values, known: known.words(), ranges, unknown })
            }
        }
    }

    fn run(&self, plan: &Plan<'_>) -> Vec<u64> {
        let words = self.table.rows().div_ceil(64);
        let mut out = vec![0u64; words];
        let mut runner = Runner { table: self.table, today: self.today, facts: vec![Value::Null; self.table.schema().len()] };
        for (index, block) in out.chunks_mut(BLOCK).enumerate() {
            let start = index * BLOCK;
            let mut need = [u64::MAX; BLOCK];
            let rest = self.table.rows() - start * 64;
            if rest < block.len() * 64 {
                need[block.len() - 1] = (1u64 << (rest % 64)) - 1;
            }
            runner.block(plan, start, &need[..block.len()], block);
        }
        out
    }
}

fn rows<'a>(node: &'a Node, want: bool, scope: Scope, needs: Vec<Slot>, household: bool) -> Plan<'a> {
    Plan::Rows { node, scope, want, needs, household }
}

/// The facts a condition looks at, by whose they are, each once.
fn needs(node: &Node) -> Vec<(Scope, Slot)> {
    let mut needs = Vec::new();
    node.walk(&mut |node| match &node.op {
        Op::Fact(scope, slot) | Op::Known(scope, slot) | Op::MaybeFact(scope, slot) => needs.push((*scope, *slot)),
        Op::Birth(_, scope, _) => needs.push((*scope, Schema::DATE_OF_BIRTH)),
        _ => {}
    });
    needs.sort_unstable();
    needs.dedup();
    needs
}

/// How many days or numbers there are; `None` when too many to try.
fn stretch(first: i64, last: i64) -> Option<usize> {
    let count = last.checked_sub(first)?.checked_add(1)?;
    usize::try_from(count).ok().filter(|_| count <= MAX_STRETCH)
}

/// The runs of rows in a set; `None` when there are more than `most`.
fn runs(bits: &Bits, most: usize) -> Option<Vec<(i64, i64)>> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for row in bits.rows().map(|row| row as i64) {
        let full = runs.len() == most;
        match runs.last_mut() {
            Some(last) if last.1 + 1 == row => last.1 = row,
            _ if full => return None,
            _ => runs.push((row, row)),
        }
    }
    Some(runs)
}

pub(crate) fn has_household(node: &Node) -> bool {
    let mut found = false;
    node.walk(&mut |node| found |= matches!(node.op, Op::Household(..)));
    found
}

fn simplify_and(plans: Vec<Plan<'_>>) -> Plan<'_> {
    let mut parts: Vec<Plan<'_>> = Vec::new();
    for plan in plans.into_iter().flat_map(|plan| if let Plan::And(parts) = plan { parts } else { vec![plan] }) {
        match plan {
            Plan::Const(true) => {}
            Plan::Const(false) => return Plan::Const(false),
            plan => merge(&mut parts, plan, intersection, |a, b| a && b),
        }
    }
    parts.sort_by_key(cost);
    match parts.len() {
        0 => Plan::Const(true),
        1 => parts.remove(0),
        _ => Plan::And(parts),
    }
}

fn simplify_or(plans: Vec<Plan<'_>>) -> Plan<'_> {
    let mut parts: Vec<Plan<'_>> = Vec::new();
    for plan in plans.into_iter().flat_map(|plan| if let Plan::Or(parts) = plan { parts } else { vec![plan] }) {
        match plan {
            Plan::Const(false) => {}
            Plan::Const(true) => return Plan::Const(true),
            plan => merge(&mut parts, plan, |a, b| union([a, b].concat()), |a, b| a || b),
        }
    }
    parts.sort_by_key(cost);
    match parts.len() {
        0 => Plan::Const(false),
        1 => parts.remove(0),
        _ => Plan::Or(parts),
    }
}

/// How two parts on one column of days become one.
type Join = fn(&[(i64, i64)], &[(i64, i64)]) -> Vec<(i64, i64)>;

/// Adds a part; two parts on the same column of days become one, so that the column is read once.
fn merge<'a>(parts: &mut Vec<Plan<'a>>, plan: Plan<'a>, join: Join, both: fn(bool, bool) -> bool) {
    if let Plan::Days { slot, ranges, unknown, .. } = &plan {
        for part in parts.iter_mut() {
            if let Plan::Days { slot: other, ranges: known, unknown: other_unknown, .. } = part
                && other == slot
            {
                *known = join(known, ranges);
                *other_unknown = both(*other_unknown, *unknown);
                return;
            }
        }
    }
    parts.push(plan);
}

/// How dear a plan is, so that the cheap parts thin out the rows first.
fn cost(plan: &Plan<'_>) -> u8 {
    match plan {
        Plan::Const(_) | Plan::Words(_) | Plan::Owned(_) | Plan::Neither(..) => 0,
        Plan::Days { .. } => 1,
        Plan::Codes { .. } | Plan::Ints { .. } | Plan::DayTable { .. } => 2,
        Plan::And(parts) | Plan::Or(parts) => parts.iter().map(cost).max().unwrap_or(0).max(3),
        Plan::Rows { .. } => 9,
    }
}

struct Runner<'a> {
    table: &'a Table,
    today: Date,
    facts: Vec<Value>,
}

impl Runner<'_> {
    /// Gives the rows of a block that meet the plan, of those that are needed.
    fn block(&mut self, plan: &Plan<'_>, start: usize, need: &[u64], out: &mut [u64]) {
        match plan {
            Plan::Const(value) => fill(need, out, |_| if *value { u64::MAX } else { 0 }),
            Plan::Words(words) => fill(need, out, |index| words[start + index]),
            Plan::Owned(words) => fill(need, out, |index| words[start + index]),
            Plan::Neither(a, b) => fill(need, out, |index| !(a[start + index] | b[start + index])),
            Plan::And(parts) => {
                let mut left = [0u64; BLOCK];
                let left = &mut left[..need.len()];
                left.copy_from_slice(need);
                for part in parts {
                    self.block(part, start, left, out);
                    left.copy_from_slice(out);
                }
            }
            Plan::Or(parts) => {
                let (mut left, mut found, mut part_out) = ([0u64; BLOCK], [0u64; BLOCK], [0u64; BLOCK]);
                let (left, found, part_out) = (&mut left[..need.len()], &mut found[..need.len()], &mut part_out[..need.len()]);
                left.copy_from_slice(need);
                for part in parts {
                    self.block(part, start, left, part_out);
                    for index in 0..need.len() {
                        found[index] |= part_out[index];
                        left[index] &= !part_out[index];
                    }
                }
                out.copy_from_slice(found);
            }
            Plan::Days { days: Days::Narrow(days), ranges, unknown, .. } => narrow_days(days, ranges, *unknown, start, need, out),
            Plan::Days { days, first, ranges, unknown, .. } => by_row(need, out, start, |row| match days.get(row, *first) {
                None => *unknown,
                Some(day) => ranges.iter().any(|(from, to)| (*from..=*to).contains(&(i64::from(day) - i64::from(*first)))),
            }),
            Plan::DayTable { days, first, holds, unknown } => by_row(need, out, start, |row| match days.get(row, *first) {
                None => *unknown,
                Some(day) => holds.get((day - first) as usize),
            }),
            Plan::Ints { values, known, ranges, unknown } => by_row(need, out, start, |row| {
                if known[row / 64] >> (row % 64) & 1 == 0 {
                    return *unknown;
                }
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&values[row]))
            }),
            Plan::Codes { codes, holds } => by_row(need, out, start, |row| holds[(codes[row] as usize).min(holds.len() - 1)]),
            Plan::Rows { node, scope, want, needs, household } => {
                by_row(need, out, start, |row| self.ask(node, *scope, *want, needs, *household, row));
            }
        }
    }

    /// Asks the one-person evaluator about one row.
    fn ask(&mut self, node: &Node, scope: Scope, want: bool, needs: &[Slot], household: bool, row: usize) -> bool {
        for slot in needs {
            self.facts[slot.index()] = self.table.fact(row, *slot);
        }
        let mut others: Vec<Box<[Value]>> = Vec::new();
        if household {
            for member in self.table.household_of(row) {
                let mut facts = vec![Value::Null; self.facts.len()];
                for slot in needs {
                    facts[slot.index()] = self.table.fact(member, *slot);
                }
                others.push(facts.into());
            }
        }
        let mut frame = Frame::new(self.today, &self.facts, &others).with_subject(scope, &self.facts);
        truth(node, &mut frame) == Ok(want)
    }
}

fn fill(need: &[u64], out: &mut [u64], word: impl Fn(usize) -> u64) {
    for (index, (need, out)) in need.iter().zip(out).enumerate() {
        *out = need & word(index);
    }
}

/// Asks about every needed row.
fn by_row(need: &[u64], out: &mut [u64], start: usize, mut holds: impl FnMut(usize) -> bool) {
    for (index, (need, out)) in need.iter().zip(out).enumerate() {
        let (mut rest, mut word) = (*need, 0u64);
        while rest != 0 {
            let bit = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            word |= u64::from(holds((start + index) * 64 + bit)) << bit;
        }
        *out = word;
    }
}

/// Tests days in ranges, 64 rows at a time without branches.
fn narrow_days(days: &[u16], ranges: &[(i64, i64)], unknown: bool, start: usize, need: &[u64], out: &mut [u64]) {
    let mut narrow: Vec<(u16, u16)> = Vec::with_capacity(ranges.len() + 1);
    for (from, to) in ranges {
        let (from, to) = ((*from).max(0), (*to).min(i64::from(u16::MAX) - 1));
        if from <= to {
            narrow.push((from as u16, (to - from) as u16));
        }
    }
    if unknown {
        narrow.push((u16::MAX, 0));
    }
    for (index, (need, out)) in need.iter().zip(out).enumerate() {
        *out = 0;
        if *need == 0 {
            continue;
        }
        let from = (start + index) * 64;
        let mut block = [u16::MAX; 64];
        let source = &days[from..(from + 64).min(days.len())];
        let full: &[u16; 64] = match source.first_chunk::<64>() {
            Some(full) => full,
            None => {
                block[..source.len()].copy_from_slice(source);
                &block
            }
        };
        *out = need & in_ranges(full, &narrow);
    }
}

fn in_ranges(days: &[u16; 64], ranges: &[(u16, u16)]) -> u64 {
    let mut marks = [0u8; 64];
    for (from, width) in ranges {
        for (mark, day) in marks.iter_mut().zip(days) {
            *mark |= u8::from(day.wrapping_sub(*from) <= *width);
        }
    }
    let mut word = 0;
    for (index, eight) in marks.chunks_exact(8).enumerate() {
        let bytes = u64::from_le_bytes([eight[0], eight[1], eight[2], eight[3], eight[4], eight[5], eight[6], eight[7]]);
        // Gathers the lowest bit of each byte into one byte.
        word |= (bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
    }
    word
}

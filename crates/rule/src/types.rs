//! Static types, and making two types agree.

use std::fmt;
use std::sync::Arc;

/// A static type. `Var` stands for a type still to be found, `Param` for a letter in a signature.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    Date,
    Type(Box<Ty>),
    List(Box<Ty>),
    Map(Box<Ty>, Box<Ty>),
    /// A named type with parameters; `optional_type(A)` is one.
    Named(Arc<str>, Vec<Ty>),
    Param(u8),
    Var(u32),
}

impl Ty {
    pub(crate) fn list(of: Ty) -> Ty {
        Ty::List(Box::new(of))
    }

    pub(crate) fn map(key: Ty, value: Ty) -> Ty {
        Ty::Map(Box::new(key), Box::new(value))
    }

    pub(crate) fn optional(of: Ty) -> Ty {
        Ty::Named("optional_type".into(), vec![of])
    }

    pub(crate) fn as_optional(&self) -> Option<&Ty> {
        match self {
            Ty::Named(name, params) if &**name == "optional_type" => params.first(),
            _ => None,
        }
    }

    /// The same type with each part replaced where `change` gives a replacement.
    pub(crate) fn replace(&self, change: &mut dyn FnMut(&Ty) -> Option<Ty>) -> Ty {
        if let Some(ty) = change(self) {
            return ty;
        }
        match self {
            Ty::Type(of) => Ty::Type(Box::new(of.replace(change))),
            Ty::List(of) => Ty::list(of.replace(change)),
            Ty::Map(key, value) => Ty::map(key.replace(change), value.replace(change)),
            Ty::Named(name, params) => Ty::Named(name.clone(), params.iter().map(|param| param.replace(change)).collect()),
            other => other.clone(),
        }
    }

    /// The type in an official's words.
    pub(crate) fn ja(&self) -> String {
        match self {
            Ty::Dyn | Ty::Var(_) | Ty::Param(_) => "任意の値".into(),
            Ty::Null => "null".into(),
            Ty::Bool => "はい・いいえ".into(),
            Ty::Int | Ty::Uint => "整数".into(),
            Ty::Double => "小数".into(),
            Ty::String => "文字列".into(),
            Ty::Bytes => "バイト列".into(),
            Ty::Timestamp => "時刻".into(),
            Ty::Duration => "時間の長さ".into(),
            Ty::Date => "日付".into(),
            Ty::Type(_) => "型".into(),
            Ty::List(_) => "一覧".into(),
            Ty::Map(..) => "対応表".into(),
            Ty::Named(..) => self.to_string(),
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Dyn | Ty::Var(_) | Ty::Param(_) => f.write_str("dyn"),
            Ty::Null => f.write_str("null"),
            Ty::Bool => f.write_str("bool"),
            Ty::Int => f.write_str("int"),
            Ty::Uint => f.write_str("uint"),
            Ty::Double => f.write_str("double"),
            Ty::String => f.write_str("string"),
            Ty::Bytes => f.write_str("bytes"),
            Ty::Timestamp => f.write_str("timestamp"),
            Ty::Duration => f.write_str("duration"),
            Ty::Date => f.write_str("date"),
            Ty::Type(of) => write!(f, "type({of})"),
            Ty::List(of) => write!(f, "list({of})"),
            Ty::Map(key, value) => write!(f, "map({key}, {value})"),
            Ty::Named(name, params) if params.is_empty() => f.write_str(name),
            Ty::Named(name, params) => {
                write!(f, "{name}(")?;
                for (index, param) in params.iter().enumerate() {
                    write!(f, "{}{param}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
        }
    }
}

/// What is known of the types still to be found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unifier {
    found: Vec<Option<Ty>>,
}

impl Unifier {
    pub(crate) fn fresh(&mut self) -> Ty {
        self.found.push(None);
        Ty::Var(self.found.len() as u32 - 1)
    }

    /// A copy of a signature's types with new unknowns for its letters.
    pub(crate) fn instantiate(&mut self, types: &[Ty]) -> Vec<Ty> {
        let mut letters: Vec<(u8, Ty)> = Vec::new();
        let mut change = |ty: &Ty| match ty {
            Ty::Param(letter) => Some(match letters.iter().find(|(known, _)| known == letter) {
                Some((_, var)) => var.clone(),
                None => {
                    let var = self.fresh();
                    letters.push((*letter, var.clone()));
                    var
                }
            }),
            _ => None,
        };
        types.iter().map(|ty| ty.replace(&mut change)).collect()
    }

    /// The type as far as it is known.
    pub(crate) fn resolve(&self, ty: &Ty) -> Ty {
        ty.replace(&mut |part| match part {
            Ty::Var(var) => self.found[*var as usize].as_ref().map(|found| self.resolve(found)),
            _ => None,
        })
    }

    /// The type with everything unknown taken as `dyn`.
    pub(crate) fn finish(&self, ty: &Ty) -> Ty {
        self.resolve(ty).replace(&mut |part| matches!(part, Ty::Var(_)).then_some(Ty::Dyn))
    }

    /// Makes all of `from` assignable to `to`, or changes nothing.
    pub(crate) fn assign_all(&mut self, from: &[Ty], to: &[Ty]) -> bool {
        let before = self.found.clone();
        let fits = from.len() == to.len() && from.iter().zip(to).all(|(a, b)| self.assign(a, b));
        if !fits {
            self.found = before;
        }
        fits
    }

    fn assign(&mut self, from: &Ty, to: &Ty) -> bool {
        let (from, to) = (self.resolve(from), self.resolve(to));
        match (&from, &to) {
            (Ty::Var(a), Ty::Var(b)) if a == b => true,
            (_, Ty::Var(var)) => self.bind(*var, &from),
            (Ty::Var(var), _) => self.bind(*var, &to),
            (Ty::Dyn, _) | (_, Ty::Dyn) => true,
            (Ty::Null, Ty::Named(..) | Ty::Timestamp | Ty::Duration | Ty::Date) => true,
            (Ty::Named(..) | Ty::Timestamp | Ty::Duration | Ty::Date, Ty::Null) => true,
            (Ty::Type(_), Ty::Type(_)) => true,
            (Ty::List(a), Ty::List(b)) => self.assign(a, b),
            (Ty::Map(a, c), Ty::Map(b, d)) => self.assign(a, b) && self.assign(c, d),
            (Ty::Named(a, p), Ty::Named(b, q)) => a == b && p.len() == q.len() && p.iter().zip(q).all(|(x, y)| self.assign(x, y)),
            (a, b) => a == b,
        }
    }

    fn bind(&mut self, var: u32, ty: &Ty) -> bool {
        let mut occurs = false;
        ty.replace(&mut |part| {
            occurs |= *part == Ty::Var(var);
            None
        });
        if !occurs {
            self.found[var as usize] = Some(ty.clone());
        }
        !occurs
    }

    /// The more general of two types when one fits the other, `dyn` when neither does.
    pub(crate) fn join(&mut self, a: &Ty, b: &Ty) -> Ty {
        let (a, b) = (self.resolve(a), self.resolve(b));
        if self.assign_all(std::slice::from_ref(&b), std::slice::from_ref(&a)) {
            let (a, b) = (self.resolve(&a), self.resolve(&b));
            return if a == Ty::Null || more_general(&b, &a) { b } else { a };
        }
        Ty::Dyn
    }
}

/// Whether `a` has `dyn` somewhere `b` has something narrower, and nowhere the other way round.
fn more_general(a: &Ty, b: &Ty) -> bool {
    match (a, b) {
        (Ty::Dyn, b) => *b != Ty::Dyn,
        (Ty::List(a), Ty::List(b)) => more_general(a, b),
        (Ty::Map(a, c), Ty::Map(b, d)) => more_general(a, b) || more_general(c, d),
        (Ty::Named(_, a), Ty::Named(_, b)) => a.iter().zip(b).any(|(a, b)| more_general(a, b)),
        _ => false,
    }
}

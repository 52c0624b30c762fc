//! The functions offered, with the types they take and give.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::functions::Func;
use crate::types::Ty;

/// One way to call a function; for a method the receiver is the first parameter.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) func: Func,
    pub(crate) method: bool,
    pub(crate) params: Vec<Ty>,
    pub(crate) result: Ty,
}

/// Every signature of a function or operator, by name.
pub(crate) fn signatures(name: &str) -> &'static [Signature] {
    table().get(name).map_or(&[], Vec::as_slice)
}

/// The names of all functions, for suggestions.
pub(crate) fn function_names() -> impl Iterator<Item = &'static str> {
    table().keys().copied().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn table() -> &'static HashMap<&'static str, Vec<Signature>> {
    static TABLE: OnceLock<HashMap<&'static str, Vec<Signature>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: HashMap<&'static str, Vec<Signature>> = HashMap::new();
        for (func, name, shapes) in LIST {
            for shape in shapes.split(';').map(str::trim) {
                let method = shape.starts_with('.');
                let mut types: Vec<Ty> = shape.trim_start_matches('.').split_whitespace().map(|word| read(&mut word.as_bytes())).collect();
                let result = types.pop().expect("every shape of the table ends with its result");
                table.entry(name).or_default().push(Signature { func: *func, method, params: types, result });
            }
        }
        table
    })
}

/// Reads a type of the table: `int`, `A`, `list<A>`, `map<A,B>`, `opt<A>`.
fn read(text: &mut &[u8]) -> Ty {
    let end = text.iter().position(|c| matches!(c, b'<' | b'>' | b',')).unwrap_or(text.len());
    let word = std::str::from_utf8(&text[..end]).unwrap_or("");
    *text = &text[end..];
    let mut params = Vec::new();
    if text.first() == Some(&b'<') {
        loop {
            *text = &text[1..];
            params.push(read(text));
            if text.first() == Some(&b'>') {
                *text = &text[1..];
                break;
            }
        }
    }
    let mut params = params.into_iter();
    let mut next = || params.next().unwrap_or(Ty::Dyn);
    match word {
        "bool" => Ty::Bool,
        "int" => Ty::Int,
        "uint" => Ty::Uint,
        "double" => Ty::Double,
        "string" => Ty::String,
        "bytes" => Ty::Bytes,
        "ts" => Ty::Timestamp,
        "dur" => Ty::Duration,
        "date" => Ty::Date,
        "list" => Ty::list(next()),
        "map" => Ty::map(next(), next()),
        "opt" => Ty::optional(next()),
        "type" => Ty::Type(Box::new(next())),
        "A" => Ty::Param(0),
        "B" => Ty::Param(1),
        _ => Ty::Dyn,
    }
}

const ORDER: &str = "bool bool bool; int int bool; uint uint bool; double double bool; string string bool; bytes bytes bool; ts ts bool; \
    dur dur bool; date date bool; int uint bool; uint int bool; int double bool; double int bool; uint double bool; double uint bool";

const LIST: &[(Func, &str, &str)] = &[
    (Func::Equal, "==", "A A bool"),
    (Func::NotEqual, "!=", "A A bool"),
    (Func::Less, "<", ORDER),
    (Func::LessEqual, "<=", ORDER),
    (Func::Greater, ">", ORDER),
    (Func::GreaterEqual, ">=", ORDER),
    (Func::In, "in", "A list<A> bool; A map<A,B> bool"),
    (
        Func::Add,
        "+",
        "int int int; uint uint uint; double double double; string string string; bytes bytes bytes; list<A> list<A> list<A>; \
         dur dur dur; ts dur ts; dur ts ts; date int date",
    ),
    (
        Func::Subtract,
        "-",
        "int int int; uint uint uint; double double double; ts ts dur; ts dur ts; dur dur dur; date int date; date date int",
    ),
    (Func::Multiply, "*", "int int int; uint uint uint; double double double"),
    (Func::Divide, "/", "int int int; uint uint uint; double double double"),
    (Func::Remainder, "%", "int int int; uint uint uint"),
    (Func::Negate, "-_", "int int; double double"),
    (Func::Index, "[]", "list<A> int A; map<A,B> A B; opt<list<A>> int opt<A>; opt<map<A,B>> A opt<B>"),
    (Func::OptionalIndex, "[?]", "list<A> int opt<A>; map<A,B> A opt<B>; opt<list<A>> int opt<A>; opt<map<A,B>> A opt<B>"),
    (Func::Size, "size", "string int; bytes int; list<A> int; map<A,B> int; .string int; .bytes int; .list<A> int; .map<A,B> int"),
    (Func::Contains, "contains", ".string string bool"),
    (Func::StartsWith, "startsWith", ".string string bool"),
    (Func::EndsWith, "endsWith", ".string string bool"),
    (Func::Matches, "matches", ".string string bool; string string bool"),
    (Func::Dyn, "dyn", "A dyn"),
    (Func::Type, "type", "A type<A>"),
    (Func::ToInt, "int", "int int; uint int; double int; string int; ts int"),
    (Func::ToUint, "uint", "uint uint; int uint; double uint; string uint"),
    (Func::ToDouble, "double", "double double; int double; uint double; string double"),
    (Func::ToBool, "bool", "bool bool; string bool"),
    (
        Func::ToString,
        "string",
        "string string; bool string; int string; uint string; double string; bytes string; ts string; dur string; date string",
    ),
    (Func::ToBytes, "bytes", "bytes bytes; string bytes"),
    (Func::ToTimestamp, "timestamp", "ts ts; string ts; int ts"),
    (Func::ToDuration, "duration", "dur dur; string dur; int dur"),
    (Func::FullYear, "getFullYear", ".ts int; .ts string int"),
    (Func::MonthFrom0, "getMonth", ".ts int; .ts string int"),
    (Func::DayOfYearFrom0, "getDayOfYear", ".ts int; .ts string int"),
    (Func::DayOfMonthFrom0, "getDayOfMonth", ".ts int; .ts string int"),
    (Func::DayOfMonthFrom1, "getDate", ".ts int; .ts string int"),
    (Func::DayOfWeek, "getDayOfWeek", ".ts int; .ts string int"),
    (Func::Hours, "getHours", ".ts int; .ts string int; .dur int"),
    (Func::Minutes, "getMinutes", ".ts int; .ts string int; .dur int"),
    (Func::Seconds, "getSeconds", ".ts int; .ts string int; .dur int"),
    (Func::Milliseconds, "getMilliseconds", ".ts int; .ts string int; .dur int"),
    (Func::OptionalOf, "optional.of", "A opt<A>"),
    (Func::OptionalOfNonZero, "optional.ofNonZeroValue", "A opt<A>"),
    (Func::OptionalNone, "optional.none", "opt<A>"),
    (Func::HasValue, "hasValue", ".opt<A> bool"),
    (Func::OptionalValue, "value", ".opt<A> A"),
    (Func::Or, "or", ".opt<A> opt<A> opt<A>"),
    (Func::OrValue, "orValue", ".opt<A> A A"),
    (Func::Date, "date", "string date; date date"),
    (Func::FiscalYear, "fiscal_year", "date int"),
    (Func::FiscalYearStart, "fiscal_year_start", "date date"),
    (Func::FiscalYearEnd, "fiscal_year_end", "date date"),
    (Func::MonthStart, "month_start", "date date"),
    (Func::MonthEnd, "month_end", "date date"),
    (Func::DaysBetween, "days_between", "date date int"),
    (Func::PlusDays, "plus_days", ".date int date"),
    (Func::PlusMonths, "plus_months", ".date int date"),
    (Func::PlusYears, "plus_years", ".date int date"),
    (Func::Year, "year", ".date int"),
    (Func::Month, "month", ".date int"),
    (Func::Day, "day", ".date int"),
    (Func::Weekday, "weekday", ".date int"),
];

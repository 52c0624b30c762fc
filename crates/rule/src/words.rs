//! Words for values, facts and calculations, in Japanese and English.

use crate::eval::{Frame, eval};
use crate::functions::Func;
use crate::node::{Birth, Node, Op, Scope};
use crate::schema::{Schema, Slot};
use crate::value::Value;

/// The same words in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) ja: String,
    pub(crate) en: String,
}

impl Words {
    pub(crate) fn new(ja: impl Into<String>, en: impl Into<String>) -> Words {
        Words { ja: ja.into(), en: en.into() }
    }
}

/// A value as people write it.
pub(crate) fn value(value: &Value) -> Words {
    let same = |text: String| Words::new(text.clone(), text);
    match value {
        Value::Null => Words::new("不明", "not known"),
        Value::Bool(true) => Words::new("はい", "yes"),
        Value::Bool(false) => Words::new("いいえ", "no"),
        Value::Int(number) => same(number.to_string()),
        Value::Uint(number) => same(number.to_string()),
        Value::Double(number) => same(number.to_string()),
        Value::String(text) => Words::new(format!("「{text}」"), format!("“{text}”")),
        Value::Date(day) => Words::new(civil::day_in_japanese(*day), civil::day_in_english(*day)),
        Value::List(items) => {
            let items: Vec<Words> = items.iter().take(20).map(self::value).collect();
            let join = |pick: fn(&Words) -> &str, with: &str| items.iter().map(pick).collect::<Vec<_>>().join(with);
            Words::new(join(|words| &words.ja, "、"), join(|words| &words.en, ", "))
        }
        Value::Optional(Some(inner)) => self::value(inner),
        other => same(other.kind().to_owned()),
    }
}

/// Whose fact it is, before its name.
fn owner(scope: Scope) -> Words {
    if scope == 0 { Words::default() } else { Words::new("世帯員の", "the member's ") }
}

pub(crate) fn fact(schema: &Schema, scope: Scope, slot: Slot) -> Words {
    let (owner, info) = (owner(scope), schema.info(slot));
    match info.path.strip_prefix("area.") {
        Some(_) => {
            Words::new(format!("{}住所が区域「{}」の中", owner.ja, info.ja), format!("{}home inside the area “{}”", owner.en, info.en))
        }
        None => Words::new(format!("{}{}", owner.ja, info.ja), format!("{}{}", owner.en, info.en)),
    }
}

/// A calculation as a noun, with the values inside it: `18歳に達する日（2026年3月31日）の年度末`.
pub(crate) fn noun(node: &Node, schema: &Schema, frame: &Frame<'_>) -> Words {
    match &node.op {
        Op::Const(constant) => value(constant),
        Op::Today => Words::new("今日", "today"),
        Op::Fact(scope, slot) => fact(schema, *scope, *slot),
        Op::Birth(birth, scope, years) => birth_words(*birth, *scope, years.as_deref(), schema, frame),
        Op::Call(func, args) => call_words(*func, args, schema, frame),
        Op::Household(_, _, _) => Words::new("条件を満たす世帯員の数", "the number of household members who meet the condition"),
        _ => Words::new("計算した値", "the value"),
    }
}

fn birth_words(birth: Birth, scope: Scope, years: Option<&Node>, schema: &Schema, frame: &Frame<'_>) -> Words {
    let owner = owner(scope);
    let years = years.map(|years| with_value(years, schema, frame)).unwrap_or_default();
    match birth {
        Birth::Age => Words::new(format!("{}年齢", owner.ja), format!("{}age", owner.en)),
        Birth::LegalAge => Words::new(format!("{}法律上の年齢", owner.ja), format!("{}legal age", owner.en)),
        Birth::SchoolYear => {
            Words::new(format!("{}学年（小1を1と数える）", owner.ja), format!("{}school year (1 = first year of primary school)", owner.en))
        }
        Birth::MonthsOld => Words::new(format!("{}月齢", owner.ja), format!("{}age in months", owner.en)),
        Birth::Attains => {
            Words::new(format!("{}{}歳に達する日", owner.ja, years.ja), format!("{}day of attaining age {}", owner.en, years.en))
        }
        Birth::Birthday => Words::new(format!("{}{}歳の誕生日", owner.ja, years.ja), format!("{}birthday number {}", owner.en, years.en)),
    }
}

fn call_words(func: Func, args: &[Node], schema: &Schema, frame: &Frame<'_>) -> Words {
    let inner = args.first().map(|arg| with_value(arg, schema, frame)).unwrap_or_default();
    let second = args.get(1).map(|arg| with_value(arg, schema, frame)).unwrap_or_default();
    match func {
        Func::FiscalYearEnd => Words::new(format!("{}の年度末", inner.ja), format!("the end of the fiscal year of the {}", inner.en)),
        Func::FiscalYearStart => Words::new(format!("{}の年度初め", inner.ja), format!("the start of the fiscal year of the {}", inner.en)),
        Func::FiscalYear => Words::new(format!("{}の年度", inner.ja), format!("the fiscal year of the {}", inner.en)),
        Func::MonthEnd => Words::new(format!("{}の月末", inner.ja), format!("the end of the month of the {}", inner.en)),
        Func::MonthStart => Words::new(format!("{}の月初め", inner.ja), format!("the start of the month of the {}", inner.en)),
        Func::PlusDays | Func::Add => {
            Words::new(format!("{}に{}を足したもの", inner.ja, second.ja), format!("{} plus {}", inner.en, second.en))
        }
        Func::PlusMonths => {
            Words::new(format!("{}の{}か月後", inner.ja, second.ja), format!("{} months after the {}", second.en, inner.en))
        }
        Func::PlusYears => Words::new(format!("{}の{}年後", inner.ja, second.ja), format!("{} years after the {}", second.en, inner.en)),
        Func::DaysBetween => {
            Words::new(format!("{}から{}までの日数", inner.ja, second.ja), format!("the days from {} to {}", inner.en, second.en))
        }
        Func::Year => Words::new(format!("{}の年", inner.ja), format!("the year of the {}", inner.en)),
        Func::Month => Words::new(format!("{}の月", inner.ja), format!("the month of the {}", inner.en)),
        Func::Day => Words::new(format!("{}の日", inner.ja), format!("the day of the {}", inner.en)),
        _ => Words::new("計算した値", "the value"),
    }
}

/// A calculation with its value behind it; a constant alone.
pub(crate) fn with_value(node: &Node, schema: &Schema, frame: &Frame<'_>) -> Words {
    let noun = noun(node, schema, frame);
    if node.constant().is_some() {
        return noun;
    }
    let worth = eval(node, &mut frame.on(frame.today)).map_or_else(|_| value(&Value::Null), |worth| value(&worth));
    Words::new(format!("{}（{}）", noun.ja, worth.ja), format!("{} ({})", noun.en, worth.en))
}

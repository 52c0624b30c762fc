//! Reads `[line]`.

use crate::{
    fields::{Faults, Fields, Value},
    model::{LINE_API, Line, line_host},
};

/// Requests a second: what LINE bears of pushed messages, and what is asked for without a word in the pack.
const PER_S_MAX: i64 = 2000;
const PER_S: u32 = 500;

pub(super) fn read(fields: Option<Fields<'_>>, faults: &mut Faults) -> Option<Option<Line>> {
    let Some(mut fields) = fields else { return Some(None) };
    let account = fields.required("account", "\"@town\"", faults).and_then(|value| account(&value, faults));
    let api = fields.optional("api").map_or_else(|| Some(LINE_API.to_owned()), |value| api(&value, faults));
    let per_s = fields.optional("per_s").map_or(Some(PER_S), |value| value.integer_within(1..=PER_S_MAX, faults));
    fields.finish(faults);
    Some(Some(Line { account: account?, api: api?, per_s: per_s? }))
}

fn account(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let name = text.strip_prefix('@').unwrap_or_default();
    if name.is_empty() || name.len() > 32 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
        value.fault(faults, format!("{text:?} is no id of an official account"), "write it with its @, like \"@town\"");
        return None;
    }
    Some(text)
}

fn api(value: &Value<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    if line_host(&text).is_none() {
        value.fault(
            faults,
            format!("{text:?} is no address of the Messaging API"),
            "leave it out, or write it like \"https://api.line.me\", without a path",
        );
        return None;
    }
    Some(text)
}

//! Reads `[notices]`, `[[notice_topic]]`, `[[notice_rule]]` and `[[notice_template]]`.

use rule::Schema;

use super::{Located, cross, unique};
use crate::{
    diagnostic::Diagnostic,
    fields::{Faults, Fields, Value, one_of},
    model::{
        Bridge, BridgeField, Fact, FactName, Language, NoticeQueue, NoticeRule, NoticeTemplate, NoticeTopic, Notices, TemplateQueue,
        TopicId,
    },
    rules,
};

/// The most days until a reminder or the paper list.
pub(super) const DAYS: std::ops::RangeInclusive<i64> = 1..=365;

pub(super) fn settings(fields: Option<Fields<'_>>, faults: &mut Faults) -> Option<Notices> {
    let Some(mut fields) = fields else { return Some(Notices::default()) };
    let usual = Notices::default();
    let mut number = |name, range: std::ops::RangeInclusive<i64>, usual, faults: &mut Faults| {
        fields.optional(name).map_or(Some(usual), |value| value.integer_within(range, faults))
    };
    let two_people_above = number("two_people_above", 0..=10_000_000, usual.two_people_above, faults);
    let keep_years = number("keep_years", 1..=30, usual.keep_years, faults);
    let bulk_per_s = number("bulk_per_s", 0..=100_000, usual.bulk_per_s, faults);
    let link_hosts = fields.optional("link_hosts").map_or(Some(usual.link_hosts), |value| hosts(&value, faults));
    fields.finish(faults);
    Some(Notices { two_people_above: two_people_above?, keep_years: keep_years?, link_hosts: link_hosts?, bulk_per_s: bulk_per_s? })
}

fn hosts(value: &Value<'_>, faults: &mut Faults) -> Option<Vec<String>> {
    let items = value.list(faults)?;
    let host = |item: &Value<'_>, faults: &mut Faults| {
        let text = item.string(faults)?;
        let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-');
        if !plain || !text.contains('.') {
            item.fault(
                faults,
                format!("{text:?} is no name of a host"),
                "write it like \"www.town.example.jp\", without https:// and path",
            );
            return None;
        }
        Some(text)
    };
    let read: Vec<String> = items.iter().filter_map(|item| host(item, faults)).collect();
    (read.len() == items.len()).then_some(read)
}

pub(super) fn topics(tables: Vec<Fields<'_>>, languages: &[Language], faults: &mut Faults) -> Vec<Located<NoticeTopic>> {
    let topics = tables.into_iter().filter_map(|fields| topic(fields, faults)).collect();
    let topics = unique("notice topic", topics, |topic: &NoticeTopic| topic.id.clone(), faults);
    for topic in &topics {
        cross::is_in_every_language(&topic.thing.name, &format!("name of {}", topic.thing.id), &topic.location, languages, faults);
    }
    topics
}

fn topic(mut fields: Fields<'_>, faults: &mut Faults) -> Option<Located<NoticeTopic>> {
    let location = fields.location();
    let id = fields.required("id", "\"disaster\"", faults).and_then(|value| value.parsed(faults, "give the topic a plain id"));
    let name = fields.required("name", "{ ja = \"防災\" }", faults).and_then(|value| value.words(faults));
    let always = fields.optional("always").map_or(Some(false), |value| value.bool(faults));
    fields.finish(faults);
    Some(Located { thing: NoticeTopic { id: id?, name: name?, always: always? }, location })
}

/// What rules of notices are compared with.
pub(super) struct Known<'a> {
    pub(super) topics: &'a [Located<NoticeTopic>],
    pub(super) facts: &'a [Fact],
    pub(super) bridge: Option<&'a Bridge>,
    pub(super) schema: &'a Schema,
    pub(super) settings: Option<&'a Notices>,
    pub(super) languages: &'a [Language],
}

pub(super) fn automatic(tables: Vec<Fields<'_>>, known: &Known<'_>, faults: &mut Faults) -> Vec<Located<NoticeRule>> {
    let found = tables.into_iter().filter_map(|fields| rule(fields, known, faults)).collect();
    let found = unique("notice rule", found, |rule: &NoticeRule| rule.id.clone(), faults);
    for Located { thing, location } in &found {
        for (what, words) in [("title", &thing.title), ("body", &thing.body)] {
            cross::is_in_every_language(words, &format!("{what} of {}", thing.id), location, known.languages, faults);
        }
    }
    found
}

fn rule(mut fields: Fields<'_>, known: &Known<'_>, faults: &mut Faults) -> Option<Located<NoticeRule>> {
    let location = fields.location();
    let id: Option<TopicId> =
        fields.required("id", "\"card-renewal\"", faults).and_then(|value| value.parsed(faults, "give the notice a plain id"));
    let topic = fields.required("topic", "\"procedures\"", faults).and_then(|value| topic_of(&value, known, faults));
    let who = fields.required("who", "'resident.current && …'", faults).and_then(|value| rules::compile(value, known.schema, faults));
    let once_per = fields.optional("once_per").map(|value| fact_of(&value, known, faults));
    let queue = fields.optional("queue").map_or(Some(NoticeQueue::Normal), |value| value.word(NoticeQueue::ALL, NoticeQueue::word, faults));
    let hour = fields.required("hour", "9", faults).and_then(|value| value.integer_within(0..=23, faults));
    let title = fields.required("title", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let body = fields.required("body", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let link = fields.optional("link").map(|value| link(&value, known, faults));
    let wants_answer = fields.optional("wants_answer").map_or(Some(false), |value| value.bool(faults));
    let remind_days = fields.optional("remind_days").map(|value| value.integer_within(DAYS, faults));
    let print_days = fields.optional("print_days").map(|value| value.integer_within(DAYS, faults));
    let source = fields.required("source", "\"… 第3条\"", faults).and_then(|value| value.string(faults));
    fields.finish(faults);
    let who = who?;
    if let Some(bridge) = known.bridge {
        cross::rule_asks_what_crosses(&who, &format!("the rule of {}", id.as_ref()?), bridge, &location, faults);
    }
    let thing = NoticeRule {
        id: id?,
        topic: topic?,
        who,
        once_per: once_per.map_or(Some(None), |found| found.map(Some))?,
        queue: queue?,
        hour: hour?,
        title: title?,
        body: body?,
        link: link.map_or(Some(None), |found| found.map(Some))?,
        wants_answer: wants_answer?,
        remind_days: remind_days.map_or(Some(None), |found| found.map(Some))?,
        print_days: print_days.map_or(Some(None), |found| found.map(Some))?,
        source: source?,
    };
    Some(Located { thing, location })
}

pub(super) fn templates(tables: Vec<Fields<'_>>, known: &Known<'_>, faults: &mut Faults) -> Vec<Located<NoticeTemplate>> {
    let found = tables.into_iter().filter_map(|fields| template(fields, known, faults)).collect();
    let found = unique("notice template", found, |template: &NoticeTemplate| template.id.clone(), faults);
    for Located { thing, location } in &found {
        for (what, words) in [("name", &thing.name), ("title", &thing.title), ("body", &thing.body)] {
            cross::is_in_every_language(words, &format!("{what} of {}", thing.id), location, known.languages, faults);
        }
    }
    found
}

fn template(mut fields: Fields<'_>, known: &Known<'_>, faults: &mut Faults) -> Option<Located<NoticeTemplate>> {
    let location = fields.location();
    let id = fields.required("id", "\"water\"", faults).and_then(|value| value.parsed(faults, "give the template a plain id"));
    let name = fields.required("name", "{ ja = \"断水\" }", faults).and_then(|value| value.words(faults));
    let topic = fields.required("topic", "\"town\"", faults).and_then(|value| topic_of(&value, known, faults));
    let queue = fields.optional("queue");
    let queue = queue.map_or(Some(TemplateQueue::Normal), |value| value.word(TemplateQueue::ALL, TemplateQueue::word, faults));
    let title = fields.required("title", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let body = fields.required("body", "{ ja = \"…\" }", faults).and_then(|value| value.words(faults));
    let link = fields.optional("link").map(|value| link(&value, known, faults));
    let wants_answer = fields.optional("wants_answer").map_or(Some(false), |value| value.bool(faults));
    let remind_days = fields.optional("remind_days").map(|value| value.integer_within(DAYS, faults));
    let print_days = fields.optional("print_days").map(|value| value.integer_within(DAYS, faults));
    fields.finish(faults);
    let thing = NoticeTemplate {
        id: id?,
        name: name?,
        topic: topic?,
        queue: queue?,
        title: title?,
        body: body?,
        link: link.map_or(Some(None), |found| found.map(Some))?,
        wants_answer: wants_answer?,
        remind_days: remind_days.map_or(Some(None), |found| found.map(Some))?,
        print_days: print_days.map_or(Some(None), |found| found.map(Some))?,
    };
    Some(Located { thing, location })
}

pub(super) fn topic_of(value: &Value<'_>, known: &Known<'_>, faults: &mut Faults) -> Option<TopicId> {
    let id: TopicId = value.parsed(faults, "write the id of a [[notice_topic]]")?;
    let topics: Vec<&str> = known.topics.iter().map(|topic| topic.thing.id.as_str()).collect();
    if !topics.contains(&id.as_str()) {
        value.fault(faults, format!("{:?} is not a notice topic of this town", id.as_str()), one_of(id.as_str(), &topics));
        return None;
    }
    Some(id)
}

/// `facts.card_expires_on`, which has to cross the bridge.
fn fact_of(value: &Value<'_>, known: &Known<'_>, faults: &mut Faults) -> Option<FactName> {
    let text = value.string(faults)?;
    let found = text.strip_prefix("facts.").and_then(|name| known.facts.iter().find(|fact| fact.name.as_str() == name));
    let Some(fact) = found else {
        value.fault(faults, format!("{text:?} is not a fact of this town"), "write it as \"facts.…\", and declare it as a [[fact]]");
        return None;
    };
    if known.bridge.is_some_and(|bridge| !bridge.carries(&BridgeField::Fact(fact.name.clone()))) {
        faults.push(Diagnostic::error(
            value.location(),
            format!("{text} does not cross the bridge"),
            format!("add {:?} to fields of [bridge]", fact.name.as_str()),
        ));
        return None;
    }
    Some(fact.name.clone())
}

/// An address on a host of the town's list.
fn link(value: &Value<'_>, known: &Known<'_>, faults: &mut Faults) -> Option<String> {
    let text = value.string(faults)?;
    let settings = known.settings?;
    if settings.allows_link(&text) {
        return Some(text);
    }
    value.fault(faults, format!("{text:?} leads to a host no notice may lead to"), "add the host to link_hosts of [notices]");
    None
}

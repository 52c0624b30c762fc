//! JSON values as the XML of Open311: an object's members are elements, a list holds elements of one name.

use serde_json::Value;

/// The element names of lists inside objects.
const ITEMS: &[(&str, &str)] = &[("attributes", "attribute"), ("values", "value"), ("endpoints", "endpoint"), ("formats", "format")];

/// Writes a document.
pub(super) fn written(root: &str, item: &str, body: &Value) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    element(&mut out, root, item, body);
    out
}

fn element(out: &mut String, name: &str, item: &str, value: &Value) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| element(out, name, item_of(name), value)),
        Value::Array(items) => items.iter().for_each(|value| element(out, item, item_of(item), value)),
        Value::String(text) => escape(out, text),
        Value::Null => {}
        other => out.push_str(&other.to_string()),
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn item_of(name: &str) -> &'static str {
    ITEMS.iter().find(|(list, _)| *list == name).map_or("item", |(_, item)| item)
}

/// Text as XML bears it; characters it cannot hold at all (XML 1.0 section 2.2) are left out.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => out.push(c),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_people_wrote_cannot_become_an_element() {
        let body = json!([{ "description": "</request><status>closed & \u{0}done", "lat": 41.25, "metadata": true, "note": null }]);
        let expected = "<service_requests><request><description>&lt;/request&gt;&lt;status&gt;closed &amp; done</description><lat>41.25</lat>\
            <metadata>true</metadata><note></note></request></service_requests>";
        assert_eq!(written("service_requests", "request", &body), format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{expected}"));
    }
}

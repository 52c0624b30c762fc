use jpki::{FourItems, PartialDate, Sex};
use serde_json::{Map, Value};
use town::AppClaims;

use crate::AppRefusal;

/// The most characters a name or an address may have.
const TEXT_CHARS_MAX: usize = 300;
/// What stands in place of a character that could not be written.
const SUBSTITUTES: [char; 2] = ['〓', '\u{FFFD}'];

/// The four items as a card gives them, from whichever of the known forms a provider writes them in; `None` when it tells none of them.
///
/// # Errors
/// [`AppRefusal::Claims`] when it tells some of them only, or one that cannot be read.
pub(super) fn four_items(told: &Map<String, Value>, names: &AppClaims) -> Result<Option<FourItems>, AppRefusal> {
    let claim = |name: &String| told.get(name).filter(|value| !value.is_null() && value.as_str() != Some(""));
    let found = [claim(&names.name), claim(&names.address), claim(&names.birthdate), claim(&names.gender)];
    let [Some(name), Some(address), Some(birthdate), Some(gender)] = found else {
        return if found.iter().all(Option::is_none) { Ok(None) } else { Err(AppRefusal::Claims) };
    };
    let items = (|| {
        let (name, address) = (name.as_str().and_then(line)?, address_of(address)?);
        let has_substitutes = |text: &str| text.contains(SUBSTITUTES);
        Some(FourItems {
            name_has_substitutes: has_substitutes(&name),
            address_has_substitutes: has_substitutes(&address),
            name,
            address,
            date_of_birth: date_of(birthdate)?,
            sex: sex_of(gender)?,
        })
    })();
    items.map(Some).ok_or(AppRefusal::Claims)
}

/// A text of one line: what parts lines parts words here. Nothing that looks like a My Number is taken.
fn line(text: &str) -> Option<String> {
    let text: String = text.trim().chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    let good = !text.is_empty() && text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control);
    (good && !civil::looks_like_my_number(&text)).then_some(text)
}

/// An address as one text, or as the object of OpenID Connect Core section 5.1.1.
fn address_of(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return line(text);
    }
    let part = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    match part("formatted") {
        "" => line(&["region", "locality", "street_address"].map(part).concat()),
        formatted => line(formatted),
    }
}

/// A day as `19850315`, `1985-03-15` or `1985/03/15`, as text or number; a year alone leaves the rest unknown.
fn date_of(value: &Value) -> Option<PartialDate> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))?;
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    match parts[..] {
        [year] if year.len() == 4 => PartialDate::parse(&format!("{year}0000")),
        [day] => PartialDate::parse(day),
        [year, month, day] if [year.len(), month.len(), day.len()] == [4, 2, 2] => PartialDate::parse(&parts.concat()),
        _ => None,
    }
}

/// The sex as a card's code (a text or a number) or as OpenID Connect Core section 5.1 writes it; another word says that it is not stated.
fn sex_of(value: &Value) -> Option<Sex> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))?;
    match text.to_ascii_lowercase().as_str() {
        "male" | "男" | "男性" => Some(Sex::Male),
        "female" | "女" | "女性" => Some(Sex::Female),
        other if other.bytes().all(|byte| byte.is_ascii_digit()) => Sex::from_code(other.as_bytes()),
        _ => Some(Sex::NotStated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn items(told: Value) -> Result<Option<FourItems>, AppRefusal> {
        four_items(told.as_object().unwrap(), &AppClaims::default())
    }

    fn with(name: &str, value: Value) -> Result<Option<FourItems>, AppRefusal> {
        let mut told = json!({ "name": "青空　花子", "address": "青空村大字本村１２番地３", "birthdate": "19800217", "gender": "2" });
        told[name] = value;
        items(told)
    }

    #[test]
    fn every_known_form_gives_the_same_items() {
        let plain = with("sub", json!("x")).unwrap().unwrap();
        assert_eq!((plain.name.as_str(), plain.address.as_str()), ("青空　花子", "青空村大字本村１２番地３"));
        for (name, value) in [
            ("birthdate", json!("1980-02-17")),
            ("birthdate", json!("1980/02/17")),
            ("birthdate", json!(19800217)),
            ("gender", json!(2)),
            ("gender", json!("female")),
            ("gender", json!("Female")),
            ("gender", json!("女")),
            ("address", json!({ "formatted": "青空村大字本村１２番地３" })),
            ("address", json!({ "region": "", "locality": "青空村", "street_address": "大字本村１２番地３" })),
        ] {
            assert_eq!(with(name, value.clone()).unwrap().unwrap(), plain, "{name} {value}");
        }
    }

    #[test]
    fn what_is_not_known_stays_unknown() {
        assert_eq!(with("birthdate", json!("1980")).unwrap().unwrap().date_of_birth.to_string(), "19800000");
        for other in ["other", "9", "0", "unknown"] {
            assert_eq!(with("gender", json!(other)).unwrap().unwrap().sex, Sex::NotStated, "{other}");
        }
        assert!(with("name", json!("青空　〓子")).unwrap().unwrap().name_has_substitutes);
        assert!(!with("name", json!("青空　花子")).unwrap().unwrap().name_has_substitutes);
    }

    #[test]
    fn all_four_or_none_and_each_readable() {
        assert!(items(json!({ "sub": "x" })).unwrap().is_none());
        assert!(items(json!({ "sub": "x", "name": "", "gender": null })).unwrap().is_none());
        for (name, value) in [
            ("name", json!(null)),
            ("address", json!("")),
            ("name", json!(["青空"])),
            ("name", json!("あ".repeat(301))),
            ("name", json!("青空\u{0}花子")),
            ("name", json!("123456789018")),
            ("address", json!({})),
            ("birthdate", json!("19801301")),
            ("birthdate", json!("1980-2-17")),
            ("birthdate", json!("昭和55年2月17日")),
            ("birthdate", json!(true)),
            ("gender", json!("12")),
            ("gender", json!({})),
        ] {
            assert_eq!(with(name, value.clone()).unwrap_err(), AppRefusal::Claims, "{name} {value}");
        }
    }

    #[test]
    fn the_pack_may_give_other_names() {
        let names = AppClaims { birthdate: "birth_date".to_owned(), ..AppClaims::default() };
        let told = json!({ "name": "青空　花子", "address": "青空村", "birth_date": "19800217", "gender": "2" });
        assert!(four_items(told.as_object().unwrap(), &names).unwrap().is_some());
        assert_eq!(items(told).unwrap_err(), AppRefusal::Claims);
    }
}

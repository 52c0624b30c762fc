//! What stands in an address after the question mark.

use town::{Guide, GuideCode, Town};

use crate::model::{Filter, Position};

/// What somebody is looking for, as typed; what the guide does not know is left out of the filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    pub(crate) words: String,
    pub(crate) category: String,
    pub(crate) age: String,
    pub(crate) tags: Vec<String>,
    pub(crate) by_thanks: bool,
    /// The reader's own place, `latitude,longitude` in degrees. Neither stored nor logged.
    pub(crate) near: String,
    /// The district from whose middle the nearest come first.
    pub(crate) from: String,
    pub(crate) page: i64,
    /// Whether the address itself names the language.
    pub(crate) language_given: bool,
}

impl Asked {
    pub(crate) fn of(raw: Option<&str>) -> Self {
        let mut asked = Self { page: 1, ..Self::default() };
        for (name, value) in form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            let value: String = value.chars().take(100).collect();
            match name.as_ref() {
                "q" => asked.words = value,
                "category" => asked.category = value,
                "age" => asked.age = value,
                "tag" => asked.tags.push(value),
                "order" => asked.by_thanks = value == "thanks",
                "near" => asked.near = value,
                "from" => asked.from = value,
                "page" => asked.page = value.parse().unwrap_or(1).max(1),
                "lang" => asked.language_given = true,
                _ => {}
            }
        }
        asked
    }

    pub(crate) fn filter(&self, guide: &Guide) -> Filter {
        let mut tags: Vec<GuideCode> = self.tags.iter().filter_map(|tag| guide.tag(tag)).map(|tag| tag.id.clone()).collect();
        tags.sort();
        tags.dedup();
        Filter {
            words: self.words.trim().to_owned(),
            category: guide.category(&self.category).map(|category| category.id.clone()),
            age: guide.age(&self.age).map(|age| age.id.clone()),
            tags,
            by_thanks: self.by_thanks,
        }
    }

    /// From where the nearest come first; none where the most thanked do, or nothing was said that is known.
    pub(crate) fn here(&self, town: &Town) -> Option<Position> {
        if self.by_thanks {
            return None;
        }
        let own = self.near.split_once(',').and_then(|(latitude, longitude)| Position::read(latitude, longitude));
        own.or_else(|| town.districts.iter().find(|district| district.name == self.from).map(town::District::position))
    }

    /// The same question for another page of the answer; without one for the files.
    pub(crate) fn query(&self, page: Option<i64>) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                out.append_pair(name, value);
            }
        };
        add("q", self.words.trim());
        add("category", &self.category);
        add("age", &self.age);
        self.tags.iter().for_each(|tag| add("tag", tag));
        if let Some(page) = page {
            add("order", if self.by_thanks { "thanks" } else { "" });
            add("near", &self.near);
            add("from", &self.from);
            add("page", &page.to_string());
        }
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_leads_to_the_same_question() {
        let asked = Asked::of(Some(
            "q=%E8%8A%9D+100%25&category=park&tag=pram&tag=free&order=thanks&near=34.8%2C134.6&from=%E9%98%BF%E6%88%90&page=3&lang=en",
        ));
        assert_eq!((asked.words.as_str(), asked.page, asked.by_thanks, asked.language_given), ("芝 100%", 3, true, true));
        let again = Asked::of(Some(&asked.query(Some(3))));
        assert_eq!(again, Asked { language_given: false, ..asked });
        assert_eq!(Asked::of(Some("page=-4")).page, 1);
    }
}

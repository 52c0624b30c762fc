//! A guide as open data: one list of records, written as CSV, GeoJSON and JSON, which say the same.
//!
//! The headings of the CSV are those of デジタル庁「自治体標準オープンデータセット」 wherever it has one for what is said; yes, no and unknown are 有, 無 and empty.

use civil::{degrees, degrees_text};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use town::{Guide, Language, Town};
use web::no_formula;

use crate::model::{Said, Shown};

/// What is written besides the posts.
pub(crate) struct Frame<'a> {
    /// The town.
    pub(crate) town: &'a Town,
    /// The guide.
    pub(crate) guide: &'a Guide,
    /// Where people reach the house, without a slash at the end.
    pub(crate) origin: &'a str,
    /// The language of the names of categories, ages and tags.
    pub(crate) language: &'a Language,
}

/// The headings before and after those of the tags.
const BEFORE: [&str; 13] = [
    "全国地方公共団体コード",
    "ID",
    "地方公共団体名",
    "名称",
    "カテゴリコード",
    "カテゴリ",
    "説明",
    "場所の名称",
    "所在地_町字",
    "緯度",
    "経度",
    "対象年齢コード",
    "対象年齢",
];
const AFTER: [&str; 11] = [
    "画像",
    "画像の説明",
    "画像_ライセンス",
    "URL",
    "投稿者",
    "公開日時",
    "更新日時",
    "ありがとう数",
    "ライセンス",
    "ライセンスURL",
    "クレジット",
];

impl Frame<'_> {
    fn page(&self, post: &Shown) -> String {
        format!("/guide/{}/posts/{}", self.guide.id, post.id)
    }

    fn photo(&self, post: &Shown) -> Option<String> {
        post.photo.map(|photo| format!("{}/guide/photos/{}", self.origin, photo.id))
    }

    fn category(&self, post: &Shown) -> &str {
        self.guide.category(post.content.category.as_str()).map_or("", |category| category.name.in_language(self.language))
    }

    fn ages(&self, post: &Shown) -> Vec<&str> {
        let name = |code: &town::GuideCode| self.guide.age(code.as_str()).map(|age| age.name.in_language(self.language));
        post.content.ages.iter().filter_map(name).collect()
    }

    /// The file for spreadsheets: UTF-8 with a mark in front, CRLF, no cell that is a formula.
    ///
    /// # Errors
    /// None in practice: it writes into memory.
    pub(crate) fn csv(&self, posts: &[Shown]) -> Result<Vec<u8>, csv::Error> {
        let mut out = "\u{feff}".as_bytes().to_vec();
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut out);
        let tags = self.guide.tags.iter().map(|tag| tag.name.in_language(self.language));
        writer.write_record(BEFORE.into_iter().chain(tags).chain(AFTER))?;
        for post in posts {
            writer.write_record(self.cells(post).iter().map(|cell| no_formula(cell)))?;
        }
        writer.flush()?;
        drop(writer);
        Ok(out)
    }

    fn cells(&self, post: &Shown) -> Vec<String> {
        let content = &post.content;
        let degrees = |read: fn(crate::Position) -> i32| content.position.map(|at| degrees_text(read(at))).unwrap_or_default();
        let licence = &self.guide.licence;
        let photo = self.photo(post);
        let mut cells = vec![
            self.town.code.to_string(),
            post.id.to_string(),
            self.town.name.ja().to_owned(),
            content.title.clone(),
            content.category.to_string(),
            self.category(post).to_owned(),
            content.words.clone(),
            content.place.clone(),
            content.district.clone().unwrap_or_default(),
            degrees(|at| at.latitude),
            degrees(|at| at.longitude),
            content.ages.iter().map(|age| age.as_str()).collect::<Vec<_>>().join(";"),
            self.ages(post).join(";"),
        ];
        cells.extend(self.guide.tags.iter().map(|tag| {
            let said = content.facts.get(&tag.id);
            said.map_or("", |said| if *said == Said::Yes { "有" } else { "無" }).to_owned()
        }));
        cells.extend([
            photo.clone().unwrap_or_default(),
            if photo.is_some() { content.photo_words.clone() } else { String::new() },
            photo.map(|_| licence.id.clone()).unwrap_or_default(),
            format!("{}{}", self.origin, self.page(post)),
            content.pen_name.clone().unwrap_or_default(),
            post.published_at.to_string(),
            post.changed_at.to_string(),
            post.thanks.to_string(),
            licence.id.clone(),
            licence.url.clone(),
            licence.credit.in_language(self.language).to_owned(),
        ]);
        cells
    }

    /// What is said of a post, for programs; the same in JSON and in a feature's properties.
    fn record(&self, post: &Shown) -> Map<String, Value> {
        let content = &post.content;
        let mut facts = Map::new();
        for tag in &self.guide.tags {
            let said = content.facts.get(&tag.id).map_or("unknown", |said| said.as_str());
            facts.insert(tag.id.to_string(), said.into());
        }
        let photo = self.photo(post).map(|url| {
            let (width, height) = post.photo.map_or((0, 0), |photo| (photo.width, photo.height));
            json!({ "url": url, "description": content.photo_words, "width": width, "height": height, "licence": self.guide.licence.id })
        });
        let record = json!({
            "id": post.id,
            "name": content.title,
            "category": content.category,
            "category_name": self.category(post),
            "description": content.words,
            "place": content.place,
            "district": content.district,
            "ages": content.ages,
            "age_names": self.ages(post),
            "facts": facts,
            "photo": photo,
            "url": format!("{}{}", self.origin, self.page(post)),
            "author": content.pen_name,
            "published_at": post.published_at,
            "updated_at": post.changed_at,
            "thanks": post.thanks,
        });
        match record {
            Value::Object(record) => record,
            _ => Map::new(),
        }
    }

    fn licence(&self) -> Value {
        let licence = &self.guide.licence;
        json!({
            "id": licence.id,
            "name": licence.name.in_language(self.language),
            "url": licence.url,
            "credit": licence.credit.in_language(self.language),
        })
    }

    fn head(&self, changed_at: Option<Timestamp>) -> Map<String, Value> {
        let mut head = Map::new();
        head.insert("guide".into(), json!({ "id": self.guide.id, "name": self.guide.name.in_language(self.language) }));
        head.insert("town".into(), json!({ "code": self.town.code.to_string(), "name": self.town.name.in_language(self.language) }));
        head.insert("licence".into(), self.licence());
        head.insert("updated_at".into(), json!(changed_at));
        head
    }

    /// A FeatureCollection (RFC 7946). A post without a place on the map has no geometry; what the map of the house reads stands beside the record.
    pub(crate) fn geojson(&self, posts: &[Shown], changed_at: Option<Timestamp>) -> Value {
        let feature = |post: &Shown| {
            let geometry = post.content.position.map(|at| json!({ "type": "Point", "coordinates": at.east_north() }));
            let mut properties = self.record(post);
            properties.insert("kind".into(), self.category(post).into());
            properties.insert("href".into(), self.page(post).into());
            json!({ "type": "Feature", "id": post.id, "geometry": geometry, "properties": properties })
        };
        let mut collection = self.head(changed_at);
        collection.insert("type".into(), "FeatureCollection".into());
        collection.insert("features".into(), posts.iter().map(feature).collect());
        Value::Object(collection)
    }

    /// The same for programs that ask for no map.
    pub(crate) fn json(&self, posts: &[Shown], changed_at: Option<Timestamp>) -> Value {
        let one = |post: &Shown| {
            let mut record = self.record(post);
            let at = post.content.position;
            record.insert("latitude".into(), json!(at.map(|at| degrees(at.latitude))));
            record.insert("longitude".into(), json!(at.map(|at| degrees(at.longitude))));
            Value::Object(record)
        };
        let mut document = self.head(changed_at);
        document.insert("posts".into(), posts.iter().map(one).collect());
        Value::Object(document)
    }
}

#[cfg(test)]
#[path = "opendata_tests.rs"]
mod tests;

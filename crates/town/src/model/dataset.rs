//! Data sets of places: open data the town publishes, or others publish about it.

use std::sync::Arc;

use super::{DatasetId, Timetable, Words, words};

words! {
    /// What the places of a data set are.
    DatasetKind {
        /// Where to flee to from one kind of hazard (指定緊急避難場所).
        EmergencySite = "emergency_site",
        /// Where to stay afterwards (指定避難所).
        Shelter = "shelter",
        /// A facility of the town (公共施設).
        Facility = "facility",
        /// An AED.
        Aed = "aed",
        /// A public toilet (公衆トイレ).
        Toilet = "toilet",
        /// A hospital, clinic or pharmacy (医療機関).
        Medical = "medical",
        /// A nursery or another place for children (子育て施設).
        Childcare = "childcare",
        /// A cool place on hot days (指定暑熱避難施設).
        CoolSpot = "cool_spot",
        /// An area in which something may happen (浸水想定区域, 土砂災害警戒区域).
        Hazard = "hazard",
    }
}

words! {
    /// How a data set is written.
    DatasetFormat {
        /// 自治体標準オープンデータセット, 推奨データセット or a town's own columns, as CSV.
        Csv = "csv",
        /// A FeatureCollection.
        GeoJson = "geojson",
    }
}

words! {
    /// A kind of hazard, as 指定緊急避難場所 are designated for it (災害対策基本法施行令).
    HazardKind {
        /// 洪水
        Flood = "flood",
        /// 崖崩れ、土石流及び地滑り
        Landslide = "landslide",
        /// 高潮
        StormSurge = "storm_surge",
        /// 地震
        Earthquake = "earthquake",
        /// 津波
        Tsunami = "tsunami",
        /// 大規模な火事
        Fire = "fire",
        /// 内水氾濫
        InlandFlood = "inland_flood",
        /// 火山現象
        Volcano = "volcano",
    }
}

words! {
    /// The shape of a pin; with the mark in it, it says without colour what a place is.
    PinShape {
        /// ●
        Circle = "circle",
        /// ■
        Square = "square",
        /// ▲
        Triangle = "triangle",
        /// ◆
        Diamond = "diamond",
    }
}

words! {
    /// The colour of a pin, one of those the cards have.
    PinTone {
        /// 藍
        Ai = "ai",
        /// 松
        Matsu = "matsu",
        /// 朱
        Shu = "shu",
        /// 藤
        Fuji = "fuji",
        /// 山吹
        Yamabuki = "yamabuki",
        /// 浅葱
        Asagi = "asagi",
        /// 桜
        Sakura = "sakura",
        /// 栗
        Kuri = "kuri",
        /// 墨
        Sumi = "sumi",
    }
}

/// Where the file of a data set comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatasetSource {
    /// A file of the pack.
    File {
        /// Its path in the pack.
        path: String,
        /// Its content.
        bytes: Arc<[u8]>,
    },
    /// An address that is asked by a timetable.
    Url {
        /// The address, `https://…`.
        address: String,
        /// When it is asked, and after how long without an answer the staff are told.
        timetable: Timetable,
    },
    /// The staff bring it.
    Upload,
}

/// When a new file is not taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatasetLimits {
    /// A file with a greater share of faulty rows than this is refused, in percent.
    pub faulty_percent: u32,
    /// A file that has lost a greater share of the places of the version before waits for somebody's approval, in percent.
    pub lost_percent: u32,
}

impl Default for DatasetLimits {
    fn default() -> Self {
        Self { faulty_percent: 5, lost_percent: 20 }
    }
}

/// `[[dataset]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Its name in addresses and tables.
    pub id: DatasetId,
    /// Its name for people.
    pub name: Words,
    /// What its places are.
    pub kind: DatasetKind,
    /// How it is written.
    pub format: DatasetFormat,
    /// Where it comes from.
    pub source: DatasetSource,
    /// Who made it and what may be done with it, as it is shown beside the places.
    pub credit: Words,
    /// The hazards every place of it is meant for, where the file itself does not say: 津波避難ビル.
    pub hazards: Vec<HazardKind>,
    /// When a new file is not taken as it is.
    pub limits: DatasetLimits,
    /// The shape of its pins.
    pub shape: PinShape,
    /// The colour of its pins.
    pub tone: PinTone,
    /// The sign in its pins: one or two characters.
    pub mark: String,
}

//! What a heading means, by whatever name a town writes it.

use town::HazardKind;
use unicode_normalization::UnicodeNormalization as _;

use crate::model::Hazards;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    /// 共通ID, or an ID of the publisher's own.
    Id,
    Name,
    Kana,
    Address,
    Building,
    Latitude,
    Longitude,
    Telephone,
    Url,
    Note,
    Hours,
    Capacity,
    Ward,
    OnlyFor,
    /// A flag: designated for these hazards.
    Hazards(Hazards),
    /// Words instead of flags: 全災害.
    HazardWords,
    /// Known, and of no use on a map.
    Nothing,
    /// Anything else: kept under its heading.
    Other(String),
}

use Column as C;

/// The names, from the two generations of the standard data sets, 国土地理院's files, and towns of their own mind.
const NAMES: &[(Column, &[&str])] = &[
    (C::Id, &["共通ID", "ID"]),
    (C::Name, &["名称", "name", "施設名", "施設名称", "施設・場所名", "要配慮者利用施設名称", "指定暑熱避難施設の名称", "区域名"]),
    (C::Kana, &["名称_カナ", "名称カナ", "カナ", "名称_かな"]),
    (C::Address, &["所在地_連結表記", "住所", "所在地", "address"]),
    (C::Building, &["建物名等(方書)", "方書", "設置位置"]),
    (C::Latitude, &["緯度", "lat", "latitude"]),
    (C::Longitude, &["経度", "lon", "lng", "longitude"]),
    (C::Telephone, &["電話番号", "tel", "telephone", "連絡先電話番号"]),
    (C::Url, &["URL"]),
    (C::Note, &["備考"]),
    (
        C::Hours,
        &[
            "利用可能曜日",
            "開始時間",
            "終了時間",
            "利用可能日時特記事項",
            "利用開始時間",
            "利用終了時間",
            "利用可能時間特記事項",
            "診療曜日",
            "診療開始時間",
            "診療終了時間",
            "診療日時特記事項",
            "指定暑熱避難施設を開放することができる日及び時間帯特記事項",
        ],
    ),
    (C::Capacity, &["想定収容人数", "収容定員", "指定暑熱避難施設の開放により受け入れることが可能であると見込まれる人数"]),
    (C::Ward, &["対象となる町会・自治会"]),
    (C::OnlyFor, &["受入対象者"]),
    (C::HazardWords, &["災害種別", "category3"]),
    (
        C::Nothing,
        &[
            "全国地方公共団体コード",
            "都道府県コード又は市区町村コード",
            "市区町村コード",
            "都道府県コード",
            "NO",
            "都道府県名",
            "市区町村名",
            "都道府県名及び市町村名",
            "地方公共団体名",
            "名称_英字",
            "名称_英語",
            "所在地_全国地方公共団体コード",
            "町字ID",
            "所在地_都道府県",
            "所在地_市区町村",
            "所在地_町字",
            "所在地_番地以下",
            "高度の種別",
            "高度の値",
            "標高",
            "UTMポイント",
            "POIコード",
            "内線番号",
            "法人番号",
            "画像",
            "画像_ライセンス",
            "指定避難所との重複",
            "指定避難所との住所同一",
            "指定緊急避難場所との住所同一",
            "郵便番号",
            "gml_id",
            "fill",
        ],
    ),
];

const HAZARD_NAMES: &[(HazardKind, &[&str])] = &[
    (HazardKind::Flood, &["洪水", "(風水害)"]),
    (HazardKind::Landslide, &["崖崩れ、土石流及び地滑り", "がけ崩れ、土石流及び地滑り", "土砂災害", "(土砂災害)"]),
    (HazardKind::StormSurge, &["高潮", "(風水害)"]),
    (HazardKind::Earthquake, &["地震", "(地震・津波)"]),
    (HazardKind::Tsunami, &["津波", "(地震・津波)"]),
    (HazardKind::Fire, &["大規模な火事"]),
    (HazardKind::InlandFlood, &["内水氾濫", "(風水害)"]),
    (HazardKind::Volcano, &["火山現象"]),
];

/// What stands before the name of a hazard in a heading.
const HAZARD_STARTS: [&str; 2] = ["災害種別_", "開設される災害の種類"];

/// Reads a heading.
pub(crate) fn column(heading: &str) -> Column {
    let plain = plain(heading);
    if plain.is_empty() {
        return Column::Nothing;
    }
    if let Some(hazards) = hazards(&plain) {
        return Column::Hazards(hazards);
    }
    let known = NAMES.iter().find(|(_, names)| names.iter().any(|name| self::plain(name) == plain));
    known.map_or_else(|| Column::Other(heading.trim().replace(['\n', '\r'], "")), |(column, _)| column.clone())
}

fn hazards(plain: &str) -> Option<Hazards> {
    let name = HAZARD_STARTS.iter().find_map(|start| plain.strip_prefix(start)).unwrap_or(plain);
    // 「土砂災害」 alone is a hazard only behind the standard's own start: elsewhere it heads a level.
    let bare = name == plain;
    let kinds: Vec<HazardKind> = HAZARD_NAMES
        .iter()
        .filter(|(_, names)| names.iter().any(|known| self::plain(known) == name && !(bare && *known == "土砂災害")))
        .map(|(kind, _)| *kind)
        .collect();
    (!kinds.is_empty()).then(|| Hazards::of(&kinds))
}

/// A heading as it is compared: one form of each character, no blanks, one dash, small letters.
pub(crate) fn plain(heading: &str) -> String {
    let one_dash = |c: char| if matches!(c, '‐' | '‑' | '–' | '—' | '―' | '−' | '-' | 'ー' | 'ｰ') { 'ー' } else { c };
    heading.nfkc().filter(|c| !c.is_whitespace() && *c != '\u{feff}').map(one_dash).flat_map(char::to_lowercase).collect()
}

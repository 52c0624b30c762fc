//! Garbage days of ten real towns, as they published them (tests/data/5374).

use std::path::Path;

use calendar::rules::garbage::{between, known_until, next, on_day, remarks};
use calendar::rules::search;
use civil::Date;
use town::{Garbage, GarbageArea, PackFile};

use crate::world::pack;

/// A real pack with the garbage days of another town.
fn garbage_of(name: &str) -> Garbage {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/5374").join(name);
    let file = |entry: std::fs::DirEntry| PackFile {
        path: format!("garbage/{}", entry.file_name().to_string_lossy()),
        bytes: std::fs::read(entry.path()).unwrap(),
    };
    let files: Vec<PackFile> = std::fs::read_dir(folder).unwrap().map(|entry| file(entry.unwrap())).collect();
    pack(&files, |path| !path.starts_with("garbage/") && path != "calendar.toml").garbage.clone().unwrap()
}

fn area<'a>(garbage: &'a Garbage, name: &str) -> &'a GarbageArea {
    garbage.areas.iter().find(|area| area.name == name).unwrap()
}

/// What is collected for sure.
fn collected<'a>(garbage: &'a Garbage, name: &str, day: &str) -> Vec<&'a str> {
    let day: Date = day.parse().unwrap();
    on_day(garbage, area(garbage, name), day).iter().filter(|one| one.sure).map(|one| garbage.kinds[one.kind].name.as_str()).collect()
}

#[test]
fn every_town_is_read_whole() {
    // Areas, kinds and items as another CSV reader counts them.
    for (name, counts) in [
        ("awaji", (20, 4, 30)),
        ("ayabe", (167, 9, 1333)),
        ("ayagawa", (5, 7, 13)),
        ("fukuroi", (154, 13, 709)),
        ("joyo", (2, 6, 724)),
        ("kameoka", (25, 8, 1760)),
        ("kamisunagawa", (10, 7, 65)),
        ("kyotango", (169, 7, 776)),
        ("takamatsu", (35, 5, 150)),
        ("tanabe", (169, 4, 742)),
    ] {
        let garbage = garbage_of(name);
        assert_eq!((garbage.areas.len(), garbage.kinds.len(), garbage.items.len()), counts, "{name}");
        for area in &garbage.areas {
            let year = between(&garbage, area, "2016-04-01".parse().unwrap(), "2017-03-31".parse().unwrap());
            assert!(!year.is_empty(), "{name}, {}", area.name);
        }
    }
}

#[test]
fn days_are_those_of_the_towns_own_tables() {
    for (name, area, day, kinds) in [
        ("joyo", "西部地区", "2026-12-03", vec!["燃やすごみ"]),
        ("joyo", "西部地区", "2023-01-02", vec![]), // a Monday of the closure
        ("joyo", "西部地区", "2023-01-05", vec!["燃やすごみ"]),
        ("ayagawa", "陶", "2026-12-09", vec!["プラスチック容器包装", "古紙"]),
        ("fukuroi", "葵町", "2016-12-29", vec![]),
        ("tanabe", "明洋一丁目（元町明洋、目良一部）", "2014-05-05", vec![]), // こどもの日, in holiday.csv
        ("tanabe", "明洋一丁目（元町明洋、目良一部）", "2014-05-12", vec!["燃えるごみ"]),
        ("takamatsu", "新番丁", "2017-01-02", vec![]),
        ("takamatsu", "新番丁", "2016-12-29", vec!["燃やせるごみ"]),
        ("kamisunagawa", "鶉", "2026-12-16", vec!["資源ごみ", "粗大ごみ"]),
        ("kyotango", "峰山町元町区", "2026-12-01", vec!["不燃ごみ"]),
        ("kameoka", "旭町", "2026-12-02", vec!["草・木類"]),
        ("awaji", "塩田", "2026-12-05", vec!["資源ごみA"]),
        ("ayabe", "奥上林地区（古屋）", "2026-07-13", vec!["燃やして処理するごみ"]),
        ("ayabe", "奥上林地区（古屋）", "2026-07-06", vec![]),
        ("ayabe", "奥上林地区（古屋）", "2026-11-02", vec!["燃やして処理するごみ"]),
    ] {
        assert_eq!(collected(&garbage_of(name), area, day), kinds, "{name}, {area}, {day}");
    }
    assert!(collected(&garbage_of("fukuroi"), "葵町", "2016-04-14").contains(&"アルミ缶"), "a day of the list");
}

#[test]
fn a_list_of_days_that_has_run_out_says_so() {
    let garbage = garbage_of("fukuroi");
    let here = area(&garbage, "葵町");
    let can = garbage.kinds.iter().position(|kind| kind.name == "アルミ缶").unwrap();
    let last = known_until(here, can).unwrap();
    assert_eq!((last.year(), last.month()), (2017, 3));
    assert_eq!(next(&garbage, here, can, "2026-12-01".parse().unwrap()), None);
    assert_eq!(known_until(here, 0), None, "by weekdays, for ever");
}

#[test]
fn a_remark_is_shown_only_where_a_rule_refers_to_it() {
    // Four towns left the template's remarks about 渋谷 in their file; none refers to them.
    for name in ["awaji", "ayagawa", "fukuroi", "tanabe"] {
        let garbage = garbage_of(name);
        assert!(garbage.remarks.iter().any(|(_, text)| text.contains("渋谷")), "{name}");
        for area in &garbage.areas {
            assert!((0..garbage.kinds.len()).all(|kind| remarks(&garbage, area, kind).is_empty()), "{name}, {}", area.name);
        }
    }
}

#[test]
fn items_of_a_label_nobody_collects_are_found_all_the_same() {
    let garbage = garbage_of("kameoka");
    let found = search::items(&garbage, "消火器");
    assert!(!found.is_empty());
    let labels: Vec<&str> = garbage.items.iter().map(|item| item.label.as_str()).collect();
    assert!(labels.contains(&"収集不可"));
}

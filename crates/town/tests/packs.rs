//! Whole packs: the towns of this repository are good, and every broken pack says what is wrong where.

use std::path::{Path, PathBuf};

use town::{Language, PackFile, Report, check, check_files};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn good() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good.toml")).expect("the good pack stands beside this file")
}

fn file(path: &str, text: &str) -> PackFile {
    PackFile { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn found(report: &Report) -> Vec<String> {
    report.found.iter().map(|diagnostic| diagnostic.to_string().replace("\n  next: ", " | ")).collect()
}

/// The messages a broken pack expects: comment lines `#> line:column: severity: reason | next` at its end.
fn expected(text: &str, path: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("#> ")).map(|line| line.replace("@", path)).collect()
}

/// A pack with one broken file, as the name of the test's file says, and where that stands.
fn broken(name: &str, text: &str) -> (String, Vec<PackFile>) {
    match name.split_once('-') {
        Some(("town", _)) => ("town.toml".to_owned(), vec![file("town.toml", text)]),
        Some(("garbage", rest)) => {
            let place = format!("garbage/{rest}");
            let rows: String = text.lines().filter(|line| !line.starts_with("#> ")).map(|line| format!("{line}\n")).collect();
            let days = file("garbage/area_days.csv", "地名,センター,燃やすごみ,びん\n東町,,月 木,水1\n西町,,火 金,水2\n");
            (place.clone(), vec![file("town.toml", &good()), days, file(&place, &rows)])
        }
        _ => {
            let place = "programmes/broken.toml";
            (place.to_owned(), vec![file("town.toml", &good()), file(place, text)])
        }
    }
}

#[test]
fn every_broken_pack_says_what_is_wrong_and_where() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut names: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 20, "the broken packs are in {}", folder.display());
    let mut wrong = Vec::new();
    for path in names {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (place, files) = broken(name, &text);
        let (found, expected) = (found(&check_files(&files)), expected(&text, &place));
        if found != expected || found.is_empty() {
            let found = found.iter().map(|line| format!("#> {}\n", line.replace(&place, "@"))).collect::<String>();
            wrong.push(format!("{name}\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "these packs say something else than they expect:\n{}", wrong.join("\n"));
}

#[test]
fn the_pack_the_broken_ones_start_from_is_good() {
    let report = check_files(&[file("town.toml", &good())]);
    assert_eq!(found(&report), Vec::<String>::new());
    assert!(report.is_good());
    assert_eq!(report.cases_held(), 2);
}

#[test]
fn an_empty_folder_and_a_missing_one_are_explained() {
    assert!(found(&check_files(&[])).iter().any(|line| line.contains("there is no town.toml")));
    assert!(found(&check(Path::new("/nowhere/at/all"))).iter().any(|line| line.contains("the folder cannot be read")));
}

#[test]
fn every_town_of_the_repository_is_good_and_all_its_cases_hold() {
    let mut towns = 0;
    for entry in std::fs::read_dir(root().join("towns")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        towns += 1;
        let report = check(&folder);
        assert_eq!(found(&report), Vec::<String>::new(), "{}", folder.display());
        assert!(report.is_good());
        assert!(report.cases.len() >= 10, "{} has examples", folder.display());
        assert_eq!(report.cases_held(), report.cases.len());
    }
    assert!(towns >= 2);
}

#[test]
fn every_town_explains_itself_in_all_three_languages() {
    for entry in std::fs::read_dir(root().join("towns")).unwrap() {
        let folder = entry.unwrap().path();
        let Some(town) = check(&folder).town else { continue };
        for language in [Language::JAPANESE, Language::EASY_JAPANESE, Language::ENGLISH] {
            let explanation = town::explain(&town, &language, civil::Date::constant(2026, 6, 1)).to_string();
            assert!(!explanation.contains(['{', '}']), "{explanation}");
            assert!(
                !explanation.contains("explain-") && !explanation.contains("rule-") && !explanation.contains("field-"),
                "{explanation}"
            );
            for programme in &town.programmes {
                assert!(explanation.contains(programme.name.in_language(&language)));
                assert!(explanation.contains(&programme.versions[0].source));
            }
        }
    }
}

#[test]
fn identity_apps_are_read_with_what_is_usual_and_told_in_words() {
    let app = r#"
[[identity_app]]
id = "digital-auth"
name = { ja = "認証アプリ", en = "Auth app" }
issuer = "https://op.example.jp/realms/main"
client_id = "tameshi"
scopes = ["openid", "name"]
assurance = "user_auth"
claims = { name = "name#ja-Hani-JP" }
endpoints = { authorization = "https://op.example.jp/a?x=1", token = "https://op.example.jp/t", keys = "https://op.example.jp/k" }
"#;
    let report = check_files(&[file("town.toml", &(good() + app))]);
    assert_eq!(found(&report), Vec::<String>::new());
    let town = report.town.unwrap();
    let read = town.identity_app(&"digital-auth".parse().unwrap()).unwrap();
    assert_eq!((read.claims.name.as_str(), read.claims.birthdate.as_str()), ("name#ja-Hani-JP", "birthdate"));
    assert_eq!(read.assertion_audience, town::AssertionAudience::TokenEndpoint);
    assert_eq!(read.endpoints.as_ref().unwrap().userinfo, None);
    let explanation = town::explain(&town, &Language::ENGLISH, civil::Date::constant(2026, 6, 1)).to_string();
    let told = "Auth app (https://op.example.jp/realms/main) may prove who residents are, and counts like the card read at a station.";
    assert!(explanation.contains(told), "{explanation}");
}

#[test]
fn an_app_by_which_the_card_signs_is_read_with_the_usual_names() {
    let app = r#"
[[identity_app]]
id = "digital-sign"
name = { ja = "署名アプリ", en = "Signing app" }
issuer = "https://op.example.jp/realms/main"
client_id = "tameshi"
scopes = ["openid", "sign"]
assurance = "signature"

[identity_app.sign]
transactions = "https://op.example.jp/api/sign-transactions"
fields = { certificate = "x509" }
"#;
    let report = check_files(&[file("town.toml", &(good() + app))]);
    assert_eq!(found(&report), Vec::<String>::new());
    let town = report.town.unwrap();
    let sign = town.identity_app(&"digital-sign".parse().unwrap()).unwrap().sign.clone().unwrap();
    assert_eq!((sign.scope.as_str(), sign.parameter.as_str()), ("sign", "sign_transaction_id"));
    assert_eq!(sign.encryption, town::AppEncryption::EcdhEs);
    assert_eq!(sign.fields, town::AppSignFields { certificate: "x509".to_owned(), ..town::AppSignFields::default() });
    let explanation = town::explain(&town, &Language::ENGLISH, civil::Date::constant(2026, 6, 1)).to_string();
    assert!(explanation.contains("By Signing app (https://op.example.jp/realms/main) residents may sign with their card"), "{explanation}");
}

#[test]
fn phone_cards_are_read_with_their_roots_and_told_in_words() {
    let card = r#"
[[phone_card]]
id = "phone-card"
name = { ja = "スマホのカード", en = "Card in the phone" }
doctype = "jp.example.card.1"
elements = { name = ["jp.example.1", "name"], address = ["jp.example.1", "address"], date_of_birth = ["jp.example.1", "birth"], sex = ["jp.example.2", "sex"] }
roots = ["data/root.pem"]
assurance = "user_auth"
"#;
    let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let report = check_files(&[file("data/root.pem", pem), file("town.toml", &(good() + card))]);
    assert_eq!(found(&report), Vec::<String>::new());
    let town = report.town.unwrap();
    let read = town.phone_card(&"phone-card".parse().unwrap()).unwrap();
    assert_eq!(
        (read.roots.as_slice(), read.signer_usage.as_str(), read.scheme.as_str()),
        (&[pem.to_owned()][..], "1.0.18013.5.1.2", "openid4vp")
    );
    assert_eq!((read.elements.sex.namespace.as_str(), read.elements.sex.name.as_str()), ("jp.example.2", "sex"));
    assert_eq!((read.client, &read.elements.subject), (town::PhoneCardClient::X509Hash, &None));
    let explanation = town::explain(&town, &Language::ENGLISH, civil::Date::constant(2026, 6, 1)).to_string();
    let told = "Card in the phone (jp.example.card.1) in a phone may prove who residents are, and counts like the card read at a station.";
    assert!(explanation.contains(told), "{explanation}");
}

#[test]
fn the_map_and_its_data_sets_are_read_with_their_files() {
    let pack = r#"
[map]
base = "file"
file = "data/base.geojson"
credit = { ja = "試し村", en = "Tameshi" }
latitude = 36
longitude = 138.4934567
zoom = 11

[[dataset]]
id = "towers"
name = { ja = "津波避難ビル", en = "Tsunami towers" }
kind = "emergency_site"
format = "csv"
file = "data/towers.csv"
credit = { ja = "試し村", en = "Tameshi" }
hazards = ["tsunami"]
shape = "triangle"
tone = "ai"
mark = "塔"
"#;
    let base = r#"{"type":"FeatureCollection","features":[]}"#;
    let with = |base: &str| {
        check_files(&[file("town.toml", &(good() + pack)), file("data/base.geojson", base), file("data/towers.csv", "名称\n")])
    };
    let report = with(base);
    assert_eq!(found(&report), Vec::<String>::new());
    let town = report.town.unwrap();
    let map = town.map.as_ref().unwrap();
    assert_eq!((map.latitude_microdegrees, map.longitude_microdegrees, map.zoom), (36_000_000, 138_493_457, 11));
    let towers = town.dataset(&"towers".parse().unwrap()).unwrap();
    assert_eq!(towers.hazards, [town::HazardKind::Tsunami]);
    assert!(matches!(&towers.source, town::DatasetSource::File { path, bytes } if path == "data/towers.csv" && !bytes.is_empty()));
    assert_eq!(towers.limits, town::DatasetLimits { faulty_percent: 5, lost_percent: 20 });
    for (broken, at, why) in
        [("{", "data/base.geojson:1:1", "not JSON from here on"), ("{}", "data/base.geojson:1:1", "no GeoJSON FeatureCollection")]
    {
        let found = found(&with(broken));
        assert!(found.iter().any(|line| line.starts_with(at) && line.contains(why)), "{found:?}");
    }
}

#[test]
fn line_is_asked_over_tls_and_every_fault_of_it_is_told() {
    let read = |more: &str| check_files(&[file("town.toml", &(good() + more))]);
    let good_line = "\n[line]\naccount = \"@town-1\"\n";
    let line = read(good_line).town.unwrap().line.clone().unwrap();
    assert_eq!((line.api.as_str(), line.per_s, line.is_here()), ("https://api.line.me", 500, false));
    assert_eq!(line.friend_url(), "https://line.me/R/ti/p/%40town-1");
    assert!(read("").town.unwrap().line.is_none());
    let whole = format!("{good_line}api = \"http://127.0.0.1:8099\"\nper_s = 2000\n");
    assert_eq!(found(&read(&whole)), Vec::<String>::new());
    assert!(read(&whole).town.unwrap().line.as_ref().unwrap().is_here());
    for (from, to, why) in [
        ("@town-1", "town-1", "no id of an official account"),
        ("@town-1", "@町", "no id of an official account"),
        ("account", "token", "token"),
        ("http://127.0.0.1:8099", "http://api.example.jp", "no address of the Messaging API"),
        ("http://127.0.0.1:8099", "https://api.line.me/v2", "no address of the Messaging API"),
        ("http://127.0.0.1:8099", "https://api.line.me:99999", "no address of the Messaging API"),
        ("2000", "2001", "outside 1 to 2000"),
        ("2000", "0", "outside 1 to 2000"),
    ] {
        let found = found(&read(&whole.replacen(from, to, 1)));
        assert!(found.iter().any(|line| line.contains(why) && line.starts_with("town.toml:")), "{to}: {found:?}");
    }
}

#[test]
fn letters_never_cross_the_network_in_the_open_and_every_fault_of_mail_and_templates_is_told() {
    let read = |more: &str| check_files(&[file("town.toml", &(good() + more))]);
    let good_mail =
        "\n[mail]\nfrom = \"pass@town.example.jp\"\nhost = \"smtp.example.jp\"\nport = 587\ntls = \"starttls\"\nuser = \"pass\"\n";
    let report = read(good_mail);
    assert_eq!(found(&report), Vec::<String>::new());
    let mail = report.town.unwrap().mail.clone().unwrap();
    assert_eq!((mail.port, mail.tls, mail.user.as_deref(), mail.is_here()), (587, town::MailTls::StartTls, Some("pass"), false));
    for (from, to, why) in [
        ("starttls", "none", "readable by everybody"),
        ("starttls", "ssl", "is not known here"),
        ("pass@town.example.jp", "Town <pass@town.example.jp>", "no address of e-mail"),
        ("smtp.example.jp", "smtp://example.jp", "no name of a server"),
        ("587", "0", "outside 1 to 65535"),
        ("user", "password", "password"),
    ] {
        let found = found(&read(&good_mail.replacen(from, to, 1)));
        assert!(found.iter().any(|line| line.contains(why)), "{to}: {found:?}");
    }
    let here = good_mail.replace("smtp.example.jp", "127.0.0.1").replace("starttls", "none");
    assert!(read(&here).town.unwrap().mail.as_ref().unwrap().is_here());

    let topic = "\n[[notice_topic]]\nid = \"town\"\nname = { ja = \"村\", en = \"Village\" }\n";
    let template = "\n[[notice_template]]\nid = \"water\"\nname = { ja = \"断水\", en = \"Water\" }\ntopic = \"town\"\nqueue = \"alert\"\n\
        title = { ja = \"断水\", en = \"No water\" }\nbody = { ja = \"断水します。\", en = \"No water.\" }\nremind_days = 3\n";
    let report = read(&format!("{topic}{template}"));
    assert_eq!(found(&report), Vec::<String>::new());
    let town = report.town.unwrap();
    let water = &town.notice_templates[0];
    assert_eq!((water.queue, water.remind_days, water.link.as_deref()), (town::TemplateQueue::Alert, Some(3), None));
    for (from, to, why) in [
        ("topic = \"town\"", "topic = \"twon\"", "is not a notice topic"),
        ("remind_days = 3", "link = \"https://evil.example/\"", "no notice may lead to"),
        ("remind_days = 3", "remind_days = 0", "outside 1 to 365"),
    ] {
        let found = found(&read(&format!("{topic}{}", template.replacen(from, to, 1))));
        assert!(found.iter().any(|line| line.contains(why)), "{to}: {found:?}");
    }
    let twice = found(&read(&format!("{topic}{template}{template}")));
    assert!(twice.iter().any(|line| line.contains("notice template")), "{twice:?}");
}

#[test]
fn a_language_is_missed_wherever_a_pack_has_a_text_without_it() {
    let text = good().replacen("languages = [\"ja\", \"en\"]", "languages = [\"ja\", \"en\", \"vi\"]", 1);
    let report = check_files(&[file("town.toml", &text)]);
    let found = found(&report);
    for what in ["name of the town", "app_name", "department", "hours", "label of bath_no", "name of bath-pass", "short of bath-pass"] {
        assert!(found.iter().any(|line| line.contains(&format!("warning: {what} has no vi"))), "{what}: {found:#?}");
    }
    assert!(report.town.is_some(), "a text that is missing does not keep a town from opening");
}

#[test]
fn the_texts_of_this_room_are_there_in_every_language() {
    let languages = [Language::JAPANESE, Language::EASY_JAPANESE, Language::ENGLISH];
    let texts = town::texts();
    let catalogue =
        texts.iter().fold(town::Catalogue::new(&languages), |builder, (language, file, text)| builder.add(language, file, text)).build();
    assert_eq!(catalogue.check(), []);
}

#[test]
fn the_rule_in_force_is_that_of_the_day() {
    let report = check_files(&[file("town.toml", &good())]);
    let town = report.town.unwrap();
    let id = "bath-pass".parse().unwrap();
    assert!(town.in_force(&id, civil::Date::constant(2026, 3, 31)).is_none());
    assert_eq!(town.in_force(&id, civil::Date::constant(2026, 4, 1)).unwrap().from, civil::Date::constant(2026, 4, 1));
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever happens to a pack's text, it is read or refused with places inside the file; it never panics.
        #[test]
        fn a_damaged_pack_is_refused_in_words(cut in 0usize..2000, length in 0usize..40, put in "[\\PC\n\"'\\[\\]{}=]{0,12}") {
            let good = good();
            let at = |offset: usize| good.char_indices().map(|(i, _)| i).chain([good.len()]).nth(offset).unwrap_or(good.len());
            let text = format!("{}{put}{}", &good[..at(cut)], &good[at(cut + length)..]);
            let report = check_files(&[file("town.toml", &text)]);
            prop_assert!(report.town.is_some() || !report.found.is_empty());
            for diagnostic in &report.found {
                prop_assert!(diagnostic.location.line >= 1 && diagnostic.location.line <= text.split('\n').count());
                prop_assert!(diagnostic.location.column >= 1);
            }
        }

        /// Bytes that are no text are refused too.
        #[test]
        fn bytes_are_refused_in_words(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let report = check_files(&[PackFile { path: "town.toml".into(), bytes: bytes.clone() }, PackFile { path: "districts.csv".into(), bytes }]);
            prop_assert!(report.town.is_none() && !report.found.is_empty());
        }
    }
}

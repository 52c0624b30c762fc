//! The export as another program reads it.

use civil::{Date, PartialDate};
use encoding_rs::SHIFT_JIS;
use population::{Column, District, Encoding, Layout, Plan, Population, Resident, generate, write_csv};

fn town() -> Population {
    let districts = vec![District::new("中央一丁目", 3), District::new("つつじヶ丘", 1)];
    let plan = Plan {
        seed: 11,
        residents: 10_000,
        as_of: Date::constant(2026, 11, 23),
        address_prefix: "青空県青空市".into(),
        districts,
        unknown_birth_day_per_10_000: 500,
        ..Plan::default()
    };
    generate(&plan).expect("a sound plan")
}

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// The row as the documented layout has it, made without the writer.
fn expected(r: &Resident) -> Vec<String> {
    let flag = |yes: bool| if yes { "1" } else { "0" }.to_owned();
    let number = |n: Option<civil::RecipientNumber>| n.map(|n| n.to_string()).unwrap_or_default();
    vec![
        format!("{:010}", r.number),
        format!("{:010}", r.household),
        r.name.clone(),
        r.name_kana.clone(),
        r.date_of_birth.to_string(),
        if r.sex == civil::Sex::Male { "男" } else { "女" }.to_owned(),
        r.relation.label().to_owned(),
        r.address.clone(),
        r.district.to_string(),
        r.status.label().to_owned(),
        r.event.label().to_owned(),
        r.event_on.to_string(),
        r.became_resident_on.to_string(),
        flag(r.protected),
        number(r.child_medical_no),
        flag(r.single_parent),
        r.single_parent_certified_on.map(|day| day.to_string()).unwrap_or_default(),
        number(r.single_parent_medical_no),
        flag(r.club_pupil),
    ]
}

#[test]
fn utf_8_comes_back_whole() {
    let town = town();
    let mut bytes = Vec::new();
    let written = write_csv(&mut bytes, town.residents(), &Layout::default(), Encoding::Utf8).expect("memory");
    assert_eq!((written.rows as usize, written.replaced), (town.residents().len(), 0));
    let rows = rows(std::str::from_utf8(&bytes).expect("UTF-8"));
    assert_eq!(rows[0], Column::DEFAULT.map(|(_, header)| header.to_owned()));
    for (row, resident) in rows[1..].iter().zip(town.residents()) {
        assert_eq!(*row, expected(resident));
        assert_eq!(row[4].parse::<PartialDate>(), Ok(resident.date_of_birth));
    }
}

#[test]
fn shift_jis_loses_only_what_it_lacks_and_counts_it() {
    let town = town();
    let mut bytes = Vec::new();
    let written = write_csv(&mut bytes, town.residents(), &Layout::default(), Encoding::ShiftJis).expect("memory");
    let (text, _, broken) = SHIFT_JIS.decode(&bytes);
    assert!(!broken);
    let rows = rows(&text);
    assert_eq!(rows.len(), town.residents().len() + 1);
    let mut replaced = 0;
    for (row, resident) in rows[1..].iter().zip(town.residents()) {
        let mut expected = expected(resident);
        expected[2] = civil::without_variation_selectors(&expected[2]);
        // the two characters of the name lists that CP932 lacks
        replaced += expected[2].matches(['𠮷', '圡']).count() as u64;
        expected[2] = expected[2].replace(['𠮷', '圡'], "〓");
        assert_eq!(*row, expected);
    }
    assert!(replaced > 0);
    assert_eq!(written.replaced, replaced);
    assert!(text.contains('髙') && text.contains('﨑') && text.contains('\u{FA19}'));
}

#[test]
fn a_packs_own_headers_replace_the_defaults() {
    let layout = Layout::default().with_header(Column::ClubPupil, "遠隔地").with_header(Column::DiedOn, "死亡日");
    let headers: Vec<&str> = layout.columns.iter().map(|(_, header)| header.as_str()).collect();
    assert_eq!(headers[headers.len() - 2..], ["遠隔地", "死亡日"]);
    for (name, value) in town().residents()[0].facts() {
        assert!(Column::of_field(name).is_some(), "{name} {value:?}");
    }
    assert_eq!(Column::of_field("income"), None);
}

#[test]
fn a_layout_chooses_columns_order_and_headers() {
    let town = town();
    let layout =
        Layout { columns: vec![(Column::DateOfBirth, "生年月日（西暦）".into()), (Column::ResidentId, "宛名,番号".into())] };
    let mut bytes = Vec::new();
    write_csv(&mut bytes, &town.residents()[..1], &layout, Encoding::Utf8WithBom).expect("memory");
    let first = &town.residents()[0];
    let expected = format!("\u{FEFF}生年月日（西暦）,\"宛名,番号\"\r\n{},{}\r\n", first.date_of_birth, first.resident_id());
    assert_eq!(String::from_utf8(bytes).expect("UTF-8"), expected);
}

//! Letters and labels, read again by Debian's poppler-utils and a font of Debian's.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::process::Command;

use letters::{Font, Labels, Letter, Sheet};

/// Noto Sans CJK, as `fonts-noto-cjk` installs it.
fn font() -> Font {
    let bytes = std::fs::read("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").expect("fonts-noto-cjk is installed");
    Font::new(bytes).unwrap()
}

fn letter(number: u32, body: &str) -> Letter {
    Letter {
        number: number.to_string(),
        from: "見本町".to_owned(),
        day: "2026年6月1日".to_owned(),
        title: "健診のお知らせ".to_owned(),
        body: body.to_owned(),
        foot: "お問い合わせ 0000-00-0000".to_owned(),
    }
}

fn tool(name: &str, more: &[&str], pdf: &[u8]) -> String {
    let file = std::env::temp_dir().join(format!("letters-{}-{}.pdf", std::process::id(), pdf.len()));
    std::fs::write(&file, pdf).unwrap();
    let done =
        Command::new(name).args(more).arg(&file).args((name == "pdftotext").then_some("-")).output().expect("poppler-utils is installed");
    std::fs::remove_file(&file).unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn what_is_set_can_be_read_again() {
    let long = "一歳半の健診です。𠮷野さんの分もお持ちください。".repeat(100);
    let pdf = Letter::write_all(
        Vec::new(),
        font(),
        [letter(1, "7月1日に、保健センターへおこしください。\n\nPlease come on 1 July."), letter(22, &long)],
    )
    .unwrap();
    let said = tool("pdftotext", &["-layout"], &pdf);
    for words in ["7月1日に、保健センターへおこしください。", "Please come on 1 July.", "健診のお知らせ", "見本町", "𠮷野さん", "22"]
    {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(said.lines().all(|line| !line.trim_start().starts_with(['。', '、'])), "no line begins with a closing mark");
    let pages = tool("pdfinfo", &[], &pdf);
    assert!(pages.lines().any(|line| line.starts_with("Pages:") && line.ends_with(" 3")), "{pages}");
    let fonts = tool("pdffonts", &[], &pdf);
    assert!(fonts.lines().last().unwrap().contains("yes yes yes"), "embedded, a subset, with its characters: {fonts}");
}

#[test]
fn labels_are_twelve_or_twenty_four_a_sheet() {
    for (sheet, pages) in [(Sheet::Twelve, 3), (Sheet::TwentyFour, 2)] {
        let pdf = Labels(sheet).write_all(Vec::new(), font(), (1000..1025).map(|number| number.to_string())).unwrap();
        let said = tool("pdftotext", &[], &pdf);
        assert!((1000..1025).all(|number| said.contains(&number.to_string())), "{said}");
        assert!(tool("pdfinfo", &[], &pdf).lines().any(|line| line.starts_with("Pages:") && line.ends_with(&format!(" {pages}"))));
    }
}

#[test]
fn many_letters_are_written_as_they_come() {
    /// Counts what passes, and keeps none of it.
    struct Passing(usize);
    impl std::io::Write for Passing {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let all = (0..3_000).map(|number| letter(number, "7月1日に、保健センターへおこしください。"));
    let written = Letter::write_all(Passing(0), font(), all).unwrap();
    assert!(written.0 > 2_000_000, "{}", written.0);
}

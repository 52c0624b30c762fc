//! The whole path: enrolled, the card laid late, asked, answered, an account; and everything that goes wrong on it.

use identity::DeviceKind;
use jpki::card::Pins;
use jpki::testca::TestCa;
use store::{Clock as _, SystemClock};

use super::kiosk::{Centre, Kiosk, Somebody, enrol, is_private, pull_the_plug};
use super::pcscd::Pcscd;
use super::table::{Laid, LaidByCommand, Licence, SHOW_SECRET, SIGN, Table};
use super::{is_there, until};
use crate::helpers::Folder;

const USER_AUTH: u16 = 0x0018;
const SIGNATURE: u16 = 0x001B;
const TEXT: u16 = 0x0011;

/// A folder with an authority that is trusted, its table, and the service's turn.
fn ground() -> (Folder, TestCa, Table, Pcscd) {
    let (folder, now) = (Folder::new(), SystemClock.now());
    let mut ca = TestCa::new(now - jiff::SignedDuration::from_hours(240)).unwrap();
    folder.trust(&mut ca, now);
    let service = Pcscd::wait(&folder);
    let table = Table::new(&folder, &service);
    (folder, ca, table, service)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_is_enrolled_by_its_code_once() {
    let folder = Folder::new();
    let centre = Centre::start(&folder).await;
    let keep = folder.0.join("station.json");
    let for_verifier = centre.code(DeviceKind::Verifier).await;
    for wrong in ["2222-2222", "", &for_verifier] {
        let refused = enrol(&centre.address, &keep, wrong);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("make one for a card reader"), "{wrong}: {said}");
    }
    assert!(!keep.exists());
    let code = centre.code(DeviceKind::Station).await;
    // The other way round: a verifier's page does not take a station's code, and leaves it good.
    let pair = |code: &str| ureq::post(format!("{}/api/v1/verifier/pair", centre.address)).send_json(serde_json::json!({ "code": code }));
    assert!(pair(&code).is_err());
    let enrolled = enrol(&centre.address, &keep, &code);
    assert!(enrolled.status.success(), "{}", String::from_utf8_lossy(&enrolled.stderr));
    assert!(is_private(&keep));
    assert!(!String::from_utf8_lossy(&enrolled.stdout).contains(&code));
    assert!(!enrol(&centre.address, &folder.0.join("again.json"), &code).status.success());
    assert!(pair(&for_verifier).is_ok(), "the verifier's code is still good at a verifier");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_reader_plugged_in_late_to_an_account() {
    if !is_there() {
        return;
    }
    let (folder, mut ca, table, mut service) = ground();
    table.issue("hanako", &mut ca);
    let centre = Centre::start(&folder).await;
    let kiosk = Kiosk::start(&centre.address, &[]);
    let hanako = Somebody::asks(&kiosk, &centre.address);
    let page = kiosk.get(&hanako.start());
    assert!(page.contains("カードを置いてください") && !page.contains("name=\"card\""), "{page}");
    if !service.is_shared() {
        kiosk.shows(&hanako.page(""), "サービス（pcscd）が動いていない");
        assert!(kiosk.get("/").contains("職員に知らせてください"));
        service.start_without_readers();
        kiosk.shows(&hanako.page(""), "カードリーダーがつながっていません");
        assert!(hanako.goes_on("reader-no-service"));
    }
    service.start_with_readers();
    kiosk.shows(&hanako.page(""), "カードがありません");
    assert!(!hanako.goes_on("card-no-card"));
    {
        let _licence = Laid::on(service.port(), Licence);
        kiosk.shows(&hanako.page(""), "マイナンバーカードではありません");
        assert!(hanako.goes_on("card-no-card") && !hanako.goes_on("card-not-this-card"));
        let _second = Laid::on(service.port() + 1, Licence);
        kiosk.shows(&hanako.page(""), "カードが2枚以上あります");
    }
    kiosk.shows(&hanako.page(""), "カードがありません");

    let _card = LaidByCommand::lay(&table, "hanako");
    let page = kiosk.shows(&hanako.page(""), "あと5回");
    assert!(hanako.goes_on("card-no-card") && !page.contains("last_try"), "{page}");
    assert!(hanako.types("abc", false).contains("6〜16けたの英数字"));
    assert_eq!(table.tries("hanako", SIGNATURE), 5, "a slip of the finger never reaches the card");
    assert!(hanako.types("WRONG99", false).contains("パスワードがちがいます。あと4回"));
    assert_eq!(table.tries("hanako", SIGNATURE), 4);
    assert!(!hanako.is_proven());
    let done = hanako.types(&Pins::default().signature, false);
    assert!(done.contains("読み取りました"), "{done}");
    assert!(hanako.is_proven());
    assert!(hanako.account().contains("青空　花子"));
    assert_eq!(table.tries("hanako", SIGNATURE), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_try_is_spent_knowingly_and_a_locked_card_says_where_to_go() {
    if !is_there() {
        return;
    }
    let (folder, mut ca, table, mut service) = ground();
    table.issue("hanako", &mut ca);
    let centre = Centre::start(&folder).await;
    service.start_with_readers();
    let kiosk = Kiosk::start(&centre.address, &["--reader", "Virtual PCD"]);
    let hanako = Somebody::asks(&kiosk, &centre.address);
    let _card = table.lay("hanako");
    for left in [4, 3, 2, 1] {
        assert!(hanako.types("WRONG99", false).contains(&format!("あと{left}回")));
    }
    let page = kiosk.get(&hanako.page(""));
    assert!(page.contains("あと1回です。まちがえると") && page.contains("name=\"last_try\""), "{page}");
    for password in ["WRONG99", Pins::default().signature.as_str()] {
        assert!(hanako.types(password, false).contains("下の確認に印を付けてください"));
        assert_eq!(table.tries("hanako", SIGNATURE), 1, "nobody agreed to spend it");
    }
    let locked = hanako.types("WRONG99", true);
    assert!(locked.contains("市区町村の窓口") && locked.contains("コンビニ") && !locked.contains("type=\"password\""), "{locked}");
    assert_eq!(table.tries("hanako", SIGNATURE), 0);
    assert!(kiosk.get(&hanako.page("")).contains("市区町村の窓口"));
    let none = Kiosk::start(&centre.address, &["--reader", "Another Make"]);
    none.shows(&Somebody::asks(&none, &centre.address).page(""), "カードリーダーがつながっていません");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_taken_away_midway_says_whether_a_try_was_lost() {
    if !is_there() {
        return;
    }
    let (folder, mut ca, table, mut service) = ground();
    table.issue("hanako", &mut ca);
    let centre = Centre::start(&folder).await;
    service.start_with_readers();
    let kiosk = Kiosk::start(&centre.address, &[]);
    let hanako = Somebody::asks(&kiosk, &centre.address);
    {
        let _card = table.lay_pulled_at("hanako", SHOW_SECRET);
        let page = hanako.types("WRONG99", false);
        assert!(page.contains("回数が1回減ったかもしれません") && !page.contains("type=\"password\""), "{page}");
    }
    {
        let _card = table.lay_pulled_at("hanako", SIGN);
        kiosk.shows(&hanako.page(""), "あと4回");
        let page = hanako.types(&Pins::default().signature, false);
        assert!(page.contains("入力の回数も減っていません"), "{page}");
    }
    assert!(!hanako.is_proven());
    let _card = table.lay("hanako");
    kiosk.shows(&hanako.page(""), "あと5回");
    assert!(hanako.types(&Pins::default().signature, false).contains("読み取りました"));
    assert!(hanako.is_proven());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enrolled_station_is_enough_for_who_has_only_the_digits() {
    if !is_there() {
        return;
    }
    let (folder, mut ca, table, mut service) = ground();
    table.issue_for_child("taro", &mut ca);
    let centre = Centre::start(&folder).await;
    let keep = folder.0.join("station.json");
    assert!(enrol(&centre.address, &keep, &centre.code(DeviceKind::Station).await).status.success());
    service.start_with_readers();
    let _card = table.lay("taro");

    let not_enrolled = Kiosk::start(&centre.address, &[]);
    let taro = Somebody::asks(&not_enrolled, &centre.address);
    assert!(!not_enrolled.get(&taro.start()).contains("4けたの暗証番号"));
    let page = not_enrolled.shows(&taro.page("digits"), "署名用電子証明書がありません");
    assert!(!page.contains("4けたの暗証番号で確認する"), "{page}");
    drop(not_enrolled);

    let kiosk = Kiosk::start(&centre.address, &["--keep", keep.to_str().unwrap()]);
    let taro = Somebody::asks(&kiosk, &centre.address);
    assert!(kiosk.get(&taro.start()).contains("4けたの暗証番号"));
    let page = kiosk.shows(&taro.page(""), "署名用電子証明書がありません");
    assert!(page.contains("4けたの暗証番号で確認する"), "{page}");
    assert!(taro.types_digits("12", "").contains("4けたの数字です。カードには問い合わせていません"));
    assert!(taro.types_digits("1234", "9999").contains("券面事項入力補助用の暗証番号がちがいます。あと2回"));
    assert!(taro.types_digits("9999", "1234").contains("利用者証明用の暗証番号がちがいます。あと2回"));
    assert_eq!((table.tries("taro", USER_AUTH), table.tries("taro", TEXT)), (2, 3));
    let done = taro.types_digits("1234", "");
    assert!(done.contains("読み取りました"), "{done}");
    assert!(taro.is_proven());
    assert!(taro.account().contains("青空　太郎"));

    // Ended at the console: the digits count no longer, and the page says so.
    let stations = {
        let mut ctx = centre.house.store.begin(crate::helpers::clerk(SystemClock.now())).await.unwrap();
        let devices = identity::devices(&mut ctx).await.unwrap();
        for device in &devices {
            identity::end_device(&mut ctx, device.id).await.unwrap();
        }
        ctx.commit().await.unwrap();
        devices.len()
    };
    assert_eq!(stations, 1);
    let again = Somebody::asks(&kiosk, &centre.address);
    let page = again.types_digits("1234", "");
    assert!(page.contains("この読み取り機の登録が終わっています") && !page.contains("value=\"digits\""), "{page}");
    assert!(!again.is_proven());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_centre_is_away() {
    if !is_there() {
        return;
    }
    let (folder, mut ca, table, mut service) = ground();
    table.issue("hanako", &mut ca);
    let centre = Centre::start(&folder).await;
    service.start_with_readers();
    let kiosk = Kiosk::start(&centre.address, &[]);
    let hanako = Somebody::asks(&kiosk, &centre.address);
    {
        let card = table.lay("hanako");
        kiosk.shows(&hanako.page(""), "あと5回");
        let (form, told) = (kiosk.get(&hanako.page("")), card.told());
        assert!(form.contains("name=\"form\""));
        pull_the_plug(&centre.serving());
        for page in [hanako.page(""), hanako.start()] {
            let page = kiosk.get(&page);
            assert!(
                page.contains("町のサーバーにつながりません。カードはまだ読んでいません") && !page.contains("type=\"password\""),
                "{page}"
            );
        }
        assert!(!hanako.goes_on("centre"));
        assert_eq!(card.told(), told, "the card is left alone");
        centre.back();
        until("the page goes on by itself", || hanako.goes_on("centre").then_some(()));
    }
    let serving = centre.serving();
    let _card = table.lay_that_signs("hanako", move || pull_the_plug(&serving));
    let kept = hanako.types(&Pins::default().signature, false);
    assert!(kept.starts_with("/kept?ticket="), "{kept}");
    let page = kiosk.get(&kept);
    assert!(page.contains("読み取りました。届けています") && page.contains("つながりしだい自動で届けます"), "{page}");
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(kiosk.get(&kept).contains("届けています"));
    centre.back();
    kiosk.shows(&kept, "もとの画面に戻ってください");
    assert!(hanako.is_proven());
    assert!(hanako.account().contains("青空　花子"));
}

//! Dispositions: agreed to with the card, signed, sent to who agreed and on paper to everybody else, proven.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use store::{Actor, Role, params};
use tower::ServiceExt as _;

use super::{CHILD, GRANDMOTHER, House, MOTHER, Person, STRANGER, houses};

/// A page as an office prints it, with a line of its own.
fn pdf(line: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n".to_vec();
    let content = format!("BT /F1 20 Tf 50 600 Td ({line}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Courier>>".to_owned(),
    ];
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(bytes.len());
        bytes.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", number + 1).as_bytes());
    }
    let table = bytes.len();
    bytes.extend_from_slice(b"xref\n0 6\n0000000000 65535 f\r\n");
    places.iter().for_each(|place| bytes.extend_from_slice(format!("{place:010} 00000 n\r\n").as_bytes()));
    bytes.extend_from_slice(format!("trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n").as_bytes());
    bytes
}

impl House {
    /// Somebody who laid down the card a moment ago.
    async fn by_card(&self, id: u32) -> Person {
        let person = self.person(id).await;
        let mut ctx = self.begin(Actor::System).await;
        ctx.tx()
            .execute(
                "insert into identity_proof (id, account, kind, ial, aal, at, until, evidence) values ($1, $2, 'signature', '3', '3', $3, '2030-01-01', '{}')",
                params![store::AccountId::new(self.now()), person.account, self.now()],
            )
            .await
            .unwrap();
        ctx.commit().await.unwrap();
        person
    }

    /// Agrees to the first offer of a kind on the page, or to the child's.
    async fn agrees(&self, person: &Person, kind: &str, child: bool) -> String {
        let page = self.get(&person.cookie, "/inbox/dispositions").await.body;
        let value = |form: &str, name: &str| {
            let from = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
            from.split('"').next().unwrap_or_default().to_owned()
        };
        let forms: Vec<&str> = page.split("action=\"/inbox/dispositions\"").skip(1).filter(|form| value(form, "kind") == kind).collect();
        let form = if child { forms.last() } else { forms.first() }.unwrap_or_else(|| panic!("no offer of {kind}: {page}"));
        let (resident, mark) = (value(form, "resident"), value(form, "mark"));
        let pairs = [("kind", kind), ("resident", resident.as_str()), ("mark", mark.as_str())];
        self.post(&person.cookie, "/inbox/dispositions", &pairs).await.location
    }

    /// Writes a disposition with a file for each; its address.
    async fn decides(&self, staff: &str, kind: &str, people: &[u32]) -> String {
        self.decides_in(staff, kind, people, &[]).await
    }

    /// As [`House::decides`], in other languages too.
    async fn decides_in(&self, staff: &str, kind: &str, people: &[u32], others: &[(&str, &str)]) -> String {
        let japanese = [
            ("kind", kind),
            ("number", "南税第12号"),
            ("dated", "2026-06-01"),
            ("title_ja", "税額決定のお知らせ"),
            ("body_ja", "税額は{{税額}}円です。"),
        ];
        let fields = [&japanese, others].concat();
        let begun = self.post(staff, "/staff/notices/disposition", &fields).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
        let mut csv = "宛名番号,税額,ファイル\n".to_owned();
        let files: Vec<(String, Vec<u8>)> = people.iter().map(|id| (format!("{id}.pdf"), pdf(&format!("No. {id}")))).collect();
        people.iter().for_each(|id| csv.push_str(&format!("{id},{id}000,{id}.pdf\n")));
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let taken = self.hands_in(staff, &begun.location, csv.as_bytes(), &files).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
        begun.location
    }

    /// Has it approved by another, signed and sent.
    async fn approved(&self, writer: &str, notice: &str) {
        let handed = self.post(writer, &format!("{notice}/submit"), &[]).await;
        assert_eq!(handed.status, StatusCode::SEE_OTHER, "{}", handed.body);
        assert_eq!(self.post(writer, &format!("{notice}/approve"), &[]).await.status, StatusCode::CONFLICT, "who wrote it");
        let second = self.staff("鈴木 次郎", &[Role::Officer]).await;
        let approved = self.post(&second, &format!("{notice}/approve"), &[]).await;
        assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.body);
        self.go_out().await;
    }

    async fn go_out(&self) {
        store::run_due_jobs_outside(&self.store, &self.jobs).await.unwrap();
        self.deliver().await;
    }

    async fn bytes(&self, cookie: &str, path: &str) -> (StatusCode, Vec<u8>) {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        (response.status(), to_bytes(response.into_body(), 8 << 20).await.unwrap().to_vec())
    }
}

#[tokio::test]
async fn who_agreed_gets_the_signed_document_and_everybody_else_paper() {
    for house in houses().await {
        let (mother, stranger, officer) = (house.by_card(MOTHER).await, house.person(STRANGER).await, house.officer().await);
        let browser = house.subscribes(&mother, "m").await;
        assert_eq!(house.agrees(&mother, "resident-tax", false).await, "/inbox/dispositions");
        let notice = house.decides(&officer, "resident-tax", &[MOTHER, GRANDMOTHER, STRANGER]).await;
        let desk = house.get(&officer, &notice).await.body;
        assert!(desk.contains("data-electronic>1人") && desk.contains("data-paper>2人"), "{desk}");
        house.approved(&officer, &notice).await;
        assert!(house.inbox(&stranger).await.is_empty(), "nobody is sent what they did not agree to");
        let told = &house.inbox(&mother).await[0];
        let id = told["id"].as_str().unwrap();
        let (status, file) = house.bytes(&mother.cookie, &format!("/inbox/{id}/file")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(file.starts_with(&pdf("No. 1")), "the office's bytes stand");
        assert_eq!(pdfseal::check(&file).unwrap().name, "見本村長");
        let page = house.get(&mother.cookie, &format!("/inbox/{id}")).await.body;
        for said in ["南税第12号", "2026年9月1日", "「見本村長」が2026年6月1日", "何も変わっていません", "審査請求", "税額は1000円です。"]
        {
            assert!(page.contains(said), "{said}\n{page}");
        }
        let pushed = browser.opens(&house.posted()[0]).to_string();
        assert!(!pushed.contains("税額"), "{pushed}");
        let paper = house.post(&officer, &format!("{notice}/paper"), &[]).await.body;
        let lines: Vec<&str> = paper.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(
            lines,
            [
                "宛名番号,前にも紙で送った,紙で送るわけ,いま住民,ファイル,税額",
                "3,いいえ,同意なし,はい,3.pdf,3000",
                "4,いいえ,同意なし,はい,4.pdf,4000"
            ]
        );
        let desk = house.get(&officer, &notice).await.body;
        assert!(desk.contains("data-electronic>1人") && desk.contains("data-paper>2人"), "{desk}");
    }
}

#[tokio::test]
async fn agreeing_asks_for_the_card_and_keeps_the_very_words() {
    for house in houses().await {
        let mother = house.person(MOTHER).await;
        let asked = house.agrees(&mother, "resident-tax", false).await;
        assert_eq!(asked, "/start?next=/inbox/dispositions&card=yes", "signed in is not enough");
        assert_eq!(house.count("select count(*) from notices_consent").await, 0);
        let mother = house.by_card(STRANGER).await;
        house.pass(SignedDuration::from_mins(11));
        assert!(house.agrees(&mother, "resident-tax", false).await.starts_with("/start"), "the card was read too long ago");
        let grandmother = house.by_card(GRANDMOTHER).await;
        let pairs = [("kind", "resident-tax"), ("resident", "00000000-0000-7000-8000-000000000000"), ("mark", "x")];
        assert_eq!(house.post(&grandmother.cookie, "/inbox/dispositions", &pairs).await.status, StatusCode::NOT_FOUND);
        house.agrees(&grandmother, "resident-tax", false).await;
        house.agrees_twice(&grandmother).await;
        let export = house.begin(Actor::Holder(grandmother.account)).await;
        drop(export);
        let words: String =
            house.begin(Actor::System).await.tx().query_one::<(String,)>("select words from notices_consent", &[]).await.unwrap().0;
        assert!(
            words.contains("紙のかわりに") && words.contains("14日のあいだ開かれないときは") && words.contains("届いたことになります"),
            "{words}"
        );
        let page = house.get(&grandmother.cookie, "/inbox/dispositions").await.body;
        assert!(page.contains("に同意しました") && page.contains("同意したことの記録"), "{page}");
    }
}

impl House {
    /// A second agreement to the same is none.
    async fn agrees_twice(&self, person: &Person) {
        let page = self.get(&person.cookie, "/inbox/dispositions").await.body;
        let before = self.count("select count(*) from notices_consent").await;
        assert!(!page.split("action=\"/inbox/dispositions\"").skip(1).any(|form| form.contains("value=\"resident-tax\"")), "{page}");
        assert_eq!(before, 1);
    }
}

#[tokio::test]
async fn who_withdraws_before_it_goes_out_gets_paper_and_what_is_there_stays() {
    for house in houses().await {
        let (mother, officer) = (house.by_card(MOTHER).await, house.officer().await);
        house.agrees(&mother, "resident-tax", false).await;
        let first = house.decides(&officer, "resident-tax", &[MOTHER]).await;
        house.approved(&officer, &first).await;
        let second = house.decides(&officer, "resident-tax", &[MOTHER]).await;
        house.post(&officer, &format!("{second}/submit"), &[]).await;
        let other = house.staff("鈴木 次郎", &[Role::Officer]).await;
        house.post(&other, &format!("{second}/approve"), &[]).await;
        // Signed, and not yet in the inbox.
        store::run_due_jobs_outside(&house.store, &house.jobs).await.unwrap();
        assert_eq!(house.count("select count(*) from notices_signed").await, 2);
        let page = house.get(&mother.cookie, "/inbox/dispositions").await.body;
        let end = page.split("action=\"/inbox/dispositions/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        house.post(&mother.cookie, &format!("/inbox/dispositions/{end}"), &[]).await;
        house.deliver().await;
        assert_eq!(house.inbox(&mother).await.len(), 1, "the first stays, the second goes on paper");
        let paper = house.post(&officer, &format!("{second}/paper"), &[]).await.body;
        assert!(paper.contains("1,いいえ,同意の取りやめ,はい,1.pdf,1000"), "{paper}");
    }
}

#[tokio::test]
async fn a_childs_disposition_is_read_by_who_agreed_for_the_child_only() {
    for house in houses().await {
        let (mother, officer) = (house.by_card(MOTHER).await, house.officer().await);
        let notice = house.decides(&officer, "childcare-place", &[CHILD]).await;
        house.approved(&officer, &notice).await;
        assert!(house.inbox(&mother).await.is_empty(), "acting for a child is not agreeing for it");
        house.agrees(&mother, "childcare-place", true).await;
        let notice = house.decides(&officer, "childcare-place", &[CHILD]).await;
        house.approved(&officer, &notice).await;
        let told = house.inbox(&mother).await;
        assert_eq!((told.len(), told[0]["of_child"].as_bool()), (1, Some(true)));
        let id = told[0]["id"].as_str().unwrap();
        assert_eq!(house.bytes(&mother.cookie, &format!("/inbox/{id}/file")).await.0, StatusCode::OK);
        let page = house.get(&mother.cookie, "/inbox/dispositions").await.body;
        assert!(
            !page.split("action=\"/inbox/dispositions\"").skip(1).any(|form| form.contains("resident-tax") && form.contains("お子さま"))
        );
    }
}

#[tokio::test]
async fn files_that_cannot_be_signed_are_told_by_line_and_nothing_is_taken() {
    for house in houses().await {
        let officer = house.officer().await;
        let notice = house.decides(&officer, "resident-tax", &[MOTHER]).await;
        let csv = format!("宛名番号,税額,ファイル\n{MOTHER},1,a.pdf\n{GRANDMOTHER},2,\n{STRANGER},3,c.pdf\n");
        let whole = pdf("x");
        let cut = &whole[..whole.len() - 40];
        let refused = house.hands_in(&officer, &notice, csv.as_bytes(), &[("a.pdf", &whole), ("c.pdf", cut)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for said in ["3行目「ファイル」: 書類がありません。", "4行目「ファイル」: 書類「c.pdf」はこわれているため、署名できません。"]
        {
            assert!(refused.body.contains(said), "{said}\n{}", refused.body);
        }
        assert_eq!(house.count("select count(*) from notices_delivery").await, 1, "the list before stands");
    }
}

#[tokio::test]
async fn when_it_came_and_was_opened_is_proven_by_the_trail_and_a_signed_certificate() {
    for house in houses().await {
        let (mother, officer) = (house.by_card(MOTHER).await, house.officer().await);
        house.agrees(&mother, "resident-tax", false).await;
        let notice = house.decides(&officer, "resident-tax", &[MOTHER, STRANGER]).await;
        house.approved(&officer, &notice).await;
        house.pass(SignedDuration::from_hours(1));
        let id = house.inbox(&mother).await[0]["id"].as_str().unwrap().to_owned();
        house.get(&mother.cookie, "/inbox").await;
        house.pass(SignedDuration::from_hours(1));
        house.get(&mother.cookie, &format!("/inbox/{id}")).await;
        house.get(&mother.cookie, &format!("/inbox/{id}")).await;
        let page = house.get(&officer, &format!("{notice}/proof?number={MOTHER}")).await;
        for said in ["2026年6月1日 10:01", "2026年6月1日 11:01", "2026年6月1日 12:01"] {
            assert!(page.body.contains(said), "{said}\n{}", page.body);
        }
        let told: serde_json::Value =
            serde_json::from_str(&house.get(&officer, &format!("{notice}/proof/file?number={MOTHER}")).await.body).unwrap();
        let actions: Vec<&str> = told["trail"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["disposition.arrived", "disposition.delivered", "disposition.opened"], "each once");
        let (_, file) = house.bytes(&mother.cookie, &format!("/inbox/{id}/file")).await;
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &file);
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(told["document"]["sha256"], hash.as_str(), "of the very file the person gets");
        assert_eq!(told["signed"].as_str().unwrap().split('.').count(), 3);
        let on_paper = house.get(&officer, &format!("{notice}/proof?number={STRANGER}")).await.body;
        assert!(on_paper.contains("紙で送る一覧に入った"), "{on_paper}");
        assert_eq!(house.get(&officer, &format!("{notice}/proof?number=999")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.get(&mother.cookie, &format!("{notice}/proof?number={MOTHER}")).await.status, StatusCode::SEE_OTHER);
        assert_eq!(house.count("select count(*) from store_audit where action = 'disposition.certificate'").await, 3);
    }
}

#[tokio::test]
async fn what_is_not_opened_within_its_days_goes_on_paper_and_is_said() {
    for house in houses().await {
        let (mother, officer) = (house.by_card(MOTHER).await, house.officer().await);
        house.agrees(&mother, "resident-tax", false).await;
        let notice = house.decides(&officer, "resident-tax", &[MOTHER]).await;
        house.approved(&officer, &notice).await;
        house.run_jobs().await;
        house.pass(SignedDuration::from_hours(4 * 24));
        house.run_jobs().await;
        let officer = house.officer().await;
        let paper = house.post(&officer, &format!("{notice}/paper"), &[]).await.body;
        assert!(paper.contains("宛名番号") && !paper.contains("1.pdf"), "reminded first: {paper}");
        assert_eq!(house.count("select count(*) from notices_delivery where reminded_at is not null").await, 1);
        house.pass(SignedDuration::from_hours(11 * 24));
        house.run_jobs().await;
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        let paper = house.post(&officer, &format!("{notice}/paper"), &[]).await.body;
        assert!(paper.contains("1,いいえ,開かれていない,はい,1.pdf,1000"), "{paper}");
        let id = house.inbox(&mother).await[0]["id"].as_str().unwrap().to_owned();
        let page = house.get(&mother.cookie, &format!("/inbox/{id}")).await.body;
        assert!(page.contains("から紙でも送っています"), "{page}");
    }
}

#[tokio::test]
async fn it_is_kept_for_the_years_of_its_kind_and_no_longer() {
    for house in houses().await {
        let (mother, officer) = (house.by_card(MOTHER).await, house.officer().await);
        house.agrees(&mother, "resident-tax", false).await;
        let notice = house.decides(&officer, "resident-tax", &[MOTHER, STRANGER]).await;
        house.approved(&officer, &notice).await;
        house.run_jobs().await;
        house.pass(SignedDuration::from_hours(6 * 366 * 24));
        house.run_jobs().await;
        assert_eq!(house.count("select count(*) from notices_delivery").await, 2, "longer than other notices");
        house.pass(SignedDuration::from_hours(366 * 24 + 48));
        house.run_jobs().await;
        for table in
            ["select count(*) from notices_delivery", "select count(*) from notices_document", "select count(*) from notices_signed"]
        {
            assert_eq!(house.count(table).await, 0, "{table}");
        }
    }
}

#[tokio::test]
async fn a_closed_account_agrees_to_nothing_any_more_and_a_merged_one_goes_on() {
    for house in houses().await {
        let (mother, other) = (house.by_card(MOTHER).await, house.by_card(GRANDMOTHER).await);
        house.agrees(&mother, "resident-tax", false).await;
        house.agrees(&other, "resident-tax", false).await;
        let kept = house.person(MOTHER).await;
        let mut ctx = house.begin(Actor::System).await;
        let merged = identity::AccountsMerged { kept: kept.account, closed: mother.account };
        ctx.record(identity::AccountsMerged::KIND, &merged).await.unwrap();
        ctx.record(identity::AccountClosed::KIND, &identity::AccountClosed { account: other.account }).await.unwrap();
        ctx.commit().await.unwrap();
        let mut ctx = house.begin(Actor::System).await;
        let standing: Vec<(String,)> = ctx.tx().query("select account from notices_consent where ended_at is null", &[]).await.unwrap();
        assert_eq!(standing, [(kept.account.to_string(),)]);
    }
}

/// What a reader of another make finds in a PDF: Debian's poppler-utils.
fn text_of(pdf: &[u8]) -> String {
    let file = std::env::temp_dir().join(format!("notices-{}-{}.pdf", std::process::id(), pdf.len()));
    std::fs::write(&file, pdf).unwrap();
    let done = std::process::Command::new("pdftotext").arg(&file).arg("-").output().expect("poppler-utils is installed");
    std::fs::remove_file(&file).unwrap();
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
async fn the_paper_list_is_printed_as_letters_and_labels() {
    for house in houses().await {
        let officer = house.officer().await;
        let notice = house.decides(&officer, "resident-tax", &[GRANDMOTHER, STRANGER]).await;
        house.approved(&officer, &notice).await;
        for (what, words) in
            [("letters", vec!["税額決定のお知らせ", "税額は3000円です。", "税額は4000円です。", "南牧村"]), ("labels-24", vec!["3", "4"])]
        {
            let request = Request::post(format!("{notice}/paper/{what}")).header(header::COOKIE, &officer).body(Body::empty()).unwrap();
            let response = house.router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            let said = text_of(&to_bytes(response.into_body(), 8 << 20).await.unwrap());
            assert!(words.iter().all(|word| said.contains(word)), "{words:?}\n{said}");
        }
        assert_eq!(house.count("select count(*) from notices_delivery where printed_at is not null").await, 2);
    }
}

#[tokio::test]
async fn what_tells_of_it_is_in_the_language_of_whoever_it_is_for() {
    let words = [
        ("title_en", "Your tax"),
        ("body_en", "The tax is {{税額}} yen."),
        ("title_vi", "Thuế của bạn"),
        ("body_vi", "Thuế là {{税額}} yên."),
    ];
    for house in houses().await {
        let (mut mother, stranger, officer) = (house.by_card(MOTHER).await, house.by_card(STRANGER).await, house.officer().await);
        let cookie = mother.cookie.clone();
        // She reads Vietnamese, and agrees in it.
        mother.cookie = format!("{cookie}; lang=vi");
        let browser = house.subscribes(&mother, "m").await;
        house.agrees(&mother, "resident-tax", false).await;
        house.agrees(&Person { cookie: format!("{}; lang=en", stranger.cookie), ..stranger }, "resident-tax", false).await;
        let notice = house.decides_in(&officer, "resident-tax", &[MOTHER, GRANDMOTHER, STRANGER], &words).await;
        house.approved(&officer, &notice).await;
        let pushed = browser.opens(&house.posted()[0]).to_string();
        assert!(pushed.contains("Có thông báo dành cho bạn"), "{pushed}");
        let id = house.inbox(&mother).await[0]["id"].as_str().unwrap().to_owned();
        let page = house.get(&mother.cookie, &format!("/inbox/{id}")).await.body;
        for said in ["Thuế là 1000 yên.", "Số văn bản (文書番号)", "<section class=\"section panel\" lang=\"vi\">", "<dd lang=\"ja\">"]
        {
            assert!(page.contains(said), "{said}: {page}");
        }
        // In a language it was not written in, the words of the notice are marked as English, and what stands around them is not.
        let page = house.get(&format!("{cookie}; lang=id"), &format!("/inbox/{id}")).await.body;
        assert!(page.contains("<article lang=\"en\"") && page.contains("<section class=\"section panel\" lang=\"id\">"), "{page}");
        let check = house.get(&mother.cookie, &format!("/inbox/{id}/check")).await.body;
        assert!(check.contains("<html lang=\"vi\"") && !check.contains("署名を確かめる"), "{check}");
        // The words she agreed to are kept as she read them, and read aloud so in whichever language the page is.
        let consents = house.get(&format!("{cookie}; lang=ja"), "/inbox/dispositions").await.body;
        assert!(consents.contains("<ul lang=\"vi\">"), "{consents}");

        // Unopened, it goes on paper: to who had agreed in their language, to the grandmother, of whom no language is known, in Japanese.
        house.run_jobs().await;
        house.pass(SignedDuration::from_hours(15 * 24));
        house.run_jobs().await;
        let officer = house.officer().await;
        let request = Request::post(format!("{notice}/paper/letters")).header(header::COOKIE, &officer).body(Body::empty()).unwrap();
        let response = house.router.clone().oneshot(request).await.unwrap();
        let said = text_of(&to_bytes(response.into_body(), 8 << 20).await.unwrap());
        for words in ["The tax is 4000 yen.", "Minamimaki", "税額は3000円です。"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains("税額は4000円です。"), "{said}");
    }
}

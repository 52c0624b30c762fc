//! Mailing lists: each person's own words and own file.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;

use super::{Answer, GRANDMOTHER, House, MOTHER, STRANGER, houses};

const BOUNDARY: &str = "----tegata";

impl House {
    pub(crate) async fn hands_in(&self, staff: &str, notice: &str, csv: &[u8], files: &[(&str, &[u8])]) -> Answer {
        let mut body = Vec::new();
        let mut part = |name: &str, file: &str, bytes: &[u8]| {
            body.extend_from_slice(
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n").as_bytes(),
            );
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        };
        part("list", "list.csv", csv);
        for (name, bytes) in files {
            part("file", name, bytes);
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let request = Request::post(format!("{notice}/list")).header(header::COOKIE, staff);
        let request = request.header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn list_notice(&self, staff: &str) -> String {
        self.writes(staff, &[("audience", "list"), ("title_ja", "健診のお知らせ"), ("body_ja", "{{日付}}に{{会場}}へおこしください。")])
            .await
    }
}

#[tokio::test]
async fn everybody_on_a_list_gets_their_own_words_and_file() {
    for house in houses().await {
        let (grandmother, stranger, officer) = (house.person(GRANDMOTHER).await, house.person(STRANGER).await, house.officer().await);
        let browser = house.subscribes(&grandmother, "g").await;
        let notice = house.list_notice(&officer).await;
        let csv = format!("宛名番号,日付,会場,ファイル\n{GRANDMOTHER},7月1日,野辺山公民館,a.pdf\n{STRANGER},7月2日,海ノ口公民館,\n");
        let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(&csv);
        let taken = house.hands_in(&officer, &notice, &shift_jis, &[("a.pdf", b"%PDF-1.7 for the grandmother")]).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
        assert!(house.inbox(&grandmother).await.is_empty(), "nobody has it before it is sent");
        house.post(&officer, &format!("{notice}/submit"), &[]).await;
        house.deliver().await;
        let told = &house.inbox(&grandmother).await[0];
        assert_eq!(told["paragraphs"][0], "7月1日に野辺山公民館へおこしください。");
        assert_eq!(house.inbox(&stranger).await[0]["paragraphs"][0], "7月2日に海ノ口公民館へおこしください。");
        let id = told["id"].as_str().unwrap();
        assert_eq!(house.get(&grandmother.cookie, &format!("/inbox/{id}/file")).await.body, "%PDF-1.7 for the grandmother");
        assert_eq!(house.get(&stranger.cookie, &format!("/inbox/{id}/file")).await.status, StatusCode::NOT_FOUND);
        let pushed = browser.opens(&house.posted()[0]).to_string();
        assert!(pushed.contains("あなたへのお知らせが届きました") && !pushed.contains("7月1日") && !pushed.contains("健診"), "{pushed}");
    }
}

#[tokio::test]
async fn a_list_with_a_fault_is_refused_whole_with_every_fault_in_its_line() {
    for mut house in houses().await {
        house.row(STRANGER).moved_out = true;
        house.bring().await;
        let officer = house.officer().await;
        let notice = house.list_notice(&officer).await;
        let good = format!("宛名番号,日付,会場\n{MOTHER},7月1日,役場\n");
        assert_eq!(house.hands_in(&officer, &notice, good.as_bytes(), &[]).await.status, StatusCode::SEE_OTHER);
        let csv = format!(
            "宛名番号,日付,会場,ファイル\n{MOTHER},7月1日,役場,a.pdf\n999,7月1日,役場,\n{GRANDMOTHER},,役場,b.pdf\n{STRANGER},7月1日,役場,a.pdf\n"
        );
        let files: [(&str, &[u8]); 2] = [("a.pdf", b"%PDF-1.7"), ("c.pdf", b"MZ not a pdf")];
        let refused = house.hands_in(&officer, &notice, csv.as_bytes(), &files).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for said in [
            "3行目「宛名番号」: この宛名番号の人は台帳にいません。",
            "4行目「日付」: 差し込む言葉が空です。",
            "4行目「ファイル」: 書類「b.pdf」が入れられていません。",
            "5行目「宛名番号」: この人は、いま住民ではありません。",
            "5行目「ファイル」: 書類「a.pdf」が2人に書かれています。",
            "書類「c.pdf」はPDFではありません。",
        ] {
            assert!(refused.body.contains(said), "{said}\n{}", refused.body);
        }
        assert_eq!(house.count("select count(*) from notices_delivery").await, 1, "the list before stands");
        let missing = house.hands_in(&officer, &notice, format!("宛名番号,日付\n{MOTHER},7月1日\n").as_bytes(), &[]).await;
        assert!(missing.body.contains("1行目「会場」: 本文で使っている列が、名簿にありません。"), "{}", missing.body);
    }
}

#[tokio::test]
async fn who_did_not_open_it_goes_on_paper_with_their_own_words_and_no_formulas() {
    for house in houses().await {
        let (mother, officer) = (house.person(MOTHER).await, house.officer().await);
        let notice = house.list_notice(&officer).await;
        let csv = format!("宛名番号,日付,会場\n{MOTHER},7月1日,役場\n{GRANDMOTHER},7月2日,=HYPERLINK(1)\n");
        house.hands_in(&officer, &notice, csv.as_bytes(), &[]).await;
        house.post(&officer, &format!("{notice}/submit"), &[]).await;
        house.deliver().await;
        let id = house.inbox(&mother).await[0]["id"].as_str().unwrap().to_owned();
        house.get(&mother.cookie, &format!("/inbox/{id}")).await;
        let paper = house.post(&officer, &format!("{notice}/paper"), &[]).await.body;
        let lines: Vec<&str> = paper.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines, ["宛名番号,前にも紙で送った,日付,会場", "3,いいえ,7月2日,'=HYPERLINK(1)"]);
        let again = house.post(&officer, &format!("{notice}/paper"), &[]).await.body;
        assert!(again.contains("3,はい,"), "{again}");
    }
}

#[tokio::test]
async fn a_document_goes_with_its_delivery_and_one_that_is_kept_stays() {
    for house in houses().await {
        let (grandmother, officer) = (house.person(GRANDMOTHER).await, house.officer().await);
        let csv = format!("宛名番号,日付,会場,ファイル\n{GRANDMOTHER},7月1日,役場,a.pdf\n{STRANGER},7月2日,役場,b.pdf\n");
        let files: [(&str, &[u8]); 2] = [("a.pdf", b"%PDF-1.7 a"), ("b.pdf", b"%PDF-1.7 b")];
        let sent = house.list_notice(&officer).await;
        house.hands_in(&officer, &sent, csv.as_bytes(), &files).await;
        house.post(&officer, &format!("{sent}/submit"), &[]).await;
        house.deliver().await;
        let id = house.inbox(&grandmother).await[0]["id"].as_str().unwrap().to_owned();
        house.post(&grandmother.cookie, &format!("/inbox/{id}/keep"), &[("kept", "yes")]).await;
        // Another was cancelled while it waited for its day, and a third is still being written.
        let words =
            [("audience", "list"), ("title_ja", "健診のお知らせ"), ("body_ja", "{{日付}}に{{会場}}へ。"), ("send_on", "2026-07-01")];
        let cancelled = house.writes(&officer, &words).await;
        house.hands_in(&officer, &cancelled, csv.as_bytes(), &files).await;
        house.post(&officer, &format!("{cancelled}/submit"), &[]).await;
        house.post(&officer, &format!("{cancelled}/cancel"), &[]).await;
        house.pass(SignedDuration::from_hours(4 * 366 * 24));
        house.run_jobs().await;
        assert_eq!(house.count("select count(*) from notices_document").await, 4, "its years are not over");
        let officer = house.officer().await;
        let draft = house.list_notice(&officer).await;
        house.hands_in(&officer, &draft, csv.as_bytes(), &files).await;
        house.pass(SignedDuration::from_hours(2 * 366 * 24));
        house.run_jobs().await;
        assert_eq!(house.count("select count(*) from notices_document").await, 3, "what is kept, and what is being written");
        assert_eq!(house.count("select count(*) from notices_delivery").await, 3);
        let grandmother = house.person(GRANDMOTHER).await;
        assert_eq!(house.get(&grandmother.cookie, &format!("/inbox/{id}/file")).await.body, "%PDF-1.7 a");
    }
}

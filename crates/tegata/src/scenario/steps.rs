//! The words of the stories: one table of patterns and what each does.

mod acts;
mod bridging;
mod calendar;
mod checks;
mod community;
mod dispositions;
mod given;
pub(super) mod guests;
mod languages;
pub(super) mod letters;
mod line;
pub(super) mod notices;
mod places;
mod reports;
mod services;
mod without_phone;

use std::pin::Pin;

use civil::Date;
use regex::Regex;

use super::feature::Line;
use super::world::World;
use crate::Outcome;

/// What a step does.
type Play = for<'a> fn(&'a mut World, &'a Heard) -> Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// The values a step was told.
pub(super) struct Heard {
    values: Vec<String>,
    table: Vec<Vec<String>>,
}

impl Heard {
    /// The values, as many as the pattern has places.
    fn values<const N: usize>(&self) -> Outcome<[&str; N]> {
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        Ok(values.try_into().map_err(|_| format!("the step has {} values, not {N}", self.values.len()))?)
    }
}

macro_rules! table {
    ($($pattern:literal => $play:path;)*) => {
        &[$(($pattern, |world, heard| Box::pin($play(world, heard)))),*]
    };
}

/// Every step there is. 「_」 stands for a name or value, {日} for a day, {数} for a number; anything else is a regular expression.
const STEPS: &[(&str, Play)] = table! {
    // 前提
    "今日は{日}である" => given::today;
    "次の住民が登録されている" => given::residents;
    "ほかに{数}人の住民が登録されている" => given::more_residents;
    ".+民でない「_」がカードを持っている" => given::stranger;
    "{日}生まれの.+民でない「_」がカードで本人確認を済ませている" => guests::guest;
    "「_」は「_」のカードをウォレットに入れている" => guests::has_card;
    "「_」のカードの証明書は失効している" => given::revoked;
    "「_」はマイナンバーカードで本人確認を済ませている" => given::proven;
    "「_」は「_」の「_」を持っている" => given::holds;
    "庁内で束を作り、庁外で開いた" => bridging::one_bundle;
    "「_」は「_」で読む" => languages::reads;
    "サービス「_」が「_」を尋ねる" => services::registered;
    "定員{数}人のイベント「_」が{日}にある" => calendar::event;
    "定員{数}人のイベント「_」が、「_」の「_」とともに{日}にある" => languages::event_with;
    // もし
    "地区「_」から地図の一覧を開く" => places::open_list;
    "「_」がカレンダーを開く" => calendar::open;
    "「_」がカレンダーの{数}年{数}月を開く" => calendar::open_month;
    "職員が「_」のカレンダーに{日}の「_」を入れる" => calendar::bring;
    "職員が「_」のカレンダーに途中で切れたファイルを入れる" => calendar::bring_half;
    "職員が窓口で「_」をイベント「_」に申し込ませる" => calendar::at_the_counter;
    "「_」がごみの分け方で「_」を調べる" => calendar::search;
    "「_」が前の晩の{数}時のお知らせを頼む" => calendar::wish;
    "その日の{数}時になる" => calendar::hour_comes;
    "「_」がイベント「_」に申し込む" => calendar::join;
    "「_」がイベント「_」の申し込みを取り消す" => calendar::leave;
    "「_」が「_」に住んでいることを証明する" => guests::prove;
    "「_」が「_」のウォレットで「_」に住んでいることを証明する" => guests::prove_with;
    "「_」が「_」のウォレットのカードを終了する" => guests::ends;
    "近隣の町のカードの状態が確かめられる" => guests::are_looked_at;
    "「_」がデジタル住民「_」になる" => guests::joins;
    "「_」がデジタル住民「_」をやめる" => guests::leaves;
    "「_」がマイナンバーカードで本人確認する" => acts::prove;
    "「_」がちがう暗証番号で本人確認する" => acts::prove_wrongly;
    "「_」がスマホのマイナンバーカードで本人確認する" => acts::prove_by_phone_card;
    "「_」がほかの画面のQRコードからスマホのマイナンバーカードで本人確認する" => acts::prove_by_phone_card_elsewhere;
    "「_」が{数}日前にスマホに入れたマイナンバーカードで本人確認する" => acts::prove_by_old_phone_card;
    "窓口の職員が「_」を住民と結びつける" => acts::resolve_match;
    "「_」が「_」の「_」を申請する" => acts::apply;
    "「_」が「_」の「_」を「_」に共有する" => acts::share;
    "「_」が「_」の「_」の「_」への共有を終える" => acts::end_share;
    "「_」が「_」の「_」を「_」で見せる" => acts::show;
    "「_」が「_」の「_」の画面を写し取る" => acts::copy;
    "その写しを「_」で見せる" => acts::show_copy;
    "「_」が「_」のキオスクにマイナンバーカードを置く" => without_phone::kiosk;
    "「_」がキオスクで「_」を「_」に共有する" => without_phone::share;
    "「_」がキオスクを離れる" => without_phone::leave;
    "「_」が「_」を「_」に任せる" => without_phone::declare;
    "「_」が「_」に任せるのをやめる" => without_phone::end_proxy;
    "「_」が「_」の読み取り機にマイナンバーカードをかざす" => without_phone::tap_card;
    "番号「_」のカードを「_」の読み取り機にかざす" => without_phone::tap_number;
    "窓口の職員が「_」を書類で確かめ、番号「_」のカードを結び付ける" => without_phone::serve;
    "「_」がなくしたことを窓口に伝える" => without_phone::lost;
    "「_」が「_」にログインする" => services::log_in;
    "「_」が「_」にカードで確かめてログインする" => services::log_in_by_card;
    "「_」が「_」に「_」を知らせるのをやめる" => services::withdraw;
    "職員がお知らせ「_」を住民みんなに送る" => notices::send_to_all;
    "職員がお知らせ「_」を、「_」の「_」とともに住民みんなに送る" => languages::send_with;
    "職員がお知らせ「_」を町字「_」の住民に送る" => notices::send_to_district;
    "職員がお知らせ「_」を条件「_」の住民に送る" => notices::send_by_rule;
    "職員がお知らせ「_」を次の名簿で送り、本文は「_」である" => notices::list;
    "職員がお知らせ「_」を住民みんなの名簿で送る" => notices::list_of_all;
    "別の職員がお知らせ「_」を決裁する" => notices::approve;
    "職員がお知らせ「_」を取り消す" => notices::cancel;
    "「_」が処分通知「_」をアプリで受けとることに同意する" => dispositions::agree;
    "「_」が処分通知「_」を紙にもどす" => dispositions::withdraw;
    "職員が処分通知「_」番号「_」を、署名する書類とともに次の人に送る" => dispositions::decide;
    "別の職員が処分通知「_」を決裁する" => dispositions::approve;
    "「_」がメールアドレス「_」を加える" => letters::add;
    "「_」がメールアドレス「_」を加え、届いた番号で確かめる" => letters::give;
    "「_」がメールのリンクでメールをやめる" => letters::stop;
    "「_」がLINE「_」を友だち追加のリンクからつなぐ" => line::join;
    "LINE「_」で町のアカウントがブロックされる" => line::block;
    "「_」がお知らせの一覧を見る" => notices::look_at_inbox;
    "「_」がお知らせ「_」を開く" => notices::open;
    "「_」がお知らせ「_」に「読みました」と答える" => notices::answer;
    "{数}日たつ" => notices::days_pass;
    "地区「_」から「_」のときに逃げる場所をさがす" => places::flee;
    "地区「_」から避難できる場所をさがす" => places::look;
    "職員が「_」に途中で切れたファイルを入れる" => places::cut_file;
    "職員が「_」に名称の列がないファイルを入れる" => places::file_without_names;
    "職員が「_」から{数}か所を除いたファイルを入れる" => places::file_without;
    "職員がそのファイルを承認する" => places::approve;
    "職員が「_」を前のデータに戻す" => places::take_back;
    "「_」が「_」から「_」を「_」と通報する" => reports::report;
    "「_」が「_」のすぐそばにピンを置いて「_」を「_」と通報する" => reports::report_by_pin;
    "「_」が「_」の「_」を、位置の入った写真とともに「_」と通報し、写真の一部を隠す" => reports::report_with_picture;
    "「_」が電波のないところで「_」の「_」を「_」と書き、つながってから{数}回送る" => reports::send_again;
    "「_」がその通報に「_」と伝える" => reports::say;
    "「_」がその通報に、まだ直っていないと答える" => reports::not_yet;
    "職員がその通報に「_」と答える" => reports::answer;
    "職員がその通報を「_」にする" => reports::step;
    "職員がその通報に「_」と内部メモを残す" => reports::note;
    "職員がその通報を「_」として公開する" => reports::publish;
    "職員がその通報を、前の通報とまとめる" => reports::merge;
    "職員が前の通報を「_」にして「_」と答える" => reports::settle_the_one_before;
    "職員が呼びかけでその通報を「_」とする" => reports::triage;
    "職員が呼びかけを終える" => reports::end_call;
    "職員が「_」の住民に「_」について「_」と呼びかける" => reports::call;
    "「_」が呼びかけに無事と答える" => reports::fine;
    "「_」が呼びかけに答えて「_」から「_」を「_」と通報する" => reports::damage;
    "「_」がガイド「_」に「_」を書く" => community::write;
    "担当者がガイドの「_」を公開する" => community::approve;
    "担当者がガイドの「_」を「_」という理由で差しもどす" => community::send_back;
    "担当者がガイドの「_」の公開を「_」という理由で止める" => community::take_down;
    "「_」がガイドの「_」を取り下げる" => community::withdraw;
    "「_」がガイド「_」の「_」にありがとうを送る" => community::thank;
    "{数}秒たつ" => acts::seconds_pass;
    "日付が{日}に変わる" => acts::day_comes;
    "「_」が{日}に転出する" => acts::move_out;
    "「_」が{日}に死亡する" => acts::die;
    "次の住民が転入する" => acts::move_in;
    "「_」の「_」が「_」に変わる" => acts::cell_changes;
    "庁内で束を作る" => bridging::seal;
    "庁外で束を開く" => bridging::open;
    "庁外で同じ束をもう一度開く" => bridging::open_again;
    "庁外であとの束だけを開く" => bridging::open_only_the_last;
    "庁外で別の町の束を開く" => bridging::open_foreign;
    "束の1ビットが書きかわる" => bridging::flip_a_bit;
    "ほかの住民の{数}人が名簿から消える" => bridging::vanish;
    "庁内で「_」の「_」を「_」と書きまちがえる" => bridging::mistake;
    "職員が差分を承認する" => bridging::approve;
    // ならば
    "カレンダーのファイルは使えず、理由は「_」である" => calendar::refused;
    "カレンダーに「_」と見える" => calendar::shown;
    "地図の一覧に「_」と見える" => calendar::shown;
    "カレンダーに「_」と見えない" => calendar::not_shown;
    "「_」にはイベント「_」の席がある" => calendar::placed;
    "「_」はイベント「_」の席を待っている" => calendar::waits;
    "カレンダーのお知らせは{数}件で、最後は「_」についてである" => calendar::told;
    "本人確認は成功する" => checks::linked;
    "本人確認は窓口の確認待ちになる" => checks::waits_for_clerk;
    "本人確認は断られ、理由は「_」である" => checks::proof_refused;
    "「_」のスマホに「_」の「_」が表示される" => checks::card_is_there;
    "「_」のスマホに「_」の「_」が表示されない" => checks::card_is_not_there;
    "申請は認められる" => checks::granted;
    "申請は認められない" => checks::not_granted;
    "申請は断られ、理由は「_」である" => checks::application_refused;
    "「_」は「_」の「_」を「_」も持っていると見る" => checks::sees_holder;
    "共有は断られる" => checks::share_refused;
    "答えは「はい」である" => checks::yes;
    "答えは「いいえ」で、理由は「_」である" => checks::no;
    "場所には「_」が「_」と見える" => checks::place_sees;
    "場所には「_」が見えない" => checks::place_does_not_see;
    "場所のバーコードは「_」で「_」である" => checks::barcode;
    "同意を求められ、ログインできる" => services::agreed_and_in;
    "何もきかれずにログインできる" => services::in_at_once;
    "カードの読みとりを求められる" => services::card_wanted;
    "本人確認を求められる" => services::proof_wanted;
    "「_」は「_」の「_」を「_」と知る" => services::knows;
    "「_」は「_」の「_」を知らない" => services::does_not_know;
    "「_」は「_」がカードで確かめたと知る" => services::by_card;
    "「_」は「_」がログインだけで入ったと知る" => services::by_session;
    "「_」と「_」は「_」を別の名前で呼ぶ" => services::other_names;
    "「_」に「_」は「_」で出る" => languages::opens_in;
    "ブラウザーのことばが「_」の人に「_」は「_」で出る" => languages::first_opens_in;
    "「_」にお知らせ「_」が届いている" => notices::has;
    "「_」に子どもあてのお知らせ「_」が届いている" => notices::has_for_child;
    "「_」にお知らせ「_」は届いていない" => notices::has_not;
    "「_」にお知らせ「_」が{数}通届いている" => notices::has_so_many;
    "「_」へのお知らせ「_」には「_」と書かれている" => notices::says;
    "「_」にメール「_」が{数}通届いている" => letters::came;
    "「_」へのメールのどこにも「_」と書かれていない" => letters::says_not;
    "LINE「_」に「_」が{数}通届いている" => line::came;
    "LINE「_」のどこにも「_」と書かれていない" => line::says_not;
    "書いた職員はお知らせ「_」を決裁できない" => notices::own_approval;
    "名簿は受け入れられず、「_」と示される" => notices::list_refused;
    "お知らせ「_」は{数}人の一覧に入った" => notices::put;
    "お知らせ「_」は{数}人に届いた" => notices::delivered;
    "お知らせ「_」は{数}人に開かれた" => notices::opened;
    "お知らせ「_」は{数}人が「読みました」と答えた" => notices::answered;
    "お知らせ「_」は{数}人がもう一度知らされた" => notices::reminded;
    "お知らせ「_」を紙で送る人は{数}人である" => notices::on_paper;
    "「_」への処分通知「_」は、役所が署名したときのままである" => dispositions::signed;
    "「_」への処分通知「_」の不服申立ては「_」までである" => dispositions::appeal_until;
    "「_」への処分通知「_」が、いつ届き、いつ開かれたかを証明できる" => dispositions::proven;
    "処分通知「_」を紙で送る人は「_」だけである" => dispositions::only_on_paper;
    "書いた職員は処分通知「_」を決裁できない" => notices::own_approval;
    "いちばん近い場所は「_」である" => places::nearest;
    "どの場所も「_」に使える" => places::all_for;
    "「_」と「_」を兼ねる場所がある" => places::both;
    "「_」は{数}か所ある" => places::count;
    "ファイルは使えず、理由は「_」である" => places::refused;
    "ファイルは確認待ちになる" => places::waits;
    "ファイルは確認待ちになり、{数}か所が減ると示される" => places::waits_with_fewer;
    "通報は受け付けられ、担当は「_」である" => reports::taken;
    "通報は断られる" => reports::refused;
    "「_」はその通報で「_」と読める" => reports::reads;
    "「_」はその通報で「_」を読めない" => reports::does_not_read;
    "「_」は通報について{数}回知らせを受ける" => reports::told;
    "「_」の通報は{数}件である" => reports::has_so_many;
    "その通報の写真に、撮った場所は残っていない" => reports::picture_without_place;
    "その通報の写真は、隠したところだけ読み取れない" => reports::picture_is_hidden;
    "だれでも地図で「_」を見られる" => reports::everybody_sees;
    "地図の「_」はピンのところにある" => reports::at_the_pin;
    "地図の「_」は「_」のまん中にある" => reports::in_the_middle;
    "だれにも「_」は見えない" => reports::nobody_sees;
    "「_」は呼びかけを受ける" => reports::asked;
    "「_」は呼びかけを受けない" => reports::not_asked;
    "「_」は呼びかけに答えられない" => reports::cannot_answer;
    "呼びかけで、上から「_」「_」「_」の順にならぶ" => reports::in_order;
    "呼びかけは{数}人に届き、被害は{数}件、無事は{数}件である" => reports::counts;
    "「_」に住んでいることが証明される" => guests::is_proven;
    "「_」に住んでいる証明は断られ、理由は「_」である" => guests::is_refused;
    "ガイドへの書きこみは受け付けられる" => community::taken;
    "ガイドへの書きこみは断られる" => community::refused;
    "だれでもガイド「_」で「_」を読める" => community::readable;
    "だれもガイド「_」で「_」を読めない" => community::not_readable;
    "ガイド「_」の「_」を書いた人は「_」と見える" => community::author;
    "ガイド「_」のどこにも「_」の名前はない" => community::nameless;
    "ガイド「_」の「_」のありがとうは{数}件である" => community::thanks;
    "ガイド「_」のオープンデータのライセンスは「_」である" => community::licence;
    "「_」はガイドの書きこみで{数}ポイントを得ている" => community::points;
    "束は受け入れられる" => bridging::accepted;
    "束は受け入れられず、理由は「_」である" => bridging::refused;
    "束は承認待ちになる" => bridging::waits;
    "束は作られず、「_」の行の「_」が誤りとして示される" => bridging::not_sealed;
    "束のどこにも「_」と「_」は入っていない" => bridging::nowhere_in_bundle;
    "差分の「_」は{数}人である" => bridging::counts;
};

/// The table with its patterns compiled.
pub(super) struct Words(Vec<(Regex, Play)>);

impl Words {
    /// Compiles the table.
    ///
    /// # Errors
    /// A pattern that is none.
    pub(super) fn new() -> Outcome<Self> {
        let compiled = STEPS.iter().map(|(pattern, play)| Ok((Regex::new(&expanded(pattern))?, *play)));
        Ok(Self(compiled.collect::<Outcome<_>>()?))
    }

    /// Finds the one step a line means.
    ///
    /// # Errors
    /// When no step or several steps fit.
    pub(super) fn find(&self, line: &Line) -> Outcome<Step> {
        let fitting = self.0.iter().filter_map(|(pattern, play)| Some((pattern.captures(&line.text)?, *play)));
        let mut fitting: Vec<_> = fitting.collect();
        match (fitting.pop(), fitting.is_empty()) {
            (None, _) => Err("no step has these words; see towns/README.md".into()),
            (Some((groups, play)), true) => {
                let values = groups.iter().skip(1).map(|group| group.map_or_else(String::new, |group| group.as_str().to_owned())).collect();
                Ok(Step { play, heard: Heard { values, table: line.table.clone() } })
            }
            (Some(_), false) => Err("several steps have these words".into()),
        }
    }
}

/// A step with its values.
pub(super) struct Step {
    play: Play,
    heard: Heard,
}

impl Step {
    /// Does it.
    ///
    /// # Errors
    /// What was expected and found, or what went wrong.
    pub(super) async fn play(&self, world: &mut World) -> Outcome {
        (self.play)(world, &self.heard).await
    }
}

fn expanded(pattern: &str) -> String {
    let pattern =
        pattern.replace("「_」", "「([^「」]*)」").replace("{日}", "([0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日)").replace("{数}", "([0-9]+)");
    format!("^{pattern}$")
}

/// A day as stories write it.
fn day(text: &str) -> Outcome<Date> {
    let numbers: Vec<i16> = text.split(['年', '月', '日']).filter(|part| !part.is_empty()).map(str::parse).collect::<Result<_, _>>()?;
    match numbers[..] {
        [year, month, day] => Ok(Date::new(year, i8::try_from(month)?, i8::try_from(day)?)?),
        _ => Err(format!("{text} is no day").into()),
    }
}

/// Compares what is with what should be.
fn same<T: PartialEq + std::fmt::Debug>(expected: &T, found: &T) -> Outcome {
    if expected == found { Ok(()) } else { Err(format!("expected {expected:?}; found {found:?}").into()) }
}

/// Says what should be and what is.
fn otherwise<T>(expected: impl std::fmt::Display, found: impl std::fmt::Debug) -> Outcome<T> {
    Err(format!("expected {expected}; found {found:?}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_found_by_its_own_words_alone() {
        let words = Words::new().unwrap();
        for (pattern, _) in STEPS {
            let text = pattern.replace(".+", "ある").replace("「_」", "「甲」").replace("{日}", "2026年6月1日").replace("{数}", "3");
            let line = Line { number: 1, text, table: Vec::new() };
            assert!(words.find(&line).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn unknown_words_are_an_error() {
        let line = Line { number: 1, text: "空が晴れる".to_owned(), table: Vec::new() };
        assert!(Words::new().unwrap().find(&line).is_err());
    }

    #[test]
    fn a_day_is_read_as_it_is_written() {
        assert_eq!(day("2026年6月1日").unwrap(), Date::constant(2026, 6, 1));
        assert!(day("2026年13月1日").is_err());
    }
}

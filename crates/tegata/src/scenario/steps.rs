//! The words of the stories: one table of patterns and what each does.

mod acts;
mod bridging;
mod checks;
mod given;
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
    "「_」のカードの証明書は失効している" => given::revoked;
    "「_」はマイナンバーカードで本人確認を済ませている" => given::proven;
    "「_」は「_」の「_」を持っている" => given::holds;
    "庁内で束を作り、庁外で開いた" => bridging::one_bundle;
    "サービス「_」が「_」を尋ねる" => services::registered;
    // もし
    "「_」がマイナンバーカードで本人確認する" => acts::prove;
    "「_」がちがう暗証番号で本人確認する" => acts::prove_wrongly;
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

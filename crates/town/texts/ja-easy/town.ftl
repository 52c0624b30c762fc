explain-from = { $from }から
explain-from-until = { $from }から { $until }まで
explain-source = もとに した きまり: { $source }
explain-automatic = 申し込みは いりません。{ $proof }を した人に 出ます。
explain-application = 申し込んで もらいます。{ $proof }が いります。
explain-shown-by = 見せる人: { $who }。スマホは { $holders }台まで。
explain-payer-number = お金を 払う 市や 町の 番号 { $number }
explain-sees = { $kind }で 見えるもの: { $sees }。ほかは 見えません。
explain-case = { $on }: { $name } → { $answer }
explain-bridge-fields = 役所の 中から 外へ 出るもの: { $fields }。ほかは 出ません。
explain-bridge-limits = 一度に { $percent }パーセント以上、{ $least }人以上が 消えたら、役所の 人が 見るまで 変えません。
explain-bridge-times = 毎日 { $times }に 新しく します。
explain-app-user-auth = { $app }（{ $issuer }）でも だれか 確（たし）かめる ことが できます。町の きかいで カードを 読むのと 同じです。
explain-app-signature = { $app }（{ $issuer }）でも だれか 確（たし）かめる ことが できます。カードの 署名（しょめい）と 同じです。
explain-place = { $name }（{ $kind }）で 使えるカード: { $accepts }。つながらない ときは { $hours }時間前までの ことで 答えます。

proof-counter = 窓口（まどぐち）での 本人確認（ほんにんかくにん）
proof-jpki = マイナンバーカードでの 本人確認（ほんにんかくにん）

shown-by-self = 自分
shown-by-guardian = 親など
shown-by-shared = いっしょに 使う人

place-kind-clinic = 病院
place-kind-bus = バスや 船
place-kind-facility = 施設（しせつ）
place-kind-shop = 店

disclosed-name = 名前
disclosed-date-of-birth = 生まれた日
disclosed-payer-number = お金を 払う 市や 町の 番号
disclosed-beneficiary-number = あなたの 番号
disclosed-copayment = 払う お金
disclosed-valid-until = いつまで 使えるか

expected-yes = 使える
expected-no = 使えない
expected-unknown = 役所で 決める

field-resident-id = 役所の 中の 番号
field-date-of-birth = 生まれた日
field-sex = 男か 女か
field-district = 住んでいる 所
field-household = 家族の 番号
field-relation = 家族の 中の 立場（たちば）
field-status = 住んでいるか どうか
field-became-resident-on = 住みはじめた日
field-moved-out-on = 引っこした日
field-died-on = 亡くなった日
field-protected = 守る しるし

rule-as-written = 次の 式（しき）が 正しい: { $rule }
rule-either = 次の どれか: { $conditions }
rule-or = 、または
rule-all = 次の ぜんぶ: { $conditions }
rule-and = 、そして
rule-household-any = 家族に 次の人が いる: { $condition }
rule-current = 今 町に 住んでいる
rule-until-school-year-end = { $years }歳に なる 年度の 3月31日まで（誕生日の 前の日に { $years }歳に なります）
rule-after-school-year-end = { $years }歳に なる 年度の 次の 4月1日から（誕生日の 前の日に { $years }歳に なります）
rule-from-birthday = { $years }歳の 誕生日から
rule-before-birthday = { $years }歳の 誕生日の 前の日まで
rule-from-attained = { $years }歳の 誕生日の 前の日から
rule-before-attained = { $years }歳の 誕生日の 2日前まで
rule-age-at-least = { $years }歳か それより 上
rule-age-below = { $years }歳より 下
rule-known = 「{ $fact }」が ある
rule-fact = 「{ $fact }」の 人
rule-fact-not = 「{ $fact }」では ない人
rule-day-reached = 「{ $fact }」の 日が 来た
rule-day-not-passed = 「{ $fact }」の 日まで
rule-equal = 「{ $fact }」が { $value }
rule-not-equal = 「{ $fact }」が { $value }では ない
rule-at-most = 「{ $fact }」が { $value }か それより 下
rule-at-least = 「{ $fact }」が { $value }か それより 上
rule-below = 「{ $fact }」が { $value }より 下
rule-above = 「{ $fact }」が { $value }より 上

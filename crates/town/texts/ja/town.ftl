# tegata town explain の文
explain-from = { $from }から
explain-from-until = { $from }から{ $until }まで
explain-source = 根拠: { $source }
explain-automatic = 申請はいりません。{ $proof }を済ませた対象者に自動で表示されます。
explain-application = 申請して受けとります。{ $proof }が必要です。
explain-shown-by = 見せられる人: { $who }。同時に持てるスマホは{ $holders }台まで。
explain-payer-number = 公費負担者番号 { $number }
explain-sees = { $kind }に見えるもの: { $sees }。ほかは見えません。
explain-case = { $on }: { $name } → { $answer }
explain-bridge-fields = 庁内から庁外へわたる項目: { $fields }。ほかは何もわたりません。
explain-bridge-limits = 一度に{ $percent }パーセント以上、かつ{ $least }人以上が消える差分は、職員が承認するまで反映しません。
explain-bridge-times = 毎日{ $times }に反映します。
explain-app-user-auth = { $app }（{ $issuer }）でも本人確認ができます。町の読み取り機でカードを読むのと同じ確かさとします。
explain-app-signature = { $app }（{ $issuer }）でも本人確認ができます。カードの署名と同じ確かさとします。
explain-place = { $name }({ $kind })で使えるカード: { $accepts }。つながらないときは{ $hours }時間前までの情報で答えます。

proof-counter = 窓口での本人確認
proof-jpki = マイナンバーカードによる本人確認

shown-by-self = 本人
shown-by-guardian = 保護者
shown-by-shared = 共有された人

place-kind-clinic = 医療機関
place-kind-bus = 乗り物
place-kind-facility = 施設
place-kind-shop = 店

disclosed-name = 氏名
disclosed-date-of-birth = 生年月日
disclosed-payer-number = 公費負担者番号
disclosed-beneficiary-number = 受給者番号
disclosed-copayment = 自己負担
disclosed-valid-until = 有効期限

expected-yes = 対象
expected-no = 対象外
expected-unknown = 窓口で判断

field-resident-id = 宛名番号
field-date-of-birth = 生年月日
field-sex = 性別
field-district = 町字
field-household = 世帯番号
field-relation = 続柄
field-status = 住民状態
field-became-resident-on = 住民となった日
field-moved-out-on = 転出日
field-died-on = 死亡日
field-protected = 支援措置

rule-as-written = 次の式が成り立つ: { $rule }
rule-either = 次のどれか: { $conditions }
rule-or = 、または
rule-all = 次のすべて: { $conditions }
rule-and = 、かつ
rule-household-any = 世帯に次の人がいる: { $condition }
rule-current = 今、町に住んでいる
rule-until-school-year-end = { $years }歳に達する年度の3月31日まで(達するのは誕生日の前日)
rule-after-school-year-end = { $years }歳に達する年度の翌4月1日から(達するのは誕生日の前日)
rule-from-birthday = { $years }歳の誕生日から
rule-before-birthday = { $years }歳の誕生日の前日まで
rule-from-attained = { $years }歳に達する日(誕生日の前日)から
rule-before-attained = { $years }歳に達する日の前日まで
rule-age-at-least = { $years }歳以上
rule-age-below = { $years }歳未満
rule-known = 「{ $fact }」が登録されている
rule-fact = 「{ $fact }」にあたる
rule-fact-not = 「{ $fact }」にあたらない
rule-day-reached = 「{ $fact }」の日が来ている
rule-day-not-passed = 「{ $fact }」の日を過ぎていない
rule-equal = 「{ $fact }」が{ $value }である
rule-not-equal = 「{ $fact }」が{ $value }でない
rule-at-most = 「{ $fact }」が{ $value }以下
rule-at-least = 「{ $fact }」が{ $value }以上
rule-below = 「{ $fact }」が{ $value }より小さい
rule-above = 「{ $fact }」が{ $value }より大きい
explain-accepts = スマホのほかに使えるもの: { $media }。
medium-region-id = マイナンバーカードの地域ID
medium-transit-ic = 交通系ICカード
medium-sticker = QRシール
medium-temporary = 一時パス
shown-by-proxy = 代わりに使う人

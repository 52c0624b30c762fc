town-welcome = 姫路市（ひめじし）のアプリ「ひめパス」です。
town-about = マイナンバーカードを 1回 読みます。そのあと カードが スマホに 出ます。子育て（こそだて）の 情報（じょうほう）を 書くことも できます。
programme-donguri-more = 施設（しせつ）の 入口（いりぐち）で 見せてください。子どもの カードは 親（おや）の スマホで 見せることが できます。
programme-senior-benefit-more = 施設（しせつ）の 入口（いりぐち）で 見せてください。
programme-child-medical-more = 病院の 受付（うけつけ）で 見せてください。

town-welcome = むつ市の 住民（じゅうみん）パスポート「むちゅぱ」です。
town-about = マイナンバーカードを 1回 読みます。そのあと 病院や バスの カードが スマホに 出ます。
programme-child-medical-more = 病院の 受付（うけつけ）で 見せてください。番号を 書かなくて いいです。
programme-senior-pass-more = バスに 乗るときと 降りるとき 運転手（うんてんしゅ）に 見せてください。
programme-club-pass-more = バスに 乗るとき 運転手（うんてんしゅ）に 見せてください。

town-welcome = 下呂市（げろし）の デジタル通知（つうち）です。
town-about = マイナンバーカードを 1回 読みます。そのあと 市（し）の お知らせが スマホに 来ます。
programme-childcare-certificate-more = こども園（えん）で スマホを 見せてください。

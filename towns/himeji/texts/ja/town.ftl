# 姫路市だけの文。部屋の文より後に読まれ、同じ名前なら置きかわる。
town-welcome = 姫路市民アプリ「ひめパス」へようこそ。
town-about = マイナンバーカードを一度読みとると、どんぐりカードや受給者証がスマホに表示され、子育ての情報を書きこめるようになります。
programme-donguri-more = 施設の入口で見せてください。お子さんの分は、保護者のスマホで見せられます。
programme-senior-benefit-more = 施設の入口で見せてください。
programme-child-medical-more = 医療機関の窓口で見せてください。窓口がバーコードを読みとります。

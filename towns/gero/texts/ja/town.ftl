town-welcome = 下呂市のデジタル通知へようこそ。
town-about = マイナンバーカードを一度読みとると、市からの通知を紙の郵便の代わりにスマホで受けとれます。
programme-childcare-certificate-more = こども園の窓口で、保護者のスマホから見せてください。

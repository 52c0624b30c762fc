town-welcome = Chào mừng bạn đến với Hime Pass, ứng dụng của cư dân Himeji.
town-about = Đọc thẻ My Number (マイナンバーカード) một lần, các thẻ của bạn sẽ hiện trên điện thoại và bạn có thể viết bài cho cẩm nang nuôi con.
programme-donguri-more = Hãy đưa ra ở lối vào. Điện thoại của cha mẹ có thể hiện thẻ của con.
programme-senior-benefit-more = Hãy đưa ra ở lối vào.
programme-child-medical-more = Hãy đưa ra ở quầy của cơ sở y tế. Quầy sẽ quét mã vạch.

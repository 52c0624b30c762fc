town-welcome = Chào mừng bạn đến với Minamimaki Passport.
town-about = Đọc thẻ My Number (マイナンバーカード) một lần; cùng một tài khoản sẽ vào được mọi dịch vụ của làng.

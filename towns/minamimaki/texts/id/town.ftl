town-welcome = Selamat datang di Minamimaki Passport.
town-about = Baca kartu My Number (マイナンバーカード) sekali; akun yang sama membuka semua layanan desa.

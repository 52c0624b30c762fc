town-welcome = Selamat datang di Hime Pass, aplikasi warga Himeji.
town-about = Baca kartu My Number (マイナンバーカード) sekali; kartu Anda muncul di ponsel, dan Anda dapat menulis di panduan mengasuh anak.
programme-donguri-more = Tunjukkan di pintu masuk. Ponsel orang tua dapat menampilkan kartu anak.
programme-senior-benefit-more = Tunjukkan di pintu masuk.
programme-child-medical-more = Tunjukkan di loket klinik. Loket membaca kode batangnya.

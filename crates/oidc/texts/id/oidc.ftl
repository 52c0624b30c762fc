menu-services = Layanan

oidc-yes = Ya
oidc-no = Tidak
oidc-nothing = Tidak ada yang diberitahukan
oidc-comma = , 
oidc-check = Mohon periksa

oidc-scope-openid = Bahwa Anda orang yang sama
oidc-scope-profile = Nama
oidc-scope-birthdate = Tanggal lahir
oidc-scope-resident = Apakah Anda penduduk saat ini
oidc-scope-district = Wilayah tempat tinggal Anda
oidc-scope-age-over = Apakah Anda berusia { $age } tahun atau lebih
oidc-scope-programme = Apakah “{ $programme }” berlaku untuk Anda
oidc-scope-offline-access = Tetap dipakai saat Anda sudah keluar

oidc-consent-title = Masuk ke { $service }
oidc-consent-host = Setelah itu Anda kembali ke { $host }
oidc-consent-told = Yang diberitahukan ke layanan ini
oidc-consent-no-more = Tidak ada yang lain. Dapat dihentikan kapan saja di “Layanan”.
oidc-consent-as = Anda masuk sebagai { $name }.
oidc-agree = Setuju dan masuk
oidc-disagree = Tidak, berhenti di sini
oidc-back-title = Kembali ke { $service }
oidc-back-lead = Jika tidak ada yang terjadi, tekan tombol di bawah.
oidc-back-button = Kembali ke { $service }
oidc-prove-title = Buktikan identitas Anda
oidc-prove-lead = Untuk memakai { $service }, buktikan identitas sekali dengan kartu My Number (マイナンバーカード).
oidc-prove-button = Buktikan identitas
oidc-nowhere-title = Tidak dapat masuk lewat tautan ini
oidc-nowhere-lead = Permintaan layanan tidak benar. Kembali ke layanan dan coba lagi. Jika terulang, beri tahu layanan itu.

oidc-device-title = Masuk di perangkat lain
oidc-device-lead = Masukkan kode delapan karakter di televisi atau perangkat.
oidc-device-code = Kode
oidc-device-next = Lanjut
oidc-device-wrong = Kode salah atau waktunya habis. Lihat lagi kode di perangkat.
oidc-device-ask = Izinkan perangkat “{ $service }” masuk?
oidc-device-own = Apakah perangkat itu di depan Anda?
oidc-device-own-hint = Jika kode diberikan lewat telepon atau surel, berhentilah di sini. Pemegang perangkat itu akan masuk sebagai Anda.
oidc-device-allow = Izinkan masuk
oidc-device-allowed = Perangkat sudah masuk
oidc-device-allowed-next = Lihat perangkatnya.
oidc-device-denied = Perangkat tidak diizinkan masuk
oidc-device-denied-next = Jika Anda tidak mengenal kode itu, tutup saja halaman ini.

oidc-sign-out-title = Keluar?
oidc-sign-out-lead = “{ $service }” meminta Anda keluar. Sesi Anda di peramban ini akan berakhir.
oidc-sign-out-lead-plain = Sesi Anda di peramban ini akan berakhir.
oidc-sign-out-button = Keluar
oidc-sign-out-stay = Tetap masuk
oidc-signed-out-title = Anda sudah keluar
oidc-signed-out-lead = Sesi di peramban ini sudah berakhir.
oidc-signed-out-home = Ke halaman awal

oidc-mine-lead = Layanan yang Anda masuki dengan akun ini, dan apa yang boleh mereka ketahui.
oidc-mine-none = Belum ada.
oidc-mine-ended = berakhir
oidc-mine-since = sejak { $moment }
oidc-mine-off = Berhenti memberi tahu
oidc-mine-leave = Tinggalkan layanan ini
oidc-mine-sign-ins = Riwayat masuk
oidc-mine-sign-ins-hint = Tempat Anda masuk dalam 90 hari, dan apa yang dapat ditanyakan layanan itu.
oidc-mine-when = Kapan
oidc-mine-where = Layanan
oidc-mine-what = Yang dapat ditanyakan

problem-oidc-no-such-service = Layanan ini tidak ada
    .next = Kembali ke daftar dan pilih lagi.
problem-oidc-not-proven = Buktikan identitas dahulu
    .next = Buktikan dengan kartu My Number, lalu coba lagi.
problem-oidc-request-over = Proses masuk ini sudah berakhir
    .next = Kembali ke layanan dan masuk lagi.
problem-oidc-device-code = Kode salah atau waktunya habis
    .next = Masukkan lagi kode di perangkat.

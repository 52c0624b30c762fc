menu-services = Dịch vụ

oidc-yes = Có
oidc-no = Không
oidc-nothing = Không cho biết gì
oidc-comma = , 
oidc-check = Hãy kiểm tra

oidc-scope-openid = Bạn vẫn là cùng một người
oidc-scope-profile = Họ tên
oidc-scope-birthdate = Ngày sinh
oidc-scope-resident = Hiện bạn có phải cư dân không
oidc-scope-district = Khu vực bạn sống
oidc-scope-age-over = Bạn có từ { $age } tuổi trở lên không
oidc-scope-programme = Bạn có thuộc đối tượng “{ $programme }” không
oidc-scope-offline-access = Tiếp tục dùng khi bạn đã đăng xuất

oidc-consent-title = Đăng nhập vào { $service }
oidc-consent-host = Sau đó quay lại { $host }
oidc-consent-told = Thông tin cho dịch vụ này biết
oidc-consent-no-more = Không gì khác. Bạn có thể dừng bất cứ lúc nào ở mục “Dịch vụ”.
oidc-consent-as = Bạn đang đăng nhập với tên { $name }.
oidc-agree = Đồng ý và đăng nhập
oidc-disagree = Không, dừng ở đây
oidc-back-title = Quay lại { $service }
oidc-back-lead = Nếu màn hình không chuyển, hãy bấm nút bên dưới.
oidc-back-button = Quay lại { $service }
oidc-prove-title = Hãy xác nhận danh tính
oidc-prove-lead = Để dùng { $service }, hãy xác nhận danh tính một lần bằng thẻ My Number (マイナンバーカード).
oidc-prove-button = Xác nhận danh tính
oidc-nowhere-title = Không đăng nhập được bằng liên kết này
oidc-nowhere-lead = Yêu cầu của dịch vụ không đúng. Hãy quay lại dịch vụ và thử lại. Nếu vẫn vậy, hãy báo cho dịch vụ đó.

oidc-device-title = Đăng nhập trên thiết bị khác
oidc-device-lead = Nhập mã tám ký tự hiện trên ti vi hoặc thiết bị.
oidc-device-code = Mã
oidc-device-next = Tiếp theo
oidc-device-wrong = Mã sai hoặc đã hết thời gian. Hãy xem lại mã trên thiết bị.
oidc-device-ask = Cho thiết bị của “{ $service }” đăng nhập?
oidc-device-own = Thiết bị có ở trước mặt bạn không?
oidc-device-own-hint = Nếu ai đó cho bạn mã qua điện thoại hoặc thư, hãy dừng lại. Người giữ thiết bị đó sẽ đăng nhập bằng tên bạn.
oidc-device-allow = Cho đăng nhập
oidc-device-allowed = Thiết bị đã đăng nhập
oidc-device-allowed-next = Hãy xem thiết bị.
oidc-device-denied = Đã không cho thiết bị đăng nhập
oidc-device-denied-next = Nếu bạn không biết mã này, có thể đóng trang.

oidc-sign-out-title = Đăng xuất?
oidc-sign-out-lead = “{ $service }” yêu cầu đăng xuất. Việc đăng nhập của bạn trên trình duyệt này sẽ kết thúc.
oidc-sign-out-lead-plain = Việc đăng nhập của bạn trên trình duyệt này sẽ kết thúc.
oidc-sign-out-button = Đăng xuất
oidc-sign-out-stay = Tiếp tục đăng nhập
oidc-signed-out-title = Bạn đã đăng xuất
oidc-signed-out-lead = Đăng nhập trên trình duyệt này đã kết thúc.
oidc-signed-out-home = Về trang đầu

oidc-mine-lead = Các dịch vụ bạn đăng nhập bằng tài khoản này và những gì họ được biết.
oidc-mine-none = Chưa có.
oidc-mine-ended = đã kết thúc
oidc-mine-since = từ { $moment }
oidc-mine-off = Ngừng cho biết
oidc-mine-leave = Ngừng dùng dịch vụ này
oidc-mine-sign-ins = Các lần đăng nhập
oidc-mine-sign-ins-hint = Nơi bạn đăng nhập trong 90 ngày qua và những gì dịch vụ có thể hỏi.
oidc-mine-when = Khi nào
oidc-mine-where = Dịch vụ
oidc-mine-what = Những gì có thể hỏi

problem-oidc-no-such-service = Không có dịch vụ này
    .next = Hãy quay lại danh sách và chọn lại.
problem-oidc-not-proven = Hãy xác nhận danh tính trước
    .next = Xác nhận danh tính bằng thẻ My Number rồi thử lại.
problem-oidc-request-over = Lần đăng nhập này đã kết thúc
    .next = Hãy quay lại dịch vụ và đăng nhập lại.
problem-oidc-device-code = Mã sai hoặc đã hết thời gian
    .next = Hãy nhập lại mã trên thiết bị.

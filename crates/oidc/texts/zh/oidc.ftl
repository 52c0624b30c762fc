menu-services = 服务

oidc-yes = 是
oidc-no = 否
oidc-nothing = 没有可告知的内容
oidc-comma = 、
oidc-check = 请确认

oidc-scope-openid = 您是同一个人
oidc-scope-profile = 姓名
oidc-scope-birthdate = 出生日期
oidc-scope-resident = 您现在是否为居民
oidc-scope-district = 您居住的地区
oidc-scope-age-over = 您是否满{ $age }岁
oidc-scope-programme = 您是否为“{ $programme }”的对象
oidc-scope-offline-access = 您退出登录后也继续使用

oidc-consent-title = 登录{ $service }
oidc-consent-host = 之后返回{ $host }
oidc-consent-told = 告知此服务的内容
oidc-consent-no-more = 除此之外不告知。随时可以在“服务”中停止。
oidc-consent-as = 您以{ $name }的身份登录中。
oidc-agree = 同意并登录
oidc-disagree = 不同意，停止
oidc-back-title = 返回{ $service }
oidc-back-lead = 如果画面没有变化，请按下面的按钮。
oidc-back-button = 返回{ $service }
oidc-prove-title = 请确认身份
oidc-prove-lead = 使用{ $service }前，请用个人编号卡（マイナンバーカード）确认一次身份。
oidc-prove-button = 确认身份
oidc-nowhere-title = 不能用此链接登录
oidc-nowhere-lead = 服务的请求不正确。请返回该服务重试。如果仍然如此，请告知该服务。

oidc-device-title = 在其他设备上登录
oidc-device-lead = 请输入电视或终端上显示的8个字符的代码。
oidc-device-code = 代码
oidc-device-next = 下一步
oidc-device-wrong = 代码错误或已过期。请再看一次设备上的代码。
oidc-device-ask = 允许“{ $service }”的设备登录吗？
oidc-device-own = 设备在您面前吗？
oidc-device-own-hint = 如果代码是别人通过电话或邮件告诉您的，请到此为止。否则拿着该设备的人会以您的身份登录。
oidc-device-allow = 允许登录
oidc-device-allowed = 设备已登录
oidc-device-allowed-next = 请看设备。
oidc-device-denied = 未允许设备登录
oidc-device-denied-next = 如果您不知道这个代码，可以关闭此页面。

oidc-sign-out-title = 要退出登录吗？
oidc-sign-out-lead = “{ $service }”请求退出登录。将结束您在此浏览器的登录。
oidc-sign-out-lead-plain = 将结束您在此浏览器的登录。
oidc-sign-out-button = 退出登录
oidc-sign-out-stay = 保持登录
oidc-signed-out-title = 已退出登录
oidc-signed-out-lead = 此浏览器的登录已结束。
oidc-signed-out-home = 返回首页

oidc-mine-lead = 您用此账户登录的服务，以及它们可以知道的内容。
oidc-mine-none = 还没有。
oidc-mine-ended = 已结束
oidc-mine-since = 自{ $moment }
oidc-mine-off = 停止告知
oidc-mine-leave = 停用此服务
oidc-mine-sign-ins = 登录记录
oidc-mine-sign-ins-hint = 90天内您登录过的地方，以及服务可以询问的内容。
oidc-mine-when = 时间
oidc-mine-where = 服务
oidc-mine-what = 可以询问的内容

problem-oidc-no-such-service = 没有这个服务
    .next = 请返回列表重新选择。
problem-oidc-not-proven = 请先确认身份
    .next = 请用个人编号卡确认身份后重试。
problem-oidc-request-over = 这次登录已结束
    .next = 请返回服务重新登录。
problem-oidc-device-code = 代码错误或已过期
    .next = 请重新输入设备上的代码。

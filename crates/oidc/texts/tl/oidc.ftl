menu-services = Mga serbisyo

oidc-yes = Oo
oidc-no = Hindi
oidc-nothing = Walang ipapaalam
oidc-comma = , 
oidc-check = Pakitingnan

oidc-scope-openid = Na ikaw pa rin ang parehong tao
oidc-scope-profile = Pangalan
oidc-scope-birthdate = Petsa ng kapanganakan
oidc-scope-resident = Kung residente ka ngayon
oidc-scope-district = Ang distritong tinitirhan mo
oidc-scope-age-over = Kung { $age } taong gulang ka na o higit pa
oidc-scope-programme = Kung para sa iyo ang “{ $programme }”
oidc-scope-offline-access = Magpatuloy kahit naka-log out ka

oidc-consent-title = Mag-log in sa { $service }
oidc-consent-host = Pagkatapos, babalik ka sa { $host }
oidc-consent-told = Ano ang malalaman ng serbisyong ito
oidc-consent-no-more = Wala nang iba. Maihihinto mo anumang oras sa “Mga serbisyo”.
oidc-consent-as = Naka-log in ka bilang { $name }.
oidc-agree = Sumang-ayon at mag-log in
oidc-disagree = Hindi, tumigil dito
oidc-back-title = Bumalik sa { $service }
oidc-back-lead = Kung walang mangyari, pindutin ang button sa ibaba.
oidc-back-button = Bumalik sa { $service }
oidc-prove-title = Patunayan kung sino ka
oidc-prove-lead = Para magamit ang { $service }, patunayan nang isang beses kung sino ka gamit ang My Number Card (マイナンバーカード).
oidc-prove-button = Patunayan kung sino ako
oidc-nowhere-title = Hindi ka makapag-log in sa link na ito
oidc-nowhere-lead = Hindi tama ang hiling ng serbisyo. Bumalik sa serbisyo at subukan muli. Kung maulit, ipaalam sa serbisyo.

oidc-device-title = Mag-log in sa ibang device
oidc-device-lead = Ilagay ang code na walong karakter na nasa telebisyon o terminal.
oidc-device-code = Code
oidc-device-next = Susunod
oidc-device-wrong = Mali ang code o tapos na ang oras. Tingnan muli ang code sa device.
oidc-device-ask = Papasukin ang device ng “{ $service }”?
oidc-device-own = Nasa harap mo ba ang device?
oidc-device-own-hint = Kung ibinigay sa iyo ang code sa telepono o email, tumigil dito. Makapapasok bilang ikaw ang may hawak ng device.
oidc-device-allow = Papasukin
oidc-device-allowed = Nakapasok na ang device
oidc-device-allowed-next = Tingnan ang device.
oidc-device-denied = Hindi pinapasok ang device
oidc-device-denied-next = Kung hindi mo alam ang code, puwede mong isara ang pahinang ito.

oidc-sign-out-title = Mag-log out?
oidc-sign-out-lead = Hinihiling ng “{ $service }” na mag-log out ka. Matatapos ang pag-log in mo sa browser na ito.
oidc-sign-out-lead-plain = Matatapos ang pag-log in mo sa browser na ito.
oidc-sign-out-button = Mag-log out
oidc-sign-out-stay = Manatiling naka-log in
oidc-signed-out-title = Naka-log out ka na
oidc-signed-out-lead = Tapos na ang pag-log in sa browser na ito.
oidc-signed-out-home = Sa unang pahina

oidc-mine-lead = Mga serbisyong pinapasok mo gamit ang account na ito, at ang maaari nilang malaman.
oidc-mine-none = Wala pa.
oidc-mine-ended = tapos na
oidc-mine-since = mula { $moment }
oidc-mine-off = Ihinto ang pagpapaalam
oidc-mine-leave = Iwan ang serbisyong ito
oidc-mine-sign-ins = Mga pag-log in
oidc-mine-sign-ins-hint = Saan ka nag-log in sa loob ng 90 araw, at ang maaaring itanong ng serbisyo.
oidc-mine-when = Kailan
oidc-mine-where = Serbisyo
oidc-mine-what = Ang maaaring itanong

problem-oidc-no-such-service = Walang ganitong serbisyo
    .next = Bumalik sa listahan at pumili muli.
problem-oidc-not-proven = Patunayan muna kung sino ka
    .next = Patunayan gamit ang My Number Card, saka subukan muli.
problem-oidc-request-over = Tapos na ang pag-log in na ito
    .next = Bumalik sa serbisyo at mag-log in muli.
problem-oidc-device-code = Mali ang code o tapos na ang oras
    .next = Ilagay muli ang code na nasa device.

town-welcome = Bem-vindo(a) ao Hime Pass, o aplicativo dos moradores de Himeji.
town-about = Leia o cartão My Number (マイナンバーカード) uma vez; seus cartões aparecem no celular e você pode escrever no guia para famílias.
programme-donguri-more = Mostre na entrada. O celular dos pais pode mostrar o cartão da criança.
programme-senior-benefit-more = Mostre na entrada.
programme-child-medical-more = Mostre no balcão da clínica. O balcão lê o código de barras.

menu-services = Serviços

oidc-yes = Sim
oidc-no = Não
oidc-nothing = Nada a informar
oidc-comma = , 
oidc-check = Confira

oidc-scope-openid = Que você é a mesma pessoa
oidc-scope-profile = Nome
oidc-scope-birthdate = Data de nascimento
oidc-scope-resident = Se você é residente agora
oidc-scope-district = O bairro onde você mora
oidc-scope-age-over = Se você tem { $age } anos ou mais
oidc-scope-programme = Se “{ $programme }” vale para você
oidc-scope-offline-access = Continuar quando você tiver saído

oidc-consent-title = Entrar em { $service }
oidc-consent-host = Depois você volta para { $host }
oidc-consent-told = O que este serviço fica sabendo
oidc-consent-no-more = Nada mais. Você pode parar quando quiser em “Serviços”.
oidc-consent-as = Você está conectado(a) como { $name }.
oidc-agree = Concordar e entrar
oidc-disagree = Não, parar aqui
oidc-back-title = Voltar para { $service }
oidc-back-lead = Se nada acontecer, aperte o botão abaixo.
oidc-back-button = Voltar para { $service }
oidc-prove-title = Confirme sua identidade
oidc-prove-lead = Para usar { $service }, confirme sua identidade uma vez com o cartão My Number (マイナンバーカード).
oidc-prove-button = Confirmar minha identidade
oidc-nowhere-title = Não é possível entrar por este link
oidc-nowhere-lead = O pedido do serviço não estava correto. Volte ao serviço e tente de novo. Se acontecer outra vez, avise o serviço.

oidc-device-title = Entrar em outro aparelho
oidc-device-lead = Digite o código de oito caracteres que aparece na televisão ou no terminal.
oidc-device-code = Código
oidc-device-next = Continuar
oidc-device-wrong = O código está errado ou venceu. Veja de novo o código no aparelho.
oidc-device-ask = Deixar o aparelho de “{ $service }” entrar?
oidc-device-own = O aparelho está na sua frente?
oidc-device-own-hint = Se você recebeu o código por telefone ou e-mail, pare aqui. Quem tem o aparelho entraria como se fosse você.
oidc-device-allow = Deixar entrar
oidc-device-allowed = O aparelho entrou
oidc-device-allowed-next = Olhe o aparelho.
oidc-device-denied = O aparelho não entrou
oidc-device-denied-next = Se você não conhecia o código, pode fechar esta página.

oidc-sign-out-title = Sair?
oidc-sign-out-lead = “{ $service }” pede que você saia. Sua entrada neste navegador será encerrada.
oidc-sign-out-lead-plain = Sua entrada neste navegador será encerrada.
oidc-sign-out-button = Sair
oidc-sign-out-stay = Continuar conectado(a)
oidc-signed-out-title = Você saiu
oidc-signed-out-lead = A entrada neste navegador foi encerrada.
oidc-signed-out-home = Para a página inicial

oidc-mine-lead = Os serviços em que você entra com esta conta e o que eles podem saber.
oidc-mine-none = Nenhum ainda.
oidc-mine-ended = encerrado
oidc-mine-since = desde { $moment }
oidc-mine-off = Parar de informar
oidc-mine-leave = Deixar este serviço
oidc-mine-sign-ins = Entradas
oidc-mine-sign-ins-hint = Onde você entrou nos últimos 90 dias e o que o serviço podia perguntar.
oidc-mine-when = Quando
oidc-mine-where = Serviço
oidc-mine-what = O que podia perguntar

problem-oidc-no-such-service = Não existe esse serviço
    .next = Volte à lista e escolha de novo.
problem-oidc-not-proven = Primeiro confirme sua identidade
    .next = Confirme com o cartão My Number e tente de novo.
problem-oidc-request-over = Esta entrada já terminou
    .next = Volte ao serviço e entre de novo.
problem-oidc-device-code = O código está errado ou venceu
    .next = Digite de novo o código do aparelho.

explain-from = From { $from }
explain-from-until = From { $from } to { $until }
explain-source = Source: { $source }
explain-automatic = No application: it appears for everybody entitled after { $proof }.
explain-application = It is applied for; { $proof } is needed.
explain-shown-by = Shown by: { $who }. At most { $holders ->
    [one] one phone holds
   *[other] { $holders } phones hold
} it at a time.
explain-payer-number = Payer number { $number }
explain-sees = A { $kind } sees: { $sees }. Nothing else.
explain-case = { $on }: { $name } → { $answer }
explain-bridge-fields = What leaves the inner network: { $fields }. Nothing else.
explain-bridge-limits = A difference in which { $percent } % or more and { $least } people or more vanish waits for a member of staff.
explain-bridge-times = Applied daily at { $times }.
explain-app-user-auth = { $app } ({ $issuer }) may prove who residents are, and counts like the card read at a station.
explain-app-signature = { $app } ({ $issuer }) may prove who residents are, and counts like the card's signature.
explain-app-signs = By { $app } ({ $issuer }) residents may sign with their card who they are; the signature itself is checked.
explain-phone-card-user-auth = { $card } ({ $doctype }) in a phone may prove who residents are, and counts like the card read at a station.
explain-phone-card-signature = { $card } ({ $doctype }) in a phone may prove who residents are, and counts like the card's signature.
explain-place = { $name } ({ $kind }) takes: { $accepts }. Without a connection it answers from what it knew up to { $hours } hours ago.

proof-counter = a check at the counter
proof-jpki = a check with the My Number Card

shown-by-self = the person
shown-by-guardian = a guardian
shown-by-shared = whoever it is shared with

place-kind-clinic = clinic
place-kind-bus = vehicle
place-kind-facility = facility
place-kind-shop = shop

disclosed-name = name
disclosed-date-of-birth = date of birth
disclosed-payer-number = payer number
disclosed-beneficiary-number = beneficiary number
disclosed-copayment = copayment
disclosed-valid-until = last day of validity

expected-yes = entitled
expected-no = not entitled
expected-unknown = a clerk decides

field-resident-id = resident number
field-date-of-birth = date of birth
field-sex = sex
field-district = district
field-household = household number
field-relation = relation to the head of household
field-status = resident status
field-became-resident-on = day of becoming a resident
field-moved-out-on = day of moving out
field-died-on = day of death
field-protected = protection measures

rule-as-written = as written: { $rule }
rule-either = one of these: { $conditions }
rule-or = ; or{" "}
rule-all = all of these: { $conditions }
rule-and = ; and{" "}
rule-household-any = somebody of the household: { $condition }
rule-current = lives in the town
rule-until-school-year-end = until 31 March of the school year in which { $years } is attained (the day before the birthday)
rule-after-school-year-end = from 1 April after the school year in which { $years } is attained (the day before the birthday)
rule-from-birthday = from the { $years }th birthday
rule-before-birthday = until the day before the { $years }th birthday
rule-from-attained = from the day { $years } is attained (the day before the birthday)
rule-before-attained = until the day before { $years } is attained
rule-age-at-least = { $years } or older
rule-age-below = younger than { $years }
rule-known = { $fact } is registered
rule-fact = { $fact }
rule-fact-not = not: { $fact }
rule-day-reached = { $fact } has come
rule-day-not-passed = { $fact } has not passed
rule-equal = { $fact } is { $value }
rule-not-equal = { $fact } is not { $value }
rule-at-most = { $fact } is at most { $value }
rule-at-least = { $fact } is at least { $value }
rule-below = { $fact } is below { $value }
rule-above = { $fact } is above { $value }
explain-accepts = Enough in place of the phone: { $media }.
medium-region-id = town number in the My Number Card
medium-transit-ic = transit IC card
medium-sticker = QR sticker
medium-temporary = temporary pass
shown-by-proxy = who was declared to act
rule-residence-resident = living in this town
rule-residence-neighbour = living in a neighbouring town, proven by that town
rule-residence-digital = digital resident
rule-residence-none = neither resident, nor of a neighbouring town, nor digital resident
field-residence-kind = kind of residence
field-residence-town = neighbouring town
field-residence-roll = roll of digital residents

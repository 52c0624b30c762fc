//! `tegata town explain`: the town in plain words, for those who answer for it.

use civil::Date;

use crate::{
    Town,
    model::{AppAssurance, Apply, IdentityApp, Language, PhoneCard, PlaceKind, Programme, ProgrammeId, ShownBy},
    texts::{Arg, Catalogue},
};

/// A town in plain words of one language.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    /// The town's name and code.
    pub heading: String,
    /// What crosses the bridge, how people are matched, how unknown birthdays count.
    pub bridge: Vec<String>,
    /// The programmes, in the order of the pack.
    pub programmes: Vec<ProgrammeExplanation>,
    /// The places and what they accept.
    pub places: Vec<String>,
    /// The identity apps and how sure they are.
    pub identity_apps: Vec<String>,
}

/// A programme in plain words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProgrammeExplanation {
    /// Its id.
    pub id: ProgrammeId,
    /// Its name and what it is good for.
    pub heading: String,
    /// How it is obtained, who shows it, what which place sees.
    pub about: Vec<String>,
    /// Its versions, the newest first.
    pub versions: Vec<VersionExplanation>,
    /// The examples, one sentence each.
    pub cases: Vec<String>,
}

/// A dated rule in plain words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct VersionExplanation {
    /// From when to when.
    pub span: String,
    /// Whether it is in force on the day of the explanation.
    pub in_force: bool,
    /// Who is entitled, in words.
    pub who: Vec<String>,
    /// The rule as the pack writes it.
    pub rule: String,
    /// The ordinance.
    pub source: String,
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "# {}", self.heading)?;
        for programme in &self.programmes {
            writeln!(f, "\n## {}", programme.heading)?;
            programme.about.iter().try_for_each(|line| writeln!(f, "- {line}"))?;
            for version in &programme.versions {
                writeln!(f, "\n{}", version.span)?;
                version.who.iter().try_for_each(|line| writeln!(f, "- {line}"))?;
                writeln!(f, "    {}\n    {}", version.rule, version.source)?;
            }
            if !programme.cases.is_empty() {
                writeln!(f)?;
            }
            programme.cases.iter().try_for_each(|line| writeln!(f, "- {line}"))?;
        }
        for part in [&self.bridge, &self.places, &self.identity_apps].into_iter().filter(|part| !part.is_empty()) {
            writeln!(f)?;
            part.iter().try_for_each(|line| writeln!(f, "- {line}"))?;
        }
        Ok(())
    }
}

/// Says what a town's pack means, as of a day. Other languages than Japanese, やさしい日本語 and English read Japanese.
pub fn explain(town: &Town, language: &Language, today: Date) -> Explanation {
    let say = Say { texts: own_texts(), language };
    Explanation {
        heading: format!("{} ({})", town.name.in_language(language), town.code),
        bridge: bridge(town, &say),
        programmes: town.programmes.iter().map(|programme| explain_programme(town, programme, today, &say)).collect(),
        places: town.places.iter().map(|place| self::place(town, place, &say)).collect(),
        identity_apps: town
            .identity_apps
            .iter()
            .map(|app| identity_app(app, &say))
            .chain(town.phone_cards.iter().map(|card| phone_card(card, &say)))
            .collect(),
    }
}

fn identity_app(app: &IdentityApp, say: &Say<'_>) -> String {
    let key = match (app.assurance, &app.sign) {
        (_, Some(_)) => "explain-app-signs",
        (AppAssurance::UserAuth, None) => "explain-app-user-auth",
        (AppAssurance::Signature, None) => "explain-app-signature",
    };
    say.say(key, &[("app", app.name.in_language(say.language).into()), ("issuer", app.issuer.as_str().into())])
}

fn phone_card(card: &PhoneCard, say: &Say<'_>) -> String {
    let key = match card.assurance {
        AppAssurance::UserAuth => "explain-phone-card-user-auth",
        AppAssurance::Signature => "explain-phone-card-signature",
    };
    say.say(key, &[("card", card.name.in_language(say.language).into()), ("doctype", card.doctype.as_str().into())])
}

/// The texts of this room.
pub fn texts() -> [(Language, &'static str, &'static str); 3] {
    [
        (Language::JAPANESE, "town/texts/ja/town.ftl", include_str!("../texts/ja/town.ftl")),
        (Language::EASY_JAPANESE, "town/texts/ja-easy/town.ftl", include_str!("../texts/ja-easy/town.ftl")),
        (Language::ENGLISH, "town/texts/en/town.ftl", include_str!("../texts/en/town.ftl")),
    ]
}

fn own_texts() -> Catalogue {
    let languages = [Language::JAPANESE, Language::EASY_JAPANESE, Language::ENGLISH];
    texts().iter().fold(Catalogue::new(&languages), |builder, (language, file, text)| builder.add(language, file, text)).build()
}

struct Say<'a> {
    texts: Catalogue,
    language: &'a Language,
}

impl Say<'_> {
    fn say(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.texts.text(self.language, key, args)
    }

    fn word(&self, kind: &str, word: &str) -> String {
        self.say(&format!("{kind}-{}", word.replace('_', "-")), &[])
    }

    fn list<T: AsRef<str>>(&self, items: impl IntoIterator<Item = T>) -> String {
        let between = if *self.language == Language::ENGLISH { ", " } else { "、" };
        items.into_iter().map(|item| item.as_ref().to_owned()).collect::<Vec<_>>().join(between)
    }
}

fn explain_programme(town: &Town, programme: &Programme, today: Date, say: &Say<'_>) -> ProgrammeExplanation {
    let in_force = programme.in_force(today).map(|version| version.from);
    let versions = programme.versions.iter().rev().map(|version| {
        let from = version.from.to_string();
        VersionExplanation {
            span: match programme.last_day_of(version).map(|end| end.to_string()) {
                Some(end) => say.say("explain-from-until", &[("from", (&from).into()), ("until", (&end).into())]),
                None => say.say("explain-from", &[("from", (&from).into())]),
            },
            in_force: in_force == Some(version.from),
            who: crate::words::of(version.eligible.source(), &town.facts, &say.texts, say.language),
            rule: version.eligible.source().split_whitespace().collect::<Vec<_>>().join(" "),
            source: say.say("explain-source", &[("source", (&version.source).into())]),
        }
    });
    ProgrammeExplanation {
        id: programme.id.clone(),
        heading: format!("{} ({})", programme.name.in_language(say.language), programme.id),
        about: about(programme, say),
        versions: versions.collect(),
        cases: programme.cases.iter().map(|case| case_line(case, say)).collect(),
    }
}

fn about(programme: &Programme, say: &Say<'_>) -> Vec<String> {
    let mut about = vec![programme.short.in_language(say.language).to_owned()];
    let proof = say.word("proof", programme.proof.word());
    let key = if programme.apply == Apply::Automatic { "explain-automatic" } else { "explain-application" };
    about.push(say.say(key, &[("proof", (&proof).into())]));
    let shown_by = say.list(programme.shown_by.iter().map(|who: &ShownBy| say.word("shown-by", who.word())));
    about.push(say.say("explain-shown-by", &[("who", (&shown_by).into()), ("holders", programme.max_holders.into())]));
    if !programme.accepts.is_empty() {
        let accepts = say.list(programme.accepts.iter().map(|medium| say.word("medium", medium.word())));
        about.push(say.say("explain-accepts", &[("media", (&accepts).into())]));
    }
    if let Some(number) = &programme.payer_number {
        about.push(say.say("explain-payer-number", &[("number", (&number.to_string()).into())]));
    }
    for kind in PlaceKind::ALL {
        let disclosed = programme.disclosed_to(*kind);
        if !disclosed.is_empty() {
            let sees = say.list(disclosed.iter().map(|what| say.word("disclosed", what.word())));
            let kind = say.word("place-kind", kind.word());
            about.push(say.say("explain-sees", &[("kind", (&kind).into()), ("sees", (&sees).into())]));
        }
    }
    about
}

fn case_line(case: &crate::model::Case, say: &Say<'_>) -> String {
    let (on, answer) = (case.on.to_string(), say.word("expected", case.eligible.word()));
    say.say("explain-case", &[("name", (&case.name).into()), ("on", (&on).into()), ("answer", (&answer).into())])
}

fn bridge(town: &Town, say: &Say<'_>) -> Vec<String> {
    let fields = say.list(town.bridge.fields.iter().map(|field| match field {
        crate::BridgeField::Fact(name) => {
            town.fact(name).map_or_else(|| name.to_string(), |fact| fact.label.in_language(say.language).to_owned())
        }
        register => say.word("field", register.name()),
    }));
    let limits = town.bridge.thresholds;
    let times = say.list(town.bridge.timetable.at.iter().map(|time| time.strftime("%H:%M").to_string()));
    let mut lines = vec![
        say.say("explain-bridge-fields", &[("fields", (&fields).into())]),
        say.say("explain-bridge-limits", &[("percent", limits.vanished_percent.into()), ("least", limits.at_least.into())]),
    ];
    if !times.is_empty() {
        lines.push(say.say("explain-bridge-times", &[("times", (&times).into())]));
    }
    lines
}

fn place(town: &Town, place: &crate::Place, say: &Say<'_>) -> String {
    let accepts =
        say.list(place.accepts.iter().filter_map(|id| town.programme(id)).map(|programme| programme.name.in_language(say.language)));
    let kind = say.word("place-kind", place.kind.word());
    let name = place.name.in_language(say.language);
    let hours = town.offline_grace_h(place);
    say.say("explain-place", &[("name", name.into()), ("kind", (&kind).into()), ("accepts", (&accepts).into()), ("hours", hours.into())])
}

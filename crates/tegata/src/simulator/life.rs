//! What happens in life while a service is logged in, and what a provider does on a bad day: asked for on the control page or over the API.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use civil::Date;
use identity::{Demonstration, SessionOwner};
use jiff::SignedDuration;
use oidc::{ClientId, Scope};
use population::{Event, Relation, Resident, Status};
use registry::FolderResult;
use serde::{Deserialize, Serialize};
use store::{Actor, Clock as _, SystemClock};

use super::Simulator;
use super::cast::Player;
use crate::keys::CentreKeys;
use crate::{Failure, Outcome};

/// The longest a request may be made to wait.
const WAIT_MAX: Duration = Duration::from_secs(120);
/// Bad days prepared at most.
const FAILURES_MAX: u32 = 100;
/// Beyond this, new keys are no longer too new to sign with.
const KEYS_KNOWN: SignedDuration = SignedDuration::from_mins(12);

/// What is asked to happen, with what it happens to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// What.
    pub(super) happening: String,
    /// To whom.
    pub(super) person: Option<String>,
    /// At which service; the only one if left out.
    pub(super) client: Option<ClientId>,
    /// withdraw_consent: only this.
    pub(super) scope: Option<String>,
    /// calendar: the day it is to be.
    pub(super) day: Option<Date>,
    /// fail, slow: what is asked.
    pub(super) endpoint: Option<Endpoint>,
    /// slow: how long it takes.
    pub(super) seconds: Option<u64>,
    /// fail, slow: how often.
    pub(super) times: Option<u32>,
    /// answer: the protocol's word.
    pub(super) error: Option<Answer>,
}

/// What a service asks of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Endpoint {
    Discovery,
    Jwks,
    Par,
    Token,
    Userinfo,
}

impl Endpoint {
    pub(super) const ALL: [Self; 5] = [Self::Token, Self::Userinfo, Self::Jwks, Self::Par, Self::Discovery];

    /// Its name in requests.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Jwks => "jwks",
            Self::Par => "par",
            Self::Token => "token",
            Self::Userinfo => "userinfo",
        }
    }

    /// The endpoint of a path.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        Some(match path {
            "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server" => Self::Discovery,
            "/oidc/jwks" => Self::Jwks,
            "/oidc/par" => Self::Par,
            "/oidc/token" => Self::Token,
            "/oidc/userinfo" => Self::Userinfo,
            _ => return None,
        })
    }
}

/// What the next authorization is answered with, whoever sits before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    AccessDenied,
    LoginRequired,
    TemporarilyUnavailable,
}

impl Answer {
    pub(super) const ALL: [Self; 3] = [Self::AccessDenied, Self::LoginRequired, Self::TemporarilyUnavailable];

    /// The protocol's word and what the town says besides.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::AccessDenied => ("access_denied", "The person said no."),
            Self::LoginRequired => ("login_required", "The person has to sign in."),
            Self::TemporarilyUnavailable => ("temporarily_unavailable", "The town cannot answer just now. Try again later."),
        }
    }
}

/// How a request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trouble {
    /// 503.
    Away,
    /// It takes so many seconds.
    Slow(u64),
}

/// What will happen to the next requests.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Prepared {
    /// Who comes to the log-in page, instead of somebody who chooses there.
    pub(super) person: Option<Chosen>,
    troubles: VecDeque<(Endpoint, Trouble)>,
    answer: Option<Answer>,
}

/// Somebody chosen beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Chosen {
    pub(super) person: &'static str,
    /// With the card, or by a passkey.
    pub(super) card: bool,
}

impl Prepared {
    /// Takes what is to go wrong with a request now.
    pub(super) fn trouble(&mut self, endpoint: Endpoint) -> Option<Trouble> {
        let place = self.troubles.iter().position(|(of, _)| *of == endpoint)?;
        self.troubles.remove(place).map(|(_, trouble)| trouble)
    }

    /// Takes what the next authorization is answered with.
    pub(super) fn answer(&mut self) -> Option<Answer> {
        self.answer.take()
    }

    /// What is prepared, for a page: names, each with how often.
    pub(super) fn troubles(&self) -> impl Iterator<Item = &(Endpoint, Trouble)> {
        self.troubles.iter()
    }

    pub(super) fn next_answer(&self) -> Option<Answer> {
        self.answer
    }
}

/// Why something cannot happen.
#[derive(Debug)]
pub(super) enum Impossible {
    /// It was asked wrongly: in words, for a developer.
    Asked(String),
    /// It failed here.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Impossible {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn wrong<T>(words: impl Into<String>) -> Result<T, Impossible> {
    Err(Impossible::Asked(words.into()))
}

impl Simulator {
    /// Lets something happen.
    pub(super) async fn happen(&self, asked: &Asked) -> Result<(), Impossible> {
        match asked.happening.as_str() {
            "choose" => self.choose(asked.person.as_deref(), true, false).await,
            "withdraw_consent" => self.withdraw(asked).await,
            "log_out" => self.log_out(self.person(asked)?).await,
            "move_out" => self.move_house(self.person(asked)?, false).await,
            "move_in" => self.move_house(self.person(asked)?, true).await,
            "calendar" => self.turn_calendar(asked).await,
            "publish_keys" => Ok(self.rotate_keys(false)?),
            "rotate_keys" => Ok(self.rotate_keys(true)?),
            "expire_tokens" => self.expire_tokens().await,
            "fail" => self.prepare(asked, Trouble::Away),
            "slow" => match asked.seconds {
                Some(seconds) if seconds <= WAIT_MAX.as_secs() => self.prepare(asked, Trouble::Slow(seconds)),
                _ => wrong(format!("seconds: how long it takes, at most {}", WAIT_MAX.as_secs())),
            },
            "answer" => match asked.error {
                Some(error) => {
                    self.prepared().answer = Some(error);
                    Ok(())
                }
                None => wrong("error: access_denied, login_required or temporarily_unavailable"),
            },
            "reset" => self.reset().await,
            other => wrong(format!("happening: nothing is called {other:?}")),
        }
    }

    fn person(&self, asked: &Asked) -> Result<&Player, Impossible> {
        let named = asked.person.as_deref().unwrap_or_default();
        match self.player(named) {
            Some(player) => Ok(player),
            None => wrong(format!("person: nobody is called {named:?}; GET /simulator/api names everybody")),
        }
    }

    async fn withdraw(&self, asked: &Asked) -> Result<(), Impossible> {
        let player = self.person(asked)?;
        let client = match (asked.client, self.clients.as_slice()) {
            (Some(client), _) => client,
            (None, [only]) => only.id,
            (None, _) => return wrong("client: there are several, which one?"),
        };
        let scope: Option<Scope> = match asked.scope.as_deref().map(str::parse) {
            None => None,
            Some(Ok(scope)) => Some(scope),
            Some(Err(_)) => return wrong("scope: there is no such scope"),
        };
        let mut ctx = self.store.begin(Actor::Holder(player.account)).await?;
        match oidc::withdraw(&mut ctx, client, scope.as_ref()).await {
            Ok(()) => Ok(ctx.commit().await?),
            Err(oidc::Error::NoSuchClient) => wrong("the person has agreed to nothing there"),
            Err(error) => Err(error.into()),
        }
    }

    async fn log_out(&self, player: &Player) -> Result<(), Impossible> {
        let mut ctx = self.store.begin(Actor::System).await?;
        identity::end_sessions_of(&mut ctx, SessionOwner::Holder(player.account)).await?;
        Ok(ctx.commit().await?)
    }

    async fn expire_tokens(&self) -> Result<(), Impossible> {
        let mut ctx = self.store.begin(Actor::System).await?;
        oidc::end_access_tokens(&mut ctx).await?;
        Ok(ctx.commit().await?)
    }

    /// A head of a household moves with everybody in it, anybody else alone; whoever is to come back comes back in the same way.
    async fn move_house(&self, player: &Player, back: bool) -> Result<(), Impossible> {
        let today = SystemClock.today();
        let mut register = self.register.lock().await;
        let Some(row) = register.iter().find(|row| Some(row.number) == player.number).cloned() else {
            return wrong("the register does not know this person");
        };
        let was = if back { Status::MovedOut } else { Status::Current };
        if row.status != was {
            return wrong(if back { "the person lives here" } else { "the person has moved out already" });
        }
        let goes = |other: &Resident| other.household == row.household && (other.number == row.number || row.relation == Relation::Head);
        let mut next = register.clone();
        for other in next.iter_mut().filter(|other| other.status == was && goes(other)) {
            if back {
                (other.status, other.event, other.became_resident_on) = (Status::Current, Event::MovedIn, today);
            } else {
                (other.status, other.event) = (Status::MovedOut, Event::MovedOut);
            }
            other.event_on = today;
        }
        self.carry_over(&next).await?;
        *register = next;
        Ok(())
    }

    async fn turn_calendar(&self, asked: &Asked) -> Result<(), Impossible> {
        let today = SystemClock.today();
        let Some(day) = asked.day.filter(|day| *day >= today && day.year() <= today.year() + 120) else {
            return wrong(format!("day: {today} or a later one, written like this"));
        };
        self.calendar.days_on.store(today.until(day)?.get_days().into(), Ordering::Relaxed);
        self.ask_rules_again().await
    }

    /// What the pages of the town say follows the calendar as at midnight.
    async fn ask_rules_again(&self) -> Result<(), Impossible> {
        let mut ctx = self.store.begin(Actor::System).await?;
        cards::reevaluate_town(&mut ctx).await?;
        Ok(ctx.commit().await?)
    }

    /// Makes new keys for tokens. They are published at once; they sign at once too, or not before the next rotation, as in a town's first ten minutes.
    fn rotate_keys(&self, sign: bool) -> Outcome {
        let folder = self.site.part("keys");
        // A key is named after its minute: each rotation gets a minute of its own.
        let minutes = self.rotations.fetch_add(1, Ordering::Relaxed);
        let made = SystemClock.now() + SignedDuration::from_mins(minutes);
        CentreKeys::rotate_tokens(&folder, made)?;
        let known = if sign { made + KEYS_KNOWN } else { made };
        self.provider.take_keys(CentreKeys::in_folder(&folder).tokens(known)?);
        Ok(())
    }

    fn prepare(&self, asked: &Asked, trouble: Trouble) -> Result<(), Impossible> {
        let Some(endpoint) = asked.endpoint else { return wrong("endpoint: token, userinfo, jwks, par or discovery") };
        let times = asked.times.unwrap_or(1);
        if !(1..=FAILURES_MAX).contains(&times) {
            return wrong(format!("times: from 1 to {FAILURES_MAX}"));
        }
        let mut prepared = self.prepared();
        prepared.troubles.extend((0..times).map(|_| (endpoint, trouble)));
        Ok(())
    }

    /// Everything as at the start: nobody is logged in or has agreed, everybody lives where they lived, nothing is prepared. Keys stay.
    async fn reset(&self) -> Result<(), Impossible> {
        *self.prepared() = Prepared::default();
        for player in &self.people {
            for client in &self.clients {
                let mut ctx = self.store.begin(Actor::Holder(player.account)).await?;
                match oidc::withdraw(&mut ctx, client.id, None).await {
                    Ok(()) => ctx.commit().await?,
                    Err(oidc::Error::NoSuchClient) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            self.log_out(player).await?;
        }
        let mut register = self.register.lock().await;
        if *register != self.first_register {
            self.carry_over(&self.first_register).await?;
            register.clone_from(&self.first_register);
        }
        drop(register);
        self.calendar.days_on.store(0, Ordering::Relaxed);
        self.ask_rules_again().await?;
        self.log().clear();
        Ok(())
    }

    /// Seals the register inside and opens it at the centre, as a town does every day.
    pub(super) async fn carry_over(&self, register: &[Resident]) -> Outcome {
        self.site.seal(register)?;
        let (store, keys, folder) = (self.store.clone(), Arc::clone(&self.bridge), self.site.part("bridge"));
        let runtime = tokio::runtime::Handle::current();
        let opened = tokio::task::spawn_blocking(move || runtime.block_on(registry::process_folder(&store, &folder, &keys)));
        for outcome in opened.await?? {
            if !matches!(outcome.result, FolderResult::Applied(_)) {
                return Err(format!("{}: {:?}", outcome.file, outcome.result).into());
            }
        }
        store::run_due_jobs(&self.store, &self.jobs).await?;
        Ok(())
    }

    /// Logs somebody in: with the card, which answers a real question, or as by a passkey. Gives the session's token and how long it lasts.
    pub(super) async fn log_in(&self, player: &Player, card: bool) -> Outcome<(String, i64)> {
        let certificate = player.certificate.clone().filter(|_| card);
        let by_card = certificate.is_some();
        if let Some(certificate) = certificate {
            self.desk.prove(&self.store, certificate).await?;
        }
        let mut ctx = self.store.begin(Actor::Anonymous).await?;
        let made_up = Demonstration::of_a_made_up_town();
        let started = match by_card {
            true => identity::renew_session(&mut ctx, None, player.account, "simulator").await?,
            false => identity::sign_in_as_by_passkey(&mut ctx, made_up, player.account, "simulator").await?,
        };
        let life_s = started.ends_at.as_second() - ctx.now().as_second();
        ctx.commit().await?;
        Ok((started.token, life_s))
    }

    /// Chooses who comes to the log-in page next and from then on; with `agree`, they have agreed to everything already. None has somebody choose there.
    pub(super) async fn choose(&self, person: Option<&str>, card: bool, agree: bool) -> Result<(), Impossible> {
        let Some(named) = person else {
            self.prepared().person = None;
            return Ok(());
        };
        let player = self.person(&Asked { person: Some(named.to_owned()), ..Asked::default() })?;
        if card && player.certificate.is_none() {
            return wrong("the person has no card");
        }
        if agree {
            for client in &self.clients {
                let mut ctx = self.store.begin(Actor::Holder(player.account)).await?;
                oidc::agree_to_all(&mut ctx, client.id).await?;
                ctx.commit().await?;
            }
        }
        self.prepared().person = Some(Chosen { person: player.id, card });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_comes_to_the_endpoint_it_was_prepared_for_and_as_often() {
        let troubles = [(Endpoint::Token, Trouble::Away), (Endpoint::Jwks, Trouble::Slow(2)), (Endpoint::Token, Trouble::Slow(1))];
        let mut prepared = Prepared { troubles: troubles.into(), ..Prepared::default() };
        assert_eq!(prepared.trouble(Endpoint::Userinfo), None);
        assert_eq!(prepared.trouble(Endpoint::Token), Some(Trouble::Away));
        assert_eq!(prepared.trouble(Endpoint::Token), Some(Trouble::Slow(1)));
        assert_eq!(prepared.trouble(Endpoint::Token), None);
        assert_eq!(prepared.trouble(Endpoint::Jwks), Some(Trouble::Slow(2)));
    }

    #[test]
    fn what_is_asked_is_read_from_json_and_forms_alike() {
        let json: Asked = serde_json::from_str(r#"{ "happening": "slow", "endpoint": "token", "seconds": 2, "times": 3 }"#).unwrap();
        assert_eq!((json.endpoint, json.seconds, json.times), (Some(Endpoint::Token), Some(2), Some(3)));
        assert!(serde_json::from_str::<Asked>(r#"{ "happening": "slow", "second": 2 }"#).is_err());
    }
}

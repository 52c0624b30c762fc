//! `tegata staff invite`: how the first administrator comes in, and how a town comes back in that lost its last one.

use identity::{Error, Invitation};
use jiff::tz::TimeZone;
use store::{Actor, Store};

use crate::Outcome;
use crate::centre::Centre;
use crate::house;

/// What `tegata staff invite` is told.
#[derive(clap::Args, Debug, Clone)]
pub struct Invite {
    #[command(flatten)]
    centre: Centre,
    /// Where people reach the centre, as `tegata serve` is told.
    #[arg(long)]
    origin: String,
    /// The name colleagues will see.
    #[arg(long)]
    name: String,
    /// Invite an administrator although there is one: the last one lost the passkey. It is written to the audit trail.
    #[arg(long)]
    recover: bool,
}

/// Invites an administrator and prints the page to open.
///
/// # Errors
/// When there is an administrator and `--recover` was not given; what is missing or wrong with the house.
pub async fn invite(options: Invite) -> Outcome {
    let setup = options.centre.setup(&options.origin, None)?;
    let origin = setup.origin.clone();
    let store = house::open_store(setup).await?;
    let invitation = invite_administrator(&store, &options.name, options.recover).await?;
    println!("{}", in_words(&origin, &invitation));
    Ok(())
}

/// Makes the invitation of the first administrator, or one to recover.
///
/// # Errors
/// As [`invite`].
pub async fn invite_administrator(store: &Store, name: &str, recover: bool) -> Outcome<Invitation> {
    let mut ctx = store.begin(Actor::System).await?;
    let invitation = if recover {
        identity::recover_administration(&mut ctx, name).await?
    } else {
        match identity::first_administrator(&mut ctx, name).await {
            Err(Error::AdministratorExists) => {
                return Err("there is an administrator already, who invites everybody else on the console's page of staff. \
                            If the last administrator lost the passkey, say --recover: the audit trail will tell"
                    .into());
            }
            made => made?,
        }
    };
    ctx.commit().await?;
    Ok(invitation)
}

/// Where to go and until when, in one paragraph.
fn in_words(origin: &str, invitation: &Invitation) -> String {
    let until = invitation.code.expires_at.to_zoned(TimeZone::fixed(jiff::tz::offset(9)));
    format!(
        "Open this page once, on a machine with a passkey, before {} (Japan):\n{origin}/staff/join/{}",
        until.strftime("%Y-%m-%d %H:%M"),
        invitation.code.code
    )
}

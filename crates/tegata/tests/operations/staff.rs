use std::path::Path;
use std::process::{Command, Output};

use identity::Demonstration;
use store::{Actor, SystemClock};
use tegata::keys::CentreKeys;

use crate::helpers::{Folder, ORIGIN, open, pack, town};

fn invite(data: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tegata"));
    command.env_remove("TEGATA_DATABASE_URL").args(["staff", "invite", "--origin", ORIGIN, "--name", "管理 花子", "--town"]);
    command.arg(pack("demo")).arg("--data").arg(data).args(more).output().unwrap()
}

fn code(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout);
    let page = said.lines().find_map(|line| line.strip_prefix(&format!("{ORIGIN}/staff/join/")));
    page.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr))).to_owned()
}

#[tokio::test]
async fn the_first_administrator_is_invited_by_a_command_and_a_lost_one_is_replaced() {
    let folder = Folder::new();
    CentreKeys::make_missing(&folder.0.join("keys")).unwrap();
    let first = code(&invite(&folder.0, &[]));
    let again = code(&invite(&folder.0, &[]));

    let database = format!("sqlite:{}", folder.0.join("town.db").display());
    let house = open(&folder, &database, town(&pack("demo")), std::sync::Arc::new(SystemClock)).await;
    let mut ctx = house.store.begin(Actor::Anonymous).await.unwrap();
    let made_up = Demonstration::of_a_made_up_town();
    // The invitation made last is the one that counts.
    assert!(identity::accept_invitation_without_passkey(&mut ctx, made_up, &first).await.is_err());
    identity::accept_invitation_without_passkey(&mut ctx, made_up, &again).await.unwrap();
    ctx.commit().await.unwrap();

    let refused = invite(&folder.0, &[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("there is an administrator already") && said.contains("--recover"), "{said}");
    let recovered = code(&invite(&folder.0, &["--recover"]));
    let mut ctx = house.store.begin(Actor::Anonymous).await.unwrap();
    let back = identity::accept_invitation_without_passkey(&mut ctx, made_up, &recovered).await.unwrap();
    let told: Vec<String> = ctx
        .audit_of(&back.to_string(), i64::MAX, 10)
        .await
        .unwrap()
        .into_iter()
        .rev()
        .map(|line| format!("{} {}", line.actor, line.action))
        .collect();
    assert_eq!(told, ["system staff.invited", "system staff.recovery_invited", "anonymous staff.joined"]);
}

//! The steps of making a demonstration town; each is skipped when its work is there.

use std::fs;
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use jiff::SignedDuration;
use jpki::card::{Personalise, Pins};
use jpki::testca::{Municipality, Person, TestCa};
use jpki::{CertificateKind, PartialDate, Sex};
use population::generate;
use station::{CardFolder, Enrolment, LaidCard};
use store::{Actor, Clock as _, Role, SystemClock};
use town::{Language, PlaceId, PlaceKind, Town, Words};

use super::people::{self, Player};
use crate::house::House;
use crate::keys::CentreKeys;
use crate::{Outcome, bridge, export};

/// Residents of a pack that names no districts' populations.
const RESIDENTS: u32 = 300;

fn say(step: &str) {
    println!("  {step}");
}

/// Keys.
pub(super) fn keys(data: &Path) -> Outcome {
    if !data.join("keys/issuer.pk8").exists() {
        say("鍵を作っています / keys");
    }
    CentreKeys::make_missing(&data.join("keys"))
}

/// Residents, their register's export, and the cast.
pub(super) fn residents(town: &Town, data: &Path, size: Option<u32>) -> Outcome<Vec<Player>> {
    let (inner, cast_file) = (data.join("inner"), data.join("inner/cast.json"));
    if cast_file.exists() {
        return Ok(serde_json::from_slice(&fs::read(cast_file)?)?);
    }
    fs::create_dir_all(&inner)?;
    let started = Instant::now();
    let people: u32 = town.districts.iter().map(|district| district.population).sum();
    let residents = size.unwrap_or(if people == 0 { RESIDENTS } else { people });
    let population = generate(&export::plan(town, residents, SystemClock.today()))?;
    let written = export::write(town, population.residents(), BufWriter::new(fs::File::create(inner.join("export.csv"))?))?;
    let mut cast = people::cast(&population);
    cast.push(people::stranger());
    fs::write(&cast_file, serde_json::to_vec_pretty(&cast)?)?;
    say(&format!("住民台帳 {}行を作りました（{}ミリ秒） / register", written.rows, started.elapsed().as_millis()));
    Ok(cast)
}

/// Roots, software cards and revocation lists.
pub(super) fn cards(town: &Town, data: &Path, cast: &[Player]) -> Outcome {
    let (trust, authority) = (data.join("trust"), data.join("inner/authority.json"));
    let now = SystemClock.now();
    let mut ca: TestCa = if authority.exists() {
        serde_json::from_slice(&fs::read(&authority)?)?
    } else {
        say("体験用のカードを作っています / software cards");
        let mut ca = TestCa::new(now)?;
        let folder = CardFolder::new(data.join("cards"));
        let key = CentreKeys::in_folder(&data.join("keys")).region()?;
        for player in cast {
            folder.save(&player.card, &card(town, player, key, &mut ca, now)?)?;
        }
        ca
    };
    fs::create_dir_all(trust.join("crl"))?;
    // Fresh lists at every start, as the authority gives them out every day.
    for (kind, name) in [(CertificateKind::Signature, "signature"), (CertificateKind::UserAuthentication, "user-auth")] {
        fs::write(trust.join(format!("{name}.der")), ca.root(kind))?;
        let list = ca.crl(kind, now, now + SignedDuration::from_hours(24 * 30))?;
        fs::write(trust.join(format!("crl/{name}.crl")), list)?;
    }
    Ok(fs::write(&authority, serde_json::to_vec(&ca)?)?)
}

fn card(town: &Town, player: &Player, key: Option<[u8; 16]>, ca: &mut TestCa, now: jiff::Timestamp) -> Outcome<LaidCard> {
    let code = town.code.to_string();
    let person = Person {
        name: player.name.clone(),
        address: player.address.clone(),
        date_of_birth: PartialDate::parse(&player.date_of_birth).ok_or("a date of birth")?,
        sex: if player.male { Sex::Male } else { Sex::Female },
        municipality: Municipality { code: code[..5].to_owned(), prefecture: "Demo-ken".to_owned(), city: "Demo".to_owned() },
    };
    let mut random = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).expect("the operating system gives random bytes");
    let made = Personalise::new(person).pins(Pins::default());
    // As the counter prepares a card for the town's own use of its free area.
    let made = key.into_iter().fold(made, |made, key| made.town(key, ""));
    let card = made.issue(ca, now, &mut random)?;
    Ok(LaidCard { label: format!("{}（{}）", player.name, player.role), card })
}

/// The first bundle: sealed on the inner side, opened at the centre.
pub(super) async fn bundle(house: &House, data: &Path) -> Outcome {
    let folder = data.join("bridge");
    fs::create_dir_all(&folder)?;
    if !data.join("inner/state/chain.json").exists() {
        let started = Instant::now();
        let town = house.store.town();
        let (keys, state) = (data.join("keys"), data.join("inner/state"));
        bridge::seal_export(town, &data.join("inner/export.csv"), &keys, &state, &folder, SystemClock.now())?;
        say(&format!("庁内で束を封じました（{}ミリ秒） / sealed", started.elapsed().as_millis()));
    }
    let started = Instant::now();
    let texts = registry::add_texts(town::Catalogue::new(&[town::Language::JAPANESE])).build();
    for outcome in registry::process_folder(&house.store, &folder, &house.bridge).await? {
        match outcome.result {
            registry::FolderResult::Applied(run) => {
                let words = registry::difference_in_words(&run.counts, &texts, &town::Language::JAPANESE);
                say(&format!("束を開きました：{words}（{}ミリ秒） / opened", started.elapsed().as_millis()));
            }
            other => say(&format!("{}: {other:?}", outcome.file)),
        }
    }
    store::run_due_jobs(&house.store, &house.jobs).await?;
    Ok(())
}

/// What is shown once at every start.
pub(super) struct Codes {
    places: Vec<(Words, String)>,
    staff: String,
}

/// New pairing codes and a new way into the console.
pub(super) async fn codes(house: &House) -> Outcome<Codes> {
    let mut ctx = house.store.begin(Actor::System).await?;
    let staff = identity::first_administrator(&mut ctx, "体験 管理者").await;
    let administrator = match staff {
        Ok(invitation) => invitation.staff,
        Err(identity::Error::AdministratorExists) => ctx_staff(&mut ctx).await?,
        Err(error) => return Err(error.into()),
    };
    // In a demonstration one person may do everything there is to see.
    ctx.actor = Actor::Staff(administrator, Role::ALL.to_vec());
    let invitation = identity::invite_staff(&mut ctx, "体験 職員", Role::ALL).await?;
    let mut places = Vec::new();
    let town = house.store.town().clone();
    for kind in PlaceKind::ALL {
        if let Some(place) = town.places.iter().find(|place| place.kind == *kind) {
            let code = identity::pairing_code(&mut ctx, identity::DeviceKind::Verifier, &PlaceId::clone(&place.id)).await?;
            places.push((place.name.clone(), code.code));
        }
    }
    ctx.commit().await?;
    Ok(Codes { places, staff: invitation.code.code })
}

/// The demonstration's card reader, enrolled at the town's first vehicle or, without one, its first place: so that a tap with a card is answered there.
pub(super) async fn station(house: &House, origin: &str, data: &Path) -> Outcome<Enrolment> {
    let kept = data.join("station.json");
    if let Ok(enrolment) = Enrolment::load(&kept, origin) {
        return Ok(enrolment);
    }
    let town = house.store.town().clone();
    let place = town.places.iter().find(|place| place.kind == PlaceKind::Bus).or(town.places.first()).ok_or("the town has no place")?;
    let mut ctx = house.store.begin(Actor::System).await?;
    let administrator = ctx_staff(&mut ctx).await?;
    ctx.actor = Actor::Staff(administrator, Role::ALL.to_vec());
    let code = identity::pairing_code(&mut ctx, identity::DeviceKind::Station, &place.id).await?;
    ctx.actor = Actor::Anonymous;
    let paired = identity::pair(&mut ctx, &code.code, "体験のカードリーダー").await?;
    ctx.commit().await?;
    let enrolment = Enrolment::new(origin, &paired.device.id.to_string(), place.name.ja(), &paired.session.token);
    enrolment.save(&kept)?;
    Ok(enrolment)
}

/// Any member of staff there is, to act for.
async fn ctx_staff(ctx: &mut store::Ctx) -> Outcome<store::StaffId> {
    ctx.actor = Actor::Staff(store::StaffId::new(ctx.now()), vec![Role::Administrator]);
    let members = identity::staff(ctx).await?;
    members.iter().find(|member| member.ended_at.is_none()).map(|member| member.id).ok_or_else(|| "no member of staff".into())
}

/// Prints where to go.
pub(super) fn tell(house: &House, origin: &str, station: &str, cast: &[Player], codes: &Codes) {
    let town = house.store.town();
    let pins = Pins::default();
    let english = |words: &Words| words.in_language(&Language::ENGLISH).to_owned();
    let (name, app) = (&town.name, &town.theme.app_name);
    println!("\n{} {} / {} {} — {origin}\n", name.ja(), app.ja(), english(name), english(app));
    println!("  住民のアプリ / resident app     {origin}/");
    println!("  職員の画面 / staff console      {origin}/staff/join/{}", codes.staff);
    println!("  カードリーダー / card reader    {station}/");
    println!("  スマホのない方 / no phone       {origin}/kiosk");
    println!("  かざして確かめる / tap a card   {station}/tap");
    for (place, code) in &codes.places {
        println!("  {} / {}  {origin}/verify  登録コード {code} / pairing code", place.ja(), english(place));
    }
    println!("\n  体験する人のカード / people to be, with their cards");
    println!("  署名用パスワード {} / password; 4けたの暗証番号 {} / PIN", pins.signature, pins.user_auth);
    for player in cast {
        print!("    {}　{} / {}", player.name, player.role, people::role_in_english(&player.card));
        if !player.children.is_empty() {
            print!("　お子さま / children: {}", player.children.join("、"));
        }
        println!();
    }
    println!("\n  止めるには Ctrl+C / stop with Ctrl+C");
}

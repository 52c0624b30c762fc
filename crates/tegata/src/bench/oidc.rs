//! Logging in at a service over HTTP, every grant durable: the full way with its pages, and single sign-on for who is signed in and has agreed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ::oidc::{Client, Exception, Registration};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::SessionOwner;
use store::{Actor, Db, Role, StaffId};

use super::Options;
use super::client::{Answer, Connection};
use super::measure::{Line, Stopwatch, thread_cpu};
use super::scene::Scene;
use crate::Outcome;

const RESIDENTS: u32 = 3_000;
const PEOPLE: usize = 50;
const LOG_INS: u32 = 20_000;
const BACK: &str = "https://library.example/back";
// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SCOPE: &str = "openid+profile+resident";

/// A service and the browsers of the people who use it.
struct Stage {
    address: SocketAddr,
    client: Client,
    /// `Basic …`.
    basic: String,
    /// A `Cookie` line each.
    browsers: Vec<String>,
}

/// Which way is gone.
#[derive(Clone, Copy)]
enum Way {
    /// Pushed request, authorization, the page that asks, the yes, token, userinfo: six requests.
    Full,
    /// Authorization, token, userinfo: three requests.
    SignedOn,
}

pub(super) async fn run(options: &Options) -> Outcome<Vec<Line>> {
    let scene = Scene::make(&options.town, &options.data, options.residents.unwrap_or(RESIDENTS), PEOPLE).await?;
    let stage = Arc::new(Stage::set(&scene).await?);
    let count = u64::from(options.n.unwrap_or(LOG_INS));
    let mut lines = Vec::new();
    for (way, job) in
        [(Way::Full, "oidc: full log-in, six requests, durable"), (Way::SignedOn, "oidc: single sign-on, three requests, durable")]
    {
        // The first ones warm connections, caches and prepared statements.
        log_in(&stage, way, 200, options.connections).await?;
        let before = grants(&scene.database).await?;
        let watch = Stopwatch::start();
        let (each, client_cpu) = log_in(&stage, way, count, options.connections).await?;
        let (wall, cpu) = watch.stop();
        let done = grants(&scene.database).await? - before;
        if done != count {
            return Err(format!("{count} log-ins, but {done} rows").into());
        }
        let server = cpu - client_cpu.as_secs_f64();
        lines.push(
            Line::new(job, count, Some(wall), cpu)
                .times(each)
                .with("per_s", count as f64 / wall)
                .with("client_cpu_s", client_cpu.as_secs_f64())
                .with("server_cpu_ms_each", server * 1e3 / count as f64)
                .with("connections", options.connections as f64),
        );
    }
    Ok(lines)
}

/// Sign-ins written down, read by a connection that has nothing to do with the house's.
async fn grants(database: &str) -> Outcome<u64> {
    let db = Db::open(database).await?;
    let (rows,) = db.read().await?.query_one::<(i64,)>("select count(*) from oidc_grant", &[]).await?;
    Ok(u64::try_from(rows)?)
}

impl Stage {
    async fn set(scene: &Scene) -> Outcome<Self> {
        let told = Registration {
            name: "図書館".to_owned(),
            purpose: "測定します。".to_owned(),
            redirect_uris: vec![BACK.to_owned()],
            scopes: SCOPE.replace('+', " ").parse()?,
            exceptions: [Exception::PlainRequest, Exception::SharedSecret].into(),
            ..Registration::default()
        };
        let administrator = Actor::Staff(StaffId::from_bytes([1; 16]), vec![Role::Administrator]);
        let mut ctx = scene.store.begin(administrator).await?;
        let registered = ::oidc::register(&mut ctx, &told).await?;
        ctx.actor = Actor::Anonymous;
        let mut browsers = Vec::new();
        for holder in &scene.holders {
            let session = identity::start_session(&mut ctx, SessionOwner::Holder(holder.account), "測定").await?;
            browsers.push(format!("{}={}", web::HOLDER_COOKIE, session.token));
        }
        ctx.commit().await?;
        let secret = registered.secret.ok_or("a service with a secret")?;
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", registered.client.id)));
        Ok(Self { address: scene.address, client: registered.client, basic, browsers })
    }

    fn parameters(&self, way: Way) -> String {
        let prompt = if matches!(way, Way::Full) { "&prompt=consent" } else { "" };
        format!(
            "client_id={}&response_type=code&redirect_uri={}&scope={SCOPE}&state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256{prompt}",
            self.client.id,
            BACK.replace(':', "%3A").replace('/', "%2F"),
        )
    }
}

/// Goes a way so often, from a thread of its own, over so many connections; gives each one's time and the thread's processor time.
async fn log_in(stage: &Arc<Stage>, way: Way, count: u64, connections: usize) -> Outcome<(Vec<Duration>, Duration)> {
    let (done, went) = tokio::sync::oneshot::channel();
    let stage = Arc::clone(stage);
    std::thread::spawn(move || {
        let _ = done.send(people(&stage, way, count, connections));
    });
    went.await?
}

fn people(stage: &Arc<Stage>, way: Way, count: u64, connections: usize) -> Outcome<(Vec<Duration>, Duration)> {
    let cpu = thread_cpu();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let turn = Arc::new(AtomicU64::new(0));
    let mut each = Vec::new();
    runtime.block_on(async {
        let running: Vec<_> = (0..connections).map(|_| tokio::spawn(person(Arc::clone(stage), way, Arc::clone(&turn), count))).collect();
        for person in running {
            each.extend(person.await??);
        }
        Ok::<_, crate::Failure>(())
    })?;
    Ok((each, thread_cpu().saturating_sub(cpu)))
}

async fn person(stage: Arc<Stage>, way: Way, turn: Arc<AtomicU64>, count: u64) -> Outcome<Vec<Duration>> {
    let mut connection = Connection::open(stage.address).await?;
    let mut each = Vec::new();
    loop {
        let number = turn.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(each);
        }
        let start = Instant::now();
        let browser = &stage.browsers[usize::try_from(number)? % stage.browsers.len()];
        let code = match way {
            Way::Full => asked(&mut connection, &stage, browser).await?,
            Way::SignedOn => {
                let answer = get(&mut connection, &format!("/oidc/authorize?{}", stage.parameters(way)), "cookie", browser).await?;
                between(answer.header("location").unwrap_or_default(), "code=")?
            }
        };
        redeem(&mut connection, &stage, &code).await?;
        each.push(start.elapsed());
    }
}

/// The first four requests of the full way: the code.
async fn asked(connection: &mut Connection, stage: &Stage, browser: &str) -> Outcome<String> {
    let authorization = format!("authorization: {}", stage.basic);
    let pushed = post(connection, "/oidc/par", &authorization, &stage.parameters(Way::Full)).await?;
    let uri =
        serde_json::from_slice::<serde_json::Value>(&pushed.body)?["request_uri"].as_str().ok_or("no request_uri")?.replace(':', "%3A");
    let path = format!("/oidc/authorize?client_id={}&request_uri={uri}", stage.client.id);
    let waiting = get(connection, &path, "cookie", browser).await?;
    let page = waiting.header("location").ok_or("not led to the page that asks")?.to_owned();
    let handle = between(&page, "request=")?;
    let shown = get(connection, &page, "cookie", browser).await?;
    if shown.status != 200 {
        return Err(format!("the page that asks: {}", shown.status).into());
    }
    let page = String::from_utf8_lossy(&shown.body).into_owned();
    let seen_by = between(&page, "name=\"seen_by\" value=\"")?;
    let seen_by = seen_by.split('"').next().unwrap_or_default();
    let cookie = format!("cookie: {browser}");
    let yes = post(connection, "/oidc/continue", &cookie, &format!("request={handle}&decision=yes&seen_by={seen_by}")).await?;
    between(yes.header("refresh").unwrap_or_default(), "code=")
}

/// The last two: tokens for the code, and what they open.
async fn redeem(connection: &mut Connection, stage: &Stage, code: &str) -> Outcome {
    let form = format!(
        "grant_type=authorization_code&code={code}&redirect_uri={}&code_verifier={VERIFIER}",
        BACK.replace(':', "%3A").replace('/', "%2F")
    );
    let answer = post(connection, "/oidc/token", &format!("authorization: {}", stage.basic), &form).await?;
    let tokens: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let access = tokens["access_token"].as_str().ok_or_else(|| format!("no token: {tokens}"))?;
    let told = get(connection, "/oidc/userinfo", "authorization", &format!("Bearer {access}")).await?;
    let told: serde_json::Value = serde_json::from_slice(&told.body)?;
    if told["resident"] == true && tokens["id_token"].is_string() { Ok(()) } else { Err(format!("not told: {told}").into()) }
}

async fn get(connection: &mut Connection, path: &str, header: &str, value: &str) -> Outcome<Answer> {
    connection.ask(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{header}: {value}\r\n\r\n").as_bytes()).await
}

async fn post(connection: &mut Connection, path: &str, header: &str, form: &str) -> Outcome<Answer> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\n{header}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        form.len()
    );
    connection.ask((head + form).as_bytes()).await
}

/// A parameter's value, as it stands in an address.
fn between(address: &str, name: &str) -> Outcome<String> {
    let (_, rest) = address.split_once(name).ok_or_else(|| format!("no {name} in {address}"))?;
    Ok(rest.split('&').next().unwrap_or_default().to_owned())
}

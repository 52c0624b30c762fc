//! A person proves themselves at a house that asks an OCSP responder which is not ours: `openssl ocsp`.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use jpki::testca::TestCa;
use jpki::{CertificateKind, KeyAlgorithm, ParsedCertificate, PrivateKey};
use store::{Clock as _, SystemClock};
use tegata::house::House;

use crate::helpers::{Folder, KINDS, open, pack, person, send, town};

const KIND: CertificateKind = CertificateKind::Signature;

/// A responder that ends with the test.
struct Responder(Child);

impl Responder {
    /// Serves an index in openssl's form: one certificate and how it stands.
    fn start(folder: &Folder, port: u16, state: &str, serial: &str) -> Self {
        folder.put("index.txt", format!("{state}\t{serial}\tunknown\t/CN=x\n").as_bytes());
        let told = folder.put("responder.log", b"");
        let log = || File::options().append(true).open(&told).unwrap();
        let child = Command::new("openssl")
            .current_dir(&folder.0)
            .args(["ocsp", "-index", "index.txt", "-CA", "root.pem", "-rsigner", "root.pem", "-rkey", "key.pem", "-ndays", "1"])
            .args(["-port", &port.to_string()])
            .stdout(log())
            .stderr(log())
            .spawn()
            .expect("the openssl program is needed for these tests");
        // Asked by what it says: a connection that only knocks keeps it busy.
        while !std::fs::read_to_string(&told).unwrap().contains("ACCEPT") {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self(child)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pem(folder: &Folder, name: &str, arguments: &[&str], der: &[u8]) {
    let path = folder.put(&format!("{name}.der"), der);
    let made = Command::new("openssl").args(arguments).arg("-in").arg(path).arg("-out").arg(folder.0.join(name)).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// The root's certificate and key, as openssl wants them.
fn authority(folder: &Folder, ca: &TestCa) {
    pem(folder, "root.pem", &["x509", "-inform", "DER"], ca.root(KIND));
    let kept = serde_json::to_value(ca).unwrap();
    let key = hex::decode(kept["signature"]["key"].as_str().unwrap()).unwrap();
    pem(folder, "key.pem", &["pkey", "-inform", "DER"], &key);
}

/// Asks for a proof and answers it with the key; gives the status and the problem's code.
async fn prove(house: &House, key: &PrivateKey, certificate: &[u8]) -> (StatusCode, String) {
    let form = Request::post("/start").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from("next=")).unwrap();
    let begun = send(&house.router, form).await;
    let cookie = begun.headers[header::SET_COOKIE].to_str().unwrap();
    let code = cookie.split(';').next().unwrap().split('.').nth(2).unwrap().to_owned();
    let asked = send(&house.router, Request::get(format!("/api/v1/proofs/{code}")).body(Body::empty()).unwrap()).await.json();
    let message = URL_SAFE_NO_PAD.decode(asked["message"].as_str().unwrap()).unwrap();
    let answer = serde_json::json!({
        "kind": "signature",
        "certificate": URL_SAFE_NO_PAD.encode(certificate),
        "signature": URL_SAFE_NO_PAD.encode(key.sign(&message).unwrap()),
    });
    let request = Request::post(format!("/api/v1/proofs/{}/answer", asked["id"].as_str().unwrap()))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(answer.to_string()));
    let answered = send(&house.router, request.unwrap()).await;
    (answered.status, answered.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// The demonstration's pack with a responder to ask.
fn pack_that_asks(folder: &Folder, ocsp: &str) -> std::path::PathBuf {
    let copy = folder.0.join("pack");
    let copied = Command::new("cp").arg("-r").arg(pack("demo")).arg(&copy).output().unwrap();
    assert!(copied.status.success());
    let text = std::fs::read_to_string(copy.join("town.toml")).unwrap();
    assert!(text.contains("\ngrace_h = 24\n"));
    std::fs::write(copy.join("town.toml"), text.replace("\ngrace_h = 24\n", &format!("\ngrace_h = 24\nocsp = {ocsp}\n"))).unwrap();
    copy
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_responder_of_another_make_decides_where_no_list_speaks() {
    let (folder, now) = (Folder::new(), SystemClock.now());
    let mut ca = TestCa::new(now - SignedDuration::from_hours(240)).unwrap();
    for kind in KINDS {
        folder.put(&format!("trust/{}.der", kind.as_str()), ca.root(kind));
    }
    authority(&folder, &ca);
    let key = PrivateKey::generate(KeyAlgorithm::Rsa2048).unwrap();
    let certificate = ca.issue(KIND, &person(), &key.public_key_info().unwrap(), now - SignedDuration::from_hours(48)).unwrap();
    let serial = hex::encode_upper(ParsedCertificate::parse(&certificate).unwrap().serial().reveal_for_revocation());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ocsp = format!("{{ ask = \"without_list\", address = \"http://127.0.0.1:{port}/\", timeout_s = 5 }}");
    let town = town(&pack_that_asks(&folder, &ocsp));
    let db = store::testing::sqlite().await.unwrap();
    let house = open(&folder, &db.address, town, Arc::new(SystemClock)).await;

    let (status, code) = prove(&house, &key, &certificate).await;
    assert_eq!((status, code.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "revocation_unknown"), "nobody is there to ask");
    {
        let _responder = Responder::start(&folder, port, "V\t400217145959Z\t", &serial);
        assert_eq!(prove(&house, &key, &certificate).await, (StatusCode::OK, String::new()));
    }
    {
        let _responder = Responder::start(&folder, port, "R\t400217145959Z\t261101000000Z,affiliationChanged", &serial);
        let (status, code) = prove(&house, &key, &certificate).await;
        assert_eq!((status, code.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "details_changed"));
    }
    {
        let _responder = Responder::start(&folder, port, "V\t400217145959Z\t", "7F");
        let (status, code) = prove(&house, &key, &certificate).await;
        assert_eq!((status, code.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "revocation_unknown"), "it does not know the certificate");
    }
    // A current list speaks: nobody needs to be asked, and nobody is there.
    folder.trust(&mut ca, now);
    assert_eq!(house.lists.look(), 2);
    assert_eq!(prove(&house, &key, &certificate).await, (StatusCode::OK, String::new()));
    let metrics = send(&house.router, Request::get("/metrics").body(Body::empty()).unwrap()).await.body;
    for line in [
        "tegata_ocsp_answers_total{answer=\"good\"} 1",
        "tegata_ocsp_answers_total{answer=\"revoked\"} 1",
        "tegata_ocsp_answers_total{answer=\"unknown\"} 2",
    ] {
        assert!(metrics.contains(line), "{line} is missing in {metrics}");
    }
}

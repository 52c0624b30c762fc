//! OpenSC, a reader by another hand, reads the software card, lists its certificates and makes signatures that openssl verifies.

use std::path::PathBuf;
use std::process::Command;

use jpki::CertificateKind;
use jpki::testca::TestCa;
use store::{Clock as _, SystemClock};

use super::pcscd::Pcscd;
use super::table::{LaidByCommand, Table};
use super::{is_there, until};
use crate::helpers::Folder;

const READER: &str = "0";

/// Programs run in a folder, where their files lie.
struct Bench {
    folder: Folder,
    module: PathBuf,
}

impl Bench {
    fn new(folder: Folder) -> Self {
        let places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/lib64", "/usr/lib/pkcs11"];
        let module = places.iter().map(|place| PathBuf::from(place).join("opensc-pkcs11.so")).find(|path| path.is_file());
        Self { folder, module: module.expect("opensc-pkcs11 is needed for these tests") }
    }

    /// Whether a program succeeded, and all it said.
    fn run(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let ran = Command::new(program).args(arguments).current_dir(&self.folder.0).env("LC_ALL", "C").output();
        let ran = ran.unwrap_or_else(|error| panic!("{program} is needed for these tests: {error}"));
        let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (ran.status.success(), said)
    }

    /// What a program said, which must have succeeded.
    fn says(&self, program: &str, arguments: &[&str]) -> String {
        let (succeeded, said) = self.run(program, arguments);
        assert!(succeeded, "{program} {arguments:?}: {said}");
        said
    }

    /// Signs the data with a key of the card.
    fn sign(&self, slot: &str, pin: &str, key: &str, into: &str) -> (bool, String) {
        let module = self.module.to_str().unwrap();
        let place = ["--module", module, "--slot-index", slot, "--login", "--pin", pin];
        let what = ["--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", key, "-i", "data.bin", "-o", into];
        self.run("pkcs11-tool", &[&place[..], &what[..]].concat())
    }

    /// What openssl says of a signature over the data.
    fn verify(&self, certificate: &str, signature: &str) -> (bool, String) {
        let key = self.says("openssl", &["x509", "-in", certificate, "-noout", "-pubkey"]);
        self.folder.put("key.pub", key.as_bytes());
        self.run("openssl", &["dgst", "-sha256", "-verify", "key.pub", "-signature", signature, "data.bin"])
    }

    fn root(&self, name: &str, ca: &TestCa, kind: CertificateKind) {
        self.folder.put("root.der", ca.root(kind));
        self.says("openssl", &["x509", "-inform", "DER", "-in", "root.der", "-out", name]);
    }
}

fn bench() -> (Bench, TestCa, Table, Pcscd) {
    let folder = Folder::new();
    let mut ca = TestCa::new(SystemClock.now() - jiff::SignedDuration::from_hours(240)).unwrap();
    let mut service = Pcscd::wait(&folder);
    let table = Table::new(&folder, &service);
    table.issue("hanako", &mut ca);
    folder.put("data.bin", b"what is signed");
    service.start_with_readers();
    (Bench::new(folder), ca, table, service)
}

#[test]
fn opensc_reads_the_card_and_openssl_believes_its_signatures() {
    if !is_there() {
        return;
    }
    let (bench, ca, table, _service) = bench();
    let _card = LaidByCommand::lay(&table, "hanako");
    until("OpenSC sees the card", || bench.run("opensc-tool", &["-r", READER, "-a"]).0.then_some(()));
    assert!(bench.says("opensc-tool", &["-r", READER, "-n"]).to_lowercase().contains("jpki"));
    let listed = bench.says("pkcs15-tool", &["-D"]);
    for line in [
        "PKCS#15 Card [JPKI]",
        "PIN [User Authentication PIN]",
        "PIN [Digital Signature PIN]",
        "Private RSA Key [User Authentication Key]",
        "Private RSA Key [Digital Signature Key]",
        "X.509 Certificate [User Authentication Certificate]",
        "X.509 Certificate [Digital Signature Certificate]",
    ] {
        assert!(listed.contains(line), "{line} is missing in {listed}");
    }

    bench.says("pkcs15-tool", &["--read-certificate", "01", "-o", "auth.pem"]);
    let (read, said) = bench.run("pkcs15-tool", &["--read-certificate", "02", "-o", "hidden.pem"]);
    assert!(!read, "the signature certificate is shown without its password: {said}");
    bench.says("pkcs15-tool", &["--verify-pin", "--auth-id", "02", "--pin", "ABC123", "--read-certificate", "02", "-o", "sign.pem"]);
    for (certificate, kind, other) in [
        ("auth.pem", CertificateKind::UserAuthentication, CertificateKind::Signature),
        ("sign.pem", CertificateKind::Signature, CertificateKind::UserAuthentication),
    ] {
        bench.root("own.pem", &ca, kind);
        bench.root("other.pem", &ca, other);
        let verify = |root: &str| bench.run("openssl", &["verify", "-CAfile", root, certificate]);
        assert!(verify("own.pem").1.contains(&format!("{certificate}: OK")), "{}", verify("own.pem").1);
        assert!(!verify("other.pem").0, "{certificate} under a root that is not its own");
    }

    for (slot, pin, key, certificate, signature) in
        [("0", "1234", "01", "auth.pem", "auth.sig"), ("1", "ABC123", "02", "sign.pem", "sign.sig")]
    {
        let (signed, said) = bench.sign(slot, pin, key, signature);
        assert!(signed, "{said}");
        assert!(bench.verify(certificate, signature).1.contains("Verified OK"));
    }
    // The check can fail: another key's certificate, other data.
    assert!(!bench.verify("sign.pem", "auth.sig").0);
    bench.folder.put("data.bin", b"what is signee");
    assert!(!bench.verify("auth.pem", "auth.sig").0);
}

#[test]
fn opensc_loses_one_try_by_one_wrong_pin_and_gets_it_back() {
    if !is_there() {
        return;
    }
    let (bench, _, table, _service) = bench();
    let _card = LaidByCommand::lay(&table, "hanako");
    until("OpenSC sees the card", || bench.run("opensc-tool", &["-r", READER, "-a"]).0.then_some(()));
    let left = |tries: &str| {
        let pins = bench.says("pkcs15-tool", &["--list-pins"]);
        pins.lines().any(|line| line.trim_start().starts_with("Tries left") && line.trim_end().ends_with(tries))
    };
    assert!(left(": 3") && left(": 5"));
    let (verified, said) = bench.run("pkcs15-tool", &["--verify-pin", "--auth-id", "01", "--pin", "0000"]);
    assert!(!verified && said.contains("PIN code or key incorrect"), "{said}");
    assert!(left(": 2") && left(": 5") && !left(": 3"));
    assert_eq!(table.tries("hanako", 0x0018), 2, "the card counts the same");
    let (signed, said) = bench.sign("0", "0000", "01", "wrong.sig");
    assert!(!signed && said.contains("CKR_PIN_INCORRECT"), "{said}");
    assert!(left(": 1"));
    bench.says("pkcs15-tool", &["--verify-pin", "--auth-id", "01", "--pin", "1234"]);
    assert!(left(": 3"));
}

#[test]
fn a_card_that_signs_wrongly_and_no_card_are_noticed() {
    if !is_there() {
        return;
    }
    let (bench, _, table, _service) = bench();
    {
        let _forger = table.lay_forger("hanako");
        until("OpenSC sees the card", || bench.run("opensc-tool", &["-r", READER, "-a"]).0.then_some(()));
        bench.says("pkcs15-tool", &["--read-certificate", "01", "-o", "auth.pem"]);
        let (signed, said) = bench.sign("0", "1234", "01", "forged.sig");
        assert!(signed, "{said}");
        assert!(!bench.verify("auth.pem", "forged.sig").0);
    }
    until("the card is gone", || (!bench.run("opensc-tool", &["-r", READER, "-a"]).0).then_some(()));
    assert!(!bench.run("pkcs15-tool", &["--read-certificate", "01", "-o", "none.pem"]).0);
}

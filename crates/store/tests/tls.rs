//! PostgreSQL over TLS: a server of the test's own, with certificates of its own, that takes nothing in the clear.
//!
//! Where PostgreSQL is tested at all (`TEGATA_TEST_POSTGRES`, see `./test`) its programs are there to start one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use store::Db;
use store::testing::free_ports;

/// A server that goes away with the test.
struct Server {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
}

impl Server {
    /// Starts a server whose certificate names `localhost`, signed by `ca.pem`.
    fn start(programs: PathBuf) -> Self {
        let folder = std::env::temp_dir().join(format!("tegata-tls-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let server = Self { folder, programs, port: free_ports(1) };
        server.certificates();
        if is_root() {
            good(Command::new("chown").args(["-R", "postgres"]).arg(&server.folder));
        }
        good(server.program("initdb").args(["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]));
        std::fs::write(server.folder.join("data/pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
        let at = server.folder.display();
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={at} -c ssl=on -c ssl_cert_file={at}/server.pem -c ssl_key_file={at}/server.key",
            server.port
        );
        good(server.program("pg_ctl").args(["-D", "data", "-w", "-t", "60", "-l", "server.log", "-o", &options, "start"]));
        server
    }

    fn certificates(&self) {
        for name in ["ca", "other"] {
            let (key, out, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
            let arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
            good(self.openssl().args(arguments).args(["-keyout", &key, "-out", &out, "-subj", &subject]));
        }
        let arguments = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key"];
        good(self.openssl().args(arguments).args(["-out", "server.csr", "-subj", "/CN=localhost"]));
        std::fs::write(self.folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
        let arguments = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
        good(self.openssl().args(arguments).args(["-extfile", "names", "-out", "server.pem"]));
        std::fs::set_permissions(self.folder.join("server.key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn openssl(&self) -> Command {
        let mut command = Command::new("openssl");
        command.current_dir(&self.folder);
        command
    }

    /// A program of PostgreSQL, as the user it agrees to run as.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() { Command::new("runuser") } else { Command::new(&path) };
        if is_root() {
            command.args(["-u", "postgres", "--"]).arg(&path);
        }
        command.current_dir(&self.folder);
        command
    }

    fn address(&self, host: &str, parameters: &str) -> String {
        format!("postgres://postgres@{host}:{}/postgres{parameters}", self.port)
    }

    fn ca(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.program("pg_ctl").args(["-D", "data", "-m", "immediate", "stop"]).output();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn good(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

fn is_root() -> bool {
    String::from_utf8_lossy(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0"
}

/// The folder of `initdb` and `pg_ctl`, where `./test` looks for them.
fn programs() -> Option<PathBuf> {
    let mut folders = vec![PathBuf::from("/usr/local/bin"), PathBuf::from("/usr/bin")];
    folders.extend(std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin")));
    let found = folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())?;
    // A link may stand alone; the programs beside its target belong together.
    std::fs::canonicalize(found.join("initdb")).ok()?.parent().map(Path::to_owned)
}

/// Opens the database and says why it could not be.
async fn open(address: &str) -> Result<Db, String> {
    Db::open(address).await.map_err(|error| {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            text = format!("{text}: {inner}");
            source = inner.source();
        }
        text
    })
}

#[tokio::test]
async fn the_line_is_encrypted_and_the_server_is_the_one_that_was_meant() {
    if std::env::var("TEGATA_TEST_POSTGRES").is_err() {
        return;
    }
    let Some(programs) = programs() else {
        println!("PostgreSQL's programs are on another machine: nothing to start a server with");
        return;
    };
    let server = Server::start(programs);
    let (ca, other) = (server.ca("ca.pem"), server.ca("other.pem"));
    for mode in ["require", "verify-full"] {
        let db = open(&server.address("localhost", &format!("?sslmode={mode}&sslrootcert={ca}"))).await.unwrap();
        let (encrypted,) =
            db.read().await.unwrap().query_one::<(bool,)>("select ssl from pg_stat_ssl where pid = pg_backend_pid()", &[]).await.unwrap();
        assert!(encrypted, "{mode}");
    }
    for (wrong, host, parameters) in [
        ("signed by somebody else", "localhost", format!("?sslmode=verify-full&sslrootcert={other}")),
        ("somebody else, and encryption alone was asked for", "localhost", format!("?sslmode=require&sslrootcert={other}")),
        ("no public authority signed it", "localhost", "?sslmode=verify-full".to_owned()),
        ("another name", "127.0.0.1", format!("?sslmode=verify-full&sslrootcert={ca}")),
    ] {
        let said = open(&server.address(host, &parameters)).await.unwrap_err();
        assert!(said.contains("certificate"), "{wrong}: {said}");
    }
    // The server takes nothing in the clear: were these encrypted after all, they would come through.
    for plain in ["", "?sslmode=disable"] {
        let said = open(&server.address("127.0.0.1", plain)).await.unwrap_err();
        assert!(said.contains("pg_hba.conf"), "{said}");
    }
}

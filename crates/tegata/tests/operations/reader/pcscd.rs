//! pcscd with the virtual reader: one of our own, or the one that runs already, since there can be one only on a machine.

use std::fs::File;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use station::virtual_reader::PORT;
use store::testing::free_ports;

use super::until;
use crate::helpers::Folder;

const SOCKET: &str = "/run/pcscd/pcscd.comm";
/// Where Debian's package says what the virtual reader is.
const VIRTUAL: &str = "/etc/reader.conf.d/vpcd";
/// How many cards it takes, each on a port of its own.
const PLACES: u16 = 2;

/// The service, and the right to use it alone.
pub(crate) struct Pcscd {
    ours: Option<Child>,
    port: u16,
    folder: PathBuf,
    log: PathBuf,
    _alone: File,
}

fn answers() -> bool {
    UnixStream::connect(SOCKET).is_ok()
}

impl Pcscd {
    /// Waits for the tests before, and starts nothing yet.
    pub(crate) fn wait(folder: &Folder) -> Self {
        let alone = File::create(std::env::temp_dir().join("tegata-test-reader.lock")).unwrap();
        alone.lock().unwrap();
        for name in ["no-readers", "readers"] {
            std::fs::create_dir_all(folder.0.join(name)).unwrap();
        }
        // The usual port lies where any connection of this machine may get its own; then the reader stays away for a minute.
        let port = if answers() { PORT } else { free_ports(PLACES) };
        let usual = std::fs::read_to_string(VIRTUAL).expect("vsmartcard-vpcd is needed for these tests");
        folder.put("readers/vpcd", usual.replace(&format!("0x{PORT:X}"), &format!("0x{port:X}")).as_bytes());
        Self { ours: None, port, folder: folder.0.clone(), log: folder.0.join("pcscd.log"), _alone: alone }
    }

    /// Where the reader waits for its first card; the second's is the one after it.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Whether somebody else's runs already: then it is used as it is.
    pub(crate) fn is_shared(&self) -> bool {
        self.ours.is_none() && answers()
    }

    /// Starts it without a reader.
    pub(crate) fn start_without_readers(&mut self) {
        self.start("no-readers");
    }

    /// Starts it with the virtual reader, unless one runs already.
    pub(crate) fn start_with_readers(&mut self) {
        if !self.is_shared() {
            self.start("readers");
        }
    }

    fn start(&mut self, readers: &str) {
        self.stop();
        std::fs::create_dir_all(Path::new(SOCKET).parent().unwrap()).expect("pcscd is started by root only");
        let log = || File::options().create(true).append(true).open(&self.log).unwrap();
        let child = Command::new("pcscd")
            .args(["--foreground", "--config"])
            .arg(self.folder.join(readers))
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn();
        self.ours = Some(child.expect("pcscd is needed for these tests"));
        until("pcscd answers", || answers().then_some(()));
    }

    /// Stops ours as its owner would, so that it tidies up behind itself.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.ours.take() else { return };
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        let _ = child.wait();
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        self.stop();
    }
}

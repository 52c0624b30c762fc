//! The repository speaks of the project alone: no paths of the machine it was written on, no addresses of the registry it was built from.

use crate::{files, none, room, text};

#[test]
fn nothing_points_at_one_machine() {
    let marks = ["/work/main", "/work/shared", "../shared", "/root/", "/home/", "/Users/"];
    let hosts =
        ["registry.npmjs.org", "registry.yarnpkg.com", "static.crates.io", "index.crates.io", "pypi.org/simple", "files.pythonhosted.org"];
    let mut found = Vec::new();
    for path in files().into_iter().filter(|path| room(path) != Some("tidy")) {
        for (number, line) in text(&path).lines().enumerate() {
            found.extend(
                marks.iter().chain(&hosts).filter(|mark| line.contains(**mark)).map(|mark| format!("{path}:{}: {mark}", number + 1)),
            );
        }
    }
    none("traces of a machine or a registry", &found);
}

#[test]
fn lock_files_name_no_download_addresses() {
    let mut found = Vec::new();
    let mut seen = 0;
    for path in files().into_iter().filter(|path| path.ends_with("package-lock.json")) {
        seen += 1;
        for (number, line) in text(&path).lines().enumerate() {
            if line.contains("\"resolved\": \"http") {
                found.push(format!("{path}:{}", number + 1));
            }
        }
    }
    assert!(seen >= 3, "only {seen} lock files were found");
    none("download addresses", &found);
}

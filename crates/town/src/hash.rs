//! A fingerprint of a pack, kept with decisions so that they can be replayed with the very rules of their day.

use aws_lc_rs::digest::{Context, SHA256};

use crate::read::PackFile;

/// The SHA-256 of a pack's files, by path and content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PackHash([u8; 32]);

impl PackHash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Display for PackHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for PackHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PackHash({self})")
    }
}

/// Hashes path and content of each file with their lengths before them, so that moving a byte from one to the other changes the hash.
pub(crate) fn of(files: &[PackFile]) -> PackHash {
    let mut sorted: Vec<&PackFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let mut context = Context::new(&SHA256);
    for file in sorted {
        for part in [file.path.as_bytes(), &file.bytes] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    PackHash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_depends_on_every_file_but_not_on_their_order() {
        let file = |path: &str, text: &str| PackFile { path: path.into(), bytes: text.into() };
        let (a, b) = (file("a.toml", "x"), file("b.toml", "y"));
        assert_eq!(of(&[a.clone(), b.clone()]), of(&[b.clone(), a.clone()]));
        assert_ne!(of(&[a.clone(), b]), of(&[a, file("b.toml", "z")]));
        assert_ne!(of(&[file("ab", "c")]), of(&[file("a", "bc")]));
    }
}

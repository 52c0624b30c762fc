//! The commands of the card, one function each.

use super::state::{Access, File};
use super::{Session, SoftwareCard};
use crate::apdu::{Command, StatusWord, aid};
use crate::keys::{KeyAlgorithm, PrivateKey};
use crate::{Random, digest_info_sha256, sha256};

type Answer = Result<Vec<u8>, StatusWord>;

/// How a command names a file: the current one or one by its short identifier.
#[derive(Debug, Clone, Copy)]
enum Named {
    Current,
    Short(u16),
}

impl SoftwareCard {
    pub(super) fn execute(&mut self, apdu: &[u8]) -> Answer {
        match apdu.first() {
            Some(0x00 | 0x80) => {}
            Some(_) => return Err(StatusWord::CLASS),
            None => return Err(StatusWord::LENGTH),
        }
        let command = Command::parse(apdu).ok_or(StatusWord::LENGTH)?;
        match (command.cla, command.ins) {
            (0x00, 0xA4) => self.select(&command),
            (0x00, 0xB0) => self.read_binary(&command),
            (0x00, 0xB2) => self.read_record(&command),
            (0x00, 0xD6) => self.update_binary(&command),
            (0x00, 0x20) => self.verify(&command),
            (0x00, 0x24) => self.change(&command, true),
            (0x80, 0x32) => self.change(&command, false),
            (0x80, 0x2A) => self.sign(&command),
            (0x00, 0x84) => self.challenge(&command),
            (0x00, 0xCA) => self.data(&command),
            _ => Err(StatusWord::INSTRUCTION),
        }
    }

    fn select(&mut self, command: &Command<'_>) -> Answer {
        match (command.p1, command.p2, command.data) {
            // Not what it looks like: never goes to the top, and right after a reset is refused.
            (0x00, 0x00, None) if self.session.application.is_some() => Ok(Vec::new()),
            (0x00, 0x00, None) => Err(StatusWord::PARAMETERS),
            (0x00, _, Some(_)) => Err(StatusWord::NOT_FOUND),
            (0x04, 0x00 | 0x0C, Some(name)) => self.select_application(name),
            (0x02, 0x0C, Some(&[high, low])) => {
                let id = u16::from_be_bytes([high, low]);
                let found = self.files().is_some_and(|files| files.contains_key(&id));
                if !found {
                    return Err(StatusWord::NOT_FOUND);
                }
                self.session.file = Some(id);
                Ok(Vec::new())
            }
            (0x02, 0x0C, _) => Err(StatusWord::LENGTH),
            _ => Err(StatusWord::PARAMETERS),
        }
    }

    fn select_application(&mut self, name: &[u8]) -> Answer {
        if name == aid::ISSUER {
            self.session = Session::default();
            return Ok(Vec::new());
        }
        let index = self.state.applications.iter().position(|application| application.aid == name).ok_or(StatusWord::NOT_FOUND)?;
        if self.session.shown_to != Some(index) {
            self.session.shown.clear();
            self.session.shown_to = Some(index);
        }
        self.session.application = Some(index);
        self.session.file = None;
        Ok(Vec::new())
    }

    fn read_binary(&mut self, command: &Command<'_>) -> Answer {
        let (named, offset) = match command.p1 {
            p1 if p1 & 0x80 == 0 => (Named::Current, usize::from(u16::from_be_bytes([p1, command.p2]))),
            p1 if p1 & 0x60 == 0 => (Named::Short(u16::from(p1 & 0x1F)), usize::from(command.p2)),
            _ => return Err(StatusWord::PARAMETERS),
        };
        let (Some(count), None) = (command.le, command.data) else { return Err(StatusWord::LENGTH) };
        self.name(named)?;
        let File::Transparent { content, read, .. } = self.file()? else { return Err(StatusWord::FILE_KIND) };
        self.allowed(read)?;
        if offset >= content.0.len() {
            return Err(StatusWord::OFFSET);
        }
        let end = content.0.len().min(offset + count);
        Ok(content.0[offset..end].to_vec())
    }

    /// Only the town's own area can be written.
    fn update_binary(&mut self, command: &Command<'_>) -> Answer {
        let data = command.data.ok_or(StatusWord::LENGTH)?;
        let offset = usize::from(u16::from_be_bytes([command.p1, command.p2]));
        if command.p1 & 0x80 != 0 {
            return Err(StatusWord::PARAMETERS);
        }
        let File::Transparent { content, write, .. } = self.file()? else { return Err(StatusWord::FILE_KIND) };
        self.allowed(write)?;
        if offset >= content.0.len() {
            return Err(StatusWord::OFFSET);
        }
        if offset + data.len() > content.0.len() {
            return Err(StatusWord::NO_SPACE);
        }
        if let File::Transparent { content, .. } = self.file_mut()? {
            content.0[offset..offset + data.len()].copy_from_slice(data);
        }
        Ok(Vec::new())
    }

    fn read_record(&mut self, command: &Command<'_>) -> Answer {
        let (sfi, mode) = (command.p2 >> 3, command.p2 & 0x07);
        if !matches!(mode, 4 | 5) {
            return Err(StatusWord::PARAMETERS);
        }
        let (Some(count), None) = (command.le, command.data) else { return Err(StatusWord::LENGTH) };
        self.name(if sfi == 0 { Named::Current } else { Named::Short(u16::from(sfi)) })?;
        let File::Records { records, read } = self.file()? else { return Err(StatusWord::FILE_KIND) };
        self.allowed(read)?;
        let first = usize::from(command.p1).checked_sub(1).ok_or(StatusWord::NO_RECORD)?;
        let chosen = records.get(first..).filter(|rest| !rest.is_empty()).ok_or(StatusWord::NO_RECORD)?;
        let last = if mode == 4 { 1 } else { chosen.len() };
        let mut data: Vec<u8> = chosen[..last].iter().flat_map(|record| record.0.iter().copied()).collect();
        data.truncate(count);
        Ok(data)
    }

    fn verify(&mut self, command: &Command<'_>) -> Answer {
        if command.p1 != 0 {
            return Err(StatusWord::PARAMETERS);
        }
        let id = self.name_secret(command.p2)?;
        let shown = match self.file_mut()? {
            File::Secret { left, .. } if command.data.is_none() => return Err(StatusWord::tries(*left)),
            File::Secret { left: 0, .. } => Err(StatusWord::BLOCKED),
            File::Secret { value, left, most, .. } => {
                let given = command.data.unwrap_or_default();
                if given.len() > 16 {
                    return Err(StatusWord::LENGTH);
                }
                if given == value.0 {
                    *left = *most;
                    Ok(Vec::new())
                } else {
                    *left -= 1;
                    Err(StatusWord::tries(*left))
                }
            }
            File::Closed { blocked_secret: true } if command.data.is_none() => Err(StatusWord::tries(0)),
            File::Closed { blocked_secret: true } => Err(StatusWord::BLOCKED),
            _ => return Err(StatusWord::FILE_KIND),
        };
        match &shown {
            Ok(_) => self.session.shown.insert(id),
            Err(_) => self.session.shown.remove(&id),
        };
        shown
    }

    fn change(&mut self, command: &Command<'_>, by_24: bool) -> Answer {
        let index = self.session.application.ok_or(StatusWord::INSTRUCTION)?;
        if self.state.applications[index].changes_by_24 != by_24 {
            return Err(StatusWord::INSTRUCTION);
        }
        if command.p1 != u8::from(by_24) {
            return Err(StatusWord::PARAMETERS);
        }
        let id = self.name_secret(command.p2)?;
        let may = self.session.shown.contains(&id);
        let new = command.data.ok_or(StatusWord::LENGTH)?;
        let File::Secret { value, left, most, form } = self.file_mut()? else { return Err(StatusWord::FILE_KIND) };
        if !may {
            return Err(StatusWord::SECURITY);
        }
        if !form.fits(new) {
            return Err(StatusWord::CONDITIONS);
        }
        value.0 = new.to_vec();
        *left = *most;
        Ok(Vec::new())
    }

    fn sign(&mut self, command: &Command<'_>) -> Answer {
        if command.p1 > 0x05 {
            return Err(StatusWord::PARAMETERS);
        }
        let data = command.data.ok_or(StatusWord::LENGTH)?;
        let key = if command.p2 == 0 {
            let index = self.session.application.ok_or(StatusWord::NO_REFERENCE)?;
            self.state.applications[index].default_key.as_ref().ok_or(StatusWord::NO_REFERENCE)?
        } else {
            self.name(short_name(command.p2)?)?;
            let File::Key { key, needs } = self.file()? else { return Err(StatusWord::FILE_KIND) };
            if !self.session.shown.contains(needs) {
                return Err(StatusWord::SECURITY);
            }
            key
        };
        compute_signature(key, command.p1, data)
    }

    fn challenge(&mut self, command: &Command<'_>) -> Answer {
        if (command.p1, command.p2) != (0, 0) {
            return Err(StatusWord::PARAMETERS);
        }
        let count = command.le.ok_or(StatusWord::LENGTH)?;
        if count > 256 {
            return Err(StatusWord::CONDITIONS);
        }
        let mut bytes = vec![0; count];
        Random::fill(&mut *self.random, &mut bytes);
        Ok(bytes)
    }

    fn data(&mut self, command: &Command<'_>) -> Answer {
        let count = command.le.ok_or(StatusWord::LENGTH)?;
        let mut bytes = match u16::from_be_bytes([command.p1, command.p2]) {
            // Stored without its first byte.
            0x5F51 => self.state.atr.get(1..).unwrap_or_default().to_vec(),
            tag if self.session.application.is_none() => {
                self.state.data_objects.get(&tag).map(|object| object.0.clone()).ok_or(StatusWord::NO_REFERENCE)?
            }
            _ => return Err(StatusWord::NO_REFERENCE),
        };
        bytes.truncate(count);
        Ok(bytes)
    }

    fn files(&self) -> Option<&std::collections::BTreeMap<u16, File>> {
        self.session.application.map(|index| &self.state.applications[index].files)
    }

    /// Makes the named file the current one.
    fn name(&mut self, named: Named) -> Result<(), StatusWord> {
        if let Named::Short(id) = named {
            if !self.files().is_some_and(|files| files.contains_key(&id)) {
                return Err(StatusWord::NOT_FOUND);
            }
            self.session.file = Some(id);
        }
        Ok(())
    }

    fn name_secret(&mut self, p2: u8) -> Result<u16, StatusWord> {
        self.name(short_name(p2)?)?;
        self.session.file.ok_or(StatusWord::NO_CURRENT_EF)
    }

    fn file(&self) -> Result<&File, StatusWord> {
        let id = self.session.file.ok_or(StatusWord::NO_CURRENT_EF)?;
        self.files().and_then(|files| files.get(&id)).ok_or(StatusWord::NO_CURRENT_EF)
    }

    fn file_mut(&mut self) -> Result<&mut File, StatusWord> {
        let id = self.session.file.ok_or(StatusWord::NO_CURRENT_EF)?;
        let index = self.session.application.ok_or(StatusWord::NO_CURRENT_EF)?;
        self.state.applications[index].files.get_mut(&id).ok_or(StatusWord::NO_CURRENT_EF)
    }

    fn allowed(&self, access: &Access) -> Result<(), StatusWord> {
        let allowed = match access {
            Access::Free => true,
            Access::AnyOf(secrets) => secrets.iter().any(|id| self.session.shown.contains(id)),
            Access::Never => false,
        };
        if allowed { Ok(()) } else { Err(StatusWord::SECURITY) }
    }
}

/// `80` for the current file, `80` and five bits for one by its short identifier.
fn short_name(p2: u8) -> Result<Named, StatusWord> {
    match p2 {
        0x80 => Ok(Named::Current),
        0x81..=0x9E => Ok(Named::Short(u16::from(p2 & 0x1F))),
        _ => Err(StatusWord::PARAMETERS),
    }
}

/// The six schemes of P1 for RSA. A P-384 key (a card to come) takes a bare SHA-384 hash with P1 = 00: ours, nothing is published.
fn compute_signature(key: &PrivateKey, scheme: u8, data: &[u8]) -> Answer {
    let hash_given = <[u8; 32]>::try_from(data);
    let signature = match (key.algorithm(), scheme) {
        (KeyAlgorithm::P384, 0x00) => key.sign_sha384_hash(data),
        (KeyAlgorithm::P384, _) => return Err(StatusWord::PARAMETERS),
        (KeyAlgorithm::Rsa2048, 0x00) => key.sign_verbatim(data),
        (KeyAlgorithm::Rsa2048, 0x01) => key.sign_verbatim(&sha256(data)),
        (KeyAlgorithm::Rsa2048, 0x02) => key.sign_verbatim(&digest_info_sha256(&hash_given.map_err(|_| StatusWord::CONDITIONS)?)),
        (KeyAlgorithm::Rsa2048, 0x03) => key.sign(data),
        (KeyAlgorithm::Rsa2048, 0x04) => key.sign_pss(&hash_given.map_err(|_| StatusWord::CONDITIONS)?),
        (KeyAlgorithm::Rsa2048, 0x05) => key.sign_pss(&sha256(data)),
        (KeyAlgorithm::Rsa2048, _) => return Err(StatusWord::PARAMETERS),
    };
    signature.map_err(|_| StatusWord::CONDITIONS)
}

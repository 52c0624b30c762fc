use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;

use crate::{Ctx, Result, Tx, params};

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: `staff:<id>`, `verifier:<place>`, …
    pub actor: String,
    /// What was done: `person.seen`, `bundle.approved`, …
    pub action: String,
    /// Whose data, as a resident or account id.
    pub subject: Option<String>,
    /// Why or what, without personal data.
    pub detail: String,
    /// SHA-256 over the line before and this one.
    pub hash: Vec<u8>,
}

crate::from_row!(AuditEntry { seq, at, actor, action, subject, detail, hash });

/// Where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditFault {
    /// The line was changed, or one before it removed.
    Broken {
        /// The first line that does not follow from the one before.
        seq: i64,
    },
    /// A number is missing.
    Gap {
        /// The number that is missing.
        seq: i64,
    },
}

crate::queries! {
    LAST = "select seq, hash from store_audit order by seq desc limit 1";
    INSERT = "insert into store_audit (seq, at, actor, action, subject, detail, hash) values ($1, $2, $3, $4, $5, $6, $7)";
    EVERY = "select seq, at, actor, action, subject, detail, hash from store_audit order by seq";
    OF_SUBJECT = "select seq, at, actor, action, subject, detail, hash from store_audit where subject = $1 and seq < $2 order by seq desc limit $3";
    LATEST = "select seq, at, actor, action, subject, detail, hash from store_audit where seq < $1 order by seq desc limit $2";
}

impl Ctx {
    /// Writes who saw or changed whose data to the audit trail.
    ///
    /// `subject` is a resident's or account's id; `detail` says why in a word of the catalogue or a short code, never with personal data.
    ///
    /// # Errors
    /// The driver's.
    pub async fn audit(&mut self, action: &'static str, subject: Option<String>, detail: &str) -> Result<()> {
        let (last, previous) = match self.audit_tip.take() {
            Some(tip) => tip,
            None => self.tx().query_opt::<(i64, Vec<u8>)>(LAST, &[]).await?.unwrap_or((0, Vec::new())),
        };
        let mut entry = AuditEntry {
            seq: last + 1,
            at: self.now(),
            actor: self.actor.to_string(),
            action: action.to_owned(),
            subject,
            detail: detail.to_owned(),
            hash: Vec::new(),
        };
        entry.hash = chain(&previous, &entry);
        let hash = entry.hash.clone();
        let values = params![entry.seq, entry.at, entry.actor, entry.action, entry.subject, entry.detail, entry.hash];
        self.tx().execute(INSERT, values).await?;
        self.audit_tip = Some((last + 1, hash));
        Ok(())
    }

    /// Gives what the trail says of one person's data, newest first; `before` pages on (`i64::MAX` to begin).
    ///
    /// # Errors
    /// The driver's.
    pub async fn audit_of(&mut self, subject: &str, before: i64, limit: u32) -> Result<Vec<AuditEntry>> {
        self.tx().query(OF_SUBJECT, params![subject, before, limit]).await
    }

    /// Gives the newest lines of the trail; `before` pages on (`i64::MAX` to begin).
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::Error::Forbidden) without `SeeAudit`; the driver's.
    pub async fn audit_latest(&mut self, before: i64, limit: u32) -> Result<Vec<AuditEntry>> {
        self.allow(crate::Permission::SeeAudit)?;
        self.tx().query(LATEST, params![before, limit]).await
    }
}

/// Gives the number and hash of the newest line: the whole trail in one line, to be noted elsewhere. `None` in an empty trail.
///
/// # Errors
/// The driver's.
pub async fn audit_tip(tx: &mut Tx) -> Result<Option<(i64, Vec<u8>)>> {
    tx.query_opt(LAST, &[]).await
}

/// Walks the whole trail and gives how many lines it holds, or the first fault.
///
/// # Errors
/// The driver's.
pub async fn verify_audit(tx: &mut Tx) -> Result<std::result::Result<i64, AuditFault>> {
    let mut previous = Vec::new();
    let mut seq = 0;
    let mut fault = None;
    let mut unread = None;
    tx.each(EVERY, &[], &mut |row| {
        if fault.is_some() || unread.is_some() {
            return;
        }
        let entry = match <AuditEntry as crate::FromRow>::from_row(row) {
            Ok(entry) => entry,
            Err(error) => return unread = Some(error),
        };
        seq += 1;
        if entry.seq != seq {
            fault = Some(AuditFault::Gap { seq });
        } else if chain(&previous, &entry) != entry.hash {
            fault = Some(AuditFault::Broken { seq });
        }
        previous = entry.hash;
    })
    .await?;
    match (unread, fault) {
        (Some(error), _) => Err(error),
        (None, Some(fault)) => Ok(Err(fault)),
        (None, None) => Ok(Ok(seq)),
    }
}

fn chain(previous: &[u8], entry: &AuditEntry) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    context.update(previous);
    context.update(&entry.seq.to_be_bytes());
    context.update(&entry.at.as_microsecond().to_be_bytes());
    // Lengths in front, so that text cannot move from one field to the next unseen.
    for field in [Some(&entry.actor), Some(&entry.action), entry.subject.as_ref(), Some(&entry.detail)] {
        match field {
            Some(text) => {
                context.update(&(text.len() as u64).to_be_bytes());
                context.update(text.as_bytes());
            }
            None => context.update(&[0xff; 8]),
        }
    }
    context.finish().as_ref().to_vec()
}

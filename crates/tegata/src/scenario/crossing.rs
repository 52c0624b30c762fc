//! The data bridge of a scenario: bundles sealed inside, carried over by hand, opened outside.

use std::fs;
use std::path::{Path, PathBuf};

use registry::bridge::{Chain, Export, Hashing, Header, Layout, OpenError, Opening, Problem, Sealing, Snapshot, open, peek, seal};
use registry::{BundleRun, BundleState, Counts, FolderResult};
use store::{Actor, Role};
use town::Town;

use super::world::World;
use crate::keys::{CentreKeys, InnerKeys, random};
use crate::{Outcome, bridge};

/// Where the bundles of a scenario are.
#[derive(Default)]
pub(super) struct Crossing {
    /// Sealed and not carried over yet, oldest first.
    pending: Vec<PathBuf>,
    /// The bundle that was sealed last.
    latest: Option<PathBuf>,
    /// The bundle that was opened last.
    opened: Option<PathBuf>,
    /// What became of the last attempt.
    pub(super) last: Option<Carried>,
    /// The difference shown last.
    pub(super) difference: Option<Counts>,
}

/// What became of a bundle.
#[derive(Debug)]
pub(super) enum Carried {
    /// No bundle: the export has bad rows.
    NotSealed(Vec<Problem>),
    /// It lies on the inner side.
    Sealed,
    /// Its rows are the register's.
    Applied,
    /// It waits for a member of staff.
    Waiting(u64),
    /// It was refused.
    Refused(OpenError),
}

impl World {
    /// Writes the inner register's export and seals it into the next bundle, as the operator on the inner network does.
    ///
    /// # Errors
    /// Anything but bad rows: those are an outcome.
    pub(super) fn seal(&mut self) -> Outcome {
        let inner = self.folder().join("inner");
        fs::create_dir_all(&inner)?;
        let export = inner.join("export.csv");
        let bytes = self.register()?.export()?;
        fs::write(&export, &bytes)?;
        let (keys, state, out) = (self.folder().join("keys"), inner.join("state"), inner.join("out"));
        match bridge::seal_export(&self.town, &export, &keys, &state, &out, self.now()) {
            Ok(path) => {
                self.crossing.pending.push(path.clone());
                self.crossing.latest = Some(path);
                self.crossing.last = Some(Carried::Sealed);
            }
            Err(failure) => {
                let problems = problems_of(&self.town, &bytes, &InnerKeys::load(&keys)?)?;
                if problems.is_empty() {
                    return Err(failure);
                }
                self.crossing.last = Some(Carried::NotSealed(problems));
            }
        }
        Ok(())
    }

    /// Carries every waiting bundle over and opens it.
    ///
    /// # Errors
    /// When there is none, or the register fails.
    pub(super) async fn open_pending(&mut self) -> Outcome {
        let pending = std::mem::take(&mut self.crossing.pending);
        if pending.is_empty() {
            return Err("no bundle was sealed that could be opened".into());
        }
        for bundle in pending {
            self.open(&bundle).await?;
        }
        Ok(())
    }

    /// Carries over only the last of several bundles and opens it.
    ///
    /// # Errors
    /// When there are not several.
    pub(super) async fn open_only_the_last(&mut self) -> Outcome {
        let mut pending = std::mem::take(&mut self.crossing.pending);
        match (pending.pop(), pending.is_empty()) {
            (Some(last), false) => self.open(&last).await,
            _ => Err("there are not two sealed bundles to choose from".into()),
        }
    }

    /// Brings the bundle that was opened last once more.
    ///
    /// # Errors
    /// When none was opened.
    pub(super) async fn open_again(&mut self) -> Outcome {
        let bundle = self.crossing.opened.clone().ok_or("no bundle was opened")?;
        self.open(&bundle).await
    }

    /// Brings a bundle of another town, sealed there under its own keys.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub(super) async fn open_foreign(&mut self) -> Outcome {
        let folder = self.folder().join("other-town");
        CentreKeys::make_missing(&folder)?;
        let keys = InnerKeys::load(&folder)?;
        let layout = Layout::of(&self.town.bridge, &self.town.facts)?;
        let code = if self.town.code.to_string() == OTHER_TOWNS[0] { OTHER_TOWNS[1] } else { OTHER_TOWNS[0] };
        let sealing = Sealing {
            town: code,
            layout: &layout,
            encoding: Some(bridge::encoding(&self.town)),
            match_secret: &keys.match_secret,
            signing: &keys.signing,
            centre: &keys.centre,
            chain: Chain::default(),
            now: self.now(),
            randomness: random()?,
        };
        let mut bytes = Vec::new();
        seal(&self.register()?.export()?, &sealing, &mut bytes)?;
        let path = folder.join(format!("{code}.{}", registry::BUNDLE_EXTENSION));
        fs::write(&path, &bytes)?;
        self.open(&path).await
    }

    /// Flips one bit in the middle of what the bundle sealed last carries.
    ///
    /// # Errors
    /// When none was sealed.
    pub(super) fn flip_a_bit(&mut self) -> Outcome {
        let path = self.crossing.pending.last().ok_or("no bundle was sealed")?;
        let mut bytes = fs::read(path)?;
        // Behind the readable header, which says of itself that it is no header any more, and before the signature.
        let header = header_end(&bytes).ok_or("the bundle has no header")?;
        let body = bytes.get_mut(header..).ok_or("the bundle has no body")?;
        let middle = (body.len().saturating_sub(SIGNATURE_BYTES)) / 2;
        *body.get_mut(middle).ok_or("the bundle has no body")? ^= 1;
        Ok(fs::write(path, bytes)?)
    }

    /// Seals and opens at once, as the timetable does every day.
    ///
    /// # Errors
    /// When the bundle is not applied.
    pub(super) async fn run_bridge(&mut self) -> Outcome {
        self.seal()?;
        if let Some(Carried::NotSealed(problems)) = &self.crossing.last {
            return Err(format!("the export has bad rows: {problems:?}").into());
        }
        self.open_pending().await?;
        match &self.crossing.last {
            Some(Carried::Applied) => Ok(()),
            other => Err(format!("the bundle was not applied: {other:?}").into()),
        }
    }

    /// As [`Self::run_bridge`], with a member of staff who approves a large difference: how a scenario's town comes to be.
    ///
    /// # Errors
    /// When the bundle is not applied.
    pub(super) async fn settle(&mut self) -> Outcome {
        self.seal()?;
        self.open_pending().await?;
        if let Some(Carried::Waiting(_)) = self.crossing.last {
            self.approve().await?;
        }
        match &self.crossing.last {
            Some(Carried::Applied) => Ok(()),
            other => Err(format!("the residents did not come over the bridge: {other:?}").into()),
        }
    }

    /// A member of staff approves the difference that waits.
    ///
    /// # Errors
    /// When none waits.
    pub(super) async fn approve(&mut self) -> Outcome {
        let Some(Carried::Waiting(number)) = self.crossing.last else { return Err("no bundle waits for approval".into()) };
        let (house, operator) = (self.house()?, self.staff(&[Role::Operator]));
        let run = registry::approve_bundle_in_steps(&house.store, &operator, number, &house.bridge).await?;
        self.applied(&run).await
    }

    async fn open(&mut self, bundle: &Path) -> Outcome {
        let name = bundle.file_name().ok_or("a bundle without a name")?;
        let folder = self.folder().join("bridge");
        fs::create_dir_all(&folder)?;
        fs::copy(bundle, folder.join(name))?;
        let house = self.house()?;
        let outcomes = registry::process_folder(&house.store, &folder, &house.bridge).await?;
        let found = outcomes.into_iter().find(|outcome| name == outcome.file.as_str());
        let result = found.ok_or("the unattended folder left the bundle alone")?.result;
        match result {
            FolderResult::Applied(run) => {
                self.crossing.opened = Some(bundle.to_owned());
                self.applied(&run).await?;
            }
            FolderResult::Waiting(number) => {
                self.crossing.opened = Some(bundle.to_owned());
                let mut ctx = self.house()?.store.begin(self.staff(&[Role::Operator])).await?;
                self.crossing.difference = Some(registry::bundle(&mut ctx, number).await?.run.counts);
                self.crossing.last = Some(Carried::Waiting(number));
            }
            // The folder knows its own files again; whoever brings the bundle by hand is refused.
            FolderResult::DecidedBefore(_) => {
                let refused = self.open_by_hand(bundle).await?;
                self.crossing.last = Some(Carried::Refused(refused));
            }
            FolderResult::Refused(error) => self.crossing.last = Some(Carried::Refused(error)),
            FolderResult::NotYet(error) => {
                fs::remove_file(folder.join(name))?;
                self.crossing.last = Some(Carried::Refused(error));
            }
        }
        Ok(())
    }

    async fn open_by_hand(&self, bundle: &Path) -> Outcome<OpenError> {
        let house = self.house()?;
        let mut ctx = house.store.begin(Actor::System).await?;
        match registry::open_bundle(&mut ctx, &fs::read(bundle)?, &house.bridge).await {
            Err(registry::Error::Refused(error)) => Ok(error),
            Err(error) => Err(error.into()),
            Ok(run) => Err(format!("the bundle {} was opened a second time", run.number).into()),
        }
    }

    /// A bundle was applied; what follows it is done.
    async fn applied(&mut self, run: &BundleRun) -> Outcome {
        if run.state != BundleState::Applied || run.problems > 0 {
            return Err(format!("bundle {} is {:?} with {} problems", run.number, run.state, run.problems).into());
        }
        self.crossing.difference = Some(run.counts);
        self.crossing.last = Some(Carried::Applied);
        self.do_due_jobs().await
    }

    /// Everything a reader with all keys finds in the bundle sealed last: the file itself, and every text of its rows.
    ///
    /// # Errors
    /// When none was sealed or it cannot be opened.
    pub(super) fn inside_of_latest(&self) -> Outcome<(Vec<u8>, Vec<String>)> {
        let bytes = fs::read(self.crossing.latest.as_ref().ok_or("no bundle was sealed")?)?;
        let header: Header = peek(&bytes)?;
        let keys = CentreKeys::in_folder(&self.folder().join("keys")).bridge()?;
        let layout = Layout::of(&self.town.bridge, &self.town.facts)?;
        let code = self.town.code.to_string();
        let chain = Chain { number: header.number - 1, digest: header.previous };
        let opening = Opening { town: &code, layout: &layout, signers: &keys.signers, centre: &keys.centre, chain };
        let snapshot = open(&bytes, &opening)?;
        if snapshot.len() != self.register()?.len() {
            return Err(format!("the bundle carries {} rows of {}", snapshot.len(), self.register()?.len()).into());
        }
        Ok((bytes, texts(&snapshot)))
    }
}

/// Real codes of towns with a programme of their own kind nowhere near; a scenario's town is at most one of them.
const OTHER_TOWNS: [&str; 2] = ["132080", "131016"];

/// The signature at the end of a bundle.
const SIGNATURE_BYTES: usize = 64;

/// Where the readable header of a bundle ends: behind its first line, a length of four bytes, and as many.
fn header_end(bundle: &[u8]) -> Option<usize> {
    let line = bundle.iter().position(|byte| *byte == b'\n')? + 1;
    let length = u32::from_be_bytes(*bundle.get(line..)?.first_chunk()?);
    Some(line + 4 + usize::try_from(length).ok()?)
}

/// Every text of every row: an id, a household, a relation, a district and the facts are all a row has besides days, numbers and hashes.
fn texts(snapshot: &Snapshot) -> Vec<String> {
    let rows = (0..snapshot.len()).map(|at| snapshot.row(at));
    rows.flat_map(|row| {
        let own = [
            Some(row.id.to_string()),
            row.household.map(|id| id.to_string()),
            Some(row.relation.to_owned()),
            Some(row.district.to_owned()),
        ];
        own.into_iter().flatten().chain(row.facts.iter().map(|fact| (*fact).to_owned())).collect::<Vec<_>>()
    })
    .collect()
}

fn problems_of(town: &Town, export: &[u8], keys: &InnerKeys) -> Outcome<Vec<Problem>> {
    let layout = Layout::of(&town.bridge, &town.facts)?;
    Ok(Export::read(export, Some(bridge::encoding(town)), &layout, Hashing::Keyed(&keys.match_secret)).problems.listed)
}

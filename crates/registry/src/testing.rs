//! An inner network for tests: exports as text, sealed and opened as every night.

use ::store::{Actor, Store};

use crate::bridge::{Chain, Layout, MatchSecret, OpeningKey, Sealing, SigningKey, seal};
use crate::{BridgeKeys, BundleState, open_bundle};

const SIGNING: [u8; 32] = [2; 32];

/// The two sides of a bridge, with keys that are no secret.
pub struct TestBridge {
    /// The centre's side.
    pub keys: BridgeKeys,
    matching: Vec<u8>,
    chain: Chain,
}

impl TestBridge {
    /// A bridge over which nothing has gone yet; names are hashed under `matching` (32 bytes or more).
    pub fn new(matching: &[u8]) -> Self {
        let signer = SigningKey::new(&SIGNING).expect("32 bytes are a key").public();
        let centre = OpeningKey::new(&[3; 32]).expect("32 bytes are a key");
        Self { keys: BridgeKeys { signers: vec![signer], centre }, matching: matching.to_vec(), chain: Chain::default() }
    }

    /// Seals an export with its heading line and opens it at the centre. Panics when a row is wrong or the bundle is not applied at once.
    pub async fn bring(&mut self, store: &Store, export: &str) {
        let town = store.town().clone();
        let layout = Layout::of(&town.bridge, &town.facts).expect("the pack's layout holds");
        let sealing = Sealing {
            town: &town.code.to_string(),
            layout: &layout,
            encoding: None,
            match_secret: &MatchSecret::new(&self.matching).expect("a secret of the right length"),
            signing: &SigningKey::new(&SIGNING).expect("32 bytes are a key"),
            centre: &self.keys.centre.public(),
            chain: self.chain,
            now: store.clock().now(),
            randomness: [7; 32],
        };
        let mut out = Vec::new();
        let sealed = seal(export.as_bytes(), &sealing, &mut out).expect("the export is read");
        assert_eq!(sealed.problems.total, 0, "{:?}", sealed.problems);
        self.chain = sealed.chain;
        let mut ctx = store.begin(Actor::System).await.expect("the store is open");
        let run = open_bundle(&mut ctx, &out, &self.keys).await.expect("the bundle opens");
        assert_eq!(run.state, BundleState::Applied);
        ctx.commit().await.expect("the change is kept");
    }
}

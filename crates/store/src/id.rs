use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Declares a typed id: a UUIDv7, text in both databases, one type for serde, SQL and OpenAPI.
///
/// `store::id!(CardId, "A card.")` gives `CardId::new(now)`, `Display`, `FromStr`, serde as text, and conversions to and from [`Value`](crate::Value).
#[macro_export]
macro_rules! id {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, $crate::__serde::Serialize, $crate::__serde::Deserialize)]
        #[serde(transparent, crate = "store::__serde")]
        pub struct $name($crate::__Uuid);

        impl $name {
            /// Makes a new id whose order follows `now`.
            pub fn new(now: $crate::__Timestamp) -> Self {
                Self($crate::__new_v7(now))
            }
            /// Gives the sixteen bytes, for signed formats.
            pub fn bytes(self) -> [u8; 16] {
                *self.0.as_bytes()
            }
            /// Takes the sixteen bytes of a signed format.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self($crate::__Uuid::from_bytes(bytes))
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::__UuidError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
        impl From<$name> for $crate::Value {
            fn from(id: $name) -> Self {
                $crate::Value::Text(id.to_string())
            }
        }
        impl $crate::FromValue for $name {
            fn from_value(value: &$crate::Value) -> Result<Self, String> {
                value.text()?.parse().map_err(|_| concat!("not a ", stringify!($name)).to_owned())
            }
        }
    };
}

/// How many ids this process has made, from a beginning of its own.
static MADE: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(chance() as u32 >> 1));

/// Makes a UUIDv7 of this moment (the macro's way in; rooms use their typed ids).
///
/// Ids of one process are in the order in which they were made, also those of one moment: after the millisecond stand its parts (RFC 9562 section 6.2,
/// method 3), then a count of all ids made (method 1), then chance. So `order by at desc, id desc` is the order of what happened.
pub fn new_v7(now: jiff::Timestamp) -> uuid::Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    // 4096 parts of a millisecond.
    let part = u32::try_from(now.subsec_nanosecond()).unwrap_or(0) % 1_000_000 * 4096 / 1_000_000;
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let after = (u64::from(made) << CHANCE_BITS) | (chance() & ((1 << CHANCE_BITS) - 1));
    let mut bytes = [0; 10];
    bytes[..2].copy_from_slice(&u16::try_from(part).unwrap_or(u16::MAX).to_be_bytes());
    bytes[2..].copy_from_slice(&after.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

/// Bits of an id that are chance alone: 62, less the count's.
const CHANCE_BITS: u32 = 30;

/// Random bits: the last 62 of an id that holds nothing else.
fn chance() -> u64 {
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 0, 0)).as_u128() as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_of_one_moment_are_in_the_order_in_which_they_were_made() {
        let now: jiff::Timestamp = "2026-04-01T00:00:00.123456789Z".parse().unwrap();
        let ids: Vec<_> = (0..10_000).map(|_| new_v7(now)).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        for id in &ids {
            assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
            assert_eq!(id.get_timestamp().unwrap().to_unix(), (1_775_001_600, 123_000_000));
        }
    }

    #[test]
    fn an_earlier_moment_has_the_lower_id_whichever_was_made_first() {
        let [early, late] = ["2026-04-01T00:00:00.123456Z", "2026-04-01T00:00:00.123457Z"].map(|at| at.parse::<jiff::Timestamp>().unwrap());
        let late = new_v7(late);
        assert!(new_v7(early) < late);
    }

    #[test]
    fn ids_made_on_many_threads_in_one_moment_are_all_different() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(move || (0..5_000).map(|_| new_v7(now)).collect::<Vec<_>>())).collect();
        let made: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(made.iter().all(|ids| ids.is_sorted_by(|a, b| a < b)), "each thread sees its own in order");
        assert_eq!(made.into_iter().flatten().collect::<BTreeSet<_>>().len(), 20_000);
    }
}

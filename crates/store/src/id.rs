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
                String::from_value(value)?.parse().map_err(|_| concat!("not a ", stringify!($name)).to_owned())
            }
        }
    };
}

/// Makes a UUIDv7 of this moment (the macro's way in; rooms use their typed ids).
pub fn new_v7(now: jiff::Timestamp) -> uuid::Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}

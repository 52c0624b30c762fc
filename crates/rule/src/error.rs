//! What can go wrong while a rule is evaluated.

/// Why an evaluation gave no value. A fact that is not known is not among these: it makes the answer false.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A number or a day grew beyond its range.
    #[error("the result is out of range")]
    OutOfRange,
    /// Division or remainder by zero.
    #[error("division by zero")]
    DivideByZero,
    /// A map has no such key.
    #[error("no such key: {0}")]
    NoSuchKey(Box<str>),
    /// A list is shorter than the index.
    #[error("index out of range")]
    BadIndex,
    /// The function is not offered for values of these kinds.
    #[error("no such overload: {0}")]
    NoSuchOverload(Box<str>),
    /// A text is not what a conversion needs.
    #[error("invalid value: {0}")]
    Invalid(Box<str>),
    /// A name is not bound.
    #[error("no such name: {0}")]
    NoSuchName(Box<str>),
    /// A map was given the same key twice, or a key of a kind that cannot be one.
    #[error("repeated or unsupported key")]
    BadKey,
    /// An optional value that is missing was asked for.
    #[error("the optional value is missing")]
    NoValue,
    /// The evaluation took more steps or room than allowed.
    #[error("the rule takes too long to evaluate")]
    TooExpensive,
}

/// Why an evaluation stopped: something is not known, or something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    NotKnown(u16),
    Error(Box<EvalError>),
}

impl From<EvalError> for Stop {
    #[cold]
    fn from(error: EvalError) -> Self {
        Stop::Error(Box::new(error))
    }
}

use axum::http::StatusCode;
use web::Problem;

use crate::model::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::Identity(error) => error.into(),
            Error::Registry(registry::Error::Store(error)) => error.into(),
            Error::Registry(registry::Error::ResidentNotFound) => Self::not_found(),
            Error::NotLinked => Problem::conflict("cards.not_linked"),
            Error::NoSuchProgramme => Problem::new(StatusCode::NOT_FOUND, "cards.no_such_programme"),
            // Somebody else's child and nobody at all read the same.
            Error::NotFamily => Problem::new(StatusCode::NOT_FOUND, "cards.not_family"),
            // Only who asks for themselves or their own child comes this far: they may know why.
            Error::NotEntitled(why) => Problem::conflict("cards.not_entitled").with("why", serde_json::to_value(why).unwrap_or_default()),
            Error::NameDoesNotMatch => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cards.name_does_not_match"),
            Error::ProofTooWeak => Problem::conflict("cards.proof_too_weak"),
            Error::NoSuchNeighbour => Self::not_found(),
            Error::NoSuchCard => Problem::new(StatusCode::NOT_FOUND, "cards.no_such_card"),
            Error::NotShareable => Problem::conflict("cards.not_shareable"),
            Error::TooManyHolders => Problem::conflict("cards.too_many_holders"),
            Error::ShareCode => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cards.share_code").wrong_code(),
            Error::NoSuchPhone => Problem::new(StatusCode::NOT_FOUND, "cards.no_such_phone"),
            Error::PhoneEnded => Problem::new(StatusCode::GONE, "cards.phone_ended"),
            error @ (Error::Registry(_) | Error::Credential(_) | Error::StatusListFull) => Problem::internal(&error),
        }
    }
}

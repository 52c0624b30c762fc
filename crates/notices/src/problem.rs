use axum::http::StatusCode;
use web::Problem;

use crate::model::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::Identity(error) => error.into(),
            Error::Registry(registry::Error::Store(error)) => error.into(),
            Error::NotFound => Self::not_found(),
            Error::State(state) => Self::conflict("notices.state").with("state", state.as_str()),
            Error::Written { field, reason } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "notices.written").with("field", field).with("reason", reason)
            }
            Error::Rule(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "notices.rule"),
            Error::List(faults) => {
                let faults = serde_json::to_value(faults).unwrap_or_default();
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "notices.list").with("faults", faults)
            }
            Error::SamePerson => Self::conflict("notices.same_person"),
            Error::TesterCode => Self::bad_input("notices.tester_code").wrong_code(),
            Error::Subscription => Self::bad_input("notices.subscription"),
            Error::TooManySubscriptions => Self::conflict("notices.too_many_subscriptions"),
            Error::NoKind => Self::conflict("notices.no_kind"),
            Error::CardNeeded => Self::new(StatusCode::FORBIDDEN, "notices.card_needed"),
            Error::NoSeal => Self::conflict("notices.no_seal"),
            error @ (Error::Registry(_) | Error::Line(_) | Error::Encrypt(_) | Error::Vapid(_) | Error::Pdf(_) | Error::Stored(_)) => {
                Self::internal(&error)
            }
        }
    }
}

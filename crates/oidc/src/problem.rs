use axum::http::StatusCode;
use web::Problem;

use crate::model::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::Identity(error) => error.into(),
            Error::Registry(registry::Error::Store(error)) => error.into(),
            Error::NoSuchClient => Self::new(StatusCode::NOT_FOUND, "oidc.no_such_service"),
            Error::NotProven => Self::conflict("oidc.not_proven"),
            Error::RequestOver => Self::new(StatusCode::GONE, "oidc.request_over"),
            Error::DeviceCode => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "oidc.device_code").wrong_code(),
            Error::Registration { field, reason } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "oidc.registration").with("field", field).with("reason", reason)
            }
            error @ (Error::Registry(_) | Error::Signing(_)) => Self::internal(&error),
        }
    }
}

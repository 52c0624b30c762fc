use axum::http::StatusCode;
use web::Problem;

use crate::model::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let unprocessable = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code);
        match error {
            Error::Store(error) => error.into(),
            Error::Identity(error) => error.into(),
            Error::Registry(registry::Error::Store(error)) => error.into(),
            Error::Registry(error) => Self::internal(&error),
            Error::NoSuchGuide => Self::new(StatusCode::NOT_FOUND, "community.no_such_guide"),
            Error::NoSuchPost => Self::new(StatusCode::NOT_FOUND, "community.no_such_post"),
            Error::NotProven => Self::conflict("community.not_proven"),
            Error::NotResident => Self::conflict("community.not_resident"),
            Error::TooManyToday => Self::new(StatusCode::TOO_MANY_REQUESTS, "community.too_many_today"),
            Error::NotNow => Self::conflict("community.not_now"),
            Error::Changed => Self::conflict("community.changed"),
            Error::Own => Self::conflict("community.own"),
            Error::ReasonMissing => unprocessable("community.reason_missing"),
            Error::ToMend(faults) => {
                let mut problem = unprocessable("community.to_mend");
                problem.fields = faults.into_iter().map(|fault| (fault.field, fault.reason)).collect();
                problem
            }
        }
    }
}

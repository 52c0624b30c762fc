use axum::http::StatusCode;
use web::Problem;

use crate::model::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::NoSuchDataset => Self::new(StatusCode::NOT_FOUND, "places.no_such_dataset"),
            Error::NoSuchPlace => Self::new(StatusCode::NOT_FOUND, "places.no_such_place"),
            Error::Decided => Self::conflict("places.decided"),
            Error::NothingBefore => Self::conflict("places.nothing_before"),
            Error::NoFile => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "places.no_file"),
            error @ Error::Json(_) => Self::internal(&error),
        }
    }
}

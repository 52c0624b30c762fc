use axum::http::StatusCode;
use web::Problem;

use crate::model::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::Identity(error) => error.into(),
            Error::Registry(registry::Error::Store(error)) => error.into(),
            Error::NoSuchEvent => Self::new(StatusCode::NOT_FOUND, "calendar.no_such_event"),
            Error::NoSuchArea => Self::new(StatusCode::NOT_FOUND, "calendar.no_such_area"),
            Error::Closed(reason) => Self::conflict("calendar.no_registration").with("reason", reason),
            Error::Field(field) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "calendar.field").with("field", field),
            Error::Text { language, part } => {
                let field = format!("{}_{language}", part.as_str());
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "calendar.field").with("field", field.as_str())
            }
            Error::Headings => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "calendar.headings"),
            Error::OfOthers => Self::conflict("calendar.of_others"),
            Error::NoSuchFeed => Self::new(StatusCode::NOT_FOUND, "calendar.no_such_feed"),
            Error::NoFile => Self::bad_input("calendar.no_file"),
            error @ (Error::Registry(_) | Error::Json(_)) => Self::internal(&error),
        }
    }
}

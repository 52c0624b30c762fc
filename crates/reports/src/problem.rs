use axum::http::StatusCode;
use web::Problem;

use crate::model::{Error, PictureFault};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let unprocessable = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code);
        match error {
            Error::Store(error) => error.into(),
            Error::Identity(error) => error.into(),
            Error::Registry(registry::Error::Store(error)) => error.into(),
            error @ Error::Registry(_) => Self::internal(&error),
            Error::NotTaken => Self::new(StatusCode::NOT_FOUND, "reports.not_taken"),
            Error::NoSuchReport => Self::new(StatusCode::NOT_FOUND, "reports.no_such_report"),
            Error::NoSuchCall => Self::new(StatusCode::NOT_FOUND, "reports.no_such_call"),
            Error::NoSuchClient => Self::new(StatusCode::NOT_FOUND, "reports.no_such_program"),
            Error::Unknown(what) => unprocessable("reports.unknown").with("what", what),
            Error::NotProven => Self::conflict("reports.not_proven"),
            Error::NotResident => Self::conflict("reports.not_resident"),
            Error::NotPublic => Self::conflict("reports.not_public"),
            Error::Protected => Self::new(StatusCode::FORBIDDEN, "reports.protected"),
            Error::State(status) => Self::conflict("reports.state").with("status", status.as_str()),
            Error::TooMany => Self::new(StatusCode::TOO_MANY_REQUESTS, "reports.too_many"),
            Error::TooManyPictures => unprocessable("reports.too_many_pictures"),
            Error::Outside => unprocessable("reports.outside"),
            Error::Incomplete(missing) => {
                unprocessable("reports.incomplete").with("missing", missing.iter().map(|what| what.as_str()).collect::<Vec<_>>())
            }
            Error::Text { field, reason } => unprocessable("reports.text").with("field", field).with("reason", reason),
            Error::Picture(PictureFault::Large) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "reports.picture_large"),
            Error::Picture(PictureFault::Kind) => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "reports.picture_kind"),
            Error::Picture(PictureFault::Broken) => unprocessable("reports.picture_broken"),
        }
    }
}

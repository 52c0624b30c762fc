//! The form a post is written with: with a photo as multipart, without one as any form.

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, RawForm, Request};
use axum::http::{StatusCode, header};
use web::picture::{Picture, safe_picture};
use web::{App, Problem};

use crate::rules::Draft;

/// What was sent.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) draft: Draft,
    /// The file as it came; empty if there was none.
    photo: Vec<u8>,
    /// Whether the photo that is there is to go.
    pub(super) remove_photo: bool,
}

impl FromRequest<App> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let mut sent = Self::default();
        if kind.starts_with("multipart/form-data") {
            let mut parts = Multipart::from_request(request, app).await.map_err(|_| not_understood())?;
            while let Some(part) = parts.next_field().await.map_err(refused)? {
                let name = part.name().unwrap_or_default().to_owned();
                if name == "photo" {
                    sent.photo = part.bytes().await.map_err(refused)?.to_vec();
                } else {
                    sent.take(&name, part.text().await.map_err(refused)?);
                }
            }
        } else {
            let RawForm(bytes) = RawForm::from_request(request, app).await.map_err(|_| not_understood())?;
            for (name, value) in form_urlencoded::parse(&bytes) {
                sent.take(&name, value.into_owned());
            }
        }
        Ok(sent)
    }
}

fn not_understood() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "web.not_understood")
}

fn refused(error: MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { web::picture::PictureError::TooManyBytes.into() } else { not_understood() }
}

impl Sent {
    fn take(&mut self, name: &str, value: String) {
        let draft = &mut self.draft;
        match name {
            "category" => draft.category = value,
            "title" => draft.title = value,
            "words" => draft.words = value,
            "place" => draft.place = value,
            "district" => draft.district = value,
            "latitude" => draft.latitude = value,
            "longitude" => draft.longitude = value,
            "age" => draft.ages.push(value),
            "pen_name" => draft.pen_name = value,
            "photo_words" => draft.photo_words = value,
            "remove_photo" => self.remove_photo = value == "yes",
            other => {
                if let Some(tag) = other.strip_prefix("fact-") {
                    draft.facts.push((tag.to_owned(), value));
                }
            }
        }
    }

    /// Whether a photo came along.
    pub(super) fn has_photo(&self) -> bool {
        !self.photo.is_empty()
    }

    /// The photo as it may be kept: read beside the runtime's own threads, and before any transaction is open.
    ///
    /// # Errors
    /// Why it cannot be kept.
    pub(super) async fn picture(&mut self) -> Result<Option<Picture>, Problem> {
        let bytes = std::mem::take(&mut self.photo);
        if bytes.is_empty() {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || safe_picture(&bytes)).await;
        Ok(Some(read.map_err(|error| Problem::internal(&error))??))
    }
}

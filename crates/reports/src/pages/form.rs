//! The form of a report as it arrives: fields, and pictures drawn anew before anything else happens with them.

use std::collections::HashMap;

use axum::extract::Multipart;
use town::ReportCategoryId;
use web::Problem;
use web::picture::{Picture, safe_picture};

use crate::domain::draft::Filled;
use crate::model::{Error, PictureFault, Position, Result};
use crate::rules::PHOTOS_MAX;

/// A form with its pictures.
pub(crate) struct Sent {
    fields: HashMap<String, String>,
    pub(crate) pictures: Vec<Picture>,
    /// Why a picture was not taken; the rest of the form is kept all the same.
    pub(crate) refused: Option<PictureFault>,
}

impl Sent {
    /// Reads the form. Pictures are decoded on threads for long work, before any transaction is open.
    ///
    /// # Errors
    /// What the framework says of a broken form, and of one that is too large.
    pub(crate) async fn read(mut form: Multipart) -> Result<Self, Problem> {
        let refused = |error: axum::extract::multipart::MultipartError| {
            let status = error.status();
            let large = status == axum::http::StatusCode::PAYLOAD_TOO_LARGE;
            Problem::new(status, if large { "web.too_large" } else { "web.not_understood" })
        };
        let mut sent = Self { fields: HashMap::new(), pictures: Vec::new(), refused: None };
        while let Some(field) = form.next_field().await.map_err(refused)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name != "photo" {
                sent.fields.insert(name, field.text().await.map_err(refused)?);
                continue;
            }
            let bytes = field.bytes().await.map_err(refused)?;
            // A browser sends an empty part for a file nobody chose.
            if bytes.is_empty() {
                continue;
            }
            if sent.pictures.len() == PHOTOS_MAX {
                return Err(Error::TooManyPictures.into());
            }
            match tokio::task::spawn_blocking(move || safe_picture(&bytes)).await {
                Ok(Ok(picture)) => sent.pictures.push(picture),
                Ok(Err(fault)) => sent.refused = Some(fault.into()),
                // What makes a decoder fall over is no picture.
                Err(_) => sent.refused = Some(PictureFault::Broken),
            }
        }
        Ok(sent)
    }

    /// A field's text; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// What the form says of a kind of report.
    ///
    /// # Errors
    /// [`Error::Outside`] for a position no map has.
    pub(crate) fn filled(&self, category: ReportCategoryId) -> Result<Filled> {
        Ok(Filled {
            key: self.text("key").to_owned(),
            category,
            position: position(self.text("latitude"), self.text("longitude"))?,
            district: self.text("district").to_owned(),
            landmark: self.text("landmark").to_owned(),
            words: self.text("words").to_owned(),
            call: self.text("call").parse().ok(),
        })
    }
}

/// A position from the form's two fields, in microdegrees; none where both are empty.
fn position(latitude: &str, longitude: &str) -> Result<Option<Position>> {
    let (latitude, longitude) = (latitude.trim(), longitude.trim());
    if latitude.is_empty() && longitude.is_empty() {
        return Ok(None);
    }
    let read = |text: &str| text.parse::<i32>().ok();
    let position = read(latitude).zip(read(longitude)).and_then(|(latitude, longitude)| Position::new(latitude, longitude));
    position.map(Some).ok_or(Error::Outside)
}

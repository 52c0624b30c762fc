//! The paper list as letters and labels: a PDF that is written while it is fetched, a town's worth of it never in memory.

use std::collections::BTreeMap;
use std::io::{self, Write};

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use civil::Date;
use futures_util::stream::unfold;
use letters::{Font, Labels, Letter, Sheet};
use tokio::sync::mpsc::{Sender, channel};
use town::{Language, Town};
use web::{Caller, Problem, View};

use super::staff::at_desk;
use crate::domain::learn::{self, Paper, PaperLine};
use crate::model::{Notice, NoticeId};
use crate::rules;

/// Where Debian keeps letters for Japanese: `fonts-noto-cjk`, `fonts-ipaexfont-gothic`.
const FONTS: [&str; 2] =
    ["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"];
/// Bytes handed on in one piece.
const PIECE: usize = 64 * 1024;
/// Pieces that wait for whoever fetches them.
const WAITING: usize = 8;

/// A letter for each person of the paper list: the register's number in the window, and their words.
pub(super) async fn letters(view: View, Caller(mut ctx): Caller, Path(id): Path<NoticeId>) -> Result<Response, Problem> {
    at_desk(&mut ctx).await?;
    let font = font().await?;
    let paper = learn::paper(&mut ctx, id).await?;
    let day = ctx.today();
    ctx.commit().await?;
    let (wording, lines) = (Wording::of(view.app.town(), day, &paper, &font), paper.lines);
    Ok(written(&format!("letters-{id}.pdf"), move |out| {
        Letter::write_all(out, font, lines.iter().map(|line| wording.letter(line))).map(drop)
    }))
}

/// Twelve labels a sheet.
pub(super) async fn twelve(caller: Caller, id: Path<NoticeId>) -> Result<Response, Problem> {
    labels(caller, id, Sheet::Twelve).await
}

/// Twenty-four labels a sheet.
pub(super) async fn twenty_four(caller: Caller, id: Path<NoticeId>) -> Result<Response, Problem> {
    labels(caller, id, Sheet::TwentyFour).await
}

async fn labels(Caller(mut ctx): Caller, Path(id): Path<NoticeId>, sheet: Sheet) -> Result<Response, Problem> {
    at_desk(&mut ctx).await?;
    let font = font().await?;
    let paper = learn::paper(&mut ctx, id).await?;
    ctx.commit().await?;
    let numbers = paper.lines.into_iter().map(|line| line.number);
    Ok(written(&format!("labels-{id}.pdf"), move |out| Labels(sheet).write_all(out, font, numbers).map(drop)))
}

/// The first font that is there.
async fn font() -> Result<Font, Problem> {
    let read = || FONTS.iter().find_map(|path| Font::new(std::fs::read(path).ok()?).ok());
    let found = tokio::task::spawn_blocking(read).await.map_err(|error| Problem::internal(&error))?;
    found.ok_or_else(|| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "notices.no_font"))
}

/// What is the same in all letters of a notice in one language.
struct Common {
    town: String,
    day: String,
    title: String,
    body: String,
    foot: String,
}

impl Common {
    fn of(town: &Town, day: Date, notice: &Notice, language: &Language) -> Self {
        let text = notice.texts.in_language(language).map(|(_, text)| text.clone()).unwrap_or_default();
        let contact = &town.contact;
        let foot = format!("{}　{}　{}", contact.department.in_language(language), contact.telephone, contact.hours.in_language(language));
        let day = if *language == Language::JAPANESE { civil::day_in_japanese(day) } else { web::day_in_words(language, day) };
        Self { town: town.name.in_language(language).to_owned(), day, title: text.title, body: text.body, foot }
    }

    fn letter(&self, line: &PaperLine) -> Letter {
        Letter {
            number: line.number.clone(),
            from: self.town.clone(),
            day: self.day.clone(),
            title: rules::merged(&self.title, &line.fields),
            body: rules::merged(&self.body, &line.fields),
            foot: self.foot.clone(),
        }
    }

    fn all(&self) -> [&str; 5] {
        [&self.town, &self.day, &self.title, &self.body, &self.foot]
    }
}

/// The letters of a notice: in the language of whoever it is known of and the notice was written in, else in Japanese.
struct Wording {
    japanese: Common,
    others: BTreeMap<Language, Common>,
}

impl Wording {
    fn of(town: &Town, day: Date, paper: &Paper, font: &Font) -> Self {
        let japanese = Common::of(town, day, &paper.notice, &Language::JAPANESE);
        let mut others = BTreeMap::new();
        for language in paper.lines.iter().filter_map(|line| line.language.as_ref()) {
            let written = paper.notice.texts.0.contains_key(language.as_str());
            if written && *language != Language::JAPANESE && !others.contains_key(language) {
                let common = Common::of(town, day, &paper.notice, language);
                // A letter with holes in it is worse than one in Japanese.
                if common.all().iter().all(|text| font.has(text)) {
                    others.insert(language.clone(), common);
                }
            }
        }
        Self { japanese, others }
    }

    fn letter(&self, line: &PaperLine) -> Letter {
        line.language.as_ref().and_then(|language| self.others.get(language)).unwrap_or(&self.japanese).letter(line)
    }
}

/// Hands on what is written, in pieces, to whoever fetches it.
struct Pieces {
    piece: Vec<u8>,
    to: Sender<io::Result<Bytes>>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        // Whoever fetched it has gone.
        self.to.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// An answer that is written on a thread where nobody else waits.
fn written(name: &str, write: impl FnOnce(Pieces) -> io::Result<()> + Send + 'static) -> Response {
    let (to, from) = channel(WAITING);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = write(Pieces { piece: Vec::with_capacity(PIECE), to: to.clone() }) {
            // The file ends in the middle, which its reader sees.
            let _ = to.blocking_send(Err(error));
        }
    });
    let pieces = unfold(from, |mut from| async move { from.recv().await.map(|piece| (piece, from)) });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

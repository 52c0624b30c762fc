//! The pages: the inbox, what one is told of, and the desk of whoever writes.

mod board;
mod dispositions;
mod dispositions_desk;
mod inbox;
mod line;
mod mail;
mod paper;
mod settings;
mod staff;
mod templates;
mod trials;
mod write;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use web::{App, View};

pub(crate) use inbox::read as read_notice;

use crate::model::{Queue, State};

/// The most bytes of a list with its files.
pub(crate) const LIST_BYTES_MAX: usize = 512 * 1024 * 1024;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/inbox", get(inbox::list))
        .route("/inbox/board", get(board::home).post(board::choose))
        .route("/notices/board", get(board::hall))
        .route("/inbox/settings", get(settings::show))
        .route("/inbox/topics", post(settings::choose))
        .route("/inbox/browsers/{id}/end", post(settings::end))
        .route("/inbox/mail", post(mail::add))
        .route("/inbox/mail/{id}/confirm", post(mail::confirm))
        .route("/inbox/mail/{id}/again", post(mail::send_again))
        .route("/inbox/mail/{id}/end", post(mail::end))
        .route("/inbox/line", get(line::asking).post(line::agree))
        .route("/inbox/line/{id}/end", post(line::end))
        .route("/line/webhook", post(line::webhook))
        .route("/inbox/tester", get(trials::joining).post(trials::join))
        .route("/inbox/tester/end", post(trials::leave))
        .route("/inbox/stop/{stop}", get(mail::stopping).post(mail::stop))
        .route("/inbox/dispositions", get(dispositions::consents).post(dispositions::agree))
        .route("/inbox/dispositions/certificate", get(dispositions::town_certificate))
        .route("/inbox/dispositions/{id}/end", post(dispositions::withdraw))
        .route("/inbox/{id}", get(inbox::one))
        .route("/inbox/{id}/check", get(dispositions::check))
        .route("/inbox/{id}/answer", post(inbox::answer))
        .route("/inbox/{id}/keep", post(inbox::keep))
        .route("/inbox/{id}/file", get(inbox::file))
        .route("/inbox/{id}/text", get(inbox::text))
        .route("/staff/notices", get(staff::list))
        .route("/staff/notices/new", get(write::blank).post(write::draft))
        .route("/staff/notices/templates", get(templates::list))
        .route("/staff/notices/templates/{id}", get(templates::edit).post(templates::change))
        .route("/staff/notices/templates/{id}/end", post(templates::delete))
        .route("/staff/notices/testers", get(trials::testers).post(trials::code))
        .route("/staff/notices/testers/{id}/end", post(trials::part))
        .route("/staff/notices/{id}/template", post(templates::make))
        .route("/staff/notices/{id}/trial", post(trials::send))
        .route("/staff/notices/disposition", get(dispositions_desk::blank).post(dispositions_desk::begin))
        .route("/staff/notices/{id}", get(staff::one))
        .route("/staff/notices/{id}/proof", get(dispositions::proof))
        .route("/staff/notices/{id}/proof/file", get(dispositions::proof_file))
        .route("/staff/notices/{id}/write", get(write::edit).post(write::rewrite))
        .route("/staff/notices/{id}/list", post(write::take_list).layer(DefaultBodyLimit::max(LIST_BYTES_MAX)))
        .route("/staff/notices/{id}/submit", post(staff::submit))
        .route("/staff/notices/{id}/approve", post(staff::approve))
        .route("/staff/notices/{id}/back", post(staff::send_back))
        .route("/staff/notices/{id}/cancel", post(staff::cancel))
        .route("/staff/notices/{id}/paper", post(staff::paper))
        .route("/staff/notices/{id}/paper/letters", post(paper::letters))
        .route("/staff/notices/{id}/paper/labels-12", post(paper::twelve))
        .route("/staff/notices/{id}/paper/labels-24", post(paper::twenty_four))
}

/// A state in the reader's words.
pub(crate) fn state_words(view: &View, state: State) -> String {
    view.t(&format!("notices-state-{}", state.as_str()))
}

/// The look of a state's tag.
pub(crate) fn state_tag(state: State) -> &'static str {
    match state {
        State::Draft | State::Cancelled => "tag tag--quiet",
        State::Waiting => "tag tag--warn",
        State::Scheduled => "tag",
        State::Sending | State::Sent => "tag tag--good",
    }
}

/// A queue in the reader's words.
pub(crate) fn queue_words(view: &View, queue: Queue) -> String {
    view.t(&format!("notices-queue-{}", queue.as_str()))
}

/// A topic in the reader's words.
pub(crate) fn topic_words(view: &View, topic: &town::TopicId) -> String {
    view.app.town().notice_topic(topic).map_or_else(|| topic.to_string(), |found| view.words(&found.name).to_owned())
}

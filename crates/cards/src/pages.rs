//! Pages of residents, places and staff.

mod held;
mod holder;
mod residence;
mod residence_staff;
mod staff;
mod verify;
mod wallet;

use axum::Router;
use axum::routing::{get, post};
use web::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(holder::home))
        .route("/offline", get(holder::offline))
        .route("/apply/{programme}/{resident}", get(holder::apply_form).post(holder::apply))
        .route("/share/{holding}", get(holder::share))
        .route("/share/{holding}/code", post(holder::share_code))
        .route("/share/{holding}/end", post(holder::end_share))
        .route("/holders/{holding}/end", post(holder::make_room))
        .route("/join", get(holder::join_form).post(holder::join))
        .route("/join/{code}", get(holder::join_form))
        .route("/verify", get(verify::page))
        .route("/verify/number", get(verify::number).post(verify::decide_number))
        .route("/staff/people/{resident}/cards", get(held::page))
        .route("/staff/people/{resident}/cards/{holding}/end", post(held::end))
        .route("/verify/wallet", get(wallet::before).post(wallet::ask))
        .route("/verify/wallet/{id}", get(wallet::asked))
        .route("/cards/{holding}/wallet", get(wallet::page))
        .route("/cards/{holding}/wallet/offer", post(wallet::offer))
        .route("/cards/{holding}/wallet/end", post(wallet::end))
        .route("/residence", get(residence::page))
        .route("/residence/{id}/leave", post(residence::leave))
        .route("/residence/rolls/{roll}", get(residence::roll).post(residence::join))
        .route("/residence/neighbours/{neighbour}", get(residence::neighbour).post(residence::ask))
        .route("/residence/requests/{id}", get(residence::asked))
        .route("/staff/residence", get(residence_staff::page))
        .route("/staff/residence/{neighbour}/follow", post(residence_staff::follow))
        .route("/staff/residence/people/{id}/end", post(residence_staff::end))
        .route("/staff/programmes", get(staff::programmes))
        .route("/staff/use", get(staff::used))
        .route("/staff/places", get(staff::places))
        .route("/staff/places/{place}/code", post(staff::pairing_code))
        .route("/staff/places/{place}/station-code", post(staff::station_code))
        .route("/staff/places/{place}/end", post(staff::end_verifier))
}

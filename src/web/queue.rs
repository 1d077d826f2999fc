//! The queue: what waits for a person, by money at risk, and what they decide.

mod act;
mod changed;
mod difference;
mod edit;
mod list;
mod preview;
mod several;
mod show;

use axum::routing::{get, post};

use super::{
    Route,
    gate::{APPROVER, Allow, DESK, OFFICER},
    visit::Visit,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/queue", Allow::SignedIn, get(list::list)),
        Route::get("/queue/several", DESK, get(several::ask)),
        Route::post("/queue/several/approve", APPROVER, post(several::approve)),
        Route::post("/queue/several/reject", APPROVER, post(several::reject)),
        Route::post("/queue/several/hold", DESK, post(several::hold)),
        Route::get("/queue/{reference}", Allow::SignedIn, get(show::show)),
        Route::post("/queue/{reference}/rows", DESK, post(show::rows)),
        Route::post("/queue/{reference}/approve", APPROVER, post(act::approve)),
        Route::post("/queue/{reference}/reject", APPROVER, post(act::reject)),
        Route::post("/queue/{reference}/send-back", APPROVER, post(act::send_back)),
        Route::post("/queue/{reference}/hold", DESK, post(act::hold)),
        Route::post("/queue/{reference}/dispute", OFFICER, post(act::dispute)),
        Route::post("/queue/{reference}/decide", APPROVER, post(act::decide)),
        Route::get("/queue/{reference}/edit", OFFICER, get(edit::form)),
        Route::post("/queue/{reference}/edit", OFFICER, post(edit::save)),
        Route::post("/queue/{reference}/judge", OFFICER, post(edit::judge)),
    ]
}

/// The queue as it was narrowed when somebody went on from it: what an act leads back to.
fn queue_again(visit: &Visit) -> String {
    let from = visit.form.get("from");
    if from.is_empty() { "/queue".to_owned() } else { format!("/queue?{from}") }
}

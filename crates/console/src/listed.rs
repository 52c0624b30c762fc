//! Residents in a list, as the search and the matching queue show them.

use registry::{Resident, ResidentId};
use web::View;

use crate::words;

/// A resident as a line of a list; `listed.html` draws it.
pub(crate) struct Listed {
    pub(crate) id: ResidentId,
    pub(crate) number: String,
    pub(crate) birth: String,
    pub(crate) sex: String,
    pub(crate) district: String,
    pub(crate) status: String,
    pub(crate) tag: &'static str,
    pub(crate) protected: bool,
}

impl Listed {
    /// Writes a resident down in the reader's language.
    pub(crate) fn of(view: &View, resident: &Resident) -> Self {
        Self {
            id: resident.id,
            number: resident.register_id.to_string(),
            birth: words::birth(view, resident.date_of_birth),
            sex: words::sex(view, resident.sex),
            district: resident.district.clone(),
            status: words::status(view, resident.status, resident.status_on),
            tag: words::status_tag(resident.status),
            protected: resident.protected,
        }
    }
}

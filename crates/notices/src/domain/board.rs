//! What stands on a big screen: in the town hall what is for everybody, at home what somebody was told.

use jiff::ToSpan as _;
use store::Ctx;

use crate::model::{Audience, Notice, Result, State};
use crate::store as rows;

/// Days a notice to everybody stays on the screen.
const SHOWN_DAYS: i64 = 30;
/// Notices looked through.
const LOOKED_THROUGH: u32 = 200;

/// The notices to everybody that went out lately and were not withdrawn, the newest first. Anybody may read them: they are for everybody.
///
/// # Errors
/// The database's.
pub(crate) async fn to_everybody(ctx: &mut Ctx) -> Result<Vec<Notice>> {
    let since = civil::start_of_day_in_japan(ctx.today().saturating_sub(SHOWN_DAYS.days()));
    let out = |notice: &Notice| {
        let sent = matches!(notice.state, State::Sending | State::Sent) && notice.begun_at.is_some_and(|begun| begun >= since);
        sent && notice.audience == Audience::Everybody
    };
    let mut notices: Vec<Notice> = rows::notices::newest(ctx, LOOKED_THROUGH).await?.into_iter().filter(out).collect();
    notices.sort_by_key(|notice| std::cmp::Reverse((notice.begun_at, notice.id)));
    // What a later one corrects is not shown beside it.
    let corrected: Vec<_> = notices.iter().filter_map(|notice| notice.corrects).collect();
    notices.retain(|notice| !corrected.contains(&notice.id));
    Ok(notices)
}

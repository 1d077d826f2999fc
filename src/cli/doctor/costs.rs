//! What accounts have spent this month, and whether their price lists are in force. No alarm rings
//! about money: one that nobody takes would stop sending before the cap does.

use super::{super::failure::Failure, Findings};
use crate::{
    domain::cost::Level,
    work::{
        Ctx,
        bill::in_words,
        meter::{self, Month},
    },
};

/// Every account whose platform charges: its price list, its posts, its listening.
pub(super) async fn months(ctx: &Ctx, findings: &mut Findings) -> Result<(), Failure> {
    for month in meter::months(ctx).await? {
        prices(ctx, &month, findings);
        let caps = [
            ("posts", &month.posts, "its posts wait until the month (UTC) ends"),
            ("listening", &month.listening, "nothing but our own timeline is read until then"),
        ];
        for (purpose, used, stopped) in caps {
            let what = format!("costs of {}", month.account);
            let says = format!("{purpose}: {} this month", in_words(used));
            match used.level {
                Level::Fine => findings.ok(&what, says),
                Level::Near => {
                    let todo = "raise the cap in time (`costs` in the configuration), or post less";
                    findings.warn(&what, says, todo);
                }
                Level::Full => {
                    let todo = "raise the cap (`costs` in the configuration), and restart";
                    findings.fail(&what, format!("{says}: {stopped}"), todo);
                }
            }
        }
    }
    Ok(())
}

/// An expired list holds posts; one that soon expires is told of.
fn prices(ctx: &Ctx, month: &Month, findings: &mut Findings) {
    let what = format!("prices for {}", month.account);
    let (tariff, now) = (&month.tariff, ctx.clock.now());
    let says = format!("{}, as of {}, until {}", tariff.source, tariff.as_of, tariff.expires);
    let todo = "read the source again, and renew the prices, `as_of` and `expires`";
    if tariff.expired(now).is_some() {
        findings.fail(&what, format!("{says}: expired, its posts wait"), todo);
    } else if tariff.expired(now.plus(super::place::SOON)).is_some() {
        findings.warn(&what, format!("{says}: it expires soon"), todo);
    } else {
        findings.ok(&what, says);
    }
}

//! Reads what the comparison of tagged requests with their like needs, within bounds, and makes its
//! sections.
//!
//! The invariant: nothing that was seen or happened after the report's end is looked at.

use jiff::SignedDuration;

use super::{
    Ctx,
    counted::{Counted, Days},
    report::Asked,
    watch::source_name,
};
use crate::{
    domain::{
        attribution::{Known, Life, Reading, match_pairs, spread},
        bank::BankClass,
        history::Change,
        ids::ExternalId,
        time::Timestamp,
    },
    locale::Locale,
    reports::{
        attribution::{self, Found},
        document::{Edition, Section, Subject},
    },
};

/// How many tags are drawn at most: enough for an interval of some hours, few enough for a page that
/// opens at once.
const MOST_TAGS: u32 = 600;

/// How many tagged requests are read at most.
const MOST_TAGGED: usize = 1_000;

/// How many requests are drawn at most, to find their like among them.
const MOST_REQUESTS: u32 = 2_000;

/// From how many places of the days they are drawn.
const PLACES: u32 = 60;

/// A request's like became due at most so long before the days.
const BEFORE: SignedDuration = SignedDuration::from_hours(28 * 24);

/// The sections `attribution`, `survival` and `survival-money` of the report on engagement. A public
/// edition about one bank has none: it would tell how that bank treats requests that nobody has
/// spoken of in public.
///
/// # Errors
/// The ledger failed.
pub(super) async fn sections(
    ctx: &Ctx,
    asked: &Asked,
    counted: &Counted,
) -> anyhow::Result<Vec<Section>> {
    let public_bank = asked.edition == Edition::Public && asked.bank.is_some();
    if asked.subject != Subject::Engagement || public_bank || !ctx.store.all_due_read().await? {
        return Ok(Vec::new());
    }
    let words = Locale::new(asked.language)?;
    let (days, bank) = (counted.days, asked.bank.as_ref());
    let starts = spread(days.from, days.until, PLACES);
    let span = (days.from, days.until);
    let some = ctx.store.sample_tagged(span, &starts, (MOST_TAGS, MOST_TAGGED), bank).await?;
    let tags = (some.drawn, counted.tags(bank).max(some.drawn));
    let tagged = lives(ctx, &some.ids, days.until).await?;
    let early = Days { from: days.from.minus(BEFORE), until: days.from };
    let before = Counted::read(ctx, early).await?.due();
    let early = early.from;
    let starts = spread(early, days.until, PLACES);
    let drawn = ctx.store.sample_due((early, days.until), &starts, MOST_REQUESTS).await?;
    let requests = (drawn.drawn, (before + counted.due()).max(drawn.drawn));
    // A bank's requests are compared with those of all banks of its class.
    let alike = lives(ctx, &drawn.ids, days.until).await?;
    let of_bank = |life: &&Life| bank.is_none_or(|bank| life.bank == *bank);
    let pool: Vec<_> = alike.iter().filter(of_bank).cloned().collect();
    let from = days.from;
    // Half a second of thinking at the most, but not on a thread that others wait for.
    let think = move || {
        let matched = match_pairs(&tagged, &alike, from);
        let found = Found { matched: &matched, tagged: &tagged, pool: &pool, from, tags, requests };
        attribution::sections(&found, &words)
    };
    tokio::task::spawn_blocking(think).await?
}

/// The lives of these requests as they were known at an instant.
async fn lives(ctx: &Ctx, ids: &[ExternalId], until: Timestamp) -> anyhow::Result<Vec<Life>> {
    let source = ctx.store.source(source_name(ctx)).await?;
    let answered = source.last_ok_at.unwrap_or(until).min(until);
    let reading = Reading { limits: &ctx.limits, until, answered };
    let life = |(changes, known): &(Vec<Change>, Known)| {
        let bank = &changes.last()?.action.bank;
        let class = ctx.banks.bank(bank).map_or(BankClass::Unlisted, |bank| bank.class);
        Life::read(changes, known, class, &reading)
    };
    Ok(ctx.store.lives(ids, until).await?.iter().filter_map(life).collect())
}

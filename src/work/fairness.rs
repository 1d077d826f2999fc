//! Reads the fairness ledger, and makes its sections: overdue value that no tag speaks of, and tags
//! beside overdue requests, bank by bank.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ctx, counted::Counted, deliver, report::Asked};
use crate::{
    domain::{
        escalation::EscalationState,
        fairness::{Named, Reason},
        ids::{BankCode, PersonId},
        measures::{Due, Unsent},
        money::Paise,
        platform::Language,
        time::Timestamp,
    },
    locale::Locale,
    reports::{
        document::{Edition, Section, Subject},
        fairness::{self, Found, Left},
        figures::Figures,
    },
    store::OpenTag,
};

/// Of so many tags that wait with authority it is asked why they wait, those with the most money;
/// the others wait for their turn.
const ASKED_WHY: usize = 20;

/// The sections `silence-report`, `unsent-tags` and `tags-per-bank` of the report on banks. The public
/// edition has totals alone, and nobody's name.
///
/// # Errors
/// The ledger failed.
pub(super) async fn sections(
    ctx: &Ctx,
    asked: &Asked,
    figures: &Figures,
    counted: &Counted,
) -> anyhow::Result<Vec<Section>> {
    if asked.subject != Subject::Banks || !ctx.store.all_due_read().await? {
        return Ok(Vec::new());
    }
    let words = Locale::new(asked.language)?;
    let mut found = Found {
        now: left_now(ctx).await?,
        then: unsent(figures),
        named: counted.banks().filter_map(named).collect(),
        names: BTreeMap::new(),
        public: asked.edition == Edition::Public,
    };
    if let Some(bank) = &asked.bank {
        if found.public {
            return Ok(Vec::new());
        }
        found.now.retain(|left| left.bank == *bank);
    }
    found.names = names(ctx, asked.language, &found);
    fairness::sections(&found, asked.bank.as_ref(), &words)
}

/// What is overdue now and not spoken of in public.
async fn left_now(ctx: &Ctx) -> anyhow::Result<Vec<Left>> {
    let now = ctx.store.clock().await?;
    let mut sums = Sums::default();
    let mut rest: BTreeMap<BankCode, (i64, i64)> = BTreeMap::new();
    for (bank, sum) in ctx.store.overdue_by_bank(now).await? {
        rest.insert(bank, (i64::from(sum.actions), sum.amount.paise()));
    }
    let mut take = |bank: &BankCode, actions: u64, amount: Paise| {
        if let Some((left, money)) = rest.get_mut(bank) {
            *left -= actions as i64;
            *money -= amount.paise();
        }
    };
    for silent in ctx.store.silent().await? {
        take(&silent.bank, silent.actions, silent.amount);
        if let Some(reason) = Reason::of_quiet(&silent.word) {
            sums.add(silent.bank, reason, silent.by, silent.actions, silent.amount);
        }
    }
    let mut asked = 0;
    for tag in ctx.store.open_tags(now).await? {
        take(&tag.bank, tag.actions, tag.amount);
        if tag.sent {
            continue;
        }
        let (reason, by) = match of_open(&tag, now) {
            Some(told) => told,
            None if asked < ASKED_WHY => {
                asked += 1;
                (waits_for(ctx, &tag).await?, None)
            }
            None => (Reason::Turn, None),
        };
        sums.add(tag.bank, reason, by, tag.actions, tag.amount);
    }
    for (bank, (actions, paise)) in rest {
        let actions = u64::try_from(actions).unwrap_or(0);
        sums.add(bank, Reason::NotDrafted, None, actions, Paise::new(paise.max(0)));
    }
    Ok(sums.into_left())
}

/// Why an open tag without authority is not sent, and by whom; `None`: it has authority.
fn of_open(tag: &OpenTag, now: Timestamp) -> Option<(Reason, Option<PersonId>)> {
    match tag.state {
        EscalationState::Cleared => None,
        EscalationState::Disputed => Some((Reason::Disputed, None)),
        _ if tag.hold_until.is_some_and(|until| now < until) => {
            Some((Reason::HeldBack, tag.held_back_by.clone()))
        }
        _ => Some((Reason::Undecided, None)),
    }
}

async fn waits_for(ctx: &Ctx, tag: &OpenTag) -> anyhow::Result<Reason> {
    let why = ctx.store.why_waiting(&tag.escalation, &deliver::rules(ctx)).await?;
    Ok(Reason::of_wait(why.first().and_then(|(_, why)| why.as_ref())))
}

/// The tags that never went out.
fn unsent(figures: &Figures) -> Vec<Left> {
    let mut found = Vec::new();
    for (bank, of) in &figures.sums.banks {
        for (Unsent { reason, by }, left) in &of.tally.drafts.unsent {
            let (bank, reason, by) = (bank.clone(), *reason, by.clone());
            found.push(Left { bank, reason, by, count: left.tags, amount: left.amount });
        }
    }
    found
}

fn named((bank, tags, due): (&BankCode, u64, &Due)) -> Option<Named> {
    let overdue = due.overdue;
    (tags > 0 || overdue > 0).then(|| Named { bank: bank.clone(), tags, overdue })
}

/// Sums by bank, reason and person.
#[derive(Default)]
struct Sums(BTreeMap<(BankCode, Reason, Option<PersonId>), (u64, i64)>);

impl Sums {
    fn add(
        &mut self,
        bank: BankCode,
        reason: Reason,
        by: Option<PersonId>,
        actions: u64,
        amount: Paise,
    ) {
        if actions > 0 {
            let sum = self.0.entry((bank, reason, by)).or_default();
            *sum = (sum.0 + actions, sum.1.saturating_add(amount.paise()));
        }
    }

    fn into_left(self) -> Vec<Left> {
        let left = |((bank, reason, by), (count, paise))| Left {
            bank,
            reason,
            by,
            count,
            amount: Paise::new(paise),
        };
        self.0.into_iter().map(left).collect()
    }
}

/// The names of the banks that are told of.
fn names(ctx: &Ctx, language: Language, found: &Found) -> BTreeMap<BankCode, String> {
    let left = found.now.iter().chain(&found.then).map(|left| &left.bank);
    let banks: BTreeSet<_> = left.chain(found.named.iter().map(|one| &one.bank)).collect();
    banks.into_iter().map(|code| (code.clone(), ctx.banks.name(code, language))).collect()
}

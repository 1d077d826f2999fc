//! Banks: the directory, and what each has overdue now.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Call, Fault,
    fault::{Absent, Faults},
    given::{Asked, Items, Limit, Named, Nothing, after_id},
    words,
};
use crate::{
    domain::{
        bank::{Bank, BankClass, Directory},
        ids::BankCode,
    },
    store::OverdueSum,
    work::view::BankView,
};

/// Which banks are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BanksAsked {
    /// Only banks whose code or name holds this.
    #[param(min_length = 1, max_length = 100)]
    search: Option<String>,
    /// Only this class.
    #[param(schema_with = words::bank_classes)]
    class: Option<BankClass>,
    /// Only banks that have (`true`), or have not (`false`), something overdue now.
    overdue: Option<bool>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9-]{1,64}$")]
    after: Option<String>,
    /// How many to show (50).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// One bank with what it has overdue.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BankStanding {
    /// The bank.
    bank: BankView,
    /// How many actions are overdue now.
    overdue: u32,
    /// When the first of them was due.
    overdue_since: Option<String>,
}

impl BankStanding {
    fn of(bank: &Bank, banks: &Directory, overdue: Option<&OverdueSum>) -> Self {
        Self {
            bank: BankView::of(bank, banks),
            overdue: overdue.map_or(0, |sum| sum.actions),
            overdue_since: overdue.map(|sum| sum.oldest_due.to_string()),
        }
    }
}

/// Lists banks with what they have overdue now, in the directory's order.
#[utoipa::path(
    get, path = "/api/v1/banks", tag = "banks", params(BanksAsked), security(("token" = ["read"])),
    responses((status = 200, description = "One page", body = Items<BankStanding>), Faults)
)]
pub(super) async fn list(
    call: Call,
    Asked(asked): Asked<BanksAsked>,
) -> Result<Json<Items<BankStanding>>, Fault> {
    let limit = Limit::of(asked.limit)?;
    let after = after_id(asked.after.as_deref())?;
    let search = asked.search.as_deref();
    if search.is_some_and(|text| text.is_empty() || text.chars().count() > 100) {
        let problem = "`search` is a part of a name, of at most 100 characters.";
        return Err(Fault::Malformed(problem.to_owned()));
    }
    let ctx = call.ctx();
    let (banks, counts) = (&*ctx.banks, call.store().overdue_by_bank(ctx.clock.now()).await?);
    let found = banks.search(search.unwrap_or_default()).into_iter().filter(|bank| {
        let due = asked.overdue.is_none_or(|due| due == counts.contains_key(&bank.code));
        let further = after.is_none_or(|after| bank.code.as_str() > after);
        further && due && asked.class.is_none_or(|class| class == bank.class)
    });
    let place = |bank: &&Bank| bank.code.to_string();
    let standing = |bank: &&Bank| BankStanding::of(bank, banks, counts.get(&bank.code));
    Ok(Json(limit.shown(found, place, standing)))
}

/// Shows one bank, by its code.
#[utoipa::path(
    get, path = "/api/v1/banks/{code}", tag = "banks", security(("token" = ["read"])),
    params(("code" = String, Path, description = "Its code: four letters", max_length = 64)),
    responses((status = 200, description = "The bank", body = BankStanding), Absent, Faults)
)]
pub(super) async fn one(
    call: Call,
    Named(code): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<BankStanding>, Fault> {
    let ctx = call.ctx();
    let code = BankCode::new(code.to_uppercase());
    let bank = ctx.banks.bank(&code).ok_or(Fault::NotFound)?;
    let counts = call.store().overdue_by_bank(ctx.clock.now()).await?;
    Ok(Json(BankStanding::of(bank, &ctx.banks, counts.get(&code))))
}

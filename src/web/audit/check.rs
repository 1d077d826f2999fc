//! Verification from the console: begun by a press, done behind the pages, told on a page that asks
//! for itself until the end is there.

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use askama::Template;
use axum::response::Response;

use super::{
    super::{file::attachment, frame::Frame, problem::Problem, visit::Visit},
    no_key,
};
use crate::{
    domain::{person::Person, time::Timestamp},
    store::{Finding, Verdict},
    work::{Ctx, audit},
};

/// Findings on the page; the file has all of them.
const SHOWN: usize = 100;

/// The verification of this process: the one that runs, or the last one. And the export, of which
/// one is written at a time.
#[derive(Default)]
pub(in super::super) struct Checks {
    last: Mutex<Option<Arc<Check>>>,
    pub(super) exporting: tokio::sync::Mutex<()>,
}

/// One verification.
pub(super) struct Check {
    begun_at: Timestamp,
    begun_by: Person,
    done: AtomicU64,
    total: AtomicU64,
    end: OnceLock<End>,
}

/// How it ended.
struct End {
    at: Timestamp,
    verdict: Option<Verdict>,
}

impl Checks {
    fn last(&self) -> MutexGuard<'_, Option<Arc<Check>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self) -> Option<Arc<Check>> {
        self.last().clone()
    }

    /// A new one; `None` while one runs.
    fn begin(&self, person: &Person, now: Timestamp) -> Option<Arc<Check>> {
        let mut last = self.last();
        if last.as_ref().is_some_and(|one| one.end.get().is_none()) {
            return None;
        }
        let check = Arc::new(Check {
            begun_at: now,
            begun_by: person.clone(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            end: OnceLock::new(),
        });
        *last = Some(check.clone());
        Some(check)
    }
}

impl Check {
    async fn run(self: Arc<Self>, ctx: Ctx, vkeys: Vec<String>) {
        let (check, clock) = (self.clone(), ctx.clock.clone());
        // In a task of its own, so that whatever becomes of it, this one has an end.
        let run = tokio::spawn(async move {
            let tell = |done, total| {
                check.done.store(done, Ordering::Relaxed);
                check.total.store(total, Ordering::Relaxed);
            };
            audit::verify(&ctx, &vkeys, Vec::new(), &tell).await
        });
        let verdict = match run.await {
            Ok(Ok(verdict)) => Some(verdict),
            Ok(Err(error)) => {
                tracing::error!("the record could not be verified: {error:#}");
                None
            }
            Err(error) => {
                tracing::error!(%error, "the verification of the record ended early");
                None
            }
        };
        let _ = self.end.set(End { at: clock.now(), verdict });
    }
}

#[derive(Template)]
#[template(path = "audit/verify.html")]
struct Show<'a> {
    frame: &'a Frame,
    check: Option<&'a Check>,
}

impl Show<'_> {
    fn end(&self) -> Option<&End> {
        self.check.and_then(|check| check.end.get())
    }

    fn runs(&self) -> bool {
        self.check.is_some() && self.end().is_none()
    }

    fn done(&self) -> u64 {
        self.check.map_or(0, |check| check.done.load(Ordering::Relaxed))
    }

    fn total(&self) -> u64 {
        self.check.map_or(0, |check| check.total.load(Ordering::Relaxed))
    }

    fn shown<'v>(&self, verdict: &'v Verdict) -> &'v [Finding] {
        &verdict.findings[..verdict.findings.len().min(SHOWN)]
    }

    fn beyond(&self, verdict: &Verdict) -> u64 {
        verdict.findings.len().saturating_sub(SHOWN) as u64 + verdict.omitted
    }
}

pub(super) async fn show(visit: Visit) -> Result<Response, Problem> {
    let check = visit.console.0.checks.get();
    visit.page(&Show { frame: &visit.frame, check: check.as_deref() })
}

pub(super) async fn begin(visit: Visit) -> Result<Response, Problem> {
    let ctx = visit.ctx();
    let vkeys = audit::own_keys(ctx).map_err(no_key)?;
    // Where one runs already, its page is the answer.
    if let Some(check) = visit.console.0.checks.begin(visit.person()?, ctx.clock.now()) {
        tokio::spawn(check.run(ctx.clone(), vkeys));
    }
    Ok(visit.go("/audit/verify"))
}

pub(super) async fn findings(visit: Visit) -> Result<Response, Problem> {
    let check = visit.console.0.checks.get();
    let end = check.as_ref().and_then(|check| check.end.get());
    let verdict = end.and_then(|end| end.verdict.as_ref()).ok_or(Problem::NotFound)?;
    let text = serde_json::to_string_pretty(verdict).map_err(|e| Problem::Failed(e.into()))?;
    Ok(attachment("findings.json", "application/json", text))
}

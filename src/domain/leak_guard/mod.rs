//! The leak guard: refuses every text that carries an identifier of a person or a case.
//!
//! A public post must hold no personal data, ever, and an officer's edit or a template's fact may
//! bring some in, by mistake or in disguise. The guard is the last reader before every clearance
//! and every send. Its invariant: what is refused in plain writing is refused in any disguise that
//! a human reader would still undo (other digits, words, separators, look-alikes, escapes).
//!
//! It works in three steps. `normalise` undoes the writing and keeps the way back to the
//! original offsets; `honest` finds the numbers that have an ordinary reading (money, dates,
//! helplines, sections of law, ...); what is left is judged by shape, check digit and the words
//! around it (`runs`, `codes`, `pan`, `fir`, `address`). Where no ordinary reading covers the
//! whole of a long run of digits, the guard refuses.

mod address;
mod checks;
mod codes;
mod digits;
mod escapes;
mod fir;
mod honest;
mod hosts;
pub mod lines;
mod normalise;
mod pan;
mod pattern;
mod pieces;
mod posing;
mod runs;
mod signs;
mod spoken;
mod squeeze;
mod view;
mod words;

use serde::Serialize;

use normalise::Glyph;
use view::View;

/// What sort of identifier a text was refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakKind {
    /// A bank account's number, also masked; or a long number that could be one.
    AccountNumber,
    /// A payment card's number (Luhn), also masked.
    CardNumber,
    /// A payment address such as `name@psp`.
    UpiId,
    /// A mobile or landline number that is not a public helpline.
    Phone,
    /// An e-mail address.
    Email,
    /// A permanent account number: five letters, four digits, a letter.
    Pan,
    /// A twelve-digit Aadhaar number (Verhoeff).
    Aadhaar,
    /// A branch code together with an account's number.
    IfscWithAccount,
    /// A complaint's number on the national portal.
    AcknowledgementNumber,
    /// The number of a first information report.
    FirNumber,
}

/// One identifier found, by its place in the original text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: LeakKind,
    /// Its first character, counted in Unicode scalar values.
    pub start: usize,
    /// One past its last character.
    pub end: usize,
}

/// Every identifier that `text` carries, in order of place; empty means that the text may pass.
///
/// Pure, and bounded: the work grows linearly with the text's length.
pub fn findings(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let folded = normalise::fold(text);
    judge(spoken::letters(&folded).unwrap_or(folded), &mut found);
    if let Some(apart) = normalise::signs_apart(text, &['|']) {
        pan::check(&View::new(digits::digitise(&normalise::fold(&apart))), &mut found);
    }
    if let Some(apart) = normalise::signs_apart(text, &normalise::LETTERED_SIGNS) {
        judge(normalise::fold(&apart), &mut found);
    }
    if let Some(sign) = normalise::posing_at(text) {
        judge(normalise::fold(&sign), &mut found);
    }
    let apart = [normalise::words_apart(text), normalise::unbracketed(text)];
    for text in apart.iter().flatten() {
        judge(normalise::fold(text), &mut found);
    }
    if let Some(joined) = normalise::figures_joined(text) {
        let counted = View::new(digits::digitise(&normalise::fold(&joined)));
        fir::check(&counted, &honest::readings(&counted), &mut found);
    }
    let hidden = normalise::hidden(text);
    if !hidden.is_empty() {
        judge(hidden, &mut found);
    }
    found.sort_by_key(|finding| (finding.start, std::cmp::Reverse(finding.end), finding.kind));
    found.dedup_by(|later, kept| later.kind == kept.kind && later.end <= kept.end);
    found
}

fn judge(folded: Vec<Glyph>, found: &mut Vec<Finding>) {
    let joined = [view::join_singles(&folded), view::join_alternating(&folded)];
    for joined in joined.into_iter().flatten() {
        judge_view(&joined, found);
    }
    judge_view(&folded, found);
}

fn judge_view(folded: &[Glyph], found: &mut Vec<Finding>) {
    let plain = View::new(folded.to_vec());
    address::check(&plain, found);
    pan::check(&plain, found);
    let counted = View::new(digits::digitise(folded));
    pan::check(&counted, found);
    if let Some(signs) = spoken::signs(folded) {
        pan::check(&View::new(digits::digitise(&signs)), found);
        pan::check(&View::new(signs), found);
    }
    let branches = codes::branch_codes(&plain);
    let branches_counted = codes::branch_codes(&counted);
    let honest = honest::readings(&counted);
    fir::check(&counted, &honest, found);
    codes::check_named(&counted, &honest, found);
    codes::check_masked(&counted, &honest, found);
    runs::check(&counted, &honest, &branches_counted, &branches, found);
}

//! One row of a file as a bank action, or the first reason against it.
//!
//! Invariant: nothing is guessed and nothing is carried that the contract does not have. The
//! branch code is resolved and dropped; an account number counts only as filled or not.

use jiff::SignedDuration;

use super::{
    mapping::{Mapping, Slot},
    refusal::{Refusal, RefusalCode},
    rupees::{self, NoAmount},
    table::{Cell, RawRow},
};
use crate::domain::{
    action::{BankAction, Status},
    bank::Directory,
    ids::{BankCode, CaseRef, ExternalId},
    money::Paise,
    spelling::{figures, label},
    time::Timestamp,
};

/// How far a proof of delivery may lie after the file's own time: clocks differ, and a file is
/// often stamped when its export begins.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(24);

/// Reads rows by one mapping, one directory and one time as of which the file is true.
pub(super) struct RowReader<'a> {
    pub mapping: &'a Mapping,
    pub banks: &'a Directory,
    pub as_of: Timestamp,
}

/// One row with the heading of each of its cells.
struct Look<'a> {
    reader: &'a RowReader<'a>,
    row: &'a RawRow,
}

impl RowReader<'_> {
    /// The row's identifier.
    pub(super) fn id(&self, row: &RawRow) -> Result<ExternalId, Refusal> {
        if row.moved {
            return Err(Refusal::of_row(RefusalCode::CellCount));
        }
        let look = Look { reader: self, row };
        let slot = self.mapping.fields.external_id;
        match look.identifier(slot)? {
            Some(id) => Ok(ExternalId::new(id)),
            None => Err(look.refuse(RefusalCode::NoId, slot)),
        }
    }

    /// The row's status, where it can be read.
    pub(super) fn status(&self, row: &RawRow) -> Option<Status> {
        let words = row.cells[self.mapping.fields.status].words()?;
        self.mapping.statuses.get(&label(&words)).copied()
    }

    /// The row as a bank action.
    pub(super) fn action(&self, id: ExternalId, row: &RawRow) -> Result<BankAction, Refusal> {
        let look = Look { reader: self, row };
        look.sound()?;
        let fields = &self.mapping.fields;
        let status =
            look.word(fields.status, &self.mapping.statuses, RefusalCode::UnknownStatus)?;
        let acted = status == Status::Acted;
        let disputed = look.amount(fields.disputed_amount)?;
        // Read even where they are dropped: a row with nonsense in them is not to be trusted.
        let (acted_at, lien_amount) =
            (look.time(fields.acted_at)?, look.amount(fields.lien_amount)?);
        if status == Status::Pending {
            look.not_acted(acted_at, lien_amount)?;
        }
        let contacts = look.count(fields.contacts)?;
        let action = BankAction {
            external_id: id,
            case_ref: look.case_ref()?,
            bank: look.bank()?,
            kind: look.word(fields.kind, &self.mapping.kinds, RefusalCode::UnknownKind)?,
            layer: look.layer()?,
            disputed,
            requested_at: look
                .time(Some(fields.requested_at))?
                .ok_or_else(|| look.refuse(RefusalCode::NoTime, fields.requested_at))?,
            delivered_at: look.time(fields.delivered_at)?,
            due_at: look.time(fields.due_at)?,
            complete: look.complete() && disputed != Some(Paise::new(0)),
            status,
            acted_at: acted_at.filter(|_| acted),
            lien_amount: lien_amount.filter(|_| acted),
            contacts: contacts.unwrap_or(0),
            last_contact_at: look.time(fields.last_contact_at)?,
            updated_at: look.time(fields.updated_at)?,
        };
        look.in_order(&action)?;
        Ok(action)
    }

    /// What tells two rows with one identifier apart beyond the action itself: the cells that are
    /// looked at and not kept, such as the branch code and the account number.
    pub(super) fn dropped_cells(&self, row: &RawRow) -> Vec<Option<String>> {
        let fields = &self.mapping.fields;
        fields
            .ifsc
            .iter()
            .chain(self.mapping.filled.iter().filter(|slot| Some(**slot) != fields.disputed_amount))
            .map(|slot| row.cells[*slot].words().map(|words| figures(&words)))
            .collect()
    }
}

impl Look<'_> {
    fn cell(&self, slot: Slot) -> &Cell {
        &self.row.cells[slot]
    }

    fn refuse(&self, code: RefusalCode, slot: Slot) -> Refusal {
        Refusal::new(code, &self.reader.mapping.headings[slot])
    }

    /// No mapped cell holds a formula or an error.
    fn sound(&self) -> Result<(), Refusal> {
        for (slot, cell) in self.row.cells.iter().enumerate() {
            match cell {
                Cell::Formula => return Err(self.refuse(RefusalCode::Formula, slot)),
                Cell::Broken => return Err(self.refuse(RefusalCode::BrokenCell, slot)),
                _ => {}
            }
        }
        Ok(())
    }

    /// An identifier as it stands, unless a spreadsheet took it for a number and shortened it.
    fn identifier(&self, slot: Slot) -> Result<Option<String>, Refusal> {
        let cell = self.cell(slot);
        let words = cell.words().ok_or_else(|| {
            let code = match cell {
                Cell::Formula => RefusalCode::Formula,
                Cell::Number(_) => RefusalCode::DigitsLost,
                _ => RefusalCode::BrokenCell,
            };
            self.refuse(code, slot)
        })?;
        if is_shortened(&words) {
            return Err(self.refuse(RefusalCode::DigitsLost, slot));
        }
        Ok(Some(words).filter(|words| !words.is_empty()))
    }

    fn case_ref(&self) -> Result<CaseRef, Refusal> {
        let slots = &self.reader.mapping.fields.case_ref;
        for slot in slots {
            if let Some(case_ref) = self.identifier(*slot)? {
                return Ok(CaseRef::new(case_ref));
            }
        }
        Err(self.refuse(RefusalCode::NoCaseRef, slots[0]))
    }

    /// The bank, by every column that speaks of it. A name that the directory does not know is
    /// passed over beside a code that it knows; a name of another bank is not.
    fn bank(&self) -> Result<BankCode, Refusal> {
        let (fields, banks) = (&self.reader.mapping.fields, self.reader.banks);
        let mut found: Option<BankCode> = None;
        let mut prefix = None;
        for (slot, is_ifsc) in [(fields.ifsc, true), (fields.bank_code, false)] {
            let Some(slot) = slot.filter(|slot| !self.cell(*slot).is_blank()) else { continue };
            let text = self.cell(slot).words().unwrap_or_default();
            let bank = if is_ifsc { banks.by_ifsc(&text) } else { banks.by_code(&text) };
            let bank = bank.ok_or_else(|| self.refuse(RefusalCode::UnknownBank, slot))?;
            if is_ifsc {
                prefix = banks.by_prefix(&text);
            }
            self.agree(&mut found, bank, prefix.as_ref(), slot)?;
        }
        if let Some(slot) = fields.bank_name
            && let Some(bank) = self.named_bank(&self.cell(slot).words().unwrap_or_default())
        {
            self.agree(&mut found, bank, prefix.as_ref(), slot)?;
        }
        found.ok_or_else(|| {
            let slot = fields.bank_name.or(fields.ifsc).or(fields.bank_code).unwrap_or_default();
            self.refuse(RefusalCode::UnknownBank, slot)
        })
    }

    fn named_bank(&self, name: &str) -> Option<BankCode> {
        let banks = self.reader.banks;
        match self.reader.mapping.banks.get(&label(name)) {
            Some(code) => banks.by_code(code.as_str()),
            None => banks.by_name(name),
        }
    }

    /// Two columns must speak of one bank. The one tolerated difference: a branch that belongs to
    /// another bank than its prefix says, beside the name or code of the prefix's bank, which is
    /// how whoever filled the sheet looked it up.
    fn agree(
        &self,
        found: &mut Option<BankCode>,
        bank: BankCode,
        prefix: Option<&BankCode>,
        slot: Slot,
    ) -> Result<(), Refusal> {
        match found {
            None => *found = Some(bank),
            Some(known) if *known == bank || prefix == Some(&bank) => {}
            Some(_) => return Err(self.refuse(RefusalCode::BanksDisagree, slot)),
        }
        Ok(())
    }

    fn word<T: Copy>(
        &self,
        slot: Slot,
        meanings: &std::collections::HashMap<String, T>,
        code: RefusalCode,
    ) -> Result<T, Refusal> {
        let words = self.cell(slot).words();
        let meaning = words.and_then(|words| meanings.get(&label(&words)).copied());
        meaning.ok_or_else(|| self.refuse(code, slot))
    }

    fn amount(&self, slot: Option<Slot>) -> Result<Option<Paise>, Refusal> {
        let Some(slot) = slot else { return Ok(None) };
        let amount = match self.cell(slot) {
            Cell::Blank => return Ok(None),
            Cell::Number(number) => rupees::from_number(*number),
            Cell::Text(text) => rupees::read(text, self.reader.mapping.lakh_crore),
            _ => Err(NoAmount::Text),
        };
        amount.map(Some).map_err(|why| match why {
            NoAmount::Negative => self.refuse(RefusalCode::NegativeAmount, slot),
            NoAmount::Text => self.refuse(RefusalCode::AmountIsText, slot),
        })
    }

    fn time(&self, slot: Option<Slot>) -> Result<Option<Timestamp>, Refusal> {
        let Some(slot) = slot.filter(|slot| !self.cell(*slot).is_blank()) else { return Ok(None) };
        match self.reader.mapping.times.read(self.cell(slot)) {
            Ok(time) => Ok(Some(time)),
            Err(_) => Err(self.refuse(RefusalCode::ImpossibleDate, slot)),
        }
    }

    fn count(&self, slot: Option<Slot>) -> Result<Option<u32>, Refusal> {
        let Some(slot) = slot.filter(|slot| !self.cell(*slot).is_blank()) else { return Ok(None) };
        let number = self.cell(slot).words().and_then(|words| whole(&figures(&words)));
        number.map(Some).ok_or_else(|| self.refuse(RefusalCode::NotANumber, slot))
    }

    /// `1`, or a number with one of the mapping's words before it: `L1`, `Layer 2`.
    fn layer(&self) -> Result<Option<u32>, Refusal> {
        let Some(slot) = self.reader.mapping.fields.layer else { return Ok(None) };
        let words = self.cell(slot).words().map(|words| label(&words));
        if words.as_ref().is_some_and(String::is_empty) {
            return Ok(None);
        }
        let words = words.unwrap_or_default();
        if self.cell(slot).words().is_some_and(|words| below_zero(&words)) {
            return Err(self.refuse(RefusalCode::NotANumber, slot));
        }
        let number = whole(&words).or_else(|| {
            let known = self.reader.mapping.layer_words.iter();
            known.filter_map(|word| words.strip_prefix(word.as_str())).find_map(whole)
        });
        // Money is not passed on a hundred times before anyone looks; a larger number is another
        // column's.
        let number = number.filter(|number| *number < 100);
        number.map(Some).ok_or_else(|| self.refuse(RefusalCode::NotANumber, slot))
    }

    /// Our own request had everything the bank needs.
    fn complete(&self) -> bool {
        self.reader.mapping.filled.iter().all(|slot| !self.cell(*slot).is_blank())
    }

    /// A request that nobody has answered has no answer. What says both accuses nobody.
    fn not_acted(&self, at: Option<Timestamp>, amount: Option<Paise>) -> Result<(), Refusal> {
        let fields = &self.reader.mapping.fields;
        let on_hold = amount.is_some_and(|amount| amount > Paise::new(0));
        for (filled, slot) in [(at.is_some(), fields.acted_at), (on_hold, fields.lien_amount)] {
            if let Some(slot) = slot.filter(|_| filled) {
                return Err(self.refuse(RefusalCode::ActedWhilePending, slot));
            }
        }
        Ok(())
    }

    /// Nothing came of the request before it was made, and it was made before the file was.
    fn in_order(&self, action: &BankAction) -> Result<(), Refusal> {
        let fields = &self.reader.mapping.fields;
        let late = self.reader.as_of.plus(CLOCKS_DIFFER);
        let sent = action.requested_at;
        let before = |time: Option<Timestamp>| time.is_some_and(|time| time < sent);
        let checks = [
            (before(action.delivered_at), RefusalCode::DeliveredBeforeSent, fields.delivered_at),
            (before(action.acted_at), RefusalCode::ActedBeforeSent, fields.acted_at),
            (before(action.due_at), RefusalCode::DueBeforeSent, fields.due_at),
            (
                before(action.last_contact_at),
                RefusalCode::RemindedBeforeSent,
                fields.last_contact_at,
            ),
            (sent > self.reader.as_of, RefusalCode::InFuture, Some(fields.requested_at)),
            (action.acted_at > Some(self.reader.as_of), RefusalCode::InFuture, fields.acted_at),
            (action.delivered_at > Some(late), RefusalCode::InFuture, fields.delivered_at),
        ];
        for (wrong, code, slot) in checks {
            if let Some(slot) = slot.filter(|_| wrong) {
                return Err(self.refuse(code, slot));
            }
        }
        Ok(())
    }
}

/// A sign before anything else: in a label, where `L-1` and `L 1` are one, it would be lost.
fn below_zero(text: &str) -> bool {
    figures(text).starts_with(['-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2212}'])
}

/// `3.36084E+13`: what a spreadsheet writes into a CSV file for a long number.
fn is_shortened(text: &str) -> bool {
    text.split_once(['E', 'e']).is_some_and(|(mantissa, exponent)| {
        exponent.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
            && mantissa.parse::<f64>().is_ok()
    })
}

/// A whole number, also as `3.0`; spaces around it do not count.
fn whole(text: &str) -> Option<u32> {
    let text = text.trim();
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

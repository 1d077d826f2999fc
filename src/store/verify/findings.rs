//! What verification has to say, for people and as JSON.

use serde::{Deserialize, Serialize};

use crate::domain::action::spelled;

spelled! {
    /// How bad a finding is.
    Severity {
        /// The record or a table is not as the acts left it.
        Broken = "broken",
        /// Nothing is broken, and somebody should look.
        Warning = "warning",
        /// To be known.
        Note = "note",
    }
}

spelled! {
    /// What was found.
    FindingKind {
        /// An entry's text is not what was appended.
        EntryAltered = "entry-altered",
        /// An entry's text and its columns say different things.
        EntryColumns = "entry-columns",
        /// An entry cannot be read.
        EntryUnreadable = "entry-unreadable",
        /// A sealed entry is gone.
        EntryMissing = "entry-missing",
        /// A subject's entries have a gap.
        SequenceGap = "sequence-gap",
        /// Leaves are gone.
        LeafMissing = "leaf-missing",
        /// A leaf names another entry than the one sealed there.
        LeafMoved = "leaf-moved",
        /// A stored hash of the tree was changed.
        HashAltered = "hash-altered",
        /// The tree's size is not that of its leaves.
        HeadWrong = "head-wrong",
        /// A checkpoint is not signed by this log's key, or says other than its row.
        CheckpointForged = "checkpoint-forged",
        /// No key that was known before vouches for a key.
        KeyUnvouched = "key-unvouched",
        /// The tree has another root at a checkpoint's size.
        CheckpointDiffers = "checkpoint-differs",
        /// A checkpoint covers more entries than there are.
        TailCut = "tail-cut",
        /// A checkpoint of an origin that ended with a restore, beyond what was kept.
        EarlierOrigin = "earlier-origin",
        /// Entries wait to be sealed for too long.
        Unsealed = "unsealed",
        /// Checkpoints wait to be signed for too long.
        Unsigned = "unsigned",
        /// A row is not as its newest entry left it.
        RowAltered = "row-altered",
        /// A row that no act wrote.
        RowWithoutEntry = "row-without-entry",
        /// A row that an act wrote is gone.
        RowGone = "row-gone",
        /// The changes that a poll saw are not those its entry committed to.
        PollAltered = "poll-altered",
        /// A change of an action is not what was committed to.
        ChangeAltered = "change-altered",
        /// An action is not as its newest change has it.
        ActionAltered = "action-altered",
    }
}

/// One finding: where, and what is wrong, without any value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What.
    pub kind: FindingKind,
    /// The entry, leaf, checkpoint or row: `entry ID`, `leaf N`, `TABLE KEY` …
    pub place: String,
    /// What is wrong, in words.
    pub what: String,
}

/// Rows of one table erased under one rule: their content is gone by right, and the record is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// The table.
    pub table: String,
    /// The rule.
    pub rule: String,
    /// How many rows.
    pub rows: u64,
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Entries in the record.
    pub entries: u64,
    /// Leaves in the tree.
    pub leaves: u64,
    /// The tree's size, as its head says.
    pub tree_size: u64,
    /// The root of the leaves as they are now (64 hexadecimal digits).
    pub root: String,
    /// The log's origin.
    pub origin: String,
    /// Checkpoints that agree with the tree.
    pub checkpoints: u64,
    /// What was erased under a rule.
    pub erased: Vec<Erased>,
    /// Everything found.
    pub findings: Vec<Finding>,
    /// Findings beyond the first ten thousand.
    pub omitted: u64,
}

impl Verdict {
    /// Nothing is broken.
    pub fn whole(&self) -> bool {
        self.broken() == 0
    }

    fn broken(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Broken).count()
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}: {} entries, {} sealed", self.origin, self.entries, self.leaves)?;
        writeln!(f, "tree of {} leaves, root {}", self.tree_size, self.root)?;
        writeln!(f, "{} checkpoints agree with it", self.checkpoints)?;
        for erased in &self.erased {
            let Erased { table, rule, rows } = erased;
            writeln!(f, "{rows} rows of {table} erased under rule {rule}")?;
        }
        for Finding { severity, place, what, .. } in &self.findings {
            writeln!(f, "{severity}: {place}: {what}")?;
        }
        if self.omitted > 0 {
            writeln!(f, "and {} findings more", self.omitted)?;
        }
        match self.broken() {
            0 => write!(f, "The record is whole."),
            n => write!(f, "The record is NOT whole: {n} findings."),
        }
    }
}

const MOST: usize = 10_000;

/// Collects findings, up to a number that a person can still use.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Finding>,
    pub(super) omitted: u64,
}

impl Findings {
    pub(super) fn broken(
        &mut self,
        kind: FindingKind,
        place: impl Into<String>,
        what: impl Into<String>,
    ) {
        self.add(Severity::Broken, kind, place, what);
    }

    pub(super) fn add(
        &mut self,
        severity: Severity,
        kind: FindingKind,
        place: impl Into<String>,
        what: impl Into<String>,
    ) {
        if self.list.len() >= MOST {
            self.omitted += 1;
            return;
        }
        self.list.push(Finding { severity, kind, place: place.into(), what: what.into() });
    }
}

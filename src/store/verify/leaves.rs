//! Leaves against entries, the tree's stored hashes against the leaves, and checkpoints against
//! the tree: one walk over the leaves in pages.

use std::collections::BTreeMap;

use tlog_tiles::{Checkpoint, tlog};

use super::{
    super::{
        StoreError,
        db::{Tx, sql},
        notes::Opener,
        seal::Head,
        tree::Growing,
    },
    FindingKind, Findings, Meter, Severity, UNSEALED_AFTER,
};
use crate::domain::{canonical::Hash, time::Timestamp};

const PAGE: u64 = 1000;

/// What the walk came to.
pub(super) struct Tree {
    pub(super) root: String,
    /// Checkpoints that agree.
    pub(super) checkpoints: u64,
}

/// A checkpoint to be met at its size.
#[derive(Clone)]
struct Known {
    place: String,
    size: u64,
    root: tlog::Hash,
    /// Of an origin that ended with a restore: the tree need not extend it.
    earlier: bool,
}

struct Walk<'a> {
    findings: &'a mut Findings,
    tree: Growing,
    missing: Option<(u64, u64)>,
    /// The last size at which a checkpoint agreed.
    agreed_at: u64,
    agreed: u64,
    differed: u64,
    cut: u64,
}

pub(super) async fn check(
    tx: &mut Tx,
    head: &Head,
    opener: &Opener,
    given: &[String],
    now: Timestamp,
    findings: &mut Findings,
    meter: &mut Meter<'_>,
) -> Result<Tree, StoreError> {
    let given = read_given(opener, head, given, findings);
    let size = walkable(tx, head, findings).await?;
    let mut walk = Walk {
        findings,
        tree: Growing::empty(),
        missing: None,
        agreed_at: 0,
        agreed: 0,
        differed: 0,
        cut: 0,
    };
    let mut from = 0;
    while from < size {
        let to = size.min(from + PAGE);
        let mut known = stored(tx, opener, from, to, now, walk.findings).await?;
        known.extend(given.iter().filter(|known| from < known.size && known.size <= to).cloned());
        page(tx, from, to, &known, &mut walk, meter).await?;
        from = to;
    }
    walk.tell_missing();
    uncovered(tx, size, walk.findings).await?;
    for known in stored(tx, opener, size, i64::MAX.cast_unsigned(), now, walk.findings).await? {
        walk.beyond(&known, size);
    }
    for known in given.iter().filter(|known| known.size > size || known.size == 0) {
        if known.size == 0 { walk.agreed += 1 } else { walk.beyond(known, size) }
    }
    beyond_the_tree(tx, size, walk.findings).await?;
    let root = walk.tree.root()?;
    Ok(Tree { root: hex::encode(root.0), checkpoints: walk.agreed })
}

/// Leaves that no stored checkpoint covers.
async fn uncovered(tx: &mut Tx, size: u64, findings: &mut Findings) -> Result<(), StoreError> {
    let row = sql("SELECT COALESCE(MAX(size), 0) AS n FROM checkpoint WHERE size <= $1")
        .bind(size.cast_signed())
        .one(tx)
        .await?;
    let covered: i64 = row.get("n")?;
    if covered.cast_unsigned() < size {
        let what = format!("no stored checkpoint covers leaf {covered} and later ones");
        findings.add(Severity::Warning, FindingKind::Unsigned, "the tree", what);
    }
    Ok(())
}

/// How many leaves to walk: as many as the head says, within reason.
async fn walkable(tx: &mut Tx, head: &Head, findings: &mut Findings) -> Result<u64, StoreError> {
    let leaves = super::count(tx, "SELECT COUNT(*) AS n FROM leaf").await?;
    if leaves == head.size {
        return Ok(leaves);
    }
    let what = format!("it says {} leaves, and there are {leaves}", head.size);
    findings.broken(FindingKind::HeadWrong, "the tree's head", what);
    Ok(head.size.min(leaves.saturating_mul(2) + PAGE))
}

fn read_given(
    opener: &Opener,
    head: &Head,
    given: &[String],
    findings: &mut Findings,
) -> Vec<Known> {
    let ours = opener.generation(&head.origin).unwrap_or(1);
    let mut known = Vec::with_capacity(given.len());
    for (n, note) in given.iter().enumerate() {
        let place = format!("given checkpoint {}", n + 1);
        let checkpoint: Checkpoint = match opener.open(note) {
            Ok(checkpoint) => checkpoint,
            Err(fault) => {
                findings.broken(FindingKind::CheckpointForged, place, fault.to_string());
                continue;
            }
        };
        let (origin, size) = (checkpoint.origin(), checkpoint.size());
        let place = format!("given checkpoint {} ({origin}, {size} entries)", n + 1);
        match opener.generation(origin) {
            None => {
                let what = "it is another log's";
                findings.broken(FindingKind::CheckpointForged, place, what);
            }
            Some(generation) => {
                let earlier = generation < ours;
                known.push(Known { place, size, root: *checkpoint.hash(), earlier });
            }
        }
    }
    known.sort_by_key(|known| known.size);
    known
}

/// The ledger's own checkpoints over more than `from` and up to `to` leaves.
async fn stored(
    tx: &mut Tx,
    opener: &Opener,
    from: u64,
    to: u64,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<Vec<Known>, StoreError> {
    let rows = sql("SELECT * FROM checkpoint WHERE size > $1 AND size <= $2 ORDER BY size, origin")
        .bind(from.cast_signed())
        .bind(to.cast_signed())
        .all(tx)
        .await?;
    let mut known = Vec::with_capacity(rows.len());
    for row in &rows {
        let (origin, size): (String, i64) = (row.get("origin")?, row.get("size")?);
        let (size, stored): (u64, Hash) = (size.cast_unsigned(), row.get("root")?);
        let place = format!("stored checkpoint ({origin}, {size} entries)");
        let root = tlog::Hash(*stored.bytes());
        match row.get::<Option<String>>("note")? {
            None => {
                let sealed_at: Timestamp = row.get("sealed_at")?;
                if now.since(sealed_at) > UNSEALED_AFTER {
                    let what = "it is not signed; is the sealing worker running?";
                    findings.add(Severity::Warning, FindingKind::Unsigned, &place, what);
                }
            }
            Some(note) => match opener.open(&note) {
                Err(fault) => {
                    findings.broken(FindingKind::CheckpointForged, &place, fault.to_string());
                    continue;
                }
                Ok(note) if (note.origin(), note.size()) != (origin.as_str(), size) => {
                    let what = "its signed text is about another tree than its row";
                    findings.broken(FindingKind::CheckpointForged, &place, what);
                    continue;
                }
                Ok(note) if *note.hash() != root => {
                    let what = "its signed text has another root than its row";
                    findings.broken(FindingKind::CheckpointForged, &place, what);
                    continue;
                }
                Ok(_) => {}
            },
        }
        known.push(Known { place, size, root, earlier: false });
    }
    Ok(known)
}

/// One leaf as the ledger has it: the entry it names, and that entry's hash where it exists.
type Leaf = (String, Option<Hash>);

async fn page(
    tx: &mut Tx,
    from: u64,
    to: u64,
    known: &[Known],
    walk: &mut Walk<'_>,
    meter: &mut Meter<'_>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT l.idx, l.entry, e.leaf_hash FROM leaf l
         LEFT JOIN entry e ON e.id = l.entry WHERE l.idx >= $1 AND l.idx < $2")
    .bind(from.cast_signed())
    .bind(to.cast_signed())
    .all(tx)
    .await?;
    let mut leaves: BTreeMap<u64, Leaf> = BTreeMap::new();
    for row in &rows {
        let index: i64 = row.get("idx")?;
        leaves.insert(index.cast_unsigned(), (row.get("entry")?, row.get("leaf_hash")?));
    }
    let stored = stored_hashes(tx, from, to).await?;
    for index in from..to {
        meter.step();
        let moved = walk.leaf(index, leaves.get(&index), &stored)?;
        if let Some((entry, hash)) = moved {
            let was = sealed_as(tx, &hash).await?;
            walk.tell_moved(index, &entry, was);
        }
        for known in known {
            if known.size == index + 1 {
                walk.meet(known)?;
            }
        }
    }
    walk.tree.prune();
    Ok(())
}

async fn stored_hashes(tx: &mut Tx, from: u64, to: u64) -> Result<BTreeMap<u64, Hash>, StoreError> {
    let rows = sql("SELECT idx, hash FROM tree_hash WHERE idx >= $1 AND idx < $2")
        .bind(tlog::stored_hash_index(0, from).cast_signed())
        .bind(tlog::stored_hash_index(0, to).cast_signed())
        .all(tx)
        .await?;
    let mut stored = BTreeMap::new();
    for row in &rows {
        let index: i64 = row.get("idx")?;
        // A hash that cannot be read counts as missing.
        if let Ok(hash) = row.get("hash") {
            stored.insert(index.cast_unsigned(), hash);
        }
    }
    Ok(stored)
}

/// As which leaf an entry with this hash was sealed.
async fn sealed_as(tx: &mut Tx, hash: &Hash) -> Result<Option<u64>, StoreError> {
    let rows = sql("SELECT idx FROM tree_hash WHERE hash = $1 ORDER BY idx LIMIT 1")
        .bind(*hash)
        .all(tx)
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let index: i64 = row.get("idx")?;
    let (level, leaf) = tlog::split_stored_hash_index(index.cast_unsigned());
    Ok((level == 0).then_some(leaf))
}

async fn beyond_the_tree(
    tx: &mut Tx,
    size: u64,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let rows = sql("SELECT idx, entry FROM leaf WHERE idx >= $1 OR idx < 0 ORDER BY idx LIMIT 100")
        .bind(size.cast_signed())
        .all(tx)
        .await?;
    for row in &rows {
        let (index, entry): (i64, String) = (row.get("idx")?, row.get("entry")?);
        let what = format!("it lies beyond the tree, and names entry {entry}");
        findings.broken(FindingKind::LeafMoved, format!("leaf {index}"), what);
    }
    let more = sql("SELECT COUNT(*) AS n FROM tree_hash WHERE idx >= $1")
        .bind(tlog::stored_hash_count(size).cast_signed())
        .one(tx)
        .await?;
    let more: i64 = more.get("n")?;
    if more > 0 {
        let what = format!("{more} stored hashes lie beyond the tree");
        findings.broken(FindingKind::HashAltered, "the tree", what);
    }
    Ok(())
}

impl Walk<'_> {
    /// Takes the next leaf into the tree: by the hash that was sealed, so that one bad leaf is
    /// named and not every checkpoint after it. Returns the entry that is not the one sealed here.
    fn leaf(
        &mut self,
        index: u64,
        leaf: Option<&Leaf>,
        stored: &BTreeMap<u64, Hash>,
    ) -> Result<Option<(String, Hash)>, StoreError> {
        let first = tlog::stored_hash_index(0, index);
        let sealed = stored.get(&first);
        let mut moved = None;
        let mut own = None;
        match leaf {
            None => self.miss(index),
            Some((entry, None)) => {
                let what = format!("the entry {entry} that was sealed here is gone");
                self.findings.broken(FindingKind::EntryMissing, format!("leaf {index}"), what);
            }
            Some((entry, Some(hash))) => {
                own = Some(*hash);
                if sealed.is_some_and(|sealed| sealed != hash) {
                    moved = Some((entry.clone(), *hash));
                }
            }
        }
        if sealed.is_none() {
            let what = "its stored hash is missing";
            self.findings.broken(FindingKind::HashAltered, format!("leaf {index}"), what);
        }
        let hash = sealed.copied().or(own).unwrap_or(Hash::from_bytes([0; 32]));
        let grown = self.tree.push(tlog::Hash(*hash.bytes()))?;
        for (n, hash) in grown.iter().enumerate().skip(1) {
            let at = first + n as u64;
            if stored.get(&at).is_none_or(|stored| *stored.bytes() != hash.0) {
                let (level, n) = tlog::split_stored_hash_index(at);
                let place = format!("the tree's hash {n} at level {level}");
                let what = "it is not the hash of what lies under it";
                self.findings.broken(FindingKind::HashAltered, place, what);
            }
        }
        Ok(moved)
    }

    fn tell_moved(&mut self, index: u64, entry: &str, was: Option<u64>) {
        let what = match was {
            Some(was) => format!("it names entry {entry}, which was sealed as leaf {was}"),
            None => format!(
                "it names entry {entry}, whose text is not what was sealed here: the entry was \
                 changed with its hash, or another was put in its place"
            ),
        };
        self.findings.broken(FindingKind::LeafMoved, format!("leaf {index}"), what);
    }

    fn miss(&mut self, index: u64) {
        match &mut self.missing {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => {
                self.tell_missing();
                self.missing = Some((index, index));
            }
        }
    }

    fn tell_missing(&mut self) {
        let Some((first, last)) = self.missing.take() else { return };
        let place = if first == last {
            format!("leaf {first}")
        } else {
            format!("leaves {first} to {last}")
        };
        self.findings.broken(FindingKind::LeafMissing, place, "missing from the tree");
    }

    /// A checkpoint's size is reached: its root must be the tree's.
    fn meet(&mut self, known: &Known) -> Result<(), StoreError> {
        if self.tree.root()? == known.root {
            self.agreed_at = known.size;
            self.agreed += 1;
        } else if known.earlier {
            self.tell_earlier(known);
        } else {
            self.differed += 1;
            // Whatever comes after the first one differs too, and says no more.
            if self.differed == 1 {
                let what = format!(
                    "the tree has another root at this size: something sealed as leaf {} to {} \
                     was changed, and the stored hashes with it, or the checkpoint is of another \
                     copy of the ledger",
                    self.agreed_at,
                    known.size - 1
                );
                self.findings.broken(FindingKind::CheckpointDiffers, &known.place, what);
            }
        }
        Ok(())
    }

    fn beyond(&mut self, known: &Known, size: u64) {
        if known.earlier {
            return self.tell_earlier(known);
        }
        self.cut += 1;
        if self.cut == 1 {
            let what = format!("the tree has only {size} leaves: its tail was cut");
            self.findings.broken(FindingKind::TailCut, &known.place, what);
        }
    }

    fn tell_earlier(&mut self, known: &Known) {
        let what = "the tree does not extend it: its origin ended with a restore, and an entry \
                    `record.new-origin` names what was lost";
        self.findings.add(Severity::Note, FindingKind::EarlierOrigin, &known.place, what);
    }
}

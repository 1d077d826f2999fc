//! Who is signed in to the console. A session is known by the hash of its cookie, so that whoever
//! reads the ledger cannot use one; beginning and ending one are acts upon its person.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Actor, Entry, Store, StoreError,
    db::{Row, Tx, sql},
    gate::{self, GateState},
    people,
    record::Act,
};
use crate::domain::{canonical::Hash, ids::PersonId, person::Person, time::Timestamp};

/// How long a session may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRules {
    /// It ends after so long without a page.
    pub idle: SignedDuration,
    /// It ends so long after signing in, whatever happens.
    pub longest: SignedDuration,
}

/// From where somebody signs in, as far as their browser tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The network address.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// One session, for its person's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The hash of its cookie.
    pub id: Hash,
    /// Whose it is.
    pub person: PersonId,
    /// Signed in at.
    pub made_at: Timestamp,
    /// The last page at.
    pub seen_at: Timestamp,
    /// It ends then at the latest.
    pub until: Timestamp,
    /// From where.
    pub seat: Seat,
}

/// What a page must know before anything else, as of one instant.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Who is signed in.
    pub who: Option<Visitor>,
    /// Whether anything may be sent.
    pub gate: GateState,
    /// Who pressed the stop switch, where a person did.
    pub stopped_by: Option<PersonId>,
    /// Nobody is known yet: the first administrator is to be made.
    pub nobody: bool,
    /// Alarms that nobody has taken, a hundred at most.
    pub alarms: u32,
}

/// Who is signed in, as the ledger has them now.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The person.
    pub person: Person,
    /// The session.
    pub session: SessionRow,
    /// Somebody else chose their passphrase: they must change it first.
    pub first_passphrase: bool,
    /// One-time codes prove them besides.
    pub second_factor: bool,
    /// What the last act left to be told.
    pub notice: Option<String>,
}

impl Store {
    /// What a page must know: the session with this cookie's hash, if it is good, and the gate.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn visit(
        &self,
        session: Option<&Hash>,
        rules: &SessionRules,
    ) -> Result<Visit, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let gate = gate::state(&mut tx).await?;
        let stopped_by = match gate.stopped {
            Some(_) => stopped_by(&mut tx).await?,
            None => None,
        };
        let who = match session {
            Some(id) => visitor(&mut tx, id, rules, now).await?,
            None => None,
        };
        let nobody =
            who.is_none() && sql("SELECT id FROM person LIMIT 1").opt(&mut tx).await?.is_none();
        let waiting = sql("SELECT COUNT(*) AS n FROM
             (SELECT id FROM alarm WHERE taken_at IS NULL LIMIT 100) AS waiting")
        .opt(&mut tx)
        .await?;
        let alarms = waiting.map_or(Ok(0), |row| row.get("n"))?;
        Ok(Visit { who, gate, stopped_by, nobody, alarms })
    }

    /// Signs a person in, and forgets sessions that are over.
    ///
    /// # Errors
    /// There is no such person, or the ledger failed.
    pub async fn begin_session(
        &self,
        by: &Actor,
        id: &Hash,
        person: &PersonId,
        rules: &SessionRules,
        seat: &Seat,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        people::as_recorded(&mut tx, person).await?;
        sql("DELETE FROM console_session WHERE until_at <= $1 OR seen_at <= $2")
            .bind(now)
            .bind(now.minus(rules.idle))
            .run(&mut tx)
            .await?;
        sql("INSERT INTO console_session (id, person, made_at, seen_at, until_at, address, agent)
             VALUES ($1, $2, $3, $3, $4, $5, $6)")
        .bind(*id)
        .bind(person)
        .bind(now)
        .bind(now.plus(rules.longest))
        .bind(&seat.address)
        .bind(&seat.agent)
        .run(&mut tx)
        .await?;
        let body = json!({"from": seat.address});
        self.finish(tx, by, vec![Act::new(person, "person.signed-in", body)]).await
    }

    /// A page was seen. The notice that it told is gone with that.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn session_seen(&self, id: &Hash) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        sql("UPDATE console_session SET seen_at = $2, notice = NULL WHERE id = $1")
            .bind(*id)
            .bind(now)
            .run(&mut tx)
            .await?;
        tx.commit().await
    }

    /// Leaves a notice for the session's next page.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn leave_notice(&self, id: &Hash, notice: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sql("UPDATE console_session SET notice = $2 WHERE id = $1")
            .bind(*id)
            .bind(notice)
            .run(&mut tx)
            .await?;
        tx.commit().await
    }

    /// Ends one session of a person, or all of them but `except`. Returns how many.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn end_sessions(
        &self,
        by: &Actor,
        person: &PersonId,
        which: EndSessions<'_>,
    ) -> Result<u64, StoreError> {
        let (one, except) = match which {
            EndSessions::One(id) => (Some(*id), None),
            EndSessions::AllBut(id) => (None, Some(*id)),
            EndSessions::All => (None, None),
        };
        let mut tx = self.write().await?;
        let ended = sql("DELETE FROM console_session
             WHERE person = $1 AND ($2 = '' OR id = $2) AND id <> $3")
        .bind(person)
        .bind(one.map_or_else(String::new, |id| id.to_string()))
        .bind(except.map_or_else(String::new, |id| id.to_string()))
        .run(&mut tx)
        .await?;
        if ended == 0 {
            return Ok(0);
        }
        let act = Act::new(person, "person.signed-out", json!({"sessions": ended}));
        self.finish(tx, by, vec![act]).await?;
        Ok(ended)
    }

    /// The sessions of a person, or of everybody, the latest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn sessions(&self, person: Option<&PersonId>) -> Result<Vec<SessionRow>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let rows = sql("SELECT * FROM console_session
             WHERE ($1 = '' OR person = $1) AND until_at > $2 ORDER BY seen_at DESC")
        .bind(person.map_or("", PersonId::as_str))
        .bind(now)
        .all(&mut tx)
        .await?;
        rows.iter().map(read).collect()
    }
}

impl Store {
    /// What changes with every act of every process: the time of the record's last entry, and how
    /// many there are of its last minute, so that an act that commits late is seen too.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn pulse(&self) -> Result<(i64, i64), StoreError> {
        let mut tx = self.read().await?;
        let row =
            sql("SELECT l.at AS at, (SELECT COUNT(*) FROM entry e WHERE e.at > l.at - 60000000)
               AS n
             FROM (SELECT COALESCE(MAX(at), 0) AS at FROM entry) AS l")
            .one(&mut tx)
            .await?;
        Ok((row.get("at")?, row.get("n")?))
    }
}

/// Which sessions end.
#[derive(Debug, Clone, Copy)]
pub enum EndSessions<'a> {
    /// This one.
    One(&'a Hash),
    /// Every one but this.
    AllBut(&'a Hash),
    /// Every one.
    All,
}

async fn stopped_by(tx: &mut Tx) -> Result<Option<PersonId>, StoreError> {
    let row = sql("SELECT body FROM entry WHERE subject = 'gate' AND act = 'gate.stopped'
         ORDER BY seq DESC LIMIT 1")
    .opt(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let entry: Entry = serde_json::from_str(&row.get::<String>("body")?)?;
    Ok(entry.by.person)
}

async fn visitor(
    tx: &mut Tx,
    id: &Hash,
    rules: &SessionRules,
    now: Timestamp,
) -> Result<Option<Visitor>, StoreError> {
    let row = sql("SELECT s.*, p.first_passphrase AS first,
           (SELECT f.confirmed_at FROM second_factor f WHERE f.person = p.id) AS factor
         FROM console_session s JOIN person p ON p.id = s.person
         WHERE s.id = $1 AND s.until_at > $2 AND s.seen_at > $3")
    .bind(*id)
    .bind(now)
    .bind(now.minus(rules.idle))
    .opt(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let session = read(&row)?;
    Ok(Some(Visitor {
        person: people::as_recorded(tx, &session.person).await?,
        session,
        first_passphrase: row.get::<Option<i64>>("first")? == Some(1),
        second_factor: row.get::<Option<i64>>("factor")?.is_some(),
        notice: row.get("notice")?,
    }))
}

fn read(row: &Row) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        id: row.get("id")?,
        person: row.get("person")?,
        made_at: row.get("made_at")?,
        seen_at: row.get("seen_at")?,
        until: row.get("until_at")?,
        seat: Seat { address: row.get("address")?, agent: row.get("agent")? },
    })
}

//! What went wrong with the source, in words that are safe to show: no password, and nothing that
//! stood in a cell.

use std::time::Duration;

use crate::cases::SourceError;

/// SQLSTATE classes whose messages speak of the connection, the server or the query's own text.
/// The others (22, data exceptions, above all) may quote a cell.
const SPEAK_OF_NO_CELL: &[&str] = &["08", "0A", "25", "28", "3D", "42", "53", "55", "57", "58"];

/// MySQL's `ER_UNKNOWN_TIME_ZONE`.
const UNKNOWN_ZONE: u16 = 1298;

/// The source did not answer in time.
pub fn silent(name: &str, patience: Duration) -> SourceError {
    SourceError::Unreachable {
        name: name.to_owned(),
        reason: format!("no answer within {} s", patience.as_secs_f64()),
    }
}

/// What the driver says, sorted by what a person has to do.
pub fn of(name: &str, error: &sqlx::Error) -> SourceError {
    let name = name.to_owned();
    match error {
        sqlx::Error::Database(answer) => {
            let code = answer.code().unwrap_or_default();
            let class = code.get(..2).unwrap_or_default();
            let mysql = answer.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
            if mysql.is_some_and(|error| error.number() == UNKNOWN_ZONE) {
                let reason = "the server does not know the zone: load its time zone tables";
                return SourceError::Contract { name, reason: reason.to_owned() };
            }
            let reason = words(&code, class, answer.message());
            // SQLite has numbers of its own: 1 is an error in the SQL, 8 an attempt to write.
            if ["0A", "25", "42"].contains(&class) || code == "1" || code == "8" {
                SourceError::Contract { name, reason: format!("the query failed: {reason}") }
            } else {
                SourceError::Unreachable { name, reason }
            }
        }
        sqlx::Error::Io(error) => SourceError::Unreachable { name, reason: error.to_string() },
        sqlx::Error::Tls(error) => {
            SourceError::Unreachable { name, reason: format!("no secure connection: {error}") }
        }
        _ => SourceError::Unreachable { name, reason: "it answered in no readable way".to_owned() },
    }
}

fn words(code: &str, class: &str, message: &str) -> String {
    // SQLite's numbers are short; its messages quote names, never values.
    let harmless = code.len() < 5 || SPEAK_OF_NO_CELL.contains(&class);
    if harmless {
        format!("{message} (code {code})")
    } else {
        format!("the server's error {code}, whose words may quote a case and are not shown")
    }
}

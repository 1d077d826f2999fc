//! The configuration for a person's eyes: everything that could be a secret is masked.

use toml::{Table, Value};

use super::Loaded;

/// What stands for a secret.
const MASK: &str = "***";

impl Loaded {
    /// What is in force, as written, with passwords, tokens and the like masked.
    pub fn masked(&self) -> Table {
        table(self.effective.clone())
    }
}

fn table(entries: Table) -> Table {
    entries
        .into_iter()
        .map(|(key, value)| {
            let value = value_of(&key, value);
            (key, value)
        })
        .collect()
}

fn value_of(key: &str, value: Value) -> Value {
    match value {
        Value::Table(inner) => Value::Table(table(inner)),
        Value::String(text) => Value::String(match key {
            "url" => url(&text),
            "webhook" => host_only(&text),
            _ => text,
        }),
        Value::Array(hooks) if key == "webhooks" => {
            let masked = |hook| match hook {
                Value::Table(mut hook) => {
                    if let Some(Value::String(url)) = hook.get_mut("url") {
                        *url = host_only(url);
                    }
                    Value::Table(hook)
                }
                other => other,
            };
            Value::Array(hooks.into_iter().map(masked).collect())
        }
        // A program's arguments may hold a key; the program's name does not.
        Value::Array(words) if key == "command" => {
            let mask = |(n, word)| if n == 0 { word } else { Value::String(MASK.to_owned()) };
            Value::Array(words.into_iter().enumerate().map(mask).collect())
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| value_of("", item)).collect())
        }
        other => other,
    }
}

/// A url without password and without parameters (which may hold one).
fn url(text: &str) -> String {
    if text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let Ok(mut url) = reqwest::Url::parse(text) else { return MASK.to_owned() };
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    if url.query().is_some() {
        url.set_query(Some(MASK));
    }
    url.to_string()
}

/// A webhook's path is its key.
fn host_only(text: &str) -> String {
    let url = reqwest::Url::parse(text).ok();
    let host = url.as_ref().and_then(|url| Some((url.scheme(), url.host_str()?)));
    host.map_or_else(|| MASK.to_owned(), |(scheme, host)| format!("{scheme}://{host}/{MASK}"))
}

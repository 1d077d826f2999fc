//! What the program says to a person in the language they chose: messages by key, from one folder a
//! language (`config/locales`, compiled in), one file a part of the program.
//!
//! The invariant: both folders have the same messages with the same variables. A test compares them;
//! a message that cannot be said all the same is an error, never an empty line.

mod known;

use anyhow::{Context as _, anyhow, ensure};
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

pub use fluent_bundle::FluentValue as Value;

use crate::domain::platform::Language;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$((
            include_str!(concat!("../config/locales/en/", $name, ".ftl")),
            include_str!(concat!("../config/locales/hi/", $name, ".ftl")),
        )),*]
    };
}

/// Every file of messages, in English and in Hindi.
const FILES: &[(&str, &str)] = files![
    "setup",
    "console",
    "queue",
    "posts",
    "alarms",
    "orders",
    "banks",
    "tokens",
    "people",
    "audit",
    "source",
    "accounts",
    "reports",
    "measures",
    "attribution",
    "replies",
    "rendered",
    "case_file",
    "known",
];

/// The messages of one language.
pub struct Locale {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Locale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Locale({})", self.language)
    }
}

impl Locale {
    /// The messages of a language.
    ///
    /// # Errors
    /// Its file is broken (a mistake of ours).
    pub fn new(language: Language) -> anyhow::Result<Self> {
        let id = language.as_str().parse().with_context(|| format!("the language {language}"))?;
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // Marks around each value are for mixed directions; both languages run left to right.
        bundle.set_use_isolating(false);
        for text in texts(language) {
            let resource = FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| {
                anyhow!("the messages of {language} do not read: {errors:?}")
            })?;
            let added = bundle.add_resource(resource);
            added.map_err(|errors| anyhow!("messages of {language} stand twice: {errors:?}"))?;
        }
        Ok(Self { language, bundle })
    }

    /// Which language it is.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// A message with its variables filled in.
    ///
    /// # Errors
    /// There is no such message, or it names a variable that is not given.
    pub fn say<'a, V>(&'a self, key: &str, variables: &[(&'a str, V)]) -> anyhow::Result<String>
    where
        V: Into<Value<'a>> + Clone,
    {
        let missing = || format!("there is no message {key} in {}", self.language);
        let message = self.bundle.get_message(key).with_context(missing)?;
        let pattern = message.value().with_context(missing)?;
        let given: FluentArgs<'_> =
            variables.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&given), &mut errors).into_owned();
        ensure!(errors.is_empty(), "the message {key} in {}: {errors:?}", self.language);
        Ok(text)
    }
}

fn texts(language: Language) -> impl Iterator<Item = &'static str> {
    FILES.iter().map(move |(english, hindi)| match language {
        Language::En => *english,
        Language::Hi => *hindi,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Each message's key and the variables that it names.
    fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if !line.starts_with(' ')
                && let Some((name, _)) = line.split_once('=')
            {
                key = name.trim().to_owned();
                assert!(found.insert(key.clone(), BTreeSet::new()).is_none(), "{key} stands twice");
            }
            let variable =
                |rest: &str| rest.split([' ', '}']).next().unwrap_or_default().to_owned();
            let names = line.split("{ $").skip(1).map(variable);
            found.entry(key.clone()).or_default().extend(names);
        }
        found.remove("");
        found
    }

    #[test]
    fn both_languages_say_the_same_things_about_the_same_variables() {
        let all = |language| messages(&texts(language).collect::<Vec<_>>().join("\n"));
        let (english, hindi) = (all(Language::En), all(Language::Hi));
        assert!(english.len() > 30, "the messages are read: {english:?}");
        assert_eq!(english, hindi);
        for language in Language::ALL {
            let locale = Locale::new(*language).unwrap();
            for (key, variables) in &english {
                let given: Vec<_> = variables.iter().map(|name| (name.as_str(), "7")).collect();
                let said = locale.say(key, &given).unwrap();
                assert!(!said.contains('{'), "{key}: {said}");
                assert!(variables.is_empty() || locale.say::<&str>(key, &[]).is_err(), "{key}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let locale = Locale::new(Language::Hi).unwrap();
        assert!(locale.say::<&str>("no-such-message", &[]).is_err());
    }
}
